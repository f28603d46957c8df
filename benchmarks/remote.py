"""How much of the rate remains where a server needs 200 ms to answer.

A server in a process of its own answers each request after a pause. Prints one line of JSON per
latency, with the features compared to those of local files.

    python benchmarks/remote.py --rows 400 --latency 0 0.2
"""

import argparse
import io
import json
import multiprocessing
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
from skfusion import ImageDescriptors, ImageReader
from tests.remote_servers import FileServer

FAMILIES = ("intensity", "color", "hog", "lbp")


def encode(seed, size):
    """Return a JPEG file of smooth noise."""
    noise = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize((size, size), Image.Resampling.BICUBIC).save(buffer, "JPEG")
    return buffer.getvalue()


def serve(contents, latency, ends):
    """Serve files until the other end of a pipe closes; send the address first."""
    server = FileServer()
    server.latency = latency
    server.files = {f"/{i}.jpg": content for i, content in enumerate(contents)}
    with server.running():
        ends.send(server.address)
        ends.recv()


def measure(contents, latency, families):
    """Return features and images per second."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(contents, latency, there)
    )
    process.start()
    try:
        address = here.recv()
        reader = ImageReader(remote=["http"], allow_local=["127.0.0.1"])
        transformer = ImageDescriptors(families, reader=reader)
        urls = [f"{address}/{i}.jpg" for i in range(len(contents))]
        transformer.fit(contents[:2])
        start = time.perf_counter()
        features = transformer.transform(urls)
        return features, len(urls) / (time.perf_counter() - start)
    finally:
        here.send("end")
        process.join(20)


def main():
    """Measure each latency and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--latency", type=float, nargs="+", default=[0.0, 0.2])
    options = parser.parse_args()
    contents = [encode(seed, options.size) for seed in range(options.rows)]
    local = ImageDescriptors(FAMILIES).fit(contents[:2]).transform(contents)
    first = None
    for latency in options.latency:
        features, rate = measure(contents, latency, FAMILIES)
        first = rate if first is None else first
        result = {"latency_s": latency, "images_per_s": round(rate, 1)}
        result["of_first"] = round(rate / first, 3)
        result["difference"] = float(np.abs(features - local).max())
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
