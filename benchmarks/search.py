"""What a store saves in a grid search: ratios measured side by side in one run.

    python benchmarks/search.py DATA WEIGHTS

DATA is a folder with styles.csv (columns image, gender, masterCategory, baseColour, season, usage)
and the product photographs that it names; WEIGHTS a weights file of MobileNet with alpha=0.75,
without top.
Each figure is the median of --repeats rounds; in a round all ways are run one after the other.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skfusion import CNNEmbedder, PretrainedGAP
from skfusion.datasets import load_digits_iris
from skfusion.networks._network import Network
from skfusion.store import FeatureStore

TABLE = ["masterCategory", "baseColour", "season", "usage"]
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)
HEADS = [
    *(LogisticRegression(C=c, max_iter=300) for c in (0.001, 0.01, 0.1, 1.0)),
    *(RandomForestClassifier(100, max_depth=d, random_state=0) for d in (4, 8, None)),
    *(SVC(C=c) for c in (0.3, 1.0, 3.0)),
    HistGradientBoostingClassifier(max_iter=30, random_state=0),
    KNeighborsClassifier(),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="folder with styles.csv and its images")
    parser.add_argument("weights", type=Path, help="weights of MobileNet, alpha=0.75, no top")
    parser.add_argument("--rows", type=int, default=None, help="use the first rows only")
    parser.add_argument(
        "--rows-without", type=int, default=60, help="rows of the run without store"
    )
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    frame, y = load_products(options.data)
    frame, y = frame[: options.rows], y[: options.rows]
    print(f"{len(frame)} products, {len(HEADS)} heads x 5 folds + refit, MobileNet 0.75\n")
    show_search(frame, y, options)
    show_workers(frame, options)
    show_network_time(frame[: options.rows_without], y[: options.rows_without], options)
    show_trainings()


def load_products(folder):
    frame = pd.read_csv(folder / "styles.csv")
    frame = frame[frame["gender"].isin(["Men", "Women"])].reset_index(drop=True)
    frame["image"] = [str(folder / name) for name in frame["image"]]
    return frame[["image", *TABLE]], frame["gender"].to_numpy()


def embedder(weights, cache):
    return PretrainedGAP(
        "MobileNet", backbone_options={"alpha": 0.75}, weights=str(weights), cache=cache
    )


def search(X, y, images, table=TABLE):
    """The search; `images` is a transformer with its columns, `table` the other columns."""
    columns = ColumnTransformer(
        [
            ("images", *images),
            ("table", OneHotEncoder(handle_unknown="ignore"), table),
        ]
    )
    pipe = Pipeline(
        [("columns", columns), ("scale", StandardScaler(with_mean=False)), ("head", HEADS[0])]
    )
    started = time.perf_counter()
    GridSearchCV(pipe, {"head": HEADS}, cv=FOLDS, error_score="raise").fit(X, y)
    return time.perf_counter() - started


def show_search(frame, y, options):
    rounds = []
    warm_up = embedder(options.weights, None)
    warm_up.fit(frame[["image"]]).transform(frame[["image"]][:64])  # compiled, not timed
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            features = embedder(options.weights, None).fit_transform(frame[["image"]])
            one_pass = time.perf_counter() - started
            coded = [pd.factorize(frame[name])[0] for name in TABLE]
            ready = np.column_stack([features, *coded])
            width = features.shape[1]
            arrays = search(
                ready, y, ("passthrough", slice(width)), slice(width, width + len(TABLE))
            )
            store = FeatureStore(folder)
            through = (embedder(options.weights, store), ["image"])
            cold, warm = search(frame, y, through), search(frame, y, through)
        rounds.append((one_pass, arrays, cold, warm))
    one_pass, arrays, cold, warm = (
        statistics.median(column) for column in zip(*rounds, strict=True)
    )
    ratios = [(c / (p + a), w / a) for p, a, c, w in rounds]
    cold_ratio, warm_ratio = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(f"one pass of the network          {one_pass:8.1f} s")
    print(f"search on precomputed arrays     {arrays:8.1f} s")
    print(f"search with a store, from cold   {cold:8.1f} s   {cold_ratio:.2f} x (pass + arrays)")
    print(f"search with a store, warm        {warm:8.1f} s   {warm_ratio:.2f} x arrays")


_WORKER = """
import sys, time
started = time.perf_counter()
import pandas as pd
from skfusion import PretrainedGAP
frame, weights, cache = pd.read_pickle(sys.argv[1]), sys.argv[2], sys.argv[3] or None
gap = PretrainedGAP(
    "MobileNet", backbone_options={"alpha": 0.75}, weights=weights, cache=cache
)
gap.fit_transform(frame[["image"]])
print(f"{time.perf_counter() - started:.1f}", "tensorflow" in sys.modules)
"""


def show_workers(frame, options):
    """A new worker process whose rows are all in the store, beside one without a store."""
    print("\na new process that embeds them, imports included:")
    with tempfile.TemporaryDirectory() as folder:
        rows, store = Path(folder, "rows.pkl"), Path(folder, "store")
        frame.to_pickle(rows)
        embedder(options.weights, store).fit_transform(frame[["image"]])
        for name, cache in (("with a warm store", store), ("without", "")):
            command = [sys.executable, "-c", _WORKER, rows, options.weights, cache]
            run = subprocess.run(command, capture_output=True, text=True, check=True)
            seconds, imported = run.stdout.split()
            print(f"  {name:<20} {seconds:>6} s, TensorFlow imported: {imported}")


def show_network_time(X, y, options):
    """Seconds that the network computes, with and without a store, on few rows."""
    seconds = {}
    for name in ("without", "with"):
        with tempfile.TemporaryDirectory() as folder, timed_networks() as spent:
            cache = FeatureStore(folder) if name == "with" else None
            search(X, y, (embedder(options.weights, cache), ["image"]))
        seconds[name] = spent[0]
    ratio = seconds["without"] / seconds["with"]
    print(
        f"\nnetwork time of the same search on {len(X)} rows: {seconds['without']:.1f} s without a "
        f"store, {seconds['with']:.1f} s with one: {ratio:.0f} x"
    )


class timed_networks:
    """Adds up the time that networks compute."""

    def __enter__(self):
        self.original, spent = Network.compute, [0.0]

        def compute(network, inputs, batch_size=32):
            started = time.perf_counter()
            outputs = self.original(network, inputs, batch_size)
            spent[0] += time.perf_counter() - started
            return outputs

        Network.compute = compute
        return spent

    def __exit__(self, *_):
        Network.compute = self.original


def show_trainings():
    """Cut layers x heads with a CNN that is trained in each fold: how many trainings."""
    data = load_digits_iris()
    heads = [
        LogisticRegression(max_iter=300),
        DecisionTreeClassifier(),
        KNeighborsClassifier(),
        SVC(),
    ]
    print("\nthree cut layers x four heads x five folds + refit, CNNEmbedder on digits (28 x 28):")
    for cv in (None, 2):
        with tempfile.TemporaryDirectory() as folder:
            store = FeatureStore(folder)
            cnn = CNNEmbedder(cv=cv, epochs=2, random_state=0, cache=store)
            pipe = Pipeline([("cnn", cnn), ("scale", StandardScaler()), ("head", HEADS[0])])
            grid = {"cnn__cut_layer": ["pool2", "flatten", "dense"], "head": heads}
            GridSearchCV(pipe, grid, cv=5, error_score="raise").fit(
                data.frame["digit"], data.target
            )
            trained = store.stats()["trainings"]
        expected = (5 + 1) * (1 + (cv or 0))
        without = 61 * (1 + (cv or 0))
        print(f"  cv={cv}: {trained} trainings, expected {expected}; without a store {without}")
        assert trained == expected


if __name__ == "__main__":
    main()
