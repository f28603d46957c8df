"""to_onnx: a copy of a model whose networks run without Keras."""

from typing import Any

from skfusion.networks._network import Network
from skfusion.networks.onnx._to_onnx_network import check_converter, to_onnx_network
from skfusion.serving._find_networks import replace_networks


def to_onnx(model: Any) -> Any:
    """Copy a fitted model, with its networks in a form that ONNX Runtime computes.

    The copy predicts without Keras and TensorFlow, so that a service doesn't have to install
    them, and it predicts single rows in a fraction of the time. Converting a model needs both,
    and the extra ``onnx-export``; the copy needs the extra ``onnx``.

    Parameters
    ----------
    model : estimator
        A fitted transformer, pipeline, search or any object that holds them. It isn't changed.

    Returns
    -------
    copy : estimator
        It predicts, and it can be saved. To change a parameter, change it in `model`, fit again
        and convert again.

    Raises
    ------
    ExtraNotFoundError
        If tf2onnx is not installed.

    BackendNotFoundError
        If Keras runs on another backend than TensorFlow.

    ValueError
        If a network has an operation that ONNX doesn't have.

    See Also
    --------
    half_precision : Copy a model with weights of half the size. Its result can be converted too.

    Notes
    -----
    Every network of :func:`list_backbones` can be converted. Features differ from Keras's by less
    than 1e-4 of the largest feature. Networks that share weights still share them in a saved copy.
    The environment variable ``OMP_NUM_THREADS`` limits the threads of ONNX Runtime.
    ``benchmarks/onnx_runtime.py`` compares it with Keras; :doc:`/sharing` has the results.

    Examples
    --------
    >>> from skfusion import PretrainedGAP, to_onnx
    >>> import numpy as np
    >>> photos = np.zeros((2, 32, 32, 3), dtype="uint8")
    >>> gap = PretrainedGAP("MobileNet", weights=None, image_size=(32, 32)).fit(photos)
    >>> to_onnx(gap).transform(photos).shape  # doctest: +SKIP
    (2, 1024)
    """
    check_converter()
    return replace_networks(model, _convert)


def _convert(network):
    """Return a network's ONNX form, or the network itself if it runs without Keras already."""
    return to_onnx_network(network) if isinstance(network, Network) else network
