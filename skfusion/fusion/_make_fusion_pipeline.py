"""make_fusion_pipeline: table and images side by side before one model."""

import warnings
from typing import Any

from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from skfusion._utils.typing import PathLike
from skfusion.embedding._pretrained_gap import PretrainedGAP
from skfusion.fusion._image_block import ImageBlock
from skfusion.store._feature_store import FeatureStore
from skfusion.tabular._table_encoder import TableEncoder
from skfusion.tabular._tables import split_columns, to_pandas


def make_fusion_pipeline(
    estimator: Any,
    *,
    image_columns: str | list[str] | None = None,
    embedder: Any = None,
    table_transformer: Any = None,
    n_components: int | None = 30,
    cache: PathLike | FeatureStore | None = None,
) -> Pipeline:
    """Make a Pipeline in which table and images stand side by side before one model.

    The plain early form of fusion: a ColumnTransformer encodes the table and embeds the images,
    whose features are standardized, reduced and scaled as a block, so that they don't drown the
    table. It is made of scikit-learn's own parts, to be searched, changed and read as such.

    Parameters
    ----------
    estimator : estimator
        The model.

    image_columns : str, list of str or None, default=None
        The columns that hold images; None finds them when the pipeline is fitted.

    embedder : transformer or None, default=None
        Turns images into columns; None is ``PretrainedGAP(missing="nan")``.

    table_transformer : transformer or None, default=None
        Turns the other columns into numbers; None is `TableEncoder`.

    n_components : int or None, default=30
        How many principal components of the images' features are kept; None keeps all, which
        suits linear models.

    cache : str, PathLike, FeatureStore or None, default=None
        Where features of images are kept; handed on to an embedder that has none.

    Returns
    -------
    pipeline : Pipeline
        With the steps "features", which holds "table" and "image" ("embedder", "block"), and
        "model". For a search: ``features__image__embedder__backbone``,
        ``features__image__block__n_components``, ``model__C``.

    See Also
    --------
    FusionClassifier, FusionRegressor : Choose how to fuse, and whether to.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion import PixelFlattener, make_fusion_pipeline
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(60, image_size=(8, 8), random_state=0)
    >>> model = make_fusion_pipeline(LogisticRegression(), embedder=PixelFlattener())
    >>> model.fit(data.frame, data.target).predict(data.frame[:2]).shape
    (2,)
    """
    embedder = make_embedder(embedder, cache)
    images = Pipeline([("embedder", embedder), ("block", ImageBlock(n_components))])
    table = TableEncoder() if table_transformer is None else clone(table_transformer)
    features = ColumnTransformer(
        [
            ("table", table, ColumnsOf("table", image_columns)),
            ("image", images, ColumnsOf("image", image_columns)),
        ]
    )
    return Pipeline([("features", features), ("model", estimator)])


def make_embedder(embedder, cache):
    """A copy of the user's embedder, or the default one, with a cache wherever it has none."""
    embedder = PretrainedGAP(missing="nan") if embedder is None else clone(embedder)
    if cache is None:
        return embedder
    without = {
        name: cache
        for name, value in embedder.get_params().items()
        if name.split("__")[-1] == "cache" and value is None
    }
    return embedder.set_params(**without)


class ColumnsOf:
    """Selects the columns of one source, for a ColumnTransformer.

    Parameters
    ----------
    source : {"table", "image"}
        Which columns to select.

    image_columns : str, list of str or None
        The columns that hold images; None finds them.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.fusion._make_fusion_pipeline import ColumnsOf
    >>> ColumnsOf("table", None)(pd.DataFrame({"age": [61], "scan": ["a.png"]}))
    ['age']
    """

    def __init__(self, source, image_columns):
        self.source = source
        self.image_columns = image_columns

    def __call__(self, X):
        """The names of the columns, or their positions where they have no names."""
        table = to_pandas(X)
        named = all(isinstance(name, str) for name in table.columns)
        table = table.set_axis([str(name) for name in table.columns], axis=1)
        with warnings.catch_warnings():
            if self.source == "table":  # the selector of images says so already
                warnings.filterwarnings("ignore", "No column of X looks like images")
            names = split_columns(table, self.image_columns)[self.source == "table"]
        return names if named else [table.columns.get_loc(name) for name in names]

    def __repr__(self):
        return f"ColumnsOf({self.source!r}, {self.image_columns!r})"
