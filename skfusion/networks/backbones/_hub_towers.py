"""The part of a KerasHub backbone that reads images, as a plain functional model."""

from skfusion.networks.runtimes._keras import import_keras

# Where models of images and text, and models of detection, hold their network for images.
_TOWERS = ("vision_encoder", "image_encoder")


def image_tower(backbone, name):
    """Return the network for images as a functional model that can be cut between its blocks.

    KerasHub's transformers have one layer for all blocks. Here each block is a layer, with its
    name and weights, so that it can be a cut layer or the first layer that is fine-tuned.

    Parameters
    ----------
    backbone : keras_hub.models.Backbone
        A backbone for images of one size.

    name : str
        The name of the new model.

    Returns
    -------
    model : keras.Model
        From one image to one tensor; it shares the backbone's layers.

    n_prefix_tokens : int or None
        The number of class and register tokens; None if the output isn't tokens or not known.

    Raises
    ------
    ValueError
        If the backbone has other inputs than one image.
    """
    keras = import_keras()
    tower = _find_tower(backbone)
    inputs = getattr(tower, "inputs", None) or []
    if len(inputs) != 1 or len(inputs[0].shape) != 4:
        names = ", ".join(tensor.name for tensor in inputs) or "none that are known"
        raise ValueError(
            f"{name} is a {type(backbone).__name__}, which has other inputs than one image: its "
            f"inputs are {names}."
        )
    kind = type(tower).__name__
    for layer in tower.layers:
        layer.name = layer.name.removeprefix(f"{tower.name}_")  # saved presets differ in it
    images = keras.Input(inputs[0].shape[1:], name="images")
    if kind in _UNROLL:
        output = _UNROLL[kind](tower, images)
    elif kind in _WHOLE:
        output = _one_output(tower(images))
    else:
        images, output = inputs[0], _one_output(tower.output)
    return keras.Model(images, output, name=name), _n_prefix_tokens(kind, tower)


def _find_tower(backbone):
    """Return the network for images inside a backbone, or the backbone itself."""
    keras = import_keras()
    inner = (getattr(backbone, name, None) for name in _TOWERS)
    return next((each for each in inner if isinstance(each, keras.Model)), backbone)


def _one_output(output):
    """Return one tensor of an output with several: the whole sequence, or the last stage."""
    if not isinstance(output, dict):
        return output[-1] if isinstance(output, (list, tuple)) else output
    if "sequence_output" in output:
        return output["sequence_output"]
    return output[max(key for key in output if key != "stem")]


def _unroll_dinov2(tower, images):
    x = tower.embeddings(images)
    for block in tower.encoder.layers:
        x = block(x)
    return tower.layernorm(x)


def _unroll_dinov3(tower, images):
    x, positions = tower.embeddings(images), tower.rope_embedding(images)
    for block in tower.encoder.layers:
        x = block(
            x,
            position_embeddings=positions,
            num_prefix_tokens=1 + tower.num_register_tokens,
        )
    return tower.layernorm(x)


def _unroll_vit(tower, images):
    encoder = tower.get_layer("vit_encoder")
    x = encoder.dropout(tower.get_layer("vit_patching_and_embedding")(images))
    for block in encoder.encoder_layers:
        x = block(x)
    return encoder.layer_norm(x)


def _unroll_hgnet(tower, images):
    x = tower.embedder_layer(images)
    for stage in tower.encoder_layer.stages_list:
        x = stage(x)
    return x


_UNROLL = {
    "DINOV2Backbone": _unroll_dinov2,
    "DINOV3Backbone": _unroll_dinov3,
    "HGNetV2Backbone": _unroll_hgnet,
    "ViTBackbone": _unroll_vit,
}
# Some of their layers can't be built from their configurations, so that the whole network is one
# layer.
_WHOLE = ("DeiTBackbone", "MiTBackbone", "SwinTransformerBackbone")
_PREFIX_TOKENS = {
    "CLIPVisionEncoder": lambda tower: 1,
    "DINOV2Backbone": lambda tower: 1 + tower.num_register_tokens,
    "DINOV3Backbone": lambda tower: 1 + tower.num_register_tokens,
    "DeiTBackbone": lambda tower: 2,  # a class token and a distillation token
    "MetaCLIP2VisionEncoder": lambda tower: 1,
    "MiTBackbone": lambda tower: 0,
    "SigLIPVisionEncoder": lambda tower: 0,
    "SwinTransformerBackbone": lambda tower: 0,
    "ViTBackbone": lambda tower: int(tower.use_class_token),
}


def _n_prefix_tokens(kind, tower):
    return _PREFIX_TOKENS[kind](tower) if kind in _PREFIX_TOKENS else None
