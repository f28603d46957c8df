/** Turn an image file into the pixels that Python reads from it. */
import { readHeader } from "./headers.js";

// More would exceed the memory of many phones, and in the model that of WebAssembly.
const MOST_PIXELS = 50_000_000;
const MOST_BYTES = 200_000_000;
const STRIP = 256; // rows: browsers limit the size of a canvas

/** Return {data, width, height, channels, bitmap}: bytes in the order rows, columns, channels. */
export async function decodeImage(file, image) {
  if (file.size > MOST_BYTES) {
    throw new Error(
      `The file has ${Math.round(file.size / 1e6)} MB; at most ${MOST_BYTES / 1e6} MB can be used here. ` +
        "Choose a smaller copy.",
    );
  }
  await checkCanvas();
  const bytes = await readBytes(file);
  const header = readHeader(bytes);
  checkSize(header, image);
  const bitmap = await openBitmap(new Blob([bytes]), image);
  return { ...readPixels(bitmap, header.isGray), bitmap };
}

/** Refuse browsers that add noise to the pixels that a page reads: predictions would change. */
async function checkCanvas() {
  const known = Uint8ClampedArray.from({ length: 4096 }, (_, at) =>
    at % 4 === 3 ? 255 : (37 * at) % 256,
  );
  const read = readRgba(await createImageBitmap(new ImageData(known, 32)));
  if (known.some((value, at) => read[at] !== value)) {
    throw new Error(
      "This browser changes the pixels that a page reads, as a protection from tracking. Allow this " +
        "page to read canvas data, or use another browser.",
    );
  }
}

async function readBytes(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Error(
      "The file can't be read. It may be a folder, or it was moved. Choose it again.",
    );
  }
}

/** Refuse sizes by the header, before anything is decoded. */
function checkSize({ width, height }, image) {
  if (width === 0 || height === 0) throw new Error("The image has no pixels. Choose another one.");
  const most = Math.min(image.max_pixels ?? MOST_PIXELS, MOST_PIXELS);
  if (width * height > most) {
    throw new Error(
      `The image has ${width} × ${height} pixels, more than the ${most / 1e6} million that can be ` +
        "used here. Choose a smaller copy.",
    );
  }
}

async function openBitmap(blob, image) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, {
      colorSpaceConversion: image.icc === "srgb" ? "default" : "none",
      premultiplyAlpha: "none",
      imageOrientation: "from-image",
    });
  } catch {
    throw new Error(
      "This browser can't decode the image. It may be broken; save it again as PNG or JPEG.",
    );
  }
  const [height, width] = [image.height ?? bitmap.height, image.width ?? bitmap.width];
  if (bitmap.height !== height || bitmap.width !== width) {
    throw new Error(
      `The image has ${bitmap.width} × ${bitmap.height} pixels. The model uses only images of ` +
        `${width} × ${height} pixels.`,
    );
  }
  return bitmap;
}

/** Return the pixels with 1 (gray), 2 (gray, alpha), 3 (RGB) or 4 (RGBA) channels, as in Python. */
function readPixels(bitmap, isGray) {
  const { width, height } = bitmap;
  const rgba = readRgba(bitmap);
  const kept = isGray ? [0] : [0, 1, 2];
  if (hasTransparency(rgba)) kept.push(3);
  const channels = kept.length;
  if (channels === 4) return { data: rgba, width, height, channels };
  const data = new Uint8Array(width * height * channels);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += channels) {
    for (let channel = 0; channel < channels; channel++)
      data[to + channel] = rgba[from + kept[channel]];
  }
  return { data, width, height, channels };
}

function readRgba(bitmap) {
  const { width, height } = bitmap;
  const rgba = new Uint8Array(width * height * 4);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = Math.min(STRIP, height);
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
  context.imageSmoothingEnabled = false;
  context.globalCompositeOperation = "copy";
  for (let top = 0; top < height; top += STRIP) {
    const rows = Math.min(STRIP, height - top);
    context.drawImage(bitmap, 0, top, width, rows, 0, 0, width, rows);
    rgba.set(context.getImageData(0, 0, width, rows).data, top * width * 4);
  }
  return rgba;
}

function hasTransparency(rgba) {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return true;
  return false;
}
