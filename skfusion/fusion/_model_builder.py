"""ModelBuilder: the unfitted models of each feature set."""

from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import Pipeline

from skfusion._utils.plain_data import plain_data
from skfusion.fusion._base_joint import BaseJoint
from skfusion.fusion._feature_network import FeatureNetwork
from skfusion.fusion._scaled_columns import ScaledColumns
from skfusion.fusion._source_encoder import list_image_sources

# What a model learns from: one source, both side by side, or a network of both.
FEATURE_SETS = ("table", "image", "joint", "network")
BUILT_IN = "built-in"
# Total variances of the image block beside table columns of variance 1 each: the smaller, the
# more a penalized linear model shrinks the weights of the images.
_BLOCK_VARIANCES = (1.0, 10.0)
_NETWORK_VARIANCE = 15.0
_TABLE_PENALTIES = (1.0, 0.1)
_RIDGE_PENALTIES = np.logspace(-2, 3, 11)
_FOREST = {"n_estimators": 100, "min_samples_leaf": 2}
_BOOSTING = {"max_iter": 100, "learning_rate": 0.07, "max_leaf_nodes": 15, "early_stopping": False}
# With fewer rows, in all and of each class, gradient boosting has too little to split. It grows
# a tree for each class, and is slow with many columns.
_BOOSTING_ROWS, _ROWS_OF_A_CLASS, _BOOSTING_CLASSES, _BOOSTING_COLUMNS = 300, 100, 10, 300
# With more rows, forests are slower than boosting, and no better.
_FOREST_ROWS = 20_000


@dataclass(frozen=True)
class Candidate:
    """An unfitted model, and what it learns from.

    Attributes
    ----------
    name : str
        The name in reports.

    feature_set : {"table", "image", "joint", "network"}
        The feature set.

    blocks : tuple of str
        The blocks that it takes, side by side.

    model : estimator
        The unfitted model.

    is_users : bool
        Whether it is in `estimators`.
    """

    name: str
    feature_set: str
    blocks: tuple[str, ...]
    model: Any
    is_users: bool


