"""Sources: a table and its images as two matrices."""

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

from skfusion.base import ImageTransformer

_MOST_COMPONENTS = 1000


class Sources:
    """Turns rows into numbers of the table and features of the images.

    Parameters
    ----------
    table_transformer : transformer
        Takes the table's columns.

    embedder : transformer
        Takes the columns of images.

    table_columns, image_columns : list
        The names of the columns; the transformer of a source without columns is not used.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skfusion import PixelFlattener
    >>> from skfusion.fusion._sources import Sources
    >>> rows = pd.DataFrame({"age": [61, 70], "scan": list(np.zeros((2, 4, 4), dtype="uint8"))})
    >>> sources = Sources(StandardScaler(), PixelFlattener(), ["age"], ["scan"])
    >>> {name: matrix.shape for name, matrix in sources.fit_transform(rows).items()}
    {'table': (2, 1), 'image': (2, 16)}
    """

    def __init__(self, table_transformer, embedder, table_columns, image_columns):
        self.table_transformer = table_transformer
        self.embedder = embedder
        self.table_columns = table_columns
        self.image_columns = image_columns

    def copy(self):
        """The same, not fitted."""
        return Sources(
            clone(self.table_transformer),
            clone(self.embedder),
            self.table_columns,
            self.image_columns,
        )

    @property
    def names(self):
        """The sources that there are."""
        both = (("table", self.table_columns), ("image", self.image_columns))
        return [name for name, columns in both if columns]

    @property
    def is_frozen(self):
        """Whether an image's features are the same whatever rows the embedder is fitted on."""
        embedder = self.embedder
        if not isinstance(embedder, ImageTransformer):
            return False
        return not get_tags(embedder).target_tags.required and embedder.missing != "mean"

    def fit_transform(self, rows, y=None, groups=None, images=None, names=None):
        """Learn from rows; give their matrices by source.

        `images` are the features of these rows' images, where a frozen embedder has given them;
        `names` are the sources wanted, all of them by default.
        """
        matrices, names = {}, self.names if names is None else names
        if "table" in names:
            table = self.table_transformer.fit_transform(rows[self.table_columns], y)
            matrices["table"] = _some_column(as_floats(table))
        if "image" in names:
            matrices["image"] = self.fit_images(rows, y, groups) if images is None else images
        return matrices

    def fit_images(self, rows, y=None, groups=None):
        """Fit the embedder; give the features of the rows' images."""
        more = {}
        if groups is not None and has_fit_parameter(self.embedder, "groups"):
            more["groups"] = groups
        features = self.embedder.fit_transform(rows[self.image_columns], y, **more)
        return as_floats(features)

    def transform(self, rows, images=None, names=None):
        """The matrices of new rows, by source; `images` and `names` as in `fit_transform`."""
        matrices, names = {}, self.names if names is None else names
        if "table" in names:
            table = self.table_transformer.transform(rows[self.table_columns])
            matrices["table"] = _some_column(as_floats(table))
        if "image" in names:
            if images is None:
                images = as_floats(self.embedder.transform(rows[self.image_columns]))
            matrices["image"] = images
        return matrices


def as_floats(matrix):
    """A dense array of float32 or float64, whatever container a transformer gives."""
    if hasattr(matrix, "toarray"):
        matrix = matrix.toarray()
    matrix = np.asarray(matrix)
    return matrix if matrix.dtype in (np.float32, np.float64) else matrix.astype(np.float64)


def _some_column(matrix):
    """A constant column where the table has nothing to tell: models want one to stand on."""
    return matrix if matrix.shape[1] else np.zeros((len(matrix), 1))


def make_rotation(n_rows, n_features):
    """Standardized principal axes of the images' features, most variance first.

    A penalised linear model is the same on all axes as on the features, and faster where there
    are fewer rows than features; forests get the first axes alone. Columns of an image that a
    row lacks get their mean.
    """
    n_components = min(n_rows, n_features, _MOST_COMPONENTS)
    return make_pipeline(
        SimpleImputer(keep_empty_features=True),
        StandardScaler(),
        PCA(n_components, random_state=0),
    )


def has_image(images):
    """Which rows have the features of at least one image."""
    return ~np.isnan(images).all(axis=1)
