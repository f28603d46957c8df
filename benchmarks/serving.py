"""A pickled pipeline under load: latency, threads, memory, workers; ratios from one run.

    python benchmarks/serving.py            # about eight minutes on two cores
    python benchmarks/serving.py --quick    # three minutes, rougher

The pipeline is MobileNet (alpha=0.25, random weights: speed doesn't depend on them) on images
of 224 x 224 pixels beside three numbers, and a logistic regression. The server is the example of
``examples/serving`` under uvicorn on 127.0.0.1; clients ask again as soon as they are answered.
Requests hold one row with a PNG file. Where times are compared, the two take turns.
"""

import argparse
import base64
import http.client
import io
import json
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import joblib
import numpy as np
import pandas as pd
import psutil
from PIL import Image
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import MicroBatcher, PretrainedGAP, warm_up
from skfusion.datasets import make_image_table

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.shared_pages import private_share

EXAMPLE = Path(__file__).parents[1] / "examples" / "serving"
NUMBERS = ["number_0", "number_1", "number_2"]
CLIENTS = (1, 8, 32)


def main():
    args = parse_args()
    if args.memory_of:
        print(json.dumps(memory_of_a_worker(args.memory_of, args.n_workers)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path, rows = save_model(Path(folder))
        print(f"{os.cpu_count()} cores, TensorFlow on the CPU\n")
        measure_one_row(path, rows, 60 if args.quick else 300)
        measure_threads(rows, 2_000 if args.quick else 10_000)
        measure_batching(path, rows, 6 if args.quick else 15)
        measure_server(path, rows, 8 if args.quick else 20)
        measure_workers(path)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer requests")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    parser.add_argument("--n-workers", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args()


def line(label, value):
    print(f"  {label:<52}{value}", flush=True)


# The model.


def save_model(folder, side=224, backbone_options=None):
    table = make_image_table(64, image_size=(side, side), random_state=0)
    gap = PretrainedGAP(
        "MobileNet",
        weights=None,
        backbone_options=backbone_options or {"alpha": 0.25},
        image_size=(side, side),
    )
    columns = ColumnTransformer([("image", gap, ["image"]), ("numbers", StandardScaler(), NUMBERS)])
    model = make_pipeline(columns, LogisticRegression(max_iter=1000))
    model.fit(table.frame, table.target)
    path = folder / f"model{side}.joblib"
    joblib.dump(model, path, compress=3)
    rows = table.frame.assign(image=[png(pixels) for pixels in table.frame["image"]])
    return path, rows


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


# One row.


def measure_one_row(path, rows, turns):
    """What `transform` and `predict_proba` of one row take beside the bare network."""
    start = time.perf_counter()
    model = joblib.load(path)
    loading = time.perf_counter() - start
    start = time.perf_counter()
    warm_up(model)
    warming = time.perf_counter() - start
    gap = model[0].named_transformers_["image"]
    network, live = gap.networks_[0], gap.networks_[0].to_model()
    live.jit_compile = False
    pixels = pd.DataFrame({"image": [np.asarray(Image.open(io.BytesIO(rows["image"][0])))]})
    inputs = network.prepare(np.stack(list(pixels["image"])))
    cells, row = rows[["image"]][:1], rows[:1]
    seconds = take_turns(
        turns,
        bare=lambda: live.predict_on_batch(inputs),
        array=lambda: gap.transform(pixels),
        file=lambda: gap.transform(cells),
        pipeline=lambda: model.predict_proba(row),
    )
    bare = np.median(seconds["bare"])
    print("One row")
    line("loading the pipeline, first time warm-up", f"{loading:.2f} s, {warming:.2f} s")
    line("bare predict_on_batch", f"{1000 * bare:.1f} ms")
    for label, name in (
        ("transform of an array / bare", "array"),
        ("transform of a PNG file / bare", "file"),
        ("predict_proba of the pipeline / bare", "pipeline"),
    ):
        line(label, ratio(seconds[name], seconds["bare"]))
    print()


def take_turns(turns, **functions):
    rng = np.random.default_rng(0)
    seconds = {name: [] for name in functions}
    for turn in range(turns + 5):
        for name in rng.permutation(list(functions)):
            start = time.perf_counter()
            functions[name]()
            if turn >= 5:
                seconds[name].append(time.perf_counter() - start)
    return {name: np.array(values) for name, values in seconds.items()}


def ratio(above, below):
    low, middle, high = np.quantile(above / below, [0.25, 0.5, 0.75])
    return f"{middle:.2f}  ({low:.2f} to {high:.2f})"


# Threads.


def measure_threads(rows, n_requests):
    """16 threads on one pipeline of small images: the same answers, and memory that stays."""
    with tempfile.TemporaryDirectory() as folder:
        path, rows = save_model(Path(folder), side=32)
        serial, model = joblib.load(path), joblib.load(path)
    requests = [rows[i : i + 1] for i in range(len(rows))]
    expected = [serial.predict_proba(request) for request in requests]
    process, sizes, wrong = psutil.Process(), [], 0
    steps = np.linspace(0, n_requests, 11, dtype=int)
    with ThreadPoolExecutor(16) as pool:
        for first, last in pairwise(steps):
            answers = pool.map(lambda i: model.predict_proba(requests[i % 64]), range(first, last))
            wrong += sum(
                not np.array_equal(answer, expected[i % 64])
                for i, answer in enumerate(answers, start=first)
            )
            sizes.append(process.memory_info().rss / 2**20)
    network = model[0].named_transformers_["image"].networks_[0]
    traces = network.runtime.live_model(network).predict_function.experimental_get_tracing_count()
    print(f"16 threads, {n_requests} requests, images of 32 x 32 pixels")
    line("answers that differ from those of one thread", wrong)
    line("memory after a tenth, and after all", f"{sizes[0]:.0f} MB, {sizes[-1]:.0f} MB")
    line("growth over the last nine tenths", f"{sizes[-1] - sizes[0]:+.1f} MB")
    line("graphs that were traced", traces)
    print()


# Requests of many clients computed together.


def measure_batching(path, rows, seconds):
    model = joblib.load(path)
    warm_up(model, n_rows=[1, 2, 4, 8, 16, 32])
    requests = [rows[i : i + 1] for i in range(len(rows))]
    print("Requests computed one by one, and those that wait together in one batch")
    for n_clients in (1, 8, 32):
        rates = {"single": [], "batched": []}
        for _ in range(3):  # they take turns
            with MicroBatcher(model.predict_proba) as together:
                for name, ask in (("single", model.predict_proba), ("batched", together)):
                    times = load(n_clients, seconds / 3, lambda i, ask=ask: ask(requests[i % 64]))
                    rates[name].append(len(times) / (seconds / 3))
        pairs = np.array(rates["batched"]) / np.array(rates["single"])
        line(
            f"{n_clients} clients: rate one by one; batched / one by one",
            f"{np.median(rates['single']):.0f}/s; {np.median(pairs):.2f}",
        )
    print()


def load(n_clients, seconds, ask):
    """Seconds of each request of so many clients."""
    end, times = time.perf_counter() + seconds, []

    def client(number):
        i = number
        while (start := time.perf_counter()) < end:
            ask(i)
            times.append(time.perf_counter() - start)
            i += n_clients

    with ThreadPoolExecutor(n_clients) as pool:
        list(pool.map(client, range(n_clients)))
    return times


# A server.


def measure_server(path, rows, seconds):
    bodies = [
        json.dumps({"rows": [{**row, "image": base64.b64encode(row["image"]).decode()}]}).encode()
        for row in rows[["image", *NUMBERS]].to_dict("records")
    ]
    print("FastAPI under uvicorn, one process, JSON with a PNG file in base64")
    with server(path) as port:
        alone = None
        for n_clients in CLIENTS:
            errors = []
            clients = threading.local()

            def ask(i, clients=clients, errors=errors):
                if not hasattr(clients, "connection"):
                    clients.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                status = post(clients.connection, bodies[i % 64])
                if status != 200:
                    errors.append(status)

            load(n_clients, 2, ask)  # not counted
            errors.clear()
            times = np.array(load(n_clients, seconds, ask))
            rate = len(times) / seconds
            alone = rate if alone is None else alone
            p50, p95, p99 = 1000 * np.quantile(times, [0.5, 0.95, 0.99])
            line(
                f"{n_clients} clients: p50, p95, p99",
                f"{p50:.0f}, {p95:.0f}, {p99:.0f} ms; {len(errors)} errors of {len(times)}; "
                f"rate / rate of one client {rate / alone:.2f}",
            )
    print()


def post(connection, body):
    connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    return response.status


@contextmanager
def server(path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port)]
    environment = {**os.environ, "MODEL": str(path), "IMAGES": "image"}
    process = subprocess.Popen([*command, "--log-level", "warning"], cwd=EXAMPLE, env=environment)
    try:
        for _ in range(600):
            if is_ready(port):
                break
            time.sleep(0.1)
        else:
            raise SystemExit("the server is not ready after a minute")
        yield port
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()


def is_ready(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


# Workers.


def measure_workers(path):
    """What each process of a service adds, for a network of some size (ResNet50)."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "resnet.pickle"
        rows = pd.DataFrame({"image": [np.zeros((64, 64, 3), dtype=np.uint8)]})
        gap = PretrainedGAP("ResNet50", weights=None, image_size=(64, 64)).fit(rows)
        file.write_bytes(pickle.dumps(gap))
        megabytes = sum(array.nbytes for array in gap.networks_[0].weights) / 2**20
        del gap
        found = {n: in_new_process(file, n) for n in (1, 4)}
    print(f"Workers forked from a process that has loaded ResNet50 ({megabytes:.0f} MB of weights)")
    loaded = found[4]["loaded"]
    line("a worker before its first prediction adds", f"{loaded:.0f} MB")
    line(
        "a worker after it adds (1 worker, each of 4)",
        f"{found[1]['warm']:.0f}, {found[4]['warm']:.0f} MB",
    )
    line("  of which TensorFlow itself", f"{found[4]['tensorflow']:.0f} MB")
    line("the pickle's arrays, private to a worker after it", f"{found[4]['arrays']:.0%}")


def in_new_process(file, n_workers):
    command = [sys.executable, __file__, "--memory-of", str(file), "--n-workers", str(n_workers)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return json.loads(done.stdout.splitlines()[-1])


def memory_of_a_worker(path, n_workers):
    """Private megabytes of forked workers at three moments (Linux)."""
    gap = pickle.loads(Path(path).read_bytes())
    end_read, end_write = os.pipe()
    children = []
    for _ in range(n_workers):
        children.append(os.fork())
        if not children[-1]:
            found = json.dumps(stages(gap))
            os.write(end_write, (found + "\n").encode())
            time.sleep(5)  # stay, so that the others share what is shared
            os._exit(0)
    os.close(end_write)
    with os.fdopen(end_read) as lines:
        all_found = [json.loads(text) for text in lines]
    for child in children:
        os.waitpid(child, 0)
    return {name: float(np.median([found[name] for found in all_found])) for name in all_found[0]}


def stages(gap):
    loaded = private()
    import keras

    keras.ops.zeros((1,))  # wakes TensorFlow up
    tensorflow = private()
    warm_up(gap)
    weights = max(gap.networks_[0].weights, key=lambda array: array.nbytes)
    return {
        "loaded": loaded,
        "tensorflow": tensorflow - loaded,
        "warm": private(),
        "arrays": private_share(weights),
    }


def private():
    """Megabytes that no other process shares."""
    text = Path("/proc/self/smaps_rollup").read_text()
    return (
        sum(int(row.split()[1]) for row in text.splitlines() if row.startswith("Private_")) / 1024
    )


if __name__ == "__main__":
    main()
