"""The layers of joint networks: how the vectors of an image and of a table become one."""

import math

from skfusion.networks._image_preprocessing import NO_PREPROCESSING
from skfusion.networks._joint_network import JointNetwork
from skfusion.networks._network import Network
from skfusion.networks.runtimes._keras import bare_inputs, building, import_keras

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
    n_images=1,
):
    """Build the network of images and a table.

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

    n_images : int, default=1
        How many images a row has. The backbone is the same for all of them.

    Returns
    -------
    network : JointNetwork
        Its inputs are those of `name_images`, each with a flag, "table" and "has_table", as far as
        there are both.
    """
    keras = import_keras()
    layers = keras.layers
    with building(seed):
        names = [] if tower is None else name_images(n_images)
        inputs, table = {}, None
        for name in [*(f"has_{name}" for name in names), "has_table"]:
            inputs[name] = layers.Input((1,), name=name)
        shape = tower.input_shape if isinstance(tower, Network) else tower
        inputs |= {name: layers.Input(shape, name=name) for name in names}
        backbone = _make_backbone(tower, first)
        images = {name: backbone(inputs[name]) for name in names}
        if n_columns:
            inputs["table"] = layers.Input((n_columns,), name="table")
            table = layers.Dense(n_units, activation="relu", name="table_units")(inputs["table"])
            table = layers.Multiply(name="table_present")([table, inputs["has_table"]])
        x = _fuse(images, table, inputs, fusion, n_units)
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


def pool_outputs(backbone):
    """Return a backbone whose feature maps, or tokens, are averaged."""
    with building(0):
        model = backbone.to_model()
        pooled = _pool(model.outputs[0], "")
        if pooled is model.outputs[0]:
            return backbone
        model = import_keras().Model(bare_inputs(model), pooled, name=model.name)
        return Network.from_model(backbone.name, model, backbone.preprocessing)


def _copy_weights(source, model):
    for layer in source.layers:
        if layer.weights:
            model.get_layer(layer.name).set_weights(layer.get_weights())


def name_images(n_images):
    """Return the names of the inputs of images: "image", "image_2", ..."""
    return ["image", *(f"image_{number}" for number in range(2, n_images + 1))]


def _make_backbone(tower, first):
    """Return what the inputs of images pass: the backbone, of which a part may be frozen."""
    if not isinstance(tower, Network):
        return lambda tensor: tensor
    keras, backbone = import_keras(), tower.to_model()
    names = [layer.name for layer in backbone.layers]
    if first is not None:
        for position, layer in enumerate(backbone.layers):
            is_norm = isinstance(layer, keras.layers.BatchNormalization)
            layer.trainable = position >= names.index(first) and not is_norm
    return backbone


def _fuse(images, table, inputs, fusion, n_units):
    """Return one vector of images and table, and of what the row has."""
    layers, vectors = import_keras().layers, []
    for name, image in images.items():
        suffix, flag = name.removeprefix("image"), inputs[f"has_{name}"]
        if fusion == "cross_attention" and table is not None:
            vectors.append(_attend(image, table, flag, n_units, suffix))
            continue
        if fusion == "film" and table is not None:
            image = _modulate(image, table, suffix)
        vectors.append(_image_vector(image, flag, n_units, suffix))
    flags = [inputs[name] for name in inputs if name.startswith("has_")]
    parts = [*vectors, *([] if table is None else [table])]
    if fusion == "gated" and vectors and table is not None:
        image = vectors[0]
        if len(vectors) > 1:
            image = layers.Concatenate(name="images")(vectors)
            image = layers.Dense(n_units, activation="relu", name="images_units")(image)
        parts = [_gate(image, table, flags, n_units)]
    return layers.Concatenate(name="joint")([*parts, *flags])


def _image_vector(image, flag, n_units, suffix):
    """Return the vector of an image; 0 for a row without one."""
    layers, image = import_keras().layers, _pool(image, suffix)
    image = layers.Dense(n_units, activation="relu", name=f"image_units{suffix}")(image)
    return layers.Multiply(name=f"image_present{suffix}")([image, flag])


def _pool(image, suffix):
    """Return the mean of feature maps over their places, or of tokens; a vector as it is."""
    layers, name = import_keras().layers, f"image_pooled{suffix}"
    if len(image.shape) == 4:
        return layers.GlobalAveragePooling2D(name=name)(image)
    return layers.GlobalAveragePooling1D(name=name)(image) if len(image.shape) == 3 else image


def _gate(image, table, flags, n_units):
    """Return an average of two vectors whose weights, one for each unit, depend on both."""
    layers = import_keras().layers
    both = layers.Concatenate(name="both")([image, table, *flags])
    weights = layers.Dense(n_units, activation="sigmoid", name="gate")(both)
    change = layers.Subtract(name="image_minus_table")([image, table])
    return layers.Add(name="gated")([table, layers.Multiply(name="weighted")([weights, change])])


def _modulate(image, table, suffix):
    """Return the image with channels that are scaled and shifted by the table."""
    layers = import_keras().layers
    n_channels, axes = image.shape[-1], len(image.shape) - 2
    shape = (*[1] * axes, n_channels)
    scale = layers.Dense(n_channels, name=f"scale{suffix}")(table)
    shift = layers.Dense(n_channels, name=f"shift{suffix}")(table)
    scale = layers.Reshape(shape, name=f"scales{suffix}")(scale)
    scaled = layers.Multiply(name=f"scaled{suffix}")([image, scale])
    parts = [image, scaled, layers.Reshape(shape, name=f"shifts{suffix}")(shift)]
    shifted = layers.Add(name=f"shifted{suffix}")(parts)
    return layers.ReLU(name=f"modulated{suffix}")(shifted)


def _attend(image, table, flag, n_units, suffix):
    """Return the parts of the image, averaged by the table's attention; 0 without an image."""
    layers = import_keras().layers
    n_parts = math.prod(image.shape[1:-1])
    parts = layers.Reshape((n_parts, image.shape[-1]), name=f"parts{suffix}")(image)
    parts = layers.Dense(n_units, activation="relu", name=f"part_units{suffix}")(parts)
    query = layers.Reshape((1, n_units), name=f"query{suffix}")(table)
    width = max(1, n_units // _HEADS)
    heads = layers.MultiHeadAttention(_HEADS, width, name=f"attention{suffix}")
    found = layers.Reshape((n_units,), name=f"attended{suffix}")(heads(query, parts))
    return layers.Multiply(name=f"image_present{suffix}")([found, flag])
