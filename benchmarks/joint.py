"""The strategy "joint" beside "stacked": a network of both sources, by the number of rows.

    python benchmarks/joint.py DATA WEIGHTS FOLDER --rows 300 600 1200

Each line has the out-of-fold losses and accuracies of both strategies on a sample of a task's rows,
with features of MobileNet 0.75 that are kept in FOLDER. "xor" is made up: the class depends on a
bit of the table and two features of the image together, and on none or two of them not at all.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.preprocessing import FunctionTransformer

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.fusion import Embedder, fashion_tasks, oasis_tasks
from skfusion import FusionClassifier

TASKS = ("fashion gender", "fashion season", "oasis sex")
IMAGE = "image"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("folder", type=Path, help="for features")
    parser.add_argument("--rows", type=int, nargs="+", default=[300, 600, 1200])
    options = parser.parse_args()
    embed = Embedder(options.weights, options.folder)
    tasks = fashion_tasks(options.data / "fashion_products", embed)
    tasks |= oasis_tasks(options.data / "oasis1", embed)
    head = "task                  rows  stacked         joint           difference (error)"
    print(head, flush=True)
    for n_rows in options.rows:
        report("xor", n_rows, *make_xor(n_rows))
        for name in TASKS:
            report(name, n_rows, *tasks[name])


def report(name, n_rows, table, features, y):
    """Fit on some rows of a task, and print a line."""
    rows = np.random.default_rng(0).permutation(len(y))[:n_rows]
    frame = table.iloc[rows].assign(**{IMAGE: [np.array([[row]]) for row in rows]})
    embedder = FunctionTransformer(look_up, kw_args={"features": features})
    fusion = FusionClassifier(
        embedder, image_columns=[IMAGE], id_columns=[], strategy="joint", random_state=0
    )
    scores = fusion.fit(frame, y[rows]).strategy_scores_
    stacked, joint = (scores.loc[each, ["loss", "accuracy"]] for each in ("stacked", "joint"))
    gap = joint["loss"] - stacked["loss"]
    error = max(scores.loc[["stacked", "joint"], "standard_error"])
    print(
        f"{name:20} {len(rows):5}  {stacked['loss']:.3f} {stacked['accuracy']:.3f}   "
        f"  {joint['loss']:.3f} {joint['accuracy']:.3f}   {gap:+.3f} ({error:.3f})",
        flush=True,
    )


def look_up(cells, features):
    """Return the features of images, which are the numbers of their rows."""
    return features[[int(cell[0, 0]) for cell in cells.iloc[:, 0]]]


def make_xor(n_rows):
    """Make rows whose class is a bit of the table XOR whether two features have one sign."""
    random = np.random.default_rng(0)
    bits = random.integers(0, 2, (3, n_rows))
    features = random.normal(size=(n_rows, 12))
    features[:, :2] = 3.0 * (2 * bits[:2].T - 1) + 0.3 * features[:, :2]
    table = pd.DataFrame({"bit": bits[2] + 0.1 * random.normal(size=n_rows)})
    return table.assign(other=random.normal(size=n_rows)), features, bits[0] ^ bits[1] ^ bits[2]


if __name__ == "__main__":
    main()
