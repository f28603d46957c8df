"""warm_up: build and compile networks before the first request."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

from sklearn.utils._param_validation import Interval

from skfusion._utils.decorators import validate_params
from skfusion.serving._find_networks import find_networks


@validate_params(
    {"model": [object], "n_rows": ["array-like", Interval(Integral, 1, None, closed="left")]},
    prefer_skip_nested_validation=True,
)
def warm_up(model: Any, *, n_rows: int | Sequence[int] = 1) -> int:
    """Build all networks of a fitted model, so that the first request doesn't wait for them.

    The first prediction of a loaded model imports TensorFlow and builds the networks, which takes
    seconds. Call this function when a service starts, in each of its processes (after the fork, if
    there is one). Afterwards the service is ready.

    Parameters
    ----------
    model : object
        A fitted Pipeline, ColumnTransformer, GridSearchCV, FusionClassifier or any other object
        that holds fitted estimators in its attributes, lists, dicts or arrays. It isn't changed.

    n_rows : int or array-like of int, default=1
        The numbers of rows in requests. A batch is padded to a power of two, and a network is
        compiled once for each of these.

    Returns
    -------
    n_networks : int
        The number of networks; 0 for a model without networks.

    Raises
    ------
    BackendNotFoundError
        If Keras has no backend.

    RuntimeError
        In a process that was forked from one that has used networks on TensorFlow.

    See Also
    --------
    limit_resources : Limit the threads and the GPU memory of networks.
    MicroBatcher : Compute the requests of several clients in one batch.

    Notes
    -----
    Several threads may call it, and it may be called again: a network is built once.

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
    cold = [(network, size) for network, size in find_networks(model) if network.needs_warm_up]
    for network, batch_size in cold:
        for count in counts:
            network.warm_up(count, batch_size)
    return len(cold)
