"""make_fusion_pipeline: table and images side by side before one model."""

from typing import Any

import sklearn
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from skfusion._utils.typing import PathLike
from skfusion.fusion._image_block import ImageBlock
from skfusion.fusion._open_options import make_embedder
from skfusion.fusion._source_columns import SourceColumns
from skfusion.store._feature_store import FeatureStore
from skfusion.tabular._table_encoder import TableEncoder


def make_fusion_pipeline(
    estimator: Any,
    *,
    image_columns: str | list[str] | None = None,
    id_columns: str | list[str] | None = None,
    embedder: Any = None,
    table_transformer: Any = None,
    n_components: int | None = 30,
    cache: PathLike | FeatureStore | None = None,
) -> Pipeline:
    """Make a Pipeline with table and images side by side before one model.

    This is the plain early form of fusion: a ColumnTransformer encodes the table and embeds the
    images, whose features are standardized, reduced and scaled as a block, so that they don't
    outweigh the table. The pipeline is made of scikit-learn's own parts, to be searched, changed
    and read as such.

    Parameters
    ----------
    estimator : estimator
        The model.

    image_columns : str, list of str or None, default=None
        The columns that hold images; None finds them when the pipeline is fitted.

    id_columns : str, list of str or None, default=None
        Columns that identify rows, to leave out; None finds them when the pipeline is fitted, with
        a warning that names them, ``[]`` leaves none out. See `FusionClassifier`.

    embedder : transformer or None, default=None
        Turns images into columns; None is ``PretrainedGAP(missing="nan")``.

    table_transformer : transformer or None, default=None
        Turns the other columns into numbers; None is `TableEncoder`.

    n_components : int or None, default=30
        How many principal components of the images' features are kept; None keeps all, which
        suits linear models.

    cache : str, PathLike, FeatureStore or None, default=None
        Where features of images are kept; passed on to an embedder that has none.

    Returns
    -------
    pipeline : Pipeline
        With the steps "features", which holds "table" and "image" ("embedder", "block"), and
        "model". For a search: ``features__image__embedder__backbone``,
        ``features__image__block__n_components``, ``model__C``.

    See Also
    --------
    FusionClassifier, FusionRegressor : Choose how to fuse, and whether to.

    Notes
    -----
    A pipeline that is made and fitted with scikit-learn's metadata routing enabled passes weights
    of rows, ``pipeline.fit(X, y, sample_weight=weights)``, to the table transformer, an embedder
    that learns from rows, the block of images and the model, as far as these have `sample_weight`
    and do not refuse it by a request of their own. Without routing,
    ``model__sample_weight=weights`` reaches the model alone.

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
    if table_transformer is None:
        table_transformer = TableEncoder(id_columns=[])  # the selector has left these out
    embedder = _request_weights(make_embedder(embedder, cache))
    images = Pipeline([("embedder", embedder), ("block", ImageBlock(n_components))])
    table = _request_weights(clone(table_transformer))
    features = ColumnTransformer(
        [
            ("table", table, SourceColumns("table", image_columns, id_columns)),
            ("image", images, SourceColumns("image", image_columns, id_columns)),
        ]
    )
    return Pipeline([("features", features), ("model", _request_weights(clone(estimator)))])


def _request_weights(estimator: Any) -> Any:
    """Request weights of rows, with routing enabled, for steps that leave this open."""
    if not sklearn.get_config()["enable_metadata_routing"]:
        return estimator
    is_pipeline = isinstance(estimator, Pipeline)
    steps = [step for _, step in estimator.steps] if is_pipeline else [estimator]
    for step in steps:
        if hasattr(step, "set_fit_request") and has_fit_parameter(step, "sample_weight"):
            of_fit = getattr(step.get_metadata_routing(), "fit", None)  # routers have none
            if of_fit is not None and of_fit.requests.get("sample_weight") is None:
                step.set_fit_request(sample_weight=True)
                _name_owner(step)
    return estimator


def _name_owner(step):
    """Let the requests of a step hold its name, not the step: skops can't save a circle."""
    requests = step._metadata_request
    for part in (requests, *vars(requests).values()):
        if hasattr(part, "owner"):
            part.owner = type(step).__name__
