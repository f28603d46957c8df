"""to_onnx: a model in ONNX's format, its networks alone or all of it."""

from collections.abc import Mapping
from typing import Any

from skfusion.networks._network import Network
from skfusion.networks.onnx._onnx_package import import_onnx
from skfusion.networks.onnx._to_onnx_network import check_converter, to_onnx_network
from skfusion.serving._find_networks import replace_networks

FORMS = ("networks", "graph")
PRECISIONS = (None, "float16", "int8")


def to_onnx(
    model: Any,
    form: str = "networks",
    *,
    background: Any = None,
    units: Mapping[str, str] | None = None,
    precision: str | None = None,
) -> Any:
    """Convert a fitted model to ONNX: its networks alone, or all of it as one graph.

    ``form="networks"`` copies the model with its networks in a form that ONNX Runtime computes.
    The copy is a Python object that predicts without Keras and TensorFlow, so that a service
    doesn't have to install them, and it predicts single rows in a fraction of the time.

    ``form="graph"`` makes one ONNX model of everything: images and table in, predictions out. It
    runs without Python, wherever ONNX Runtime does: in C#, Java, Rust or a browser. Its inputs,
    outputs and metadata are described in :doc:`/onnx_graph`.

    Parameters
    ----------
    model : estimator
        A fitted transformer, pipeline, search, fusion estimator or, for "networks", any object
        that holds them. It isn't changed.

    form : {"networks", "graph"}, default="networks"
        Whether only networks are converted, or all of the model.

    background : DataFrame or None, default=None
        For "graph": rows of the training data. The metadata then holds the range of each number,
        as forms need it. No image of it is read.

    units : dict of str to str or None, default=None
        For "graph": the units of columns, by name, such as ``{"age": "years"}``, and of predicted
        numbers under the name "target". They are kept in the metadata.

    precision : {"float16", "int8"} or None, default=None
        For "graph": how the weights of networks are stored. "float16" halves the size, and "int8"
        quarters it. Computations stay in 32 bits. None keeps 32 bits.

    Returns
    -------
    converted : estimator or onnx.ModelProto
        For "networks" the copy, which predicts and can be saved; to change a parameter, change it
        in `model`, fit again and convert again. For "graph" the ONNX model:
        ``onnx.save(converted, "model.onnx")`` writes it.

    Raises
    ------
    ExtraNotFoundError
        If tf2onnx or, for "graph", skl2onnx is not installed.

    BackendNotFoundError
        If Keras runs on another backend than TensorFlow.

    ValueError
        If a network has an operation that ONNX doesn't have. For "graph", if parts of the model
        are Python code, such as functions of the user or the descriptors of images; the message
        names all of them.

    See Also
    --------
    half_precision : Copy a model with weights of half the size. Its result can be converted too.

    Notes
    -----
    Every network of :func:`list_backbones` can be converted. Images are resized in the graph as
    Pillow does it, bit by bit. Features differ from Keras's by less
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

    A graph of images and table:

    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion import PixelFlattener, make_fusion_pipeline
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(60, image_size=(8, 8), n_columns=2, random_state=0)
    >>> model = make_fusion_pipeline(LogisticRegression(), embedder=PixelFlattener())
    >>> graph = to_onnx(model.fit(data.frame, data.target), "graph")  # doctest: +SKIP
    >>> [value.name for value in graph.graph.input]  # doctest: +SKIP
    ['number_0', 'number_1', 'image']
    """
    if form not in FORMS:
        raise ValueError(f"form must be 'networks' or 'graph'. Got {form!r} instead.")
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be None, 'float16' or 'int8'. Got {precision!r} instead.")
    if form == "graph":
        import_onnx()
        from skfusion.serving.graph._to_graph import to_graph

        return to_graph(model, background=background, units=units, precision=precision)
    if background is not None or units is not None or precision is not None:
        raise ValueError("background, units and precision are for form='graph'.")
    check_converter()
    return replace_networks(model, _convert)


def _convert(network):
    """Return a network's ONNX form, or the network itself if it runs without Keras already."""
    return to_onnx_network(network) if isinstance(network, Network) else network
