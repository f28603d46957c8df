"""A network on ONNX Runtime against Keras: time of one row and of 32, and what it needs on disk.

    python benchmarks/onnx_runtime.py                   # random weights
    python benchmarks/onnx_runtime.py --weights FOLDER  # MobileNet's weights files from a folder

Needs the extra `onnx-export`. Keras and ONNX Runtime take turns on the same prepared images; a
ratio is the median of the ratios of one turn. Sizes are those of the installed packages.
"""

import argparse
import os
import statistics
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from skfusion import PretrainedGAP, to_onnx

SIZE = (224, 224)
BACKBONES = {
    "MobileNet 0.25": ("MobileNet", {"alpha": 0.25}, "mobilenet_2_5_224_tf_no_top"),
    "MobileNet 0.75": ("MobileNet", {"alpha": 0.75}, "mobilenet_7_5_224_tf_no_top"),
    "ResNet50": ("ResNet50", None, None),
}
TURNS = {1: 15, 32: 5}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", help="a folder with weights files of MobileNet")
    args = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start\n")
    for packages in (("tensorflow", "keras"), ("onnxruntime",)):
        sizes = ", ".join(f"{name} {megabytes(name):,.0f} MB" for name in packages)
        print(f"installed: {sizes}")
    images = np.random.default_rng(0).integers(0, 256, (32, *SIZE, 3), dtype=np.uint8)
    for label, (backbone, options, stem) in BACKBONES.items():
        weights = None
        if args.weights and stem:
            weights = next(Path(args.weights).glob(f"{stem}*.h5"))
        gap = PretrainedGAP(
            backbone, weights=weights, backbone_options=options, image_size=SIZE
        ).fit(images)
        compare(label, gap.networks_[0], to_onnx(gap).networks_[0], images)


def megabytes(package):
    found = find_spec(package)
    if found is None:
        raise SystemExit(f"{package} is missing: pip install 'skfusion[onnx-export]'")
    folder = Path(found.origin).parent
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def compare(label, network, onnx, images):
    keras_inputs, onnx_inputs = network.prepare(images), onnx.prepare(images)
    features, others = network.compute(keras_inputs), onnx.compute(onnx_inputs)
    texts = [f"largest difference of features {np.abs(features - others).max():.0e}"]
    for n_rows, turns in TURNS.items():
        runs = (
            lambda n=n_rows: network.compute(keras_inputs[:n]),
            lambda n=n_rows: onnx.compute(onnx_inputs[:n]),
        )
        texts.append(f"{n_rows} row(s) {ratio(*runs, turns):.1f} times as fast")
    print(f"{label}: {'; '.join(texts)}")


def ratio(slow, fast, turns):
    """How many times as fast; both have run once before the clock starts."""
    slow()
    fast()
    return statistics.median(seconds(slow) / seconds(fast) for _ in range(turns))


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
