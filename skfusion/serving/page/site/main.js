/** Start the page: read model.json, make the form, load the model, answer. */
import { find, formatBytes, make } from "./dom.js";
import { Engine } from "./engine.js";
import { makeField } from "./fields.js";
import { makeImageField } from "./images.js";
import { showAnswer, showFacts, showMeasured } from "./results.js";
import { cellTensor, imageTensor } from "./tensors.js";

const EMPTY = "No prediction yet.";

async function start() {
  const response = await fetch("model.json", { cache: "no-cache" });
  if (!response.ok) throw new Error(`model.json can't be loaded (${response.status})`);
  const model = await response.json();
  document.title = model.title;
  find("title").textContent = model.title;
  showMeasured(model.measured);
  showFacts(model.facts);
  const page = { model, engine: new Engine(), fields: makeFields(model), isBusy: false };
  page.loaded = page.engine.load(`${model.file}?${model.digest}`);
  listen(page);
  find("form").hidden = find("result").hidden = false;
  say(`Loading the model (${formatBytes(model.bytes)}). The form can be filled in already.`);
  await page.loaded;
  say("");
  document.body.dataset.state = "ready";
}

function say(text) {
  find("start").replaceChildren(text ? make("p", {}, text) : "");
}

function fail(error) {
  find("start").replaceChildren(
    make("p", { class: "error" }, `The page can't start: ${error.message}.`),
    make(
      "p",
      {},
      "Load it again; if that does not help, use a current version of Firefox, Chrome, Edge or Safari.",
    ),
  );
  find("predict").disabled = true;
  document.body.dataset.state = "failed";
}

function makeFields(model) {
  return model.inputs.flatMap((input, position) => {
    if (input.kind === "missing") return [];
    const id = `field-${position}`;
    const isImage = input.kind === "image";
    const field = isImage ? makeImageField(input, id, forget) : makeField(input, id);
    find(isImage ? "images" : "fields").append(field.element);
    if (!isImage) find("table").hidden = false;
    return [field];
  });
}

function listen(page) {
  const form = find("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(page);
  });
  form.addEventListener("input", forget);
  form.addEventListener("reset", () => {
    page.fields.forEach((field) => field.clear?.());
    showProblems(page.fields, []);
    forget();
  });
  // A file that is dropped beside the fields must not replace the page.
  for (const name of ["dragover", "drop"])
    addEventListener(name, (event) => event.preventDefault());
}

/** Remove a prediction that is not one for the values in the form any more. */
function forget() {
  // The same text again would be read aloud after each change of the form.
  if (find("said").textContent !== EMPTY) find("said").replaceChildren(make("p", {}, EMPTY));
  find("details").replaceChildren();
}

async function answer(page) {
  if (page.isBusy) return;
  page.isBusy = true;
  forget();
  find("errors").replaceChildren();
  try {
    await Promise.all(page.fields.map((field) => field.ready?.()));
    const problems = page.fields.flatMap(problemOf);
    showProblems(page.fields, problems);
    if (problems.length === 0) await compute(page);
  } finally {
    page.isBusy = false;
  }
}

function problemOf(field) {
  try {
    field.read();
    return [];
  } catch (error) {
    return [{ field, text: error.message }];
  }
}

/** Show what is wrong at the fields, and as a list that leads to them. */
function showProblems(fields, problems) {
  for (const { control, element } of fields) {
    const found = problems.find(({ field }) => field.control === control);
    const shown = element.querySelector(".error");
    shown.textContent = found?.text ?? "";
    shown.hidden = !found;
    control.setAttribute("aria-invalid", String(Boolean(found)));
  }
  const links = problems.map(({ field, text }) =>
    make("li", {}, make("a", { href: `#${field.control.id}` }, text)),
  );
  find("errors").replaceChildren(
    ...(links.length ? [make("p", {}, "No prediction yet:"), make("ul", {}, ...links)] : []),
  );
  problems[0]?.field.control.focus();
}

async function compute(page) {
  find("said").replaceChildren(make("p", {}, "Computing…"));
  document.body.dataset.state = "busy";
  try {
    await page.loaded;
    const notes = page.fields.map((field) => field.note()).filter(Boolean);
    showAnswer(page.model, await page.engine.run(feedsOf(page)), notes);
  } catch (error) {
    find("said").replaceChildren(
      make("p", { class: "error" }, `The model could not be computed: ${error.message}`),
      make(
        "p",
        {},
        "If the image is large, load the page again and try a smaller copy: the memory of the browser may not suffice.",
      ),
    );
  }
  find("result").scrollIntoView({ block: "nearest" });
  document.body.dataset.state = "ready";
}

function feedsOf({ model, fields }) {
  const feeds = {};
  for (const { input, read } of fields) {
    const value = read();
    feeds[input.name] =
      input.kind === "image" ? imageTensor(input, value) : cellTensor(input, value);
    const flag = model.inputs.find(({ kind, of }) => kind === "missing" && of === input.name);
    if (flag) feeds[flag.name] = cellTensor(flag, value === null);
  }
  return feeds;
}

start().catch(fail);
