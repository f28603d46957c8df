/** A field for an image: choose a file or drop it, see it, remove it. */
import { decodeImage } from "./decode.js";
import { make } from "./dom.js";

const PREVIEW = 320; // pixels
const ACCEPT = "image/png,image/jpeg,image/webp";

/** Create the field of an image column; see `makeField` for what is returned. */
export function makeImageField(input, id, onChange) {
  const control = make("input", {
    id,
    type: "file",
    accept: ACCEPT,
    required: !input.missing_input,
    "aria-describedby": `${id}-hint ${id}-error ${id}-shown`,
  });
  const error = make("p", { id: `${id}-error`, class: "error", hidden: true });
  const shown = make("p", { id: `${id}-shown`, class: "shown", role: "status" });
  const canvas = make("canvas", { role: "img", hidden: true });
  const remove = make(
    "button",
    { type: "button", class: "second", hidden: true },
    `Remove ${input.name}`,
  );
  const hint = [
    "Choose a PNG, JPEG or WebP file, or drop it here.",
    input.width ? `Only images of ${input.width} × ${input.height} pixels can be used.` : "",
    input.missing_input ? "May be left out." : "Required.",
  ].join(" ");
  const element = make(
    "fieldset",
    { class: "image" },
    make("legend", {}, `Image: ${input.name}`),
    make("label", { for: id }, "File"),
    control,
    make("p", { id: `${id}-hint`, class: "hint" }, hint),
    error,
    canvas,
    shown,
    remove,
  );
  const field = { input, element, control, note: () => null, read: () => readState(input, state) };
  const state = { pixels: null, problem: null, pending: Promise.resolve() };

  const show = async (file) => {
    Object.assign(state, { pixels: null, problem: null });
    if (file !== null) await decode(file, input, state);
    if (state.file !== file) return; // another file was chosen meanwhile
    showState(state, { input, canvas, shown, remove, error, control });
    onChange();
  };
  const choose = (file) => {
    state.file = file;
    shown.textContent = file === null ? "" : "Reading the image…";
    state.pending = show(file);
  };
  control.addEventListener("change", () => choose(control.files[0] ?? null));
  remove.addEventListener("click", () => {
    control.value = "";
    choose(null);
    control.focus();
  });
  acceptDrops(element, (file) => {
    const files = new DataTransfer();
    files.items.add(file);
    control.files = files.files; // the control shows the name
    choose(file);
  });
  field.clear = () => choose(null);
  field.ready = () => state.pending;
  return field;
}

async function decode(file, input, state) {
  let found;
  try {
    found = { pixels: await decodeImage(file, input) };
  } catch (error) {
    const isMemory = error instanceof RangeError;
    found = {
      problem: isMemory ? "The image is too large for the memory of this browser." : error.message,
    };
  }
  if (state.file === file) Object.assign(state, found);
}

function readState(input, state) {
  if (state.problem !== null) throw new Error(`“${input.name}”: ${state.problem}`);
  if (state.pixels === null && !input.missing_input) {
    throw new Error(`“${input.name}” has no image. The model needs one.`);
  }
  return state.pixels;
}

function showState({ file, pixels, problem }, { input, canvas, shown, remove, error, control }) {
  remove.hidden = file === null;
  canvas.hidden = pixels === null;
  error.hidden = problem === null;
  error.textContent = problem ?? "";
  control.setAttribute("aria-invalid", String(problem !== null));
  shown.textContent =
    pixels === null ? "" : `${file.name}: ${pixels.width} × ${pixels.height} pixels`;
  if (pixels === null) return;
  const scale = Math.min(1, PREVIEW / Math.max(pixels.width, pixels.height));
  canvas.width = Math.max(1, Math.round(scale * pixels.width));
  canvas.height = Math.max(1, Math.round(scale * pixels.height));
  canvas.getContext("2d").drawImage(pixels.bitmap, 0, 0, canvas.width, canvas.height);
  canvas.setAttribute("aria-label", `Preview of ${input.name}`);
  pixels.bitmap.close();
  delete pixels.bitmap;
}

function acceptDrops(element, choose) {
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("over");
  });
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    if (event.dataTransfer.files.length) choose(event.dataTransfer.files[0]);
  });
}
