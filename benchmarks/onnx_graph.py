"""A whole model as one ONNX file: size, time and score, with weights of 32, 16 and 8 bits.

    python benchmarks/onnx_graph.py DATA WEIGHTS

DATA is a folder of photographs with a `labels.csv` (image, label), such as the set flowers; WEIGHTS
a weights file of MobileNet with alpha=0.25 or 0.75, without top. Needs the extra `onnx-graph`.

A logistic regression on MobileNet's features is fitted on two thirds of the rows. For each file:
its size; the time to load it and to answer one row; the rate for batches of 32 photographs of
240 x 320 pixels, resizing included, and that of Python's own pipeline, both in rows a second of
processor time, which other programs hardly change; the accuracy and the log loss on the other rows,
and the largest difference of a probability from Python's.
"""

import argparse
import os
import re
import time
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import PretrainedGAP, to_onnx

SIZE = (320, 240)  # width, height
BATCH, TURNS = 32, 5


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a folder with labels.csv and photographs")
    parser.add_argument("weights", type=Path, help="weights of MobileNet without top")
    args = parser.parse_args()
    rows = pd.read_csv(args.data / "labels.csv")
    X = pd.DataFrame({"photo": [read(args.data / name) for name in rows["image"]]})
    train, test = train_test_split(
        np.arange(len(X)), test_size=1 / 3, random_state=0, stratify=rows["label"]
    )
    y = rows["label"].to_numpy(object)
    gap = PretrainedGAP("MobileNet", weights=args.weights, backbone_options={"alpha": alpha(args)})
    head = LogisticRegression(C=0.01, max_iter=2000)
    model = make_pipeline(gap, StandardScaler(), head).fit(X.iloc[train], y[train])
    expected = model.predict_proba(X.iloc[test])
    photos = np.stack(list(X["photo"].iloc[test]))
    print(f"{len(train)} rows to fit, {len(test)} to score; {os.cpu_count()} cores")
    print(f"{'':10} {'MB':>6} {'first s':>8} {'rows/s':>7} {'accuracy':>9} {'log loss':>9}  diff.")
    rate = measure_rate(lambda: model.predict_proba(X.iloc[test[:BATCH]]))
    show("Python", "", "", rate, y[test], expected, expected, model.classes_)
    for precision in (None, "float16", "int8"):
        content = to_onnx(model, "graph", precision=precision).SerializeToString()
        start = time.process_time()
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        session.run(None, {"photo": photos[:1]})
        first = time.process_time() - start
        rate = measure_rate(lambda run=session.run: run(None, {"photo": photos[:BATCH]}))
        found = np.concatenate(
            [
                session.run(["probabilities"], {"photo": photos[i : i + BATCH]})[0]
                for i in range(0, len(photos), BATCH)
            ]
        )
        megabytes = f"{len(content) / 1e6:.2f}"
        name = precision or "float32"
        show(name, megabytes, f"{first:.2f}", rate, y[test], found, expected, model.classes_)


def read(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize(SIZE))


def alpha(args):
    """Return the width that a weights file is for, from its name: mobilenet_2_5_224_..."""
    found = re.search(r"mobilenet_(\d)_(\d)_", args.weights.name)
    if found is None:
        raise SystemExit(f"{args.weights.name} doesn't name the width of MobileNet")
    return float(f"0.{found[1]}{found[2]}")


def measure_rate(compute):
    compute()
    times = []
    for _ in range(TURNS):
        start = time.process_time()
        compute()
        times.append(time.process_time() - start)
    return BATCH / np.median(times)


def show(name, megabytes, first, rate, y, found, expected, classes):
    accuracy = accuracy_score(y, classes[found.argmax(axis=1)])
    loss = log_loss(y, found, labels=classes)
    difference = np.abs(found - expected).max()
    print(
        f"{name:10} {megabytes:>6} {first:>8} {rate:7.0f} {accuracy:9.3f} {loss:9.4f}  "
        f"{difference:.1e}",
        flush=True,
    )


if __name__ == "__main__":
    main()
