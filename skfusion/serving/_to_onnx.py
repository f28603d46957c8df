"""to_onnx: a copy of a model whose networks run without Keras."""

import logging
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from skfusion.exceptions import ExtraNotFoundError
from skfusion.networks._network import Network
from skfusion.networks._onnx_network import OnnxNetwork
from skfusion.networks.runtimes._keras import building
from skfusion.serving._network_exchange import replace_networks


def to_onnx(model: Any) -> Any:
    """Copy a fitted model, with its networks in a form that ONNX Runtime computes.

    For services: the copy predicts without Keras and TensorFlow, so that they need not be
    installed there, and one row at a time takes a fraction of the time. Where it is made both
    are needed, with the extra ``onnx-export``; where it is used, the extra ``onnx`` is.

    Parameters
    ----------
    model : estimator
        A fitted transformer, pipeline, search or anything that can be pickled.

    Returns
    -------
    copy : estimator
        It can predict and be saved, but not give its networks to others: fit the original again
        to change anything. `model` stays as it is.

    Raises
    ------
    ExtraNotFoundError
        If tf2onnx is not installed.

    ValueError
        If a network can't be brought to ONNX.

    See Also
    --------
    half_precision : A smaller file, for Keras.

    Notes
    -----
    Features differ by less than 1e-4. The environment variable ``OMP_NUM_THREADS`` limits the
    threads of ONNX Runtime. ``benchmarks/onnx_runtime.py`` compares the two; :doc:`/sharing`
    has the figures.

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
            "Keras writes ONNX with tf2onnx, which is not installed: "
            "pip install 'skfusion[onnx-export]'."
        )
    return replace_networks(model, _converted)


def _converted(network):
    if type(network) is not Network:  # a head computes without Keras already
        return network
    return OnnxNetwork.from_network(network, _export(network))


def _export(network):
    """The network's graph in ONNX's format."""
    model = network.to_model()
    level = logging.getLogger("tf2onnx").level
    with tempfile.TemporaryDirectory() as folder, building(0), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tf2onnx's own, on names that NumPy has given up
        path = Path(folder) / "network.onnx"
        try:
            model([np.zeros((1, *network.input_shape), dtype=np.float32)])  # exports what ran
            model.export(path, format="onnx", verbose=False)
        except Exception as error:
            text = " ".join(str(error).split())
            raise ValueError(
                f"The network {network.name!r} can't be brought to ONNX: {text:.400}"
            ) from error
        finally:
            logging.getLogger("tf2onnx").setLevel(level)
        return path.read_bytes()
