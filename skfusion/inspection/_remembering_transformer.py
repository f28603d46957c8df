"""RememberingTransformer: a fitted transformer of images that computes each image once."""

import copy
import threading

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.metaestimators import available_if

from skfusion.inspection._given_features import GivenFeatures
from skfusion.inspection._hidden_image import HiddenImage, HidingReader


class RememberingTransformer(TransformerMixin, BaseEstimator):
    """Compute the features of images as a fitted transformer does, each image once.

    The fitted transformer isn't changed: neither its counts of drift nor its cache learn of
    images that are partly hidden.

    Parameters
    ----------
    transformer : ImageTransformer
        The fitted transformer.

    Attributes
    ----------
    n_images : int
        How many rows of images were computed so far.
    """

    def __init__(self, transformer):
        self.transformer = transformer
        self.n_images = 0
        self._plain = _copy(transformer)
        self._hiding = _copy(transformer)
        self._hiding.cache = None
        self._hiding._columns.reader = HidingReader(transformer._columns.reader)
        self._known = {}
        self._kept = []  # references, so that no later cell gets the same id
        self._lock = threading.Lock()
        if hasattr(transformer, "_sklearn_output_config"):
            self._sklearn_output_config = transformer._sklearn_output_config

    def fit(self, X, y=None):
        """Do nothing: the transformer is fitted."""
        return self

    def transform(self, X):
        """Return the features of rows, those of images that were seen before from memory."""
        rows = _rows_of(X)
        if rows is None:  # one array of images
            return np.asarray(self._compute(self._plain, X, len(X)))
        keys = [tuple(map(self._key, row)) for row in rows]
        with self._lock:
            hidden = [any(map(_is_hidden, row)) for row in rows]
            found = self._given(rows, keys)
            self._learn(X, rows, keys, hidden, found)
            return np.stack([found.get(key, self._known.get(key)) for key in keys])

    @available_if(lambda self: hasattr(self.transformer, "compute_pixels"))
    def compute(self, X, network=None, **options):
        """Return what the column of images of a joint network computes."""
        return self.transformer.compute_pixels(self.transform(X), network, **options)

    @available_if(lambda self: hasattr(self.transformer, "inverse_transform"))
    def inverse_transform(self, features):
        """Return images from features, as the transformer does."""
        return self.transformer.inverse_transform(features)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns, as the transformer does."""
        return self.transformer.get_feature_names_out(input_features)

    def __sklearn_is_fitted__(self):
        return True

    def __deepcopy__(self, memo):
        return self

    def _key(self, cell):
        """Return what identifies a cell."""
        if isinstance(cell, GivenFeatures) and cell.transformer is not self.transformer:
            cell = cell.cell
        return cell if isinstance(cell, str) else id(cell)

    def _given(self, rows, keys):
        """Return the features that are given in place of an image."""
        found = {}
        for row, key in zip(rows, keys, strict=True):
            for cell in row:
                if isinstance(cell, GivenFeatures) and cell.transformer is self.transformer:
                    found[key] = cell.features
        return found

    def _learn(self, X, rows, keys, hidden, found):
        """Compute the features of the images that are not known."""
        new = {}
        for place, key in enumerate(keys):
            if key not in found and key not in self._known:
                new.setdefault(key, place)
        plain = [place for place in new.values() if not hidden[place]]
        masked = [place for place in new.values() if hidden[place]]
        if plain:
            for place, features in zip(plain, self._features(X, rows, plain), strict=True):
                self._known[keys[place]] = features
                self._kept.append(rows[place])
        if masked:
            some = _take(X, rows, masked)
            features = self._compute(self._hiding, some, len(masked))
            found.update({keys[place]: row for place, row in zip(masked, features, strict=True)})

    def _features(self, X, rows, places):
        some = _take(X, rows, places)
        try:
            return self._compute(self._plain, some, len(places))
        except ValueError:
            if len(places) == len(rows):
                raise
            # Again with all rows, so that the error names the rows of X.
            return self._compute(self._plain, _take(X, rows, range(len(rows))), len(rows))[places]

    def _compute(self, transformer, X, n_images):
        self.n_images += n_images
        columns = transformer._read_columns(X, reset=False)
        extraction = transformer._extraction(columns)
        return extraction.rows(*extraction.compute(), transformer._means)


def _copy(transformer):
    """Return a shallow copy that is quiet and counts no drift."""
    twin = object.__new__(type(transformer))
    vars(twin).update(vars(transformer))
    twin._columns = copy.copy(transformer._columns)
    twin._columns.guards = []
    twin.verbose = 0
    return twin


def _rows_of(X):
    """Return the cells of each row as a tuple; None for one array of images."""
    if hasattr(X, "iloc"):
        frame = X.to_frame() if X.ndim == 1 else X
        return list(zip(*(list(frame.iloc[:, i]) for i in range(frame.shape[1])), strict=True))
    if isinstance(X, np.ndarray) and X.dtype.kind != "O":
        return None
    if isinstance(X, np.ndarray) and X.ndim == 2:
        return [tuple(row) for row in X]
    return [(cell,) for cell in X]


def _take(X, rows, places):
    """Return some rows of X, with their original cells where features are given."""
    places = list(places)
    if hasattr(X, "iloc"):
        some = X.iloc[places].reset_index(drop=True)
    elif isinstance(X, np.ndarray):
        some = X[places]
    else:
        some = [X[place] for place in places]
    return _with_original_cells(some, [rows[place] for place in places])


def _with_original_cells(some, rows):
    if not any(isinstance(cell, GivenFeatures) for row in rows for cell in row):
        return some
    cells = [[_original(cell) for cell in row] for row in rows]
    if hasattr(some, "iloc"):
        frame = some.to_frame() if some.ndim == 1 else some
        columns = zip(*cells, strict=True)
        return type(frame)(dict(zip(frame.columns, map(list, columns), strict=True)))
    return [row[0] for row in cells]


def _original(cell):
    return cell.cell if isinstance(cell, GivenFeatures) else cell


def _is_hidden(cell):
    if isinstance(cell, (list, tuple)):
        return any(isinstance(item, HiddenImage) for item in cell)
    return isinstance(cell, HiddenImage)
