"""half_precision: a copy of a model whose networks take half the space."""

from typing import Any

import numpy as np

from skfusion.networks._network import Network
from skfusion.serving._find_networks import replace_networks

_SMALL = 4096
_LARGEST = float(np.finfo(np.float16).max)


def half_precision(model: Any) -> Any:
    """Copy a fitted model, with the weights of its networks as 16-bit numbers.

    The file of the copy has about half the size. Networks still compute with 32 bits. Weights are
    rounded to three decimal digits, which changes features by a few tenths of a percent of their
    mean. Small arrays (biases, batch normalization, depthwise kernels) are kept as they are,
    because they take little space and affect precision most. So are weights that exceed the
    range of 16-bit numbers.

    Parameters
    ----------
    model : estimator
        A fitted transformer, pipeline, search or any object that holds them. It isn't changed.

    Returns
    -------
    copy : estimator
        The smaller model.

    See Also
    --------
    to_onnx : Convert networks for ONNX Runtime; a copy with half the precision can be converted.
    trusted_types : List the types that skops has to trust to load a shared model.

    Notes
    -----
    ``benchmarks/pickles.py`` measures the effect; :doc:`/sharing` has the results.

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
    return replace_networks(model, _halve)


def _halve(network):
    """Return a network with large weights of 16 bits; networks in ONNX are kept as they are."""
    if not isinstance(network, Network):
        return network
    return network.replace(weights=[_halve_array(array) for array in network.weights])


def _halve_array(array):
    is_small = array.ndim < 2 or array.shape[-1] == 1 or array.size <= _SMALL  # 1: depthwise
    if array.dtype != np.float32 or is_small or np.abs(array).max() > _LARGEST:
        return array
    return array.astype(np.float16)
