"""What one image costs on this machine, and whether `estimate_cost` predicts the rate from it.

    python benchmarks/scale.py --backbone MobileNetV2 --option alpha=0.35
    python benchmarks/scale.py --check --latency 0 0.2 0.5 1 2

The first command pins a process to one core, and prints the seconds of this core per image: to
decode and resize it, to compute the network, and to write its features. The seconds are those that
the processor worked, so that other programs disturb them little. Weights are random, since speed
does not depend on them. With --check, images lie in an S3 server (moto) on 127.0.0.1, in a process
of its own, which answers each request for an image after a pause. The rate of `transform` is
compared with the rate that `estimate_cost` predicts from the rate of the server without pauses, of
the same `transform` of local files, and of the pause. Each line is one of JSON.
"""

import argparse
import io
import json
import logging
import multiprocessing
import multiprocessing.dummy
import os
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from PIL import Image

from skfusion import ImageDescriptors, ImageReader, PixelFlattener, PretrainedGAP, distributed

KEYS = {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark"}


def encode(seed, size):
    """Return a JPEG file of smooth noise."""
    noise = np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    image = Image.fromarray(noise).resize((size, size), Image.Resampling.BICUBIC)
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def core_seconds(function):
    """Return the seconds per image that the processor works in a call, the lowest of three."""
    function()
    used = []
    for _ in range(3):
        started = time.process_time()
        function()
        used.append(time.process_time() - started)
    return min(used)


def measure(options, results):
    """Send the costs of one image, measured on one core."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    contents = [encode(seed, options.size) for seed in range(options.images)]
    gap = PretrainedGAP(
        options.backbone,
        weights=None,
        backbone_options=dict(options.option),
        image_size=(224, 224),
        batch_size=16,
    ).fit(contents[:2])
    small = np.stack([np.asarray(Image.open(io.BytesIO(c)).resize((224, 224))) for c in contents])
    pixels = PixelFlattener((224, 224)).fit(contents[:2])
    decode = core_seconds(lambda: pixels.transform(contents))
    decode -= core_seconds(lambda: pixels.transform(small))
    network = core_seconds(lambda: gap.transform(small))
    whole = core_seconds(lambda: gap.transform(contents))
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, f"{i}.jpg") for i in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            with open(path, "wb") as file:
                file.write(content)

        def embed():
            out = os.path.join(folder, "features")
            distributed.embed(paths, gap, out=out, by_content=False, overwrite=True)

        embedded = core_seconds(embed)
    n = len(contents)
    results.send(
        {
            "backbone": options.backbone,
            "image_bytes": round(sum(map(len, contents)) / n),
            "n_features": gap.n_features_out_,
            "decode_seconds": round(decode / n, 5),
            "network_seconds": round(network / n, 5),
            "write_seconds": round(max(0.0, embedded - whole) / n, 5),
        }
    )


def serve(ends):
    """Serve S3 until the other end of a pipe closes; each number sent is the pause from then on."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application, pause = DomainDispatcherApplication(create_backend_app), [0.0]

    def delayed(environ, start_response):
        if environ["REQUEST_METHOD"] == "GET" and environ["PATH_INFO"].endswith(".jpg"):
            time.sleep(pause[0])
        return application(environ, start_response)

    server = make_server("127.0.0.1", 0, delayed, threaded=True)
    multiprocessing.dummy.Process(target=server.serve_forever).start()
    ends.send(f"http://127.0.0.1:{server.server_port}")
    while (new := ends.recv()) is not None:
        pause[0] = new
        ends.send("done")
    server.shutdown()


def check(options):
    """Compare measured and predicted rates at each latency."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,))
    server.start()
    os.environ |= KEYS | {"AWS_ENDPOINT_URL": here.recv(), "AWS_DEFAULT_REGION": "us-east-1"}
    import s3fs

    contents = [encode(seed, options.size) for seed in range(options.images)]
    system = s3fs.S3FileSystem(skip_instance_cache=True)
    system.mkdir("photos")
    for number, content in enumerate(contents):
        system.pipe_file(f"photos/{number}.jpg", content)
    urls = [f"s3://photos/{number}.jpg" for number in range(len(contents))]
    reader = ImageReader(remote=["s3"])
    descriptors = ImageDescriptors("intensity", reader=reader).fit(contents[:2])
    local, base = rate_of(lambda: descriptors.transform(contents), len(urls)), None
    for latency in options.latency:
        here.send(latency)
        here.recv()
        measured = rate_of(lambda: descriptors.transform(urls), len(urls))
        # Without a pause, the server and the transform share this machine's cores.
        base = measured if base is None else base
        n_bytes = sum(map(len, contents)) / len(contents)
        predicted = distributed.estimate_cost(
            len(urls),
            image_bytes=n_bytes,
            n_features=1,
            decode_seconds=0,
            network_seconds=1 / local,
            latency=latency,
            bandwidth=base * n_bytes,
        )
        rate = predicted["images_per_second"]
        result = {"latency_s": latency, "images_per_s": round(measured, 1)}
        result |= {"predicted": round(rate, 1), "binds": predicted["binds"]}
        print(json.dumps(result | {"ratio": round(measured / rate, 2)}), flush=True)
    here.send(None)
    server.join(10)
    server.kill()


def rate_of(function, n_images):
    """Return images per second of a call, after one to warm up."""
    function()
    started = time.perf_counter()
    function()
    return n_images / (time.perf_counter() - started)


def option(text):
    """Return name and value of an option of a backbone."""
    name, _, value = text.partition("=")
    return name, json.loads(value)


def main():
    """Measure, or check, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", default="MobileNetV2")
    parser.add_argument("--option", type=option, action="append", default=[])
    parser.add_argument("--images", type=int, default=128)
    parser.add_argument("--size", type=int, default=512, help="pixels of a side")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--latency", type=float, nargs="+", default=[0.0, 0.2, 0.5, 1.0, 2.0])
    options = parser.parse_args()
    if options.check:
        check(options)
        return
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=measure, args=(options, there))
    process.start()
    print(json.dumps(here.recv()), flush=True)
    process.join()


if __name__ == "__main__":
    main()
