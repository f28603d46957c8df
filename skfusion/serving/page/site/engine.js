/**
 * The model, in a worker, so that the page stays usable while it computes.
 * The worker is made from a blob: it then has the security policy of this page.
 */
export class Engine {
  constructor() {
    const address = new URL("worker.js", document.baseURI).href;
    const source = new Blob([`import ${JSON.stringify(address)};`], { type: "text/javascript" });
    const blob = URL.createObjectURL(source);
    this.worker = new Worker(blob, { type: "module" });
    this.waiting = null;
    this.worker.addEventListener("message", ({ data }) => this.settle(data));
    this.worker.addEventListener("error", (event) => {
      this.settle({ problem: event.message || "the script could not be loaded" });
    });
  }

  /** Load the model from an address. */
  load(model) {
    return this.ask({ model, base: document.baseURI });
  }

  /** Compute the outputs of a row: {name: {data, dims}}. */
  run(feeds) {
    return this.ask({ feeds });
  }

  ask(message) {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.worker.postMessage(message);
    });
  }

  settle({ problem, answer }) {
    const waiting = this.waiting;
    this.waiting = null;
    if (problem) waiting?.reject(new Error(problem));
    else waiting?.resolve(answer);
  }
}
