/** Run the model with ONNX Runtime Web: WebAssembly, one thread, nothing from other servers. */
import * as ort from "./runtime/ort.wasm.bundle.min.mjs";

let session = null;

async function load({ model, base }) {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { wasm: new URL("runtime/ort-wasm-simd-threaded.wasm", base).href };
  const response = await fetch(new URL(model, base));
  if (!response.ok) throw new Error(`${model} can't be loaded (${response.status})`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  return session.outputNames;
}

async function run({ feeds }) {
  const tensors = {};
  for (const [name, { type, data, dims }] of Object.entries(feeds)) {
    tensors[name] = new ort.Tensor(type, data, dims);
  }
  const start = performance.now();
  const outputs = await session.run(tensors);
  const answer = { seconds: (performance.now() - start) / 1000, outputs: {} };
  for (const [name, tensor] of Object.entries(outputs)) {
    answer.outputs[name] = { data: Array.from(tensor.data, plain), dims: tensor.dims };
    tensor.dispose();
  }
  return answer;
}

function plain(value) {
  return typeof value === "bigint" ? Number(value) : value;
}

self.addEventListener("message", async ({ data }) => {
  try {
    self.postMessage({ answer: await (data.feeds ? run(data) : load(data)) });
  } catch (error) {
    self.postMessage({ problem: String(error?.message ?? error) });
  }
});
