"""Predictions of all models of a fusion, fitted once and saved, so that rules need no fit.

For the training rows of a task there are out-of-fold predictions of each model, from one or several
repeats of the inner folds; for its test rows, those of the models fitted on all training rows. The
classes and functions are those that `FusionClassifier` and `FusionRegressor` are made of, and a
frozen embedder's features are given.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from skfusion.fusion._base_models import BaseModels
from skfusion.fusion._choice_loss import ChoiceLoss
from skfusion.fusion._combination import STRATEGIES
from skfusion.fusion._fusion_rows import FusionRows
from skfusion.fusion._inner_folds import make_inner_folds
from skfusion.fusion._model_builder import FEATURE_SETS, ModelBuilder
from skfusion.fusion._out_of_fold import FoldFit
from skfusion.fusion._strategy_choice import compare
from skfusion.fusion._strategy_cv import fit_combination
from skfusion.fusion._strategy_trial import try_strategies
from skfusion.fusion._target_transform import TargetTransform, find_candidates
from skfusion.tabular._table_encoder import TableEncoder


@dataclass(frozen=True)
class Rows:
    """Rows to learn from, or to predict: a table, the images' features and the target."""

    table: pd.DataFrame
    features: np.ndarray
    y: np.ndarray
    groups: np.ndarray | None = None

    def take(self, rows):
        groups = None if self.groups is None else self.groups[rows]
        return Rows(self.table.iloc[rows], self.features[rows], self.y[rows], groups)


def predict_split(rows, train, test, n_classes, seed, n_repeats):
    """Return arrays by name: predictions, and the targets and groups of the rows.

    Predictions of a model are called "part|transform|feature set|number", where the part is
    "test" or a repeat's number.
    """
    train, test = rows.take(train), rows.take(test)
    arrays = {"y": train.y, "y_test": test.y, "n_classes": n_classes or 0}
    if train.groups is not None:
        arrays["groups"] = np.unique(train.groups, return_inverse=True)[1]
    transforms = (None,) if n_classes else find_candidates(train.y, np.ones(len(train.y)))
    final = fit_predict(train, test, transforms, n_classes)
    arrays |= {f"test|{key}": values.astype(np.float32) for key, values in final.items()}
    strata, kept = train.y if n_classes else None, np.ones(len(train.y), dtype=bool)
    for repeat in range(n_repeats):
        folds = make_inner_folds(5, strata, train.groups, seed + repeat, kept)
        arrays[f"{repeat}|fold"] = fold = np.zeros(len(train.y), dtype=np.int8)
        for number, (inner, left_out) in enumerate(folds):
            fold[left_out] = number
            part = fit_predict(train.take(inner), train.take(left_out), transforms, n_classes)
            for key, values in part.items():
                empty = np.zeros((len(train.y), *values.shape[1:]), dtype=np.float32)
                arrays.setdefault(f"{repeat}|{key}", empty)[left_out] = values
    return arrays


def fit_predict(train, test, transforms, n_classes):
    """Return the predictions of each model, by "transform|feature set|number"."""
    encoder = TableEncoder(id_columns=[], random_state=0)
    table = np.asarray(encoder.fit_transform(train.table), float)
    new_table = np.asarray(encoder.transform(test.table), float)
    matrices = {"table": table, "image": train.features}
    new = {"table": new_table, "image": test.features}
    builder = ModelBuilder(
        is_classifier=n_classes is not None, n_components=30, seed=0, estimators=None
    )
    has_image, results = np.ones(len(test.y), dtype=bool), {}
    for transform in transforms:
        models = BaseModels(builder, FEATURE_SETS, n_classes, transform).fit(matrices, train.y)
        predictions = models.predict(models.rotate(new, has_image), has_image)
        for name, each in predictions.items():
            results |= {f"{transform}|{name}|{i}": values for i, values in enumerate(each)}
    return results


class Saved:
    """The saved predictions of one split.

    Parameters
    ----------
    path : str or Path
        What `np.savez` wrote of `predict_split`.
    """

    def __init__(self, path):
        with np.load(path) as file:
            self.arrays = dict(file)
        self.n_classes = int(self.arrays["n_classes"]) or None
        kind = int if self.n_classes else float
        self.y, self.y_test = self.arrays["y"].astype(kind), self.arrays["y_test"].astype(kind)
        self.groups = self.arrays.get("groups")
        if self.n_classes:
            self.prior = np.bincount(self.y, minlength=self.n_classes) / len(self.y)
        else:
            self.prior = self.y.mean()

    def predictions(self, part, transform):
        """Return the predictions of each feature set's models."""
        found = {}
        for key, values in self.arrays.items():
            if key.startswith(f"{part}|{transform}|"):
                found.setdefault(key.split("|")[2], []).append(values.astype(float))
        return found

    def fold_fits(self, repeats):
        """Return what the inner folds of some repeats left out, as the library has it."""
        names = dict.fromkeys(key.split("|")[1] for key in self.arrays if "test|" in key)
        transforms = {None if name == "None" else name: None for name in names}
        fits = []
        for repeat in repeats:
            fold = self.arrays[f"{repeat}|fold"]
            whole = {each: self.predictions(repeat, each) for each in transforms}
            for number in range(fold.max() + 1):
                test = np.flatnonzero(fold == number)
                parts = {
                    each: {name: [values[test] for values in p] for name, p in models.items()}
                    for each, models in whole.items()
                }
                seen = np.ones(len(test), dtype=bool)
                fits.append(FoldFit(None, transforms, test, None, {}, seen, parts))
        return fits

    def choose(self, repeats=(0,)):
        """Return the trial of all strategies, and the name of the chosen one."""
        table = pd.DataFrame(index=range(len(self.y)))
        classes = None if self.n_classes is None else np.arange(self.n_classes)
        trial = try_strategies(
            self.fold_fits(repeats),
            FusionRows(table, self.y, self.groups),
            STRATEGIES,
            "auto",
            self.prior,
            partial(ChoiceLoss, None, classes=classes),
        )
        scores = compare(trial)
        return trial, scores.index[scores["chosen"]][0]

    def predict(self, trial):
        """Return each strategy's predictions of the test rows."""
        rows = np.ones(len(trial.out_of_fold.rows), dtype=bool)
        new, results = self.predictions("test", trial.target_transform), {}
        for name in STRATEGIES:
            fitted, _ = fit_combination(name, trial.out_of_fold, rows, self.prior)
            results[name] = fitted.predict(new)
        return results

    def target(self, transform):
        """Return a fitted transform of the target."""
        return TargetTransform(transform).fit(self.y)
