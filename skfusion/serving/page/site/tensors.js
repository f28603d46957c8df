/** Turn values of the form into the tensors that the model's inputs need. */
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** Return the tensor of one cell, as {type, data, dims}. */
export function cellTensor(input, value) {
  const dims = input.rank === 1 ? [1] : [1, 1];
  if (input.type === "string") return { type: "string", data: [String(value)], dims };
  const number = input.type === "int64" ? BigInt(value) : Number(value);
  return { type: input.type, data: ARRAYS[input.type].of(number), dims };
}

/** Return the tensor of decoded pixels; null is an image that is missing. */
export function imageTensor(input, pixels) {
  if (pixels === null) {
    const dims = [1, input.height ?? 1, input.width ?? 1, 3];
    return { type: "uint8", data: new Uint8Array(dims.reduce((a, b) => a * b)), dims };
  }
  const { data, height, width, channels } = pixels;
  return { type: "uint8", data, dims: [1, height, width, channels] };
}
