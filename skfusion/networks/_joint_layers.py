"""The layers of joint networks: how the vectors of an image and of a table become one."""

import math

from skfusion.networks._image_preprocessing import NO_PREPROCESSING
from skfusion.networks._joint_network import JointNetwork
from skfusion.networks._network import Network
from skfusion.networks.runtimes._keras import building, import_keras

_HEADS = 4


def build_joint(
    tower,
    n_columns,
    *,
    fusion,
    n_units,
    dropout,
    n_outputs,
    activation,
    first=None,
    top=None,
    seed=0,
):
    """Build the network of an image and a table.

    Parameters
    ----------
    tower : Network, tuple of int or None
        The backbone, whose layers are part of the network; or the shape of its outputs, if they
        are the input; or None without images.

    n_columns : int
        The number of columns of the encoded table; 0 without a table.

    fusion : {"concat", "gated", "film", "cross_attention"}
        How image and table are combined.

    n_units : int
        The width of the layers.

    dropout : float
        The share of units that are dropped below the output.

    n_outputs : int
        Units of the output layer.

    activation : str
        Activation of the output layer.

    first : str or None, default=None
        The first layer of the backbone that is trained; None trains all.

    top : JointNetwork or None, default=None
        A network without the backbone's layers whose weights the other layers start from.

    seed : int, default=0
        Seed of the new weights.

    Returns
    -------
    network : JointNetwork
        Its inputs are "image", "has_image", "table" and "has_table", as far as there are both.
    """
    keras = import_keras()
    layers = keras.layers
    with building(seed):
        inputs, image, table = {}, None, None
        for name in ["has_image"] * (tower is not None) + ["has_table"]:
            inputs[name] = layers.Input((1,), name=name)
        if tower is not None:
            inputs["image"], image = _image_tower(tower, first)
        if n_columns:
            inputs["table"] = layers.Input((n_columns,), name="table")
            table = layers.Dense(n_units, activation="relu", name="table_units")(inputs["table"])
            table = layers.Multiply(name="table_present")([table, inputs["has_table"]])
        x = _fuse(image, table, inputs, fusion, n_units)
        x = layers.Dense(n_units, activation="relu", name="joint_units")(x)
        x = layers.Dropout(dropout, name="joint_dropout")(x)
        outputs = layers.Dense(n_outputs, activation=activation, name="output")(x)
        model = keras.Model(inputs, outputs, name="joint")
        if top is not None:
            _copy_weights(top.to_model(), model)
        preprocessing = tower.preprocessing if isinstance(tower, Network) else NO_PREPROCESSING
        network = JointNetwork.from_model("joint", model, preprocessing)
    shapes = {name: tuple(tensor.shape[1:]) for name, tensor in inputs.items()}
    return network.replace(input_shapes=shapes)


def _copy_weights(source, model):
    for layer in source.layers:
        if layer.weights:
            model.get_layer(layer.name).set_weights(layer.get_weights())


def _image_tower(tower, first):
    """Return the input of the image, and the backbone's output."""
    keras = import_keras()
    if not isinstance(tower, Network):
        tensor = keras.layers.Input(tower, name="image")
        return tensor, tensor
    backbone = tower.to_model()
    names = [layer.name for layer in backbone.layers]
    if first is not None:
        for position, layer in enumerate(backbone.layers):
            is_norm = isinstance(layer, keras.layers.BatchNormalization)
            layer.trainable = position >= names.index(first) and not is_norm
    tensor = keras.layers.Input(tower.input_shape, name="image")
    return tensor, backbone(tensor)


def _fuse(image, table, inputs, fusion, n_units):
    """Return one vector of image and table, and of what the row has."""
    if image is None:
        parts = [table]
    elif table is None:
        parts = [_image_vector(image, inputs, n_units)]
    elif fusion == "cross_attention":
        parts = [table, _attend(image, table, inputs, n_units)]
    else:
        image = _modulate(image, table) if fusion == "film" else image
        parts = [_image_vector(image, inputs, n_units), table]
    flags = [inputs[name] for name in ("has_image", "has_table") if name in inputs]
    if fusion == "gated" and len(parts) == 2:
        parts = [_gate(*parts, flags, n_units)]
    return import_keras().layers.Concatenate(name="joint")([*parts, *flags])


def _image_vector(image, inputs, n_units):
    """Return the vector of an image; 0 for a row without one."""
    layers = import_keras().layers
    if len(image.shape) == 4:
        image = layers.GlobalAveragePooling2D(name="image_pooled")(image)
    elif len(image.shape) == 3:
        image = layers.GlobalAveragePooling1D(name="image_pooled")(image)
    image = layers.Dense(n_units, activation="relu", name="image_units")(image)
    return layers.Multiply(name="image_present")([image, inputs["has_image"]])


def _gate(image, table, flags, n_units):
    """Return an average of two vectors whose weights, one for each unit, depend on both."""
    layers = import_keras().layers
    both = layers.Concatenate(name="both")([image, table, *flags])
    weights = layers.Dense(n_units, activation="sigmoid", name="gate")(both)
    change = layers.Subtract(name="image_minus_table")([image, table])
    return layers.Add(name="gated")([table, layers.Multiply(name="weighted")([weights, change])])


def _modulate(image, table):
    """Return the image with channels that are scaled and shifted by the table."""
    layers = import_keras().layers
    n_channels, axes = image.shape[-1], len(image.shape) - 2
    shape = (*[1] * axes, n_channels)
    scale = layers.Dense(n_channels, name="scale")(table)
    shift = layers.Dense(n_channels, name="shift")(table)
    scaled = layers.Multiply(name="scaled")([image, layers.Reshape(shape, name="scales")(scale)])
    parts = [image, scaled, layers.Reshape(shape, name="shifts")(shift)]
    return layers.ReLU(name="modulated")(layers.Add(name="shifted")(parts))


def _attend(image, table, inputs, n_units):
    """Return the parts of the image, averaged by the table's attention; 0 without an image."""
    layers = import_keras().layers
    n_parts = math.prod(image.shape[1:-1])
    parts = layers.Reshape((n_parts, image.shape[-1]), name="parts")(image)
    parts = layers.Dense(n_units, activation="relu", name="part_units")(parts)
    query = layers.Reshape((1, n_units), name="query")(table)
    heads = layers.MultiHeadAttention(_HEADS, max(1, n_units // _HEADS), name="attention")
    found = layers.Reshape((n_units,), name="attended")(heads(query, parts))
    return layers.Multiply(name="image_present")([found, inputs["has_image"]])
