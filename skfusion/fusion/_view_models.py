"""ViewModels: the fitted models of each view, and what they predict."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor

from skfusion.fusion._sources import has_image, make_rotation


class ViewModels:
    """Fits models on the sources of rows and predicts for others.

    Models that see images learn from the rows that have one.

    Parameters
    ----------
    maker : ModelMaker
        Gives unfitted models.

    views : sequence of {"table", "image", "joint"}
        The views wanted.

    n_classes : int or None
        How many classes there are in all, of which the rows may lack some; None for numbers.

    Attributes
    ----------
    rotation_ : Pipeline or None
        The principal axes of the images' features.

    models_ : dict of str to list of Pipeline
        The fitted models of each view.
    """

    def __init__(self, maker, views, n_classes):
        self.maker = maker
        self.views = tuple(views)
        self.n_classes = n_classes

    def fit(self, matrices, y):
        """Fit all models.

        Parameters
        ----------
        matrices : dict of str to ndarray
            By source, as `Sources` gives them.

        y : ndarray of shape (n_rows,)
            Class numbers, or numbers.
        """
        self.rotation_, rows = None, slice(None)
        if any(view != "table" for view in self.views):
            rows = has_image(matrices["image"])
            images = matrices["image"][rows]
            self.rotation_ = make_rotation(*images.shape)
            rotated = self.rotation_.fit_transform(images)
        self.models_ = {}
        for view in self.views:
            if view == "table":
                blocks = [matrices["table"]]
                seen, widths = y, (blocks[0].shape[1], 0)
            else:
                table = [matrices["table"][rows]] if view == "joint" else []
                blocks, seen = [*table, rotated], y[rows]
                widths = (table[0].shape[1] if table else 0, rotated.shape[1])
            models = self.maker.make(view, *widths)
            if len(seen) < 2 or (self.n_classes is not None and seen.min() == seen.max()):
                models = [self._constant() for _ in models]
            columns = _side_by_side(blocks)
            self.models_[view] = [model.fit(columns, seen) for model in models]
        return self

    def predict(self, matrices, imaged, views=None):
        """Predictions of each view's models.

        Parameters
        ----------
        matrices : dict of str to ndarray
            By source.

        imaged : ndarray of bool of shape (n_rows,)
            Which rows have an image.

        views : sequence of str, default=None
            Which views to predict from; None is all.

        Returns
        -------
        predictions : dict of str to list of ndarray
            Probabilities of shape (n_rows, n_classes), or numbers of shape (n_rows,); NaN for
            rows without an image where a view sees images.
        """
        rotated = None
        if self.rotation_ is not None and imaged.any():
            rotated = self.rotation_.transform(matrices["image"][imaged])
        predictions = {}
        for view in self.models_ if views is None else views:
            rows = np.ones(len(imaged), dtype=bool) if view == "table" else imaged
            blocks = [] if view == "image" else [matrices["table"][rows]]
            blocks += [] if view == "table" or rotated is None else [rotated]
            predictions[view] = [self._spread(model, blocks, rows) for model in self.models_[view]]
        return predictions

    def _constant(self):
        """What can be learned in a fold whose images are of one class, or all but gone."""
        return DummyRegressor() if self.n_classes is None else DummyClassifier()

    def _spread(self, model, blocks, rows):
        """One model's predictions for some rows, NaN for all others."""
        n_rows = len(rows)
        shape = (n_rows,) if self.n_classes is None else (n_rows, self.n_classes)
        spread = np.full(shape, np.nan)
        if rows.any():
            spread[rows] = self._predict_one(model, _side_by_side(blocks))
        return spread

    def _predict_one(self, model, columns):
        if not is_classifier(model):
            return np.asarray(model.predict(columns), dtype=float)
        probabilities = np.zeros((len(columns), self.n_classes))
        probabilities[:, model.classes_] = model.predict_proba(columns)
        return probabilities


def _side_by_side(blocks):
    return blocks[0] if len(blocks) == 1 else np.hstack(blocks)
