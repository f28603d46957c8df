"""InspectedModel: a copy of a fitted model that computes each image once."""

import copy

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion

from skfusion.inspection._image_sources import find_image_transformers, find_parts
from skfusion.inspection._remembering_transformer import RememberingTransformer
from skfusion.networks._base_network import BaseNetwork
from skfusion.store._feature_store import FeatureStore

# Rows that are predicted at once, and the memory of their features of images.
_MOST_ROWS, _MOST_BYTES = 8192, 256 * 2**20


class InspectedModel:
    """Predict with a copy of a fitted model in which images are computed once.

    Parameters
    ----------
    model : estimator
        A fitted estimator. It isn't changed.

    method : {"predict_proba", "decision_function", "predict"}
        The method that predicts.

    Attributes
    ----------
    transformers : list of RememberingTransformer
        The transformers of images in the copy.
    """

    def __init__(self, model, method):
        originals = find_image_transformers(model)
        self.transformers = [RememberingTransformer(original) for original in originals]
        memo = {id(one.transformer): one for one in self.transformers}
        shared = find_parts(model, (BaseNetwork, FeatureStore))
        memo |= {id(part): part for part in shared}
        self._model = copy.deepcopy(model, memo)
        self._method = method
        for part in find_parts(self._model, (ColumnTransformer, FeatureUnion)):
            part.n_jobs = None  # other processes would not share what is remembered
        self._has_names = all(hasattr(original, "feature_names_in_") for original in originals)
        width = sum(original.n_features_out_ for original in originals)
        self._n_rows = int(np.clip(_MOST_BYTES // (4 * max(width, 1)), 64, _MOST_ROWS))

    @property
    def n_images(self):
        """int : How many rows of images were computed so far."""
        return sum(one.n_images for one in self.transformers)

    def twin(self, transformer):
        """Return the RememberingTransformer of a fitted transformer."""
        return next(one for one in self.transformers if one.transformer is transformer)

    def predict(self, frame):
        """Predict rows.

        Parameters
        ----------
        frame : DataFrame
            The rows.

        Returns
        -------
        outputs : ndarray of shape (n_rows, n_outputs)
            Probabilities of the classes, decisions, or numbers.
        """
        return np.concatenate(
            [
                self._predict(frame.iloc[start : start + self._n_rows])
                for start in range(0, len(frame), self._n_rows)
            ]
        )

    def predict_many(self, n_rows, make_rows):
        """Predict rows that are made when they are needed.

        Parameters
        ----------
        n_rows : int
            The number of rows.

        make_rows : callable
            ``make_rows(start, stop)`` returns a DataFrame.

        Returns
        -------
        outputs : ndarray of shape (n_rows, n_outputs)
            As in `predict`.
        """
        starts = range(0, n_rows, self._n_rows)
        stops = [min(start + self._n_rows, n_rows) for start in starts]
        return np.concatenate(
            [self._predict(make_rows(*ends)) for ends in zip(starts, stops, strict=True)]
        )

    def score(self, scorer, frame, y):
        """Return the score of rows; `scorer` is one of scikit-learn's."""
        return float(scorer(self._model, self._form(frame), y))

    def _form(self, frame):
        """Return rows in the form that the model was fitted on."""
        return frame if self._has_names else list(frame.iloc[:, 0])

    def _predict(self, frame):
        output = getattr(self._model, self._method)(self._form(frame))
        if isinstance(output, list):  # one array for each output of a multi-output classifier
            output = np.hstack(output)
        output = np.asarray(output, dtype=np.float64)
        return output[:, np.newaxis] if output.ndim == 1 else output
