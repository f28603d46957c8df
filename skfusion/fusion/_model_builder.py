"""ModelBuilder: the unfitted models of each feature set."""

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import Pipeline

from skfusion._utils.plain_data import plain_data
from skfusion.fusion._scaled_columns import ScaledColumns

# What a model learns from: one source, or both side by side.
FEATURE_SETS = ("table", "image", "joint")
# Total variances of the image block beside table columns of variance 1 each: the smaller, the
# more a penalized linear model shrinks the weights of the images.
_BLOCK_VARIANCES = (1.0, 10.0)
_TABLE_PENALTIES = (1.0, 0.1)
_RIDGE_PENALTIES = np.logspace(-2, 3, 11)
_FOREST = {"n_estimators": 100, "min_samples_leaf": 2}


@plain_data
class ModelBuilder:
    """Build the unfitted models of a feature set.

    A feature set has a forest and linear models of different strength. Which of them predicts
    better depends on the data: they are weighted by their predictions for rows that they have not
    seen. A model of the user's is the only one of its feature set.

    Parameters
    ----------
    is_classifier : bool
        Whether classes are predicted, or numbers.

    n_components : int or None
        How many principal components of the images the forests, and users' models, get; None
        means all.

    seed : int
        The random state of the forests.

    estimators : dict or None
        Users' models by feature set.

    Examples
    --------
    >>> from skfusion.fusion._model_builder import ModelBuilder
    >>> builder = ModelBuilder(is_classifier=True, n_components=30, seed=0, estimators=None)
    >>> [type(model[-1]).__name__ for model in builder.build("image", n_table=0, n_image=768)]
    ['LogisticRegression', 'LogisticRegression', 'RandomForestClassifier']
    """

    def __init__(self, *, is_classifier, n_components, seed, estimators):
        self.is_classifier = is_classifier
        self.n_components = n_components
        self.seed = seed
        self.estimators = estimators or {}

    def build(self, feature_set, n_table, n_image):
        """Build models for a matrix of `n_table` table columns and `n_image` components.

        Parameters
        ----------
        feature_set : {"table", "image", "joint"}
            What the models learn from.

        n_table, n_image : int
            How many columns come from the table, and how many, after them, from images; 0 for
            a source that the feature set lacks.

        Returns
        -------
        models : list of Pipeline
            Each has the steps "columns" and "model", and takes all columns.
        """
        kept = n_image if self.n_components is None else min(n_image, self.n_components)
        reduced = ScaledColumns(n_table, kept, n_image or 1)
        if feature_set in self.estimators:
            return [_pipeline(reduced, clone(self.estimators[feature_set]))]
        forest = RandomForestClassifier if self.is_classifier else RandomForestRegressor
        features = "sqrt" if self.is_classifier else 1 / 3
        trees = forest(max_features=features, random_state=self.seed, **_FOREST)
        return [*self._linear_models(n_table, n_image), _pipeline(reduced, trees)]

    def _linear_models(self, n_table, n_image):
        if n_image:
            return [
                _pipeline(
                    ScaledColumns(n_table, n_image, variance),
                    _logistic(1.0) if self.is_classifier else RidgeCV(_RIDGE_PENALTIES),
                )
                for variance in _BLOCK_VARIANCES
            ]
        columns = ScaledColumns(n_table, 0)
        if not self.is_classifier:
            return [_pipeline(columns, RidgeCV(_RIDGE_PENALTIES))]
        return [_pipeline(columns, _logistic(penalty)) for penalty in _TABLE_PENALTIES]


def _pipeline(columns, model):
    return Pipeline([("columns", columns), ("model", model)])


def _logistic(penalty):
    return LogisticRegression(C=penalty, max_iter=1000, tol=1e-3)
