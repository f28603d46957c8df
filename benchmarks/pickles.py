"""Saved models: how large, how quick to load, what the first prediction costs, what 16 bits change.

    python benchmarks/pickles.py                    # untrained networks
    python benchmarks/pickles.py --weights FOLDER   # also MobileNet's weights files from a folder
    python benchmarks/pickles.py --data FOLDER      # real images for what 16 bits change

Sizes are those of files. Loading and first predictions are timed in new processes that have
imported what a service has anyway (joblib, pandas, scikit-learn), five for each model; a figure is
the median. Differences of features are given as a share of the mean feature and of the largest.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from PIL import Image
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import PretrainedGAP, half_precision

TURNS = 5
WEIGHTS = {
    "MobileNet 0.25": ("mobilenet_2_5_224_tf_no_top", {"alpha": 0.25}),
    "MobileNet 0.75": ("mobilenet_7_5_224_tf_no_top", {"alpha": 0.75}),
}
LOAD = """
import sys, time
import joblib, numpy, pandas, sklearn.pipeline, sklearn.compose, sklearn.linear_model
rows = pandas.read_pickle(sys.argv[2])
times = [time.perf_counter()]
model = joblib.load(sys.argv[1])
times.append(time.perf_counter())
assert "tensorflow" not in sys.modules and "keras" not in sys.modules
import keras
times.append(time.perf_counter())
model.predict_proba(rows)
times.append(time.perf_counter())
for _ in range(5):
    model.predict_proba(rows)
times.append(time.perf_counter())
print(*[later - earlier for earlier, later in zip(times, times[1:])])
"""


def main():
    args = parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start\n")
    images = load_images(args.data)
    if not args.half_only:
        with tempfile.TemporaryDirectory() as folder:
            report_sizes(Path(folder), images)
            report_loading(Path(folder), images)
    if args.weights:
        report_half(Path(args.weights), images)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", help="a folder with weights files of MobileNet")
    parser.add_argument("--half-only", action="store_true", help="only what 16 bits change")
    parser.add_argument("--data", help="a folder of images")
    return parser.parse_args()


def load_images(data, count=32):
    """Images of 224 x 224 pixels: from a folder, or made up."""
    if data is None:
        rng = np.random.default_rng(0)
        coarse = rng.integers(0, 256, (count, 14, 14, 3), dtype=np.uint8)
        return [np.asarray(Image.fromarray(c).resize((224, 224))) for c in coarse]
    kinds = {".jpg", ".jpeg", ".png"}
    paths = sorted(p for p in Path(data).rglob("*") if p.suffix.lower() in kinds)
    step = max(1, len(paths) // count)
    chosen = paths[::step][:count]
    return [np.asarray(Image.open(p).convert("RGB").resize((224, 224))) for p in chosen]


def resnet(**options):
    return PretrainedGAP("ResNet50", weights=None, **options)


def pipeline(*transformers):
    """Transformers of images beside a table, and a model."""
    images = [(f"image{i}", each, ["image"]) for i, each in enumerate(transformers)]
    columns = ColumnTransformer([*images, ("numbers", StandardScaler(), ["age"])])
    return make_pipeline(columns, LogisticRegression(max_iter=2000))


def fitted(images, *transformers):
    n_rows = min(8, len(images))
    frame = pd.DataFrame({"image": images[:n_rows], "age": np.arange(n_rows, dtype=float)})
    return pipeline(*transformers).fit(frame, np.arange(n_rows) % 2), frame


def report_sizes(folder, images):
    print("size of the file, as a share of the weights")
    one, _ = fitted(images, resnet())
    two, _ = fitted(images, resnet(), resnet(cut_layer="conv4_block6_out"))
    weights = sum(a.nbytes for a in one[0].named_transformers_["image0"].networks_[0].weights)
    print(f"  ResNet50's weights: {weights / 1e6:.1f} MB")
    for name, model in (("one cut", one), ("two cuts of one backbone", two)):
        show_sizes(folder, name, model, weights)
    show_sizes(folder, "one cut, half_precision", half_precision(one), weights)
    print()


def show_sizes(folder, name, model, weights):
    shares = []
    for compress in (0, 3, ("lzma", 1)):
        joblib.dump(model, folder / "model", compress=compress)
        shares.append(f"compress={compress}: {(folder / 'model').stat().st_size / weights:.2f}")
    print(f"  {name:25} {'   '.join(shares)}")


def report_loading(folder, images):
    print("seconds in a new process; the networks hold weights that nobody trained")
    alpha = {"backbone_options": {"alpha": 0.25}}
    mobilenet = PretrainedGAP("MobileNet", weights=None, image_size=(224, 224), **alpha)
    for name, transformer in (("ResNet50", resnet()), ("MobileNet 0.25", mobilenet)):
        model, frame = fitted(images, transformer)
        frame[:1].to_pickle(folder / "row")
        for label, each in ((name, model), (f"{name}, half_precision", half_precision(model))):
            joblib.dump(each, folder / "model")
            show_loading(folder, label)
    print()


def show_loading(folder, name):
    turns = [run_load(folder) for _ in range(TURNS)]
    load, keras, first, five = (statistics.median(each) for each in zip(*turns, strict=True))
    slowest = max(turn[0] for turn in turns)
    print(
        f"  {name:25} load {load:.2f} (slowest {slowest:.2f}), then import of Keras and TensorFlow "
        f"{keras:.1f}, first prediction {first:.2f}, each later one {five / 5:.3f}"
    )


def run_load(folder):
    command = [sys.executable, "-c", LOAD, str(folder / "model"), str(folder / "row")]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    shown = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return [float(part) for part in shown.stdout.split()]


def report_half(folder, images):
    print(f"what 16-bit weights change in the features of {len(images)} images")
    for name, (stem, options) in WEIGHTS.items():
        path = next(folder.glob(f"{stem}*.h5"))
        gap = PretrainedGAP(
            "MobileNet", weights=path, backbone_options=options, image_size=(224, 224)
        ).fit(images)
        half = half_precision(gap)
        features, changed = gap.transform(images), half.transform(images)
        difference = np.abs(features - changed)
        sizes = [len(joblib_bytes(each)) for each in (half, gap)]
        print(
            f"  {name}: file {sizes[0] / sizes[1]:.2f} of the size; difference mean "
            f"{difference.mean() / features.mean():.2%} of the mean feature, largest "
            f"{difference.max() / features.max():.2%} of the largest"
        )


def joblib_bytes(model):
    with tempfile.TemporaryFile() as file:
        joblib.dump(model, file)
        file.seek(0)
        return file.read()


if __name__ == "__main__":
    main()
