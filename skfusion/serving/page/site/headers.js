/**
 * Read the headers of image files: size, and what a browser would decode differently from Python.
 * Browsers show incomplete files as far as they go; here they are errors, as in Python.
 */
const BROKEN = "The file is broken or incomplete. Choose another copy of the image.";

/** Return {width, height, isGray} of a file; Error for files that can't be used. */
export function readHeader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length === 0) throw new Error("The file is empty. Choose another one.");
  const header = readerOf(bytes);
  if (header === null) {
    throw new Error(
      "This is not a PNG, JPEG or WebP image. Save the image in one of these formats.",
    );
  }
  try {
    return header(bytes, view);
  } catch (error) {
    // Reading beyond the end of the file.
    throw error instanceof RangeError ? new Error(BROKEN) : error;
  }
}

function readerOf(bytes) {
  if (startsWith(bytes, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return readPng;
  if (startsWith(bytes, 0, [0xff, 0xd8, 0xff])) return readJpeg;
  const isRiff = startsWith(bytes, 0, [0x52, 0x49, 0x46, 0x46]);
  return isRiff && startsWith(bytes, 8, [0x57, 0x45, 0x42, 0x50]) ? readWebp : null;
}

function startsWith(bytes, offset, values) {
  return values.every((value, position) => bytes[offset + position] === value);
}

/** PNG (ISO/IEC 15948): chunks with a checksum each, up to IEND. */
function readPng(bytes, view) {
  let found = null;
  for (let at = 8; ;) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (view.getUint32(at + 8 + length) !== checksum(bytes, at + 4, at + 8 + length)) {
      throw new Error(BROKEN);
    }
    if (name === "IHDR") {
      found = { width: view.getUint32(at + 8), height: view.getUint32(at + 12) };
      if (bytes[at + 16] > 8) {
        throw new Error(
          "A PNG image of 16 bits can't be used here. Save it with 8 bits per channel.",
        );
      }
      found.isGray = (bytes[at + 17] & 3) === 0;
    }
    if (name === "IEND") break;
    at += length + 12;
  }
  if (found === null) throw new Error(BROKEN);
  return found;
}

const CRC = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function checksum(bytes, start, end) {
  let value = 0xffffffff;
  for (let at = start; at < end; at++) value = CRC[(value ^ bytes[at]) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** JPEG (ITU-T T.81): segments, and coded data in which 0xff is followed by 0 or a restart. */
function readJpeg(bytes, view) {
  let found = null;
  for (let at = 2; ;) {
    if (view.getUint8(at) !== 0xff) throw new Error(BROKEN);
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    if (marker === 0xd9) break; // the end of the image
    const end = at + 2 + view.getUint16(at + 2);
    if (isFrame(marker)) found = readFrame(view, at);
    at = marker === 0xda ? skipCoded(bytes, end) : end;
  }
  if (found === null) throw new Error(BROKEN);
  return found;
}

function isFrame(marker) {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

function readFrame(view, at) {
  const [depth, channels] = [view.getUint8(at + 4), view.getUint8(at + 9)];
  if (depth !== 8 || ![1, 3].includes(channels)) {
    const kind = depth !== 8 ? `of ${depth} bits` : "with CMYK colors";
    throw new Error(`A JPEG image ${kind} can't be used here. Save it as RGB with 8 bits.`);
  }
  return { height: view.getUint16(at + 5), width: view.getUint16(at + 7), isGray: channels === 1 };
}

function skipCoded(bytes, at) {
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) throw new Error(BROKEN);
    const next = bytes[at + 1];
    if (next !== 0 && !(next >= 0xd0 && next <= 0xd7)) return at;
    at += 2;
  }
}

/** WebP (RFC 9649): lossy, lossless, or extended with the size of the canvas. */
function readWebp(bytes, view) {
  if (view.getUint32(4, true) + 8 > bytes.length) throw new Error(BROKEN);
  const kind = String.fromCharCode(...bytes.subarray(12, 16));
  if (kind === "VP8X") {
    refuseTurned(bytes, view);
    return { width: 1 + uint24(view, 24), height: 1 + uint24(view, 27), isGray: false };
  }
  if (kind === "VP8L") {
    const bits = view.getUint32(21, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff), isGray: false };
  }
  if (kind !== "VP8 ") throw new Error(BROKEN);
  const size = [26, 28].map((at) => view.getUint16(at, true) & 0x3fff);
  return { width: size[0], height: size[1], isGray: false };
}

function uint24(view, at) {
  return view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
}

/** Browsers do not turn a WebP image by its EXIF metadata; Python does. */
function refuseTurned(bytes, view) {
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    if (String.fromCharCode(...bytes.subarray(at, at + 4)) === "EXIF") {
      const start = at + 8 + (startsWith(bytes, at + 8, [0x45, 0x78, 0x69, 0x66]) ? 6 : 0);
      if (orientationOf(view, start) > 1) {
        throw new Error(
          "A WebP image that its EXIF metadata turn can't be used here. Save it as JPEG.",
        );
      }
    }
    at += 8 + size + (size % 2);
  }
}

/** Return tag 0x0112 of the first directory of a TIFF structure; 1 where it has none. */
function orientationOf(view, start) {
  const isLittle = view.getUint8(start) === 0x49;
  const directory = start + view.getUint32(start + 4, isLittle);
  for (let entry = 0; entry < view.getUint16(directory, isLittle); entry++) {
    const at = directory + 2 + 12 * entry;
    if (view.getUint16(at, isLittle) === 0x0112) return view.getUint16(at + 8, isLittle);
  }
  return 1;
}
