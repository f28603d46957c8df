"""How often the interval of `verdict_` holds the gain of the images on new rows.

    python benchmarks/verdict.py --draws 200 --repeats 1 3

Each draw makes rows, fits the strategies with linear models on five inner folds, once or several
times, and measures the gain of the images on 5,000 new rows. Two gains are looked for in the
interval: that of the models of the draw, and the mean over all draws. "length" is that of the
interval, in standard deviations of the estimate over draws: 3.9 is the shortest that holds the
mean in 95 %. "shown" is how often the interval is above 0.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold

sys.path.insert(0, str(Path(__file__).parents[1]))

from skfusion.fusion._choice_loss import ChoiceLoss
from skfusion.fusion._fusion_rows import FusionRows
from skfusion.fusion._out_of_fold import FoldFit
from skfusion.fusion._row_losses import row_losses
from skfusion.fusion._source_gains import source_gains
from skfusion.fusion._strategy_cv import fit_combination
from skfusion.fusion._strategy_trial import try_strategies

N_NEW = 5000
COLUMNS = {"table": slice(0, 1), "image": slice(1, 5), "joint": slice(0, 5)}
# By task: whether the target is a class, how strongly the images depend on it, and the score.
TASKS = {
    "classes": (True, 0.5, None),
    "classes, noise": (True, 0.0, None),
    "classes, AUC": (True, 0.5, "roc_auc"),
    "noise, AUC": (True, 0.0, "roc_auc"),
    "numbers": (False, 0.5, None),
    "numbers, noise": (False, 0.0, None),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--rows", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--repeats", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    options = parser.parse_args()
    print("task             rows  repeats    gain  own gain  mean gain  length  shown")
    for name in options.tasks:
        for n_rows in options.rows:
            for n_repeats in options.repeats:
                report(name, n_rows, n_repeats, options.draws)


def report(name, n_rows, n_repeats, n_draws):
    """Print a line: in which share of the draws the interval holds the gain."""
    lines = [measure(name, n_rows, n_repeats, seed) for seed in range(n_draws)]
    low, high, estimate, gain = np.transpose(lines)
    mean = gain.mean()
    own, common = ((low <= each) & (each <= high) for each in (gain, mean))
    length = np.mean(high - low) / estimate.std()
    print(
        f"{name:16} {n_rows:4}  {n_repeats:7}  {mean:+.3f}  {own.mean():8.3f}  {common.mean():9.3f}"
        f"  {length:6.2f}  {np.mean(low > 0):5.3f}",
        flush=True,
    )


def measure(name, n_rows, n_repeats, seed):
    """Return the interval, the estimate, and the gain on new rows, for one draw."""
    is_class, strength, scoring = TASKS[name]
    random = np.random.default_rng(seed)
    X, y = draw(n_rows, is_class, strength, random)
    split = (RepeatedStratifiedKFold if is_class else RepeatedKFold)(
        n_splits=5, n_repeats=n_repeats, random_state=seed
    )
    fits = [
        FoldFit(None, {None: None}, test, None, {}, np.ones(len(test), bool), {None: predictions})
        for train, test in split.split(X, y)
        for predictions in [predict(X[train], y[train], X[test])]
    ]
    prior = np.full(2, 0.5) if is_class else 0.0
    rows = FusionRows(pd.DataFrame(index=range(n_rows)), y)
    make_loss = partial(ChoiceLoss, scoring, classes=np.arange(2) if is_class else None)
    trial = try_strategies(fits, rows, ["table", "image", "stacked"], "stacked", prior, make_loss)
    gain = source_gains(trial, "stacked", prior).loc["image"]
    new, new_y = draw(N_NEW, is_class, strength, random)
    predictions, everywhere = predict(X, y, new), np.ones(len(trial.out_of_fold.rows), bool)
    both, alone = (
        score(combination.predict(predictions), new_y, scoring)
        for combination in fit_combination("stacked", trial.out_of_fold, everywhere, prior)
    )
    return gain["low"], gain["high"], gain["gain"], both - alone


def draw(n_rows, is_class, strength, random):
    """Make rows with a number in the table and four in the images."""
    y = random.integers(0, 2, n_rows) if is_class else random.normal(size=n_rows)
    X = random.normal(size=(n_rows, 5))
    return X + y[:, None] * [1.2, strength, strength, 0, 0], y


def predict(X, y, new):
    """Return predictions for new rows, by feature set."""
    predictions = {}
    for view, columns in COLUMNS.items():
        if y.dtype.kind == "i":
            model = LogisticRegression(solver="newton-cholesky").fit(X[:, columns], y)
            predictions[view] = [model.predict_proba(new[:, columns])]
        else:
            model = LinearRegression().fit(X[:, columns], y)
            predictions[view] = [model.predict(new[:, columns])]
    return predictions


def score(prediction, y, scoring):
    """Return the score of predictions, higher is better."""
    if scoring:
        return roc_auc_score(y, prediction[:, 1])
    return -row_losses(prediction, y).mean()


if __name__ == "__main__":
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        main()
