"""BaseModels: the fitted models of each feature set, and their predictions."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor

from skfusion._utils.plain_data import plain_data
from skfusion.fusion._fit_arguments import fit_arguments
from skfusion.fusion._image_rotation import ImageRotation
from skfusion.fusion._source_encoder import find_rows_with_images
from skfusion.fusion._target_transform import TargetTransform


@plain_data
class BaseModels:
    """Fit the models of each feature set, and predict from them.

    Models that learn from images learn from the rows that have one.

    Parameters
    ----------
    builder : ModelBuilder
        Builds unfitted models.

    feature_sets : sequence of {"table", "image", "joint"}
        The feature sets to fit models on.

    n_classes : int or None
        How many classes there are in all, of which the rows may lack some; None for numbers.

    target_transform : {"log", "quantile"} or None, default=None
        How numbers are transformed for the models.

    Attributes
    ----------
    rotation_ : ImageRotation or None
        The principal axes of the images' features.

    models_ : dict of str to list of Pipeline
        The fitted models of each feature set.

    target_ : TargetTransform or None
        The fitted transform of numbers.
    """

    def __init__(self, builder, feature_sets, n_classes, target_transform=None):
        self.builder = builder
        self.feature_sets = tuple(feature_sets)
        self.n_classes = n_classes
        self.target_transform = target_transform

    def fit(self, matrices, y, sample_weight=None):
        """Fit all models.

        Parameters
        ----------
        matrices : dict of str to ndarray
            By source, as `SourceEncoder` returns them.

        y : ndarray of shape (n_rows,)
            Class numbers, or numbers.

        sample_weight : ndarray of shape (n_rows,), default=None
            Weights of the rows.
        """
        self.target_ = None
        if self.n_classes is None:
            self.target_ = TargetTransform(self.target_transform).fit(y, sample_weight)
            y = self.target_.transform(y)
        has_image, self.rotation_ = np.ones(len(y), dtype=bool), None
        if any(name != "table" for name in self.feature_sets):
            has_image = find_rows_with_images(matrices["image"])
            weights = None if sample_weight is None else sample_weight[has_image]
            self.rotation_ = ImageRotation().fit(matrices["image"][has_image], weights)
        blocks = self.rotate(matrices, has_image)
        self.models_ = {
            name: self._fit_models(name, blocks, y, sample_weight, has_image)
            for name in self.feature_sets
        }
        return self

    def rotate(self, matrices, has_image):
        """Return what the models see of each source.

        Parameters
        ----------
        matrices : dict of str to ndarray
            By source.

        has_image : ndarray of bool of shape (n_rows,)
            Which rows have an image.

        Returns
        -------
        blocks : dict of str to ndarray
            The table as it is, and the images on their principal axes; NaN without an image.
        """
        blocks = {name: matrix for name, matrix in matrices.items() if name == "table"}
        if self.rotation_ is not None:
            shape = (len(has_image), len(self.rotation_.axes_))
            blocks["image"] = np.full(shape, np.nan, dtype=matrices["image"].dtype)
            if has_image.any():
                blocks["image"][has_image] = self.rotation_.transform(matrices["image"][has_image])
        return blocks

    def predict(self, blocks, has_image, feature_sets=None):
        """Predict from each feature set's models.

        Parameters
        ----------
        blocks : dict of str to ndarray
            By source, as `rotate` returns them.

        has_image : ndarray of bool of shape (n_rows,)
            Which rows have an image.

        feature_sets : sequence of str, default=None
            Which feature sets to predict from; None is all.

        Returns
        -------
        predictions : dict of str to list of ndarray
            Probabilities of shape (n_rows, n_classes), or numbers of shape (n_rows,). NaN for
            rows without an image where a feature set has images.
        """
        predictions = {}
        for name in self.feature_sets if feature_sets is None else feature_sets:
            rows = np.ones(len(has_image), dtype=bool) if name == "table" else has_image
            columns = _side_by_side(name, blocks, rows)
            predictions[name] = [
                self._predict_rows(model, columns, rows) for model in self.models_[name]
            ]
        return predictions

    def _fit_models(self, name, blocks, y, sample_weight, has_image):
        rows = np.ones(len(y), dtype=bool) if name == "table" else has_image
        columns, y = _side_by_side(name, blocks, rows), y[rows]
        n_image = 0 if name == "table" else blocks["image"].shape[1]
        models = self.builder.build(name, columns.shape[1] - n_image, n_image)
        if len(y) < 2 or (self.n_classes is not None and y.min() == y.max()):
            # In a fold with images of one class alone, or hardly any, only this can be learned.
            constant = DummyRegressor if self.n_classes is None else DummyClassifier
            models = [constant() for _ in models]
        weights = None if sample_weight is None else sample_weight[rows]
        return [
            model.fit(columns, y, **fit_arguments(model, sample_weight=weights)) for model in models
        ]

    def _predict_rows(self, model, columns, rows):
        """Return one model's predictions for some rows, NaN for all others."""
        shape = (len(rows),) if self.n_classes is None else (len(rows), self.n_classes)
        predictions = np.full(shape, np.nan)
        if not rows.any():
            return predictions
        if is_classifier(model):
            predictions[rows] = 0
            places = np.ix_(rows, model.classes_)
            predictions[places] = model.predict_proba(columns)
        else:
            numbers = np.asarray(model.predict(columns), dtype=float).reshape(-1)
            predictions[rows] = self.target_.inverse_transform(numbers)
        return predictions


def _side_by_side(feature_set, blocks, rows):
    """Return the columns of a feature set, for some rows."""
    sources = ("table", "image") if feature_set == "joint" else (feature_set,)
    parts = [blocks[source][rows] for source in sources]
    return parts[0] if len(parts) == 1 else np.hstack(parts)
