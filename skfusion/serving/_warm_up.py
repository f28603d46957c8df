"""warm_up: networks are built and compiled before the first request."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from types import ModuleType
from typing import Any

from sklearn.utils._param_validation import Interval

from skfusion._utils.decorators import validate_params
from skfusion.networks._deferred_network import DeferredNetwork
from skfusion.networks._network import Network
from skfusion.networks.runtimes._onnx_network import OnnxNetwork
from skfusion.store._feature_store import FeatureStore

# Objects of these libraries hold none of our networks; the rest is looked into.
_OTHERS = {"numpy", "pandas", "polars", "pyarrow", "scipy", "PIL", "keras", "tensorflow", "torch"}
_LEAVES = (type, ModuleType, FeatureStore)
_CONTAINERS = (list, tuple, set, frozenset)
_BATCH_SIZE = 32


@validate_params(
    {"model": [object], "n_rows": ["array-like", Interval(Integral, 1, None, closed="left")]},
    prefer_skip_nested_validation=True,
)
def warm_up(model: Any, *, n_rows: int | Sequence[int] = 1) -> int:
    """Build all networks of a fitted model now, so that the first request doesn't wait for it.

    A loaded model imports TensorFlow and builds its networks at the first prediction, which takes
    seconds. Call this when a service starts, in each of its processes (after the fork, if there
    is one), and report that the service is ready afterwards.

    Parameters
    ----------
    model : object
        A fitted Pipeline, ColumnTransformer, GridSearchCV, FusionClassifier or any other object
        that holds fitted estimators in its attributes, lists or dicts. It isn't changed.

    n_rows : int or array-like of int, default=1
        How many rows requests will have. A network is compiled once for each power of two that
        this is padded to.

    Returns
    -------
    n_networks : int
        How many networks there are; 0 for a model without any, which costs nothing.

    Raises
    ------
    BackendNotFoundError
        If Keras has no backend.

    RuntimeError
        In a process that was forked from one that had used networks on TensorFlow.

    See Also
    --------
    limit_resources : How many threads and how much of a GPU networks may take.

    Notes
    -----
    Safe to call from several threads, and again: a network that is warm is left as it is.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion import PretrainedGAP, warm_up
    >>> photos = np.zeros((2, 32, 32, 3), dtype="uint8")
    >>> gap = PretrainedGAP(
    ...     "MobileNet", weights=None, backbone_options={"alpha": 0.25}, image_size=(32, 32)
    ... )
    >>> warm_up(gap.fit(photos))
    1
    """
    given: Any = n_rows  # NumPy's integers too, which type checkers don't take for int
    counts: list[Any] = [given] if isinstance(given, Integral) else list(given)
    if not all(isinstance(count, Integral) and int(count) >= 1 for count in counts):
        raise ValueError(f"n_rows must be positive integers, got {counts}.")
    found: dict[int, Any] = {}
    _find(model, _BATCH_SIZE, found, seen={})
    for network, batch_size in found.values():
        for count in counts:
            network._warm_up(count, batch_size)
    return len(found)


def _find(item, batch_size, found, seen):
    """Collect the networks in an object, and the batches that their owner computes them in."""
    if id(item) in seen or _is_leaf(item):
        return
    seen[id(item)] = item  # kept, so that no other object gets its id
    if isinstance(item, (Network, DeferredNetwork, OnnxNetwork)):
        if item._warm_up is not None:
            found[id(item)] = (item, batch_size)
        return
    if isinstance(item, Mapping):
        parts = item.values()
    elif isinstance(item, _CONTAINERS):
        parts = item
    else:
        parts = vars(item).values()
        own = getattr(item, "batch_size", None)
        batch_size = own if isinstance(own, Integral) else batch_size
    for part in list(parts):
        _find(part, batch_size, found, seen)


def _is_leaf(item):
    if isinstance(item, (Mapping, *_CONTAINERS)):
        return False
    library = type(item).__module__.partition(".")[0]
    return library in _OTHERS or isinstance(item, _LEAVES) or not hasattr(item, "__dict__")
