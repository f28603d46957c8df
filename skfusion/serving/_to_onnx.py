"""to_onnx: a copy of a model whose networks run without Keras."""

from importlib.util import find_spec
from typing import Any

from skfusion.exceptions import BackendNotFoundError, ExtraNotFoundError
from skfusion.networks._onnx_network import OnnxNetwork
from skfusion.networks.runtimes._keras import import_keras
from skfusion.serving._find_networks import replace_networks
from skfusion.serving._onnx_export import export_onnx


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
    if find_spec("tf2onnx") is None:
        raise ExtraNotFoundError(
            "Networks are converted to ONNX by tf2onnx, which is not installed: "
            "pip install 'skfusion[onnx-export]'."
        )
    return replace_networks(model, _convert)


def _convert(network):
    """Return a network's ONNX form, or the network itself if it runs without Keras already."""
    if isinstance(network, OnnxNetwork) or not network.needs_warm_up:
        return network
    _check_backend()
    try:
        graph, weights = export_onnx(network)
    except Exception as error:
        text = " ".join(str(error).split())
        raise ValueError(
            f"The network {network.name!r} can't be converted to ONNX: {text:.400}"
        ) from error
    return OnnxNetwork.from_network(network, graph, weights)


def _check_backend():
    """Raise an error unless Keras runs on TensorFlow, which traces the networks."""
    backend = import_keras().backend.backend()
    if backend != "tensorflow":
        raise BackendNotFoundError(
            f"to_onnx needs Keras with TensorFlow, and Keras runs on {backend!r} in this process. "
            "Save the model, and convert it in a process with KERAS_BACKEND=tensorflow."
        )
