"""The models that learn from a source: what they are where the user names none."""

import numpy as np
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline

from skfusion.fusion._block_scaler import BlockScaler

# What a model may see: one source, or both side by side.
VIEWS = ("table", "image", "joint")
# Total variances of the image block beside table columns of variance 1 each: the smaller, the
# more a penalised linear model holds back its weights.
_BLOCK_VARIANCES = (1.0, 10.0)
_TABLE_PENALTIES = (1.0, 0.1)
_RIDGE_PENALTIES = np.logspace(-2, 3, 11)
_FOREST = {"n_estimators": 100, "min_samples_leaf": 2}


class ModelMaker:
    """Makes the unfitted models of a view.

    A view has a forest and linear models of different strength: which of them serves better
    depends on the data, and rows that they have not seen give each its weight. A model of the
    user's stands alone.

    Parameters
    ----------
    is_classifier : bool
        What is predicted: classes or numbers.

    n_components : int or None
        How many principal components of the images the forests, and users' models, get; None
        means all.

    seed : int
        The random state of the forests.

    estimators : dict or None
        Users' models by view.

    Examples
    --------
    >>> from skfusion.fusion._models import ModelMaker
    >>> maker = ModelMaker(is_classifier=True, n_components=30, seed=0, estimators=None)
    >>> [type(model[-1]).__name__ for model in maker.make("image", n_table=0, n_image=768)]
    ['LogisticRegression', 'LogisticRegression', 'RandomForestClassifier']
    """

    def __init__(self, *, is_classifier, n_components, seed, estimators):
        self.is_classifier = is_classifier
        self.n_components = n_components
        self.seed = seed
        self.estimators = estimators or {}

    def make(self, view, n_table, n_image):
        """Unfitted models for a matrix of `n_table` table columns and `n_image` components.

        Parameters
        ----------
        view : {"table", "image", "joint"}
            What the models see.

        n_table, n_image : int
            How many columns come from the table, and how many, after them, from images; 0 for
            the source that the view leaves out.

        Returns
        -------
        models : list of Pipeline
            Each takes all columns.
        """
        reduced = self._columns(n_table, n_image, BlockScaler(n_image or 1), self._kept(n_image))
        if view in self.estimators:
            return [make_pipeline(reduced, clone(self.estimators[view]))]
        linear = self._table_models() if view == "table" else self._block_models(n_table, n_image)
        forest = RandomForestClassifier if self.is_classifier else RandomForestRegressor
        features = "sqrt" if self.is_classifier else 1 / 3
        trees = forest(max_features=features, random_state=self.seed, **_FOREST)
        return [*linear, make_pipeline(reduced, trees)]

    def _kept(self, n_image):
        return n_image if self.n_components is None else min(n_image, self.n_components)

    def _table_models(self):
        if not self.is_classifier:
            return [make_pipeline("passthrough", RidgeCV(_RIDGE_PENALTIES))]
        return [make_pipeline("passthrough", _logistic(penalty)) for penalty in _TABLE_PENALTIES]

    def _block_models(self, n_table, n_image):
        return [
            make_pipeline(
                self._columns(n_table, n_image, BlockScaler(variance), n_image),
                _logistic(1.0) if self.is_classifier else RidgeCV(_RIDGE_PENALTIES),
            )
            for variance in _BLOCK_VARIANCES
        ]

    @staticmethod
    def _columns(n_table, n_image, scaler, kept):
        """Table columns as they are, and the first `kept` components scaled."""
        parts = []
        if n_table:
            parts.append(("table", "passthrough", slice(0, n_table)))
        if kept:
            parts.append(("image", scaler, slice(n_table, n_table + kept)))
        return ColumnTransformer(parts, sparse_threshold=0)


def _logistic(penalty):
    return LogisticRegression(C=penalty, max_iter=1000, tol=1e-3)
