"""half_precision: a copy of a model whose networks need half the room."""

from typing import Any

import numpy as np

from skfusion.networks._exchange import exchange_networks

_LARGEST = float(np.finfo(np.float16).max)


def half_precision(model: Any) -> Any:
    """Copy a fitted model, with the weights of its networks as 16-bit numbers.

    For a file of half the size. The networks compute with 32 bits as before; weights are rounded
    to about three decimal digits, and features change by as much. Vectors (biases and the
    statistics of batch normalisation, a hundredth of a network) stay as they are, and so do
    weights that 16 bits can't hold.

    Parameters
    ----------
    model : estimator
        A fitted transformer, pipeline, search or anything that can be pickled.

    Returns
    -------
    copy : estimator
        The same, smaller. `model` stays as it is.

    See Also
    --------
    trusted_types : For models that are shared as files.

    Notes
    -----
    ``benchmarks/pickles.py`` measures what it changes; :doc:`sharing` has the figures.

    Examples
    --------
    >>> import pickle
    >>> import numpy as np
    >>> from skfusion import PretrainedGAP, half_precision
    >>> photos = np.zeros((2, 32, 32, 3), dtype="uint8")
    >>> gap = PretrainedGAP("MobileNet", weights=None, image_size=(32, 32)).fit(photos)
    >>> round(len(pickle.dumps(gap)) / len(pickle.dumps(half_precision(gap))), 1)
    2.0
    """
    return exchange_networks(model, _halved)


def _halved(network):
    return network.with_weights([_half(array) for array in network.weights])


def _half(array):
    if array.dtype != np.float32 or array.ndim < 2 or np.abs(array).max(initial=0) > _LARGEST:
        return array
    return array.astype(np.float16)
