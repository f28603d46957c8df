"""Which rule chooses best between a table, its images and both?

    python benchmarks/choice.py DATA WEIGHTS [--splits 4] [--folder FOLDER]

Tasks are made up from the sets oasis1, fashion_products, leaf, flowers and hymenoptera in DATA:
rows are drawn, images are those of other rows or hold noise, tables hold noise, targets are
shuffled within strata, sources are weakened, rows come in groups, targets have a long tail or
follow a trend. The embedder is MobileNet with alpha=0.75, with the WEIGHTS file. For each task and
split the models of `FusionClassifier` or `FusionRegressor` are fitted on inner folds, and once on
all rows. Their predictions are saved in FOLDER: out of fold, and for rows of the set that were not
drawn. Existing files are kept, so that it can be stopped; with --splits 0, only they count.

Then each rule is applied to the saved predictions, without a fit. A rule with parameters is judged
by leaving one set out: the parameters with the best result on the tasks of all other sets are
applied to those of the set.
"""

import argparse
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, train_test_split

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.fusion_tools.embedder import Embedder
from benchmarks.fusion_tools.made_up_tasks import make_tasks
from benchmarks.fusion_tools.predictions import Rows, predict_split
from benchmarks.fusion_tools.rules import report

_MOST_TEST_ROWS = 600


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--folder", type=Path, help="for predictions")
    parser.add_argument("--splits", type=int, default=4)
    parser.add_argument("--most-rows", type=int, help="only tasks with at most so many rows")
    parser.set_defaults(folder=Path(tempfile.gettempdir()) / "skfusion_benchmark_choice")
    options = parser.parse_args()
    predict_all(options)
    report(options.folder)


def predict_all(options):
    options.folder.mkdir(parents=True, exist_ok=True)
    tasks = make_tasks(options.data, Embedder(options.weights, options.folder / "features"))
    if options.most_rows:
        tasks = {name: task for name, task in tasks.items() if task.n_rows <= options.most_rows}
    print(f"{len(tasks)} tasks", flush=True)
    for split in range(options.splits):
        for name, task in tasks.items():
            path = options.folder / f"{name.replace(' ', '_')}.{split}.npz"
            if not path.exists():
                np.savez_compressed(path, **fit(task, path))
                print(path.name, flush=True)


def fit(task, path):
    """Fit the models of one split; the name of its file is its seed."""
    seed = zlib.crc32(path.name.encode()) % 2**31
    n_classes, y = None, task.y
    if task.is_classifier:
        classes, y = np.unique(task.y, return_inverse=True)
        n_classes = len(classes)
    rows = Rows(task.table, task.features, y, task.groups)
    return predict_split(rows, *split_rows(task, seed), n_classes, seed, 1)


def split_rows(task, seed):
    """Return the rows to learn from, and those to predict."""
    rows = np.arange(len(task.y))
    if task.is_ordered:
        # A window that begins anywhere; the rows after it are predicted.
        last = len(rows) - task.n_rows - task.n_rows // 2
        start = seed % (last + 1)
        return rows[start : start + task.n_rows], rows[start + task.n_rows :][: task.n_rows // 2]
    if task.groups is not None:
        share = task.n_rows / len(rows)
        split = GroupShuffleSplit(1, train_size=share, random_state=seed)
        return next(split.split(rows, groups=task.groups))
    train, test = train_test_split(
        rows,
        train_size=task.n_rows,
        random_state=seed,
        stratify=task.y if task.is_classifier else None,
    )
    return np.sort(train), test[:_MOST_TEST_ROWS]


if __name__ == "__main__":
    main()