@plain_data
class ModelBuilder:
    """Build the unfitted models of a feature set.

    A feature set has linear models of different strength, a forest and, with enough rows,
    gradient boosting. Which of them predicts better depends on the data: they are weighted by
    their predictions for rows that they have not seen. Models of the user's take their place.

    Parameters
    ----------
    n_classes : int or None
        How many classes there are; None for numbers.

    n_rows : int
        How many rows there are in all folds together.

    n_components : int or None
        How many principal components of the images the forests, and users' models, get; None
        means all.

    seed : int
        The random state of the forests.

    estimators : dict or None
        Users' models by feature set: a model, or a list in which "built-in" is for all built-in
        ones.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._model_builder import ModelBuilder
    >>> builder = ModelBuilder(n_classes=2, n_rows=90, n_components=30, seed=0, estimators=None)
    >>> [each.name for each in builder.build("image", {"image": np.zeros((90, 50))})]
    ['image, linear 1', 'image, linear 2', 'image, forest']
    """

    def __init__(self, *, n_classes, n_rows, n_components, seed, estimators):
        self.n_classes = n_classes
        self.n_rows = n_rows
        self.n_components = n_components
        self.seed = seed
        self.estimators = estimators or {}

    @property
    def takes_rows(self):
        """bool : Whether a model takes rows as they are, with their images."""
        return any(isinstance(model, BaseJoint) for model in self._of_user("network"))

    def build(self, feature_set, blocks):
        """Build the models of a feature set.

        Parameters
        ----------
        feature_set : {"table", "image", "joint", "network"}
            What the models learn from.

        blocks : dict of str to ndarray
            The table, and the components of each embedder's features.

        Returns
        -------
        candidates : list of Candidate
            Their models are Pipelines with the steps "columns" and "model", which take all
            columns of their blocks; or networks that take rows. The first model of each embedder
            comes before the second of any: with little time, each has one.
        """
        candidates = []
        for names in _list_views(feature_set, list_image_sources(blocks)):
            n_table = blocks["table"].shape[1] if "table" in names else 0
            n_image = sum(blocks[name].shape[1] for name in names if name != "table")
            view = "network" if feature_set == "network" else " + ".join(names)
            models = self._models(feature_set, n_table, n_image)
            for rank, (label, model, is_users) in enumerate(models):
                name = view if feature_set == label else f"{view}, {label}"
                own = ("rows",) if isinstance(model, BaseJoint) else names
                candidates.append((rank, Candidate(name, feature_set, own, model, is_users)))
        return [candidate for _, candidate in sorted(candidates, key=itemgetter(0))]

    def _of_user(self, feature_set):
        models = self.estimators.get(feature_set, [])
        return models if isinstance(models, list) else [models]

    def _models(self, feature_set, n_table, n_image):
        """Return tuples of a label, a model, and whether it is the user's."""
        users = self._of_user(feature_set)
        if not users:
            return self._built_in(feature_set, n_table, n_image)
        kept = n_image if self.n_components is None else min(n_image, self.n_components)
        models, labels = [], []
        for each in users:
            if isinstance(each, str):
                models += self._built_in(feature_set, n_table, n_image)
                continue
            label = type(each[-1] if isinstance(each, Pipeline) else each).__name__
            labels.append(label)
            label = label if labels.count(label) == 1 else f"{label} {labels.count(label)}"
            model = clone(each)
            if not isinstance(model, BaseJoint):
                model = _pipeline(ScaledColumns(n_table, kept, n_image or 1), model)
            models.append((label, model, True))
        return models

    def _built_in(self, feature_set, n_table, n_image):
        if feature_set == "network":
            columns = ScaledColumns(n_table, n_image, _NETWORK_VARIANCE)
            network = FeatureNetwork(n_table, self.n_classes is not None, self.seed)
            return [("network", _pipeline(columns, network), False)]
        models = [
            (f"linear {number}", model)
            for number, model in enumerate(self._linear_models(n_table, n_image), start=1)
        ]
        kept = n_image if self.n_components is None else min(n_image, self.n_components)
        reduced = ScaledColumns(n_table, kept, n_image or 1)
        if self.n_rows <= _FOREST_ROWS or not self._can_boost(n_table + kept):
            models.append(("forest", _pipeline(reduced, self._forest())))
        if n_table and self._can_boost(n_table + kept):
            models.append(("boosting", _pipeline(reduced, self._boosting())))
        return [(label, model, False) for label, model in models]

    def _can_boost(self, n_columns):
        least = max(_BOOSTING_ROWS, _ROWS_OF_A_CLASS * (self.n_classes or 1))
        has_few_classes = (self.n_classes or 1) <= _BOOSTING_CLASSES
        return self.n_rows >= least and has_few_classes and n_columns <= _BOOSTING_COLUMNS

    def _forest(self):
        if self.n_classes is None:
            return RandomForestRegressor(max_features=1 / 3, random_state=self.seed, **_FOREST)
        return RandomForestClassifier(max_features="sqrt", random_state=self.seed, **_FOREST)

    def _boosting(self):
        is_numbers = self.n_classes is None
        kind = HistGradientBoostingRegressor if is_numbers else HistGradientBoostingClassifier
        return kind(random_state=self.seed, **_BOOSTING)

    def _linear_models(self, n_table, n_image):
        if n_image:
            return [
                _pipeline(
                    ScaledColumns(n_table, n_image, variance),
                    RidgeCV(_RIDGE_PENALTIES) if self.n_classes is None else _logistic(1.0),
                )
                for variance in _BLOCK_VARIANCES
            ]
        columns = ScaledColumns(n_table, 0)
        if self.n_classes is None:
            return [_pipeline(columns, RidgeCV(_RIDGE_PENALTIES))]
        return [_pipeline(columns, _logistic(penalty)) for penalty in _TABLE_PENALTIES]

    def __setstate__(self, state):
        """Restore a builder; those of older versions have other attributes."""
        vars(self).update({"n_classes": None, "n_rows": 0, **state})


def _list_views(feature_set, image_sources):
    """Return the blocks of each view that a feature set has."""
    if feature_set == "table":
        return [("table",)]
    if feature_set == "network":
        return [("table", *image_sources)]
    if feature_set == "image":
        return [(name,) for name in image_sources]
    return [("table", name) for name in image_sources]


def _pipeline(columns, model):
    return Pipeline([("columns", columns), ("model", model)])


def _logistic(penalty):
    return LogisticRegression(C=penalty, max_iter=1000, tol=1e-3)
