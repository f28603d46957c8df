"""Which layers of a network can be cut, and cutting there."""

from itertools import chain, count
from typing import Any

from skfusion._utils.typing import Backbone, Size
from skfusion.networks.runtimes._keras import import_keras


def cuttable_layers(model):
    """The layers whose output can become columns, in order: name -> output.

    Of a layer that is called several times it is the output of the last call; `layer.output` is
    that of the first, and of a layer that is a network itself it lies inside.
    """
    keras = import_keras()
    layers = {}
    for layer in model.layers:
        outputs = layer._inbound_nodes[-1].output_tensors if layer._inbound_nodes else []
        if isinstance(layer, keras.layers.InputLayer) or len(outputs) != 1:
            continue
        shape = tuple(outputs[0].shape[1:])
        if len(shape) in (1, 3) and None not in shape:
            layers[layer.name] = outputs[0]
    return layers


def find_cut(model, cut_layer, name):
    """Find where to cut.

    Parameters
    ----------
    model : keras.Model
        The network.

    cut_layer : str, int or None
        Name or position of a layer; None is the model's own output. In a network with a layer
        "gap" and none named "flatten", "flatten" is the one that "gap" pools.

    name : str
        What to call the network in messages.

    Returns
    -------
    layer_name : str
        The layer.

    output : keras.KerasTensor
        Its output.
    """
    if cut_layer is None:
        return _named(model.outputs[0])
    layers, found = cuttable_layers(model), cut_layer
    if not isinstance(cut_layer, str) and -len(model.layers) <= cut_layer < len(model.layers):
        found = model.layers[cut_layer].name
    if found in layers:
        return found, layers[found]
    if found == "flatten" and "gap" in layers:
        return _named(model.get_layer("gap").input)
    raise ValueError(
        f"{name} can't be cut at layer {cut_layer!r}. Its layers that can be cut are: "
        f"{', '.join(layers)}."
    )


def _named(output):
    return output._keras_history.operation.name, output


def cut_model(model, output, pooling, name):
    """Cut a Keras model so that it gives one vector an image.

    Parameters
    ----------
    model : keras.Model
        The network.

    output : keras.KerasTensor
        What is taken from it.

    pooling : {"avg", "max"} or None
        How feature maps become a vector; None flattens them.

    name : str
        What to call the network in messages.

    Returns
    -------
    model : keras.Model
        From the same input to a vector.
    """
    keras = import_keras()
    if len(output.shape) == 4:
        kinds = {
            "avg": keras.layers.GlobalAveragePooling2D,
            "max": keras.layers.GlobalMaxPooling2D,
            None: keras.layers.Flatten,
        }
        output = kinds[pooling](name=free_name(model, "vector"))(output)
    if len(output.shape) != 2 or None in output.shape[1:]:
        raise ValueError(
            f"{name} gives an output of shape {tuple(output.shape)} there; a vector or feature "
            "maps of known size are needed."
        )
    return keras.Model(model.inputs, output, name=model.name)


def free_name(model, name):
    """The name for a new layer, numbered where the network has one of that name."""
    taken = {layer.name for layer in model.layers}
    names = chain([name], (f"{name}_{i}" for i in count(2)))
    return next(name for name in names if name not in taken)


def list_cut_layers(
    backbone: Backbone,
    *,
    backbone_options: dict[str, Any] | None = None,
    image_size: Size | None = None,
    top: bool | None = None,
) -> list[str]:
    """List the layers at which a backbone can be cut.

    Parameters
    ----------
    backbone : str, PathLike or callable
        As in `PretrainedGAP` and `CNNEmbedder`.

    backbone_options : dict or None, default=None
        Options of the backbone's own constructor.

    image_size : tuple (height, width) or None, default=None
        The size of the images; None takes the backbone's own.

    top : bool or None, default=None
        Whether to list the layers that `CNNEmbedder` puts on top (gap, dense and output, or
        output alone). None does for backbones without pretrained weights.

    Returns
    -------
    names : list of str
        Layer names in the network's order.

    Examples
    --------
    >>> from skfusion import list_cut_layers
    >>> list_cut_layers("small_cnn")
    ['conv1', 'pool1', 'conv2', 'pool2', 'flatten', 'dense', 'output']
    """
    from skfusion.networks.backbones._building import add_top, build_network, find_spec

    spec = find_spec(backbone)
    if top is None:
        top = spec is not None and spec.license is None
    side = (224, 224) if spec is None else spec.image_size or (28, 28)
    network = build_network(
        backbone, input_shape=(*(image_size or side), 3), options=backbone_options
    )
    if top:
        network = add_top(network, n_outputs=2, activation="softmax")
    return list(cuttable_layers(network.to_model()))
