"""The runtimes of PretrainedGAP side by side: images a second, and how far features differ.

    python benchmarks/runtimes.py                   # random weights
    python benchmarks/runtimes.py --weights FOLDER  # MobileNet's weights files from a folder

Needs the extras `onnx-export` and `openvino`. All runtimes take turns on the same prepared images;
a rate is the median of the turns. Two more are not offered by PretrainedGAP: Keras compiled by XLA,
with the seconds that compiling took, and OpenVINO with numbers of 16 bits (bf16).
"""

import argparse
import os
import statistics
import time
from pathlib import Path

import numpy as np

from skfusion import PretrainedGAP
from skfusion.networks.runtimes._openvino_runtime import OpenVinoRuntime

SIZE = (224, 224)
NETWORKS = {
    "MobileNet 0.25": ("MobileNet", {"alpha": 0.25}, "mobilenet_2_5_224_tf_no_top"),
    "MobileNet 0.75": ("MobileNet", {"alpha": 0.75}, "mobilenet_7_5_224_tf_no_top"),
    "MobileNetV2 0.35": ("MobileNetV2", {"alpha": 0.35}, "mobilenet_v2_weights_tf_dim_ordering"),
    "ResNet50": ("ResNet50", None, None),
}
RUNTIMES = ("keras", "onnx", "openvino")
TURNS = {1: 15, 32: 5}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", help="a folder with weights files of MobileNet")
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=NETWORKS)
    args = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start")
    images = np.random.default_rng(0).integers(0, 256, (32, *SIZE, 3), dtype=np.uint8)
    for label in args.networks:
        backbone, options, stem = NETWORKS[label]
        weights = None
        if args.weights and stem:
            weights = next(Path(args.weights).glob(f"{stem}*.h5"))
        print(f"\n{label}")
        compare(functions(backbone, options, weights, images), images)


def functions(backbone, options, weights, images):
    """Return, for each runtime, a function of a number of images, and the seconds to start it."""
    found = {}
    for runtime in RUNTIMES:
        gap = PretrainedGAP(
            backbone,
            weights=weights,
            backbone_options=options,
            image_size=SIZE,
            runtime=runtime,
        ).fit(images)
        network = gap.networks_[0]
        inputs = network.prepare(images)
        found[runtime] = compute(network, inputs)
        if runtime == "keras":
            found["keras, XLA"] = with_xla(network.to_model(), inputs)
        if runtime == "openvino":
            half = network.replace(name=network.name)
            vars(half).pop("_live", None)
            half.runtime = OpenVinoRuntime("bf16")
            found["openvino, bf16"] = compute(half, inputs)
    return found


def compute(network, inputs):
    return lambda n: network.compute(inputs[:n])


def with_xla(model, inputs):
    model.jit_compile = True
    model.make_predict_function()
    return lambda n: np.asarray(model.predict_on_batch(inputs[:n]))


def compare(found, images):
    first = {name: {n: seconds(run, n) for n in TURNS} for name, run in found.items()}
    expected = found["keras"](len(images))
    rates = {name: {} for name in found}
    for n_rows, turns in TURNS.items():
        times = {name: [] for name in found}
        for _ in range(turns):
            for name, run in found.items():
                times[name].append(seconds(run, n_rows))
        for name in found:
            rates[name][n_rows] = n_rows / statistics.median(times[name])
    print(f"  {'':16}{'1 row':>10}{'32 rows':>10}  first calls  largest difference")
    for name, run in found.items():
        difference = np.abs(run(len(images)) - expected).max() / np.abs(expected).max()
        by_size = "".join(f"{rates[name][n_rows]:>10.1f}" for n_rows in TURNS)
        print(f"  {name:16}{by_size}{sum(first[name].values()):>11.1f} s{difference:>20.1e}")


def seconds(run, n_rows):
    start = time.perf_counter()
    run(n_rows)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
