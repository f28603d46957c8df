"""SourceEncoder: a table and its images as matrices."""

import numpy as np
from sklearn.base import clone
from sklearn.utils import get_tags

from skfusion._utils.plain_data import plain_data
from skfusion.base import ImageTransformer
from skfusion.fusion._candidate_log import CandidateLog
from skfusion.fusion._fit_arguments import fit_arguments


@plain_data
class SourceEncoder:
    """Turn rows into matrices: numbers of the table, and features of the images by embedder.

    Parameters
    ----------
    table_transformer : transformer
        Takes the table's columns.

    embedders : dict of str to transformer
        Each takes the columns of images. Their names are those of the matrices.

    table_columns, image_columns : list
        The names of the columns; the transformers of a source without columns are not used.

    Attributes
    ----------
    image_features_ : dict of str to dict of str to list of int
        By embedder, the positions of each image column's features. Empty with one such column,
        and where a feature belongs to several.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skfusion import PixelFlattener
    >>> from skfusion.fusion._source_encoder import SourceEncoder
    >>> from skfusion.fusion._fusion_rows import FusionRows
    >>> table = pd.DataFrame({"age": [61, 70], "scan": list(np.zeros((2, 4, 4), dtype="uint8"))})
    >>> embedders = {"image": PixelFlattener()}
    >>> encoder = SourceEncoder(StandardScaler(), embedders, ["age"], ["scan"])
    >>> matrices = encoder.fit_transform(FusionRows(table, np.array([0, 1])))
    >>> {name: matrix.shape for name, matrix in matrices.items()}
    {'table': (2, 1), 'image': (2, 16)}
    """

    def __init__(self, table_transformer, embedders, table_columns, image_columns):
        self.table_transformer = table_transformer
        self.embedders = embedders
        self.table_columns = table_columns
        self.image_columns = image_columns
        self.image_features_ = {}

    def copy(self):
        """Return a copy that is not fitted."""
        embedders = {name: clone(embedder) for name, embedder in self.embedders.items()}
        table_transformer = clone(self.table_transformer)
        copy = SourceEncoder(table_transformer, embedders, self.table_columns, self.image_columns)
        copy.image_features_ = dict(self.image_features_)
        return copy

    @property
    def names(self):
        """list of str : The sources that there are."""
        both = (("table", self.table_columns), ("image", self.image_columns))
        return [name for name, columns in both if columns]

    def is_frozen(self, name):
        """Return whether an embedder's features don't depend on the rows it is fitted on.

        Parameters
        ----------
        name : str
            The embedder's name.
        """
        embedder = self.embedders[name]
        if not isinstance(embedder, ImageTransformer):
            return False
        return not get_tags(embedder).target_tags.required and embedder.missing != "mean"

    def keep(self, embedders):
        """Drop all embedders but those named."""
        self.embedders = {name: each for name, each in self.embedders.items() if name in embedders}

    def fit_transform(self, rows, names=None, log=None):
        """Learn from rows and return their matrices by source.

        Parameters
        ----------
        rows : FusionRows
            Embedders of which they hold features are not fitted.

        names : list of str, default=None
            The sources to encode; None is all.

        log : CandidateLog, default=None
            Says which embedders may start, and notes their time. The others are dropped.
        """
        log = CandidateLog() if log is None else log
        matrices, names = {}, self.names if names is None else names
        if "table" in names:
            arguments = fit_arguments(self.table_transformer, sample_weight=rows.sample_weight)
            with log.timing("table"):
                table = self.table_transformer.fit_transform(
                    rows.table[self.table_columns], rows.y, **arguments
                )
            matrices["table"] = with_a_column(to_floats(table))
        if "image" in names:
            given = rows.images or {}
            for name in list(self.embedders):
                if name in given:
                    matrices[name] = given[name]
                elif log.may_start(name, is_needed=not list_image_sources(matrices)):
                    with log.timing(name):
                        matrices[name] = self.fit_images(name, rows)
            self.keep(matrices)
        return matrices

    def fit_images(self, name, rows):
        """Fit an embedder and return the features of the rows' images."""
        embedder = self.embedders[name]
        arguments = fit_arguments(embedder, sample_weight=rows.sample_weight, groups=rows.groups)
        images = rows.table[self.image_columns]
        features = embedder.fit_transform(images, rows.y, **arguments)
        self.image_features_[name] = self._find_image_features(embedder)
        return to_floats(features)

    def transform(self, table, images=None, names=None):
        """Return the matrices of new rows by source.

        Parameters
        ----------
        table : DataFrame of shape (n_rows, n_columns)
            The rows.

        images : dict of str to ndarray of shape (n_rows, n_features), default=None
            Features of the images, by embedder; those of the others are computed.

        names : list of str, default=None
            The sources to encode; None is all.
        """
        matrices, names = {}, self.names if names is None else names
        if "table" in names:
            matrices["table"] = self.transform_table(table)
        if "image" in names:
            given = images or {}
            for name, embedder in self.embedders.items():
                matrices[name] = given.get(name)
                if matrices[name] is None:
                    features = embedder.transform(table[self.image_columns])
                    matrices[name] = to_floats(features)
        return matrices

    def transform_table(self, table):
        """Return the matrix of the table alone."""
        encoded = self.table_transformer.transform(table[self.table_columns])
        return with_a_column(to_floats(encoded))

    def _find_image_features(self, embedder):
        """Find the positions of each image column's features, where each belongs to one column."""
        if len(self.image_columns) == 1 or not isinstance(embedder, ImageTransformer):
            return {}
        places = {column: [] for column in self.image_columns}
        for position, feature in enumerate(embedder.get_feature_names_out()):
            # Features of a column "scan_b" begin with "scan_" too: the longest name counts.
            owners = [column for column in places if feature.startswith(f"{column}_")]
            places[max(owners, key=len)].append(position)
        return places if all(places.values()) else {}

    def __setstate__(self, state):
        """Restore an encoder; those of older versions had one embedder."""
        state = dict(state)
        if "embedder" in state:
            state["embedders"] = {"image": state.pop("embedder")}
            state["image_features_"] = {"image": state["image_features_"]}
        vars(self).update(state)


def list_image_sources(matrices):
    """Return the names of the embedders among those of matrices or blocks."""
    return [name for name in matrices if name not in ("table", "rows")]


def find_rows_with_all(matrices):
    """Return which rows have an image for each embedder; all rows if there is none."""
    names = list_image_sources(matrices)
    found = [find_rows_with_images(matrices[name]) for name in names]
    return np.logical_and.reduce(found) if found else np.ones(len(matrices["table"]), dtype=bool)


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
