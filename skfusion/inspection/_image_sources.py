"""The image columns of a fitted model, and the transformers that read them."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skfusion._utils.object_graph import LEAVES, list_parts
from skfusion.base import ImageTransformer
from skfusion.inspection._used_columns import find_used_columns
from skfusion.networks._base_network import BaseNetwork
from skfusion.store._feature_store import FeatureStore

TABLE = "table"


@dataclass
class ImageSource:
    """An image column of a model.

    Parameters
    ----------
    name : str
        The name of the column.

    readers : list of tuple (ImageTransformer, int)
        The fitted transformers that read it, and the position among their image columns.

    columns : list of str
        The column itself, and the columns of its masks.
    """

    name: str
    readers: list[Any] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)


def find_parts(model, kind):
    """Find the objects of a kind in a model, however deeply they are nested.

    Parameters
    ----------
    model : object
        An estimator, a pipeline, a search or another object that holds them.

    kind : type or tuple of type
        The kind. Inside of an object of this kind, nothing is searched.

    Returns
    -------
    parts : list
        Each object once.
    """
    found, seen, waiting = [], {}, deque([model])
    while waiting:
        item = waiting.popleft()
        if id(item) in seen or isinstance(item, LEAVES):
            continue
        seen[id(item)] = item  # a reference, so that no later object gets the same id
        if isinstance(item, kind):
            found.append(item)
        elif not isinstance(item, (BaseNetwork, FeatureStore)):
            waiting.extend(list_parts(item))
    return found


def find_image_transformers(model):
    """Return the fitted transformers of images in a model."""
    parts = find_parts(model, ImageTransformer)
    return [part for part in parts if part.__sklearn_is_fitted__()]


def find_sources(model, names, needs_images=True):
    """Find the image columns and the columns of the table that a model uses.

    Parameters
    ----------
    model : estimator
        A fitted estimator.

    names : list of str
        The columns of X.

    needs_images : bool, default=True
        Whether a fusion that uses its table alone is an error.

    Returns
    -------
    images : list of ImageSource
        In the order of `names`.

    table : list of str
        The other columns that the model uses.

    Raises
    ------
    NotFittedError
        If the model isn't fitted.

    ValueError
        If it uses no image column.
    """
    _check_fitted(model)
    transformers = find_image_transformers(model)
    sources = {}
    for transformer in transformers:
        _refuse_flattened(transformer)
        _add_columns(sources, transformer, names)
    used = _used_columns(model, names)
    lacking = [name for name in sources if name in used and name not in names]
    if lacking:
        raise ValueError(
            f"X has no column {lacking[0]!r}, which is an image column of the model. Pass rows "
            "with the columns that the model was fitted on; a single row as X.iloc[[0]]."
        )
    images = [sources[name] for name in names if name in sources and name in used]
    is_of_table = not images and getattr(model, "strategy_", None) == "table"
    if is_of_table and needs_images:
        raise ValueError(
            f"This {type(model).__name__} uses the table alone (strategy_='table'): no image moves "
            "its predictions, so that there is nothing to explain of them. `verdict_` says what "
            "the images would add; to explain both, fit it with strategy='stacked'."
        )
    if not images and not is_of_table:
        raise ValueError(
            f"This {type(model).__name__} uses no image column of X, so there is no image to "
            "explain. Pass a model in which a transformer of images is fitted, such as a Pipeline "
            "with PretrainedGAP, and an X with its image columns; for a table alone, use "
            "sklearn.inspection."
        )
    taken = {column for source in images for column in source.columns}
    table = [name for name in names if name in used and name not in taken]
    if TABLE in {source.name for source in images}:
        raise ValueError(
            f"An image column is named {TABLE!r}, which is the name of the other columns in an "
            "explanation. Rename it and fit the model again."
        )
    return images, table


def _check_fitted(model):
    if not hasattr(model, "fit"):
        raise TypeError(f"explain needs a fitted estimator, got a {type(model).__name__}.")
    try:
        check_is_fitted(model)
    except NotFittedError as error:
        raise NotFittedError(
            f"This {type(model).__name__} is not fitted yet. Call fit before it is explained."
        ) from error


def _used_columns(model, names):
    """Return the columns that a model uses; all of them where it has no record of names."""
    try:
        return set(find_used_columns(model))
    except ValueError:
        return set(names)


def _refuse_flattened(transformer):
    if transformer._image_shape is not None:
        raise ValueError(
            f"This {type(transformer).__name__} was fitted on flattened images, with image_shape. "
            "An explanation needs a column with one image in each cell: fit the model on a "
            "DataFrame whose cells are arrays of shape (height, width, channels)."
        )


def _add_columns(sources, transformer, names):
    """Add the columns that a transformer reads; the others it has are masks."""
    own = list(getattr(transformer, "feature_names_in_", names[:1]))
    positions = transformer._columns.positions
    if transformer._rows.combine is not None and len(own) > 1:
        positions = range(len(own))
    found = [own[position] for position in positions]
    masks = [name for name in own if name not in found]
    for place, name in enumerate(found):
        source = sources.setdefault(name, ImageSource(name, columns=[name]))
        is_joined = len(found) > len(transformer._columns.positions)
        source.readers.append((transformer, 0 if is_joined else place))
    first = sources[found[0]]
    first.columns += [name for name in masks if name not in first.columns]
