"""What the heads' defaults are made from: optimizers, dropout, scaling, stopping.

    python benchmarks/heads.py [DATA WEIGHTS] [--only classes|numbers]

Three folds of tables that scikit-learn ships, and, with DATA (the folder of `flowers`) and
WEIGHTS (a weights file of MobileNet with alpha=0.25, without top), of pooled activations: the
class of each photograph, and its mean blue as a number.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    make_regression,
)
from sklearn.model_selection import KFold, StratifiedKFold, cross_validate

from skfusion import DenseClassifier, DenseRegressor, PretrainedGAP
from skfusion.training._learning_rates import OPTIMIZERS

CHANGES = {
    "defaults": {},
    **{f"optimizer={name!r}": {"optimizer": name} for name in sorted(OPTIMIZERS - {"adam"})},
    "standardize=False": {"standardize": False},
    "dropout=0": {"dropout": 0.0},
    "dropout=0.2": {"dropout": 0.2},
    "dropout=0.5": {"dropout": 0.5},
    "early_stopping=True": {"early_stopping": True},
    "hidden=64": {"hidden": 64},
    "hidden=64, early_stopping=True": {"hidden": 64, "early_stopping": True},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, nargs="?", help="folder of flowers/")
    parser.add_argument("weights", type=Path, nargs="?", help="MobileNet, alpha=0.25, no top")
    parser.add_argument("--only", choices=["classes", "numbers"], help="one half of it")
    options = parser.parse_args()
    classes = {
        "iris": load_iris(return_X_y=True),
        "cancer": load_breast_cancer(return_X_y=True),
    }
    numbers = {
        "diabetes": load_diabetes(return_X_y=True),
        "plane": make_regression(200, 10, n_informative=3, noise=5, random_state=0),
    }
    if options.weights is not None:
        activations, labels, blue = flowers(options.data, options.weights)
        classes["flowers"], numbers["blue"] = (activations, labels), (activations, blue)
    if options.only != "numbers":
        compare("accuracy / log loss", DenseClassifier(random_state=0), classes)
    if options.only != "classes":
        compare("R2", DenseRegressor(random_state=0), numbers)


def flowers(data, weights):
    """Pooled activations of each photograph, its class, and its mean blue."""
    from PIL import Image

    table = pd.read_csv(data / "flowers" / "labels.csv")
    photos = [np.asarray(Image.open(data / "flowers" / p).convert("RGB")) for p in table["image"]]
    gap = PretrainedGAP("MobileNet", weights=weights, backbone_options={"alpha": 0.25})
    blue = np.array([photo[..., 2].mean() for photo in photos])
    return gap.fit_transform(photos), table["label"].to_numpy(dtype=str), blue


def compare(title, head, sets):
    """One line a change."""
    print(f"\n{title:<32}" + "".join(f"{name:>16}" for name in sets))
    for name, change in CHANGES.items():
        if change.items() <= head.get_params().items() and change:
            continue  # the default itself
        model = type(head)(**{**head.get_params(), **change})
        print(f"{name:<32}" + "".join(f"{score(model, *s):>16}" for s in sets.values()), flush=True)


def score(model, X, y):
    if isinstance(model, DenseRegressor):
        folds = KFold(3, shuffle=True, random_state=0)
        return f"{cross_validate(model, X, y, cv=folds)['test_score'].mean():.3f}"
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    result = cross_validate(model, X, y, cv=folds, scoring=["accuracy", "neg_log_loss"])
    return f"{result['test_accuracy'].mean():.3f} / {-result['test_neg_log_loss'].mean():.3f}"


if __name__ == "__main__":
    main()
