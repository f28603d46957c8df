"""half_precision: a copy of a model whose networks need half the room."""

from typing import Any

import numpy as np

from skfusion.serving._network_exchange import replace_networks

_SMALL = 4096
_LARGEST = float(np.finfo(np.float16).max)


def half_precision(model: Any) -> Any:
    """Copy a fitted model, with the weights of its networks as 16-bit numbers.

    For a file of half the size. The networks compute with 32 bits as before; weights are rounded
    to three decimal digits, which changes features by a few tenths of a percent of their mean.
    Small arrays (biases, batch normalization, depthwise kernels) stay as they are: they cost
    little room and much precision. So do weights that 16 bits can't hold.

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
    ``benchmarks/pickles.py`` measures what it changes; :doc:`/sharing` has the figures.

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
    return replace_networks(model, _halved)


def _halved(network):
    return network.replace(weights=[_half(array) for array in network.weights])


def _half(array):
    is_small = array.ndim < 2 or array.shape[-1] == 1 or array.size <= _SMALL  # 1: depthwise
    if array.dtype != np.float32 or is_small or np.abs(array).max() > _LARGEST:
        return array
    return array.astype(np.float16)
