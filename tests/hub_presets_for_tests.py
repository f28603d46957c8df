"""Small random presets of KerasHub, saved to folders as KerasHub, transformers and timm do."""

import json

import numpy as np

SIDE = 28
SCALE = [1 / 255 / s for s in (0.229, 0.224, 0.225)]
OFFSET = [-m / s for m, s in zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), strict=True)]
BLOCKS = {"num_layers": 2, "num_heads": 2, "hidden_dim": 16}


def dinov2(models):
    return models.DINOV2Backbone(
        patch_size=7,
        intermediate_dim=32,
        num_register_tokens=2,
        image_shape=(SIDE, SIDE, 3),
        position_embedding_shape=(42, 42, 3),
        **BLOCKS,
    )


def dinov3(models):
    return models.DINOV3Backbone(
        patch_size=7, intermediate_dim=32, image_shape=(SIDE, SIDE, 3), **BLOCKS
    )


def vit(models):
    return models.ViTBackbone(image_shape=(SIDE, SIDE, 3), patch_size=7, mlp_dim=32, **BLOCKS)


def deit(models):
    return models.DeiTBackbone(
        image_shape=(SIDE, SIDE, 3), patch_size=7, intermediate_dim=32, **BLOCKS
    )


def siglip(models):
    vision = models.SigLIPVisionEncoder(
        patch_size=7, intermediate_dim=32, image_shape=(SIDE, SIDE, 3), **BLOCKS
    )
    text = models.SigLIPTextEncoder(
        vocabulary_size=16,
        embedding_dim=16,
        intermediate_dim=32,
        max_sequence_length=8,
        **BLOCKS,
    )
    return models.SigLIPBackbone(vision, text)


def clip(models):
    vision = models.CLIPVisionEncoder(
        patch_size=7, intermediate_dim=32, image_shape=(SIDE, SIDE, 3), **BLOCKS
    )
    text = models.CLIPTextEncoder(
        vocabulary_size=16,
        embedding_dim=16,
        intermediate_dim=32,
        max_sequence_length=8,
        **BLOCKS,
    )
    return models.CLIPBackbone(vision, text, projection_dim=8)


def resnet(models):
    return models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 16],
        stackwise_num_blocks=[1, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
    )


def bert(models):
    return models.BertBackbone(
        vocabulary_size=16,
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=16,
        max_sequence_length=8,
    )


def save_preset(folder, build, converter=None, **options):
    """Save a backbone of KerasHub, and its image converter if it has one; return the backbone."""
    import keras
    import keras_hub

    keras.utils.set_random_seed(7)
    backbone = build(keras_hub.models)
    backbone.save_to_preset(str(folder))
    if converter is not None:
        converter_class = getattr(keras_hub.layers, converter)
        options = {"image_size": (SIDE, SIDE), "scale": SCALE, "offset": OFFSET, **options}
        converter_class(**options).save_to_preset(str(folder))
    return backbone


def save_transformers_vit(folder, preprocessor=True):
    """Save a random ViT in the format of transformers."""
    from safetensors.numpy import save_file

    config = {
        "model_type": "vit",
        "architectures": ["ViTModel"],
        "image_size": SIDE,
        "patch_size": 7,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "hidden_size": 16,
        "intermediate_size": 32,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "qkv_bias": True,
    }
    rng = np.random.default_rng(3)
    shapes = {
        "embeddings.patch_embeddings.projection.weight": (16, 3, 7, 7),
        "embeddings.patch_embeddings.projection.bias": (16,),
        "embeddings.cls_token": (1, 1, 16),
        "embeddings.position_embeddings": (1, 17, 16),
        "layernorm.weight": (16,),
        "layernorm.bias": (16,),
    }
    block = "encoder.layer.0"
    for name in ("attention.query", "attention.key", "attention.value"):
        shapes[f"{block}.attention.{name}.weight"] = (16, 16)
        shapes[f"{block}.attention.{name}.bias"] = (16,)
    for name, shape in {
        "attention.output.dense": (16, 16),
        "intermediate.dense": (32, 16),
        "output.dense": (16, 32),
    }.items():
        shapes[f"{block}.{name}.weight"] = shape
        shapes[f"{block}.{name}.bias"] = shape[:1]
    for name in ("layernorm_before", "layernorm_after"):
        shapes[f"{block}.{name}.weight"] = shapes[f"{block}.{name}.bias"] = (16,)
    tensors = {
        f"vit.{name}": rng.normal(0, 0.2, shape).astype("float32") for name, shape in shapes.items()
    }
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    save_file(tensors, str(folder / "model.safetensors"))
    if preprocessor:
        facts = {
            "do_resize": True,
            "size": {"height": SIDE, "width": SIDE},
            "resample": 2,
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": [0.5, 0.5, 0.5],
            "image_std": [0.5, 0.5, 0.5],
        }
        (folder / "preprocessor_config.json").write_text(json.dumps(facts))


def save_timm_resnet18(folder):
    """Save a random ResNet-18 in the format of timm."""
    from safetensors.numpy import save_file

    rng = np.random.default_rng(5)
    tensors = {}

    def conv(name, n_out, n_in, side):
        shape = (n_out, n_in, side, side)
        scale = (2 / (n_in * side * side)) ** 0.5
        tensors[f"{name}.weight"] = rng.normal(0, scale, shape).astype("float32")

    def norm(name, width):
        for part in ("weight", "running_var"):
            tensors[f"{name}.{part}"] = rng.uniform(0.5, 1.5, width).astype("float32")
        for part in ("bias", "running_mean"):
            tensors[f"{name}.{part}"] = rng.normal(0, 0.1, width).astype("float32")

    conv("conv1", 64, 3, 7)
    norm("bn1", 64)
    before = 64
    for stage, width in enumerate((64, 128, 256, 512), start=1):
        for block in range(2):
            name = f"layer{stage}.{block}"
            conv(f"{name}.conv1", width, before if block == 0 else width, 3)
            norm(f"{name}.bn1", width)
            conv(f"{name}.conv2", width, width, 3)
            norm(f"{name}.bn2", width)
            if block == 0 and stage > 1:
                conv(f"{name}.downsample.0", width, before, 1)
                norm(f"{name}.downsample.1", width)
        before = width
    config = {
        "architecture": "resnet18",
        "num_classes": 0,
        "pretrained_cfg": {
            "input_size": [3, 32, 32],
            "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225],
            "interpolation": "bicubic",
            "crop_pct": 0.875,
        },
    }
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    save_file(tensors, str(folder / "model.safetensors"))
