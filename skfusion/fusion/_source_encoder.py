"""SourceEncoder: a table and its images as two matrices."""

import numpy as np
from sklearn.base import clone
from sklearn.utils import get_tags

from skfusion._utils.plain_data import plain_data
from skfusion.base import ImageTransformer
from skfusion.fusion._fit_arguments import fit_arguments


@plain_data
class SourceEncoder:
    """Turn rows into a matrix for each source: numbers of the table, features of the images.

    Parameters
    ----------
    table_transformer : transformer
        Takes the table's columns.

    embedder : transformer
        Takes the columns of images.

    table_columns, image_columns : list
        The names of the columns; the transformer of a source without columns is not used.

    Attributes
    ----------
    image_features_ : dict of str to list of int
        The positions of each image column's features. Empty with one such column, and where a
        feature belongs to several.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skfusion import PixelFlattener
    >>> from skfusion.fusion._source_encoder import SourceEncoder
    >>> from skfusion.fusion._fusion_rows import FusionRows
    >>> table = pd.DataFrame({"age": [61, 70], "scan": list(np.zeros((2, 4, 4), dtype="uint8"))})
    >>> encoder = SourceEncoder(StandardScaler(), PixelFlattener(), ["age"], ["scan"])
    >>> matrices = encoder.fit_transform(FusionRows(table, np.array([0, 1])))
    >>> {name: matrix.shape for name, matrix in matrices.items()}
    {'table': (2, 1), 'image': (2, 16)}
    """

    def __init__(self, table_transformer, embedder, table_columns, image_columns):
        self.table_transformer = table_transformer
        self.embedder = embedder
        self.table_columns = table_columns
        self.image_columns = image_columns
        self.image_features_ = {}

    def copy(self):
        """Return a copy that is not fitted."""
        transformers = clone(self.table_transformer), clone(self.embedder)
        copy = SourceEncoder(*transformers, self.table_columns, self.image_columns)
        copy.image_features_ = self.image_features_
        return copy

    @property
    def names(self):
        """list of str : The sources that there are."""
        both = (("table", self.table_columns), ("image", self.image_columns))
        return [name for name, columns in both if columns]

    @property
    def is_frozen(self):
        """bool : Whether an image has the same features whatever rows the embedder learns from."""
        embedder = self.embedder
        if not isinstance(embedder, ImageTransformer):
            return False
        return not get_tags(embedder).target_tags.required and embedder.missing != "mean"

    def fit_transform(self, rows, names=None):
        """Learn from rows and return their matrices by source.

        Parameters
        ----------
        rows : FusionRows
            If they hold features of the images, the embedder is not fitted.

        names : list of str, default=None
            The sources to encode; None is all.
        """
        matrices, names = {}, self.names if names is None else names
        if "table" in names:
            arguments = fit_arguments(self.table_transformer, sample_weight=rows.sample_weight)
            table = self.table_transformer.fit_transform(
                rows.table[self.table_columns], rows.y, **arguments
            )
            matrices["table"] = with_a_column(to_floats(table))
        if "image" in names:
            matrices["image"] = self.fit_images(rows) if rows.images is None else rows.images
        return matrices

    def fit_images(self, rows):
        """Fit the embedder and return the features of the rows' images."""
        arguments = fit_arguments(
            self.embedder, sample_weight=rows.sample_weight, groups=rows.groups
        )
        images = rows.table[self.image_columns]
        features = self.embedder.fit_transform(images, rows.y, **arguments)
        self.image_features_ = self._find_image_features()
        return to_floats(features)

    def transform(self, table, images=None, names=None):
        """Return the matrices of new rows by source.

        Parameters
        ----------
        table : DataFrame of shape (n_rows, n_columns)
            The rows.

        images : ndarray of shape (n_rows, n_features), default=None
            Features of the images; None computes them.

        names : list of str, default=None
            The sources to encode; None is all.
        """
        matrices, names = {}, self.names if names is None else names
        if "table" in names:
            matrices["table"] = self.transform_table(table)
        if "image" in names:
            if images is None:
                images = to_floats(self.embedder.transform(table[self.image_columns]))
            matrices["image"] = images
        return matrices

    def transform_table(self, table):
        """Return the matrix of the table alone."""
        encoded = self.table_transformer.transform(table[self.table_columns])
        return with_a_column(to_floats(encoded))

    def _find_image_features(self):
        """Find the positions of each image column's features, where each belongs to one column."""
        if len(self.image_columns) == 1 or not isinstance(self.embedder, ImageTransformer):
            return {}
        places = {column: [] for column in self.image_columns}
        for position, feature in enumerate(self.embedder.get_feature_names_out()):
            # Features of a column "scan_b" begin with "scan_" too: the longest name counts.
            owners = [column for column in places if feature.startswith(f"{column}_")]
            places[max(owners, key=len)].append(position)
        return places if all(places.values()) else {}


def to_floats(matrix):
    """Return a dense array of float32 or float64, whatever container a transformer gives."""
    if hasattr(matrix, "toarray"):
        matrix = matrix.toarray()
    matrix = np.asarray(matrix)
    return matrix if matrix.dtype in (np.float32, np.float64) else matrix.astype(np.float64)


def find_rows_with_images(features):
    """Return which rows have the features of at least one image."""
    return ~np.isnan(features).all(axis=1)


def with_a_column(matrix):
    """Return a constant column where the table has none that varies: models need one."""
    return matrix if matrix.shape[1] else np.zeros((len(matrix), 1))
