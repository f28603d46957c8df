"""Presets of KerasHub: small random ones in folders, loaded without a network."""

import json
import pickle
import shutil
import sys

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from skfusion import (
    CNNEmbedder,
    ExtraNotFoundError,
    FeatureStore,
    ImagePreprocessing,
    PretrainedGAP,
    WeightsNotFoundError,
    list_backbones,
    list_cut_layers,
)
from tests import hub_presets_for_tests as presets
from tests.processes import run_python

keras_hub = pytest.importorskip("keras_hub", reason="needs the extra hub")

PIXELS = np.random.default_rng(0).integers(
    0, 256, (4, presets.SIDE, presets.SIDE, 3), dtype=np.uint8
)
# How each preset is built, its converter, its number of prefix tokens, and its tokens.
TRANSFORMERS = {
    "dinov2": ("DINOV2ImageConverter", 3),
    "dinov3": ("DINOV3ImageConverter", 5),
    "vit": ("ViTImageConverter", 1),
    "deit": ("DeiTImageConverter", 2),
}
CONVERTERS = {
    **{name: converter for name, (converter, _) in TRANSFORMERS.items()},
    "siglip": "SigLIPImageConverter",
    "clip": "CLIPImageConverter",
    "resnet": "ResNetImageConverter",
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Save each preset once, on first use; return its folder and KerasHub's own features."""
    root, made = tmp_path_factory.mktemp("presets"), {}

    def get(name):
        if name not in made:
            folder = root / f"tiny_{name}"
            backbone = presets.save_preset(folder, getattr(presets, name), CONVERTERS[name])
            made[name] = folder, own_output(backbone, PIXELS)
        return made[name]

    return get


def own_output(backbone, pixels):
    """Return what KerasHub computes of images of the right size, without skfusion."""
    inputs = pixels * np.array(presets.SCALE) + np.array(presets.OFFSET)
    backbone = getattr(backbone, "vision_encoder", backbone)
    names = list(backbone.input) if isinstance(backbone.input, dict) else None
    inputs = {names[0]: inputs} if names else inputs
    return np.asarray(backbone(inputs, training=False))


def gap(backbone, **options):
    return PretrainedGAP(backbone, **options)


def assert_close(actual, expected):
    scale = np.abs(expected).max()
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual / scale, expected / scale, rtol=1e-4, atol=1e-4)


# Features.


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_tokens_are_those_of_keras_hub(folders, name):
    folder, tokens = folders(name)
    n_prefix = TRANSFORMERS[name][1]
    expected = np.hstack([tokens[:, 0], tokens[:, n_prefix:].mean(axis=1)])
    assert_close(gap(folder, pooling="cls+mean").fit_transform(PIXELS), expected)


def test_feature_maps_are_those_of_keras_hub(folders):
    folder, maps = folders("resnet")
    assert_close(gap(folder).fit_transform(PIXELS), maps.mean(axis=(1, 2)))


@pytest.mark.parametrize("name", ["siglip", "clip"])
def test_a_model_of_images_and_text_gives_its_image_features(folders, name):
    folder, output = folders(name)
    expected = output if output.ndim == 2 else output[:, 0]
    pooling = "avg" if output.ndim == 2 else "cls"
    assert_close(gap(folder, pooling=pooling).fit_transform(PIXELS), expected)


def test_siglip_has_tokens_below_its_head_and_no_class_token(folders):
    folder, _ = folders("siglip")
    tokens = gap(folder, cut_layer="post_layer_norm", pooling="mean").fit(PIXELS)
    assert tokens.get_feature_names_out()[0] == "x0_tiny_siglip_mean_0000"
    with pytest.raises(ValueError, match="needs a class token, and tiny_siglip has none"):
        gap(folder, cut_layer="post_layer_norm", pooling="cls").fit(PIXELS)
    with pytest.raises(ValueError, match=r"needs a class token, and tiny_siglip gives a vector"):
        gap(folder, pooling="cls").fit(PIXELS)


def test_names_say_what_was_pooled(folders):
    names = gap(folders("dinov2")[0], pooling="cls+mean").fit(PIXELS).get_feature_names_out()
    assert list(names[[0, 15, 16, 31]]) == [
        "x0_tiny_dinov2_cls_0000",
        "x0_tiny_dinov2_cls_0015",
        "x0_tiny_dinov2_mean_0000",
        "x0_tiny_dinov2_mean_0015",
    ]
    assert gap(folders("resnet")[0]).fit(PIXELS).get_feature_names_out()[0] == (
        "x0_tiny_resnet_0000"
    )


def test_blocks_are_layers_to_cut_at(folders):
    folder, _ = folders("vit")
    layers = list_cut_layers(folder, top=False)
    assert layers[1:] == ["dropout", "transformer_block_1", "transformer_block_2", "ln"]
    first = gap(folder, cut_layer="transformer_block_1", pooling="cls").fit_transform(PIXELS)
    assert first.shape == (4, 16)
    assert not np.allclose(first, gap(folder, pooling="cls").fit_transform(PIXELS))


def test_dinov2_takes_other_sizes(folders):
    folder, _ = folders("dinov2")
    features = gap(folder, image_size=(42, 42), pooling=None).fit_transform(PIXELS)
    assert features.shape == (4, (1 + 2 + 36) * 16)


@pytest.mark.parametrize("name", ["vit", "siglip"])
def test_a_size_that_the_weights_do_not_fit(folders, name):
    with pytest.raises(ValueError, match=r"28 x 28 pixels.*, and 42 x 42 were asked"):
        gap(folders(name)[0], image_size=(42, 42)).fit(PIXELS)


# Converters.


def test_the_converter_crops_as_keras_hub_does(folders, tmp_path):
    wide = np.zeros((1, 28, 56, 3), dtype=np.uint8)
    wide[:, :, 14:42] = PIXELS[:1]
    folder, _ = folders("vit")
    cropped = gap(folder, pooling="cls").fit(PIXELS)
    assert_close(cropped.transform(wide), cropped.transform(PIXELS[:1]))
    presets.save_preset(
        tmp_path / "stretched", presets.vit, "ViTImageConverter", crop_to_aspect_ratio=False
    )
    stretched = gap(tmp_path / "stretched", pooling="cls").fit(PIXELS)
    assert not np.allclose(stretched.transform(wide), cropped.transform(wide), atol=1e-3)


def test_a_converter_that_pads_is_refused(tmp_path):
    presets.save_preset(
        tmp_path / "padded",
        presets.vit,
        "ViTImageConverter",
        crop_to_aspect_ratio=False,
        pad_to_aspect_ratio=True,
    )
    with pytest.raises(ValueError, match="pads images to keep their proportions"):
        gap(tmp_path / "padded").fit(PIXELS)


def test_a_preset_without_converter_needs_preprocessing(tmp_path):
    backbone = presets.save_preset(tmp_path / "bare", presets.vit)
    with pytest.raises(ValueError, match="the images of bare are preprocessed is not known"):
        gap(tmp_path / "bare").fit(PIXELS)
    given = ImagePreprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    features = gap(tmp_path / "bare", preprocessing=given, pooling="cls").fit_transform(PIXELS)
    assert_close(features, own_output(backbone, PIXELS)[:, 0])


# Folders of other libraries.


def test_a_folder_of_transformers(tmp_path):
    folder = tmp_path / "vit"
    presets.save_transformers_vit(folder)
    backbone = keras_hub.models.Backbone.from_preset(str(folder))
    expected = np.asarray(backbone(PIXELS / 127.5 - 1, training=False))
    assert_close(gap(folder, pooling="cls").fit_transform(PIXELS), expected[:, 0])


def test_a_folder_of_timm(tmp_path):
    folder = tmp_path / "resnet18"
    presets.save_timm_resnet18(folder)
    pixels = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    backbone = keras_hub.models.Backbone.from_preset(str(folder))
    expected = own_output(backbone, pixels).mean(axis=(1, 2))
    assert_close(gap(folder).fit_transform(pixels), expected)


# Weights.


def test_random_weights_follow_the_seed(folders):
    folder, tokens = folders("vit")
    random = [
        gap(folder, weights=None, random_state=seed, pooling="cls").fit_transform(PIXELS)
        for seed in (0, 1)
    ]
    assert not np.allclose(random[0], random[1])
    assert not np.allclose(random[0], tokens[:, 0])


def test_a_weights_file(folders):
    folder, tokens = folders("vit")
    file = folder / "model.weights.h5"
    assert_close(gap(folder, weights=file, pooling="cls").fit_transform(PIXELS), tokens[:, 0])


def test_a_folder_without_weights(tmp_path, folders):
    folder = tmp_path / "empty"
    shutil.copytree(folders("vit")[0], folder)
    (folder / "model.weights.h5").unlink()
    with pytest.raises(WeightsNotFoundError, match=r"has no weights: .*weights=None"):
        gap(folder).fit(PIXELS)
    assert gap(folder, weights=None, pooling="cls").fit_transform(PIXELS).shape == (4, 16)


# Fitted models.

NEW_PROCESS = """
import pickle, sys
import joblib
from skfusion import PretrainedGAP
with open(sys.argv[1], "rb") as file:
    models = pickle.load(file)
[model.get_feature_names_out() for model in models]
assert not {"keras", "keras_hub"} & set(sys.modules), "loaded too early"
pixels = joblib.load(sys.argv[2])
joblib.dump([model.transform(pixels) for model in models], sys.argv[3])
print("done")
"""


def test_pickles_need_no_folder(folders, tmp_path):
    names = ["dinov2", "dinov3", "vit", "siglip", "resnet"]
    for name in names:
        shutil.copytree(folders(name)[0], tmp_path / name)
    models = [gap(tmp_path / name).fit(PIXELS) for name in names]
    files = [tmp_path / file for file in ("models.pickle", "pixels.joblib", "out.joblib")]
    files[0].write_bytes(pickle.dumps(models))
    joblib.dump(PIXELS, files[1])
    for name in names:
        shutil.rmtree(tmp_path / name)
    assert run_python(NEW_PROCESS, *files) == "done"
    for model, features in zip(models, joblib.load(files[2]), strict=True):
        np.testing.assert_array_equal(features, model.transform(PIXELS))


def test_onnx_runtime_computes_the_same(folders):
    pytest.importorskip("tf2onnx", reason="needs the extra onnx-export")
    folder, tokens = folders("dinov3")
    model = gap(folder, pooling="cls", runtime="onnx").fit(PIXELS)
    assert_close(model.transform(PIXELS), tokens[:, 0])
    assert model.get_feature_names_out()[0] == "x0_tiny_dinov3_cls_0000"


def test_features_are_cached_by_the_content_of_the_folder(folders, tmp_path):
    folder, store = tmp_path / "vit", FeatureStore(tmp_path / "store")
    shutil.copytree(folders("vit")[0], folder)
    first = gap(folder, cache=store, pooling="cls").fit(PIXELS)
    features = first.transform(PIXELS)
    again = gap(folder, cache=store, pooling="cls").fit(PIXELS)
    np.testing.assert_array_equal(again.transform(PIXELS), features)
    assert list(again.get_feature_names_out()) == list(first.get_feature_names_out())
    assert store.stats()["session"]["misses"] == 4
    assert gap(folder, cache=store, pooling="mean").fit(PIXELS).transform(PIXELS).shape == (4, 16)
    assert store.stats()["session"]["misses"] == 8
    other = presets.save_preset(tmp_path / "other", presets.vit, "ViTImageConverter")
    other.get_layer("vit_encoder").layer_norm.beta.assign(np.ones(16))
    other.save_weights(folder / "model.weights.h5", overwrite=True)
    changed = gap(folder, cache=store, pooling="cls").fit(PIXELS).transform(PIXELS)
    assert_close(changed, features + 1)


def test_the_last_block_is_fine_tuned(folders):
    folder, tokens = folders("dinov2")
    embedder = CNNEmbedder(
        str(folder),
        weights="imagenet",
        fine_tune="layers_1",
        cut_layer="layernorm",
        pooling="cls",
        epochs=2,
        learning_rate=0.1,
        validation_fraction=0,
        random_state=0,
    )
    features = embedder.fit_transform(PIXELS, [0, 1, 0, 1])
    assert set(embedder.history_["stage"]) == {"top", "fine-tune"}
    assert embedder.get_feature_names_out()[0] == "x0_layernorm_cls_0000"
    assert features.shape == (4, 16)
    assert not np.allclose(features, tokens[:, 0], atol=1e-4)
    below = embedder.set_params(cut_layer="layers_0").fit(PIXELS, [0, 1, 0, 1])
    frozen = gap(folder, cut_layer="layers_0", pooling="cls").fit_transform(PIXELS)
    assert_close(below.transform(PIXELS), frozen)


# Names, and what is none.


def test_presets_are_listed_by_family():
    names = list_backbones(family="keras_hub")
    assert {"dinov2_small", "siglip_base_patch16_224", "resnet_50_imagenet"} <= set(names)
    assert not {"bert_base_en", "dinov2_small"} & set(list_backbones())
    assert not [name for name in names if name.startswith(("bert", "gemma", "sam3"))]


def test_a_preset_of_text():
    with pytest.raises(ValueError, match="'bert_tiny_en_uncased' of KerasHub is not an image"):
        gap("bert_tiny_en_uncased").fit(PIXELS)


def test_a_folder_of_text(tmp_path):
    presets.save_preset(tmp_path / "bert", presets.bert)
    with pytest.raises(ValueError, match="preset of BertBackbone, which is not an image backbone"):
        gap(tmp_path / "bert").fit(PIXELS)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "has no config.json"),
        ({"model_type": "clipseg"}, "has no converter for huggingface/transformers models"),
        ({"architecture": "vit_base_patch16_224"}, "has no converter for timm models"),
        ({"hello": "world"}, "is not a preset that KerasHub reads"),
    ],
)
def test_a_folder_of_another_model(tmp_path, config, message):
    folder = tmp_path / "other"
    folder.mkdir()
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=message):
        gap(folder).fit(PIXELS)


def test_a_config_runs_no_code(tmp_path):
    presets.save_preset(tmp_path / "evil", presets.vit, "ViTImageConverter")
    file = tmp_path / "evil" / "image_converter.json"
    evil = {"module": "os", "class_name": "system", "config": {"command": "exit 1"}}
    file.write_text(json.dumps({**evil, "registered_name": "system"}))
    with pytest.raises((ValueError, TypeError)):
        gap(tmp_path / "evil").fit(PIXELS)


def test_a_misspelled_preset_gets_a_suggestion():
    with pytest.raises(ValueError, match=r"did you mean .*'dinov2_small'"):
        gap("dinov2_smal").fit(PIXELS)


def test_nothing_is_downloaded_before_fit_and_an_error_says_how_to_get_it(monkeypatch):
    calls = []

    def no_network(*arguments, **options):
        calls.append(arguments)
        raise ConnectionError("Failed to resolve the name")

    monkeypatch.setattr("kagglehub.model_download", no_network)
    model = clone(gap("dinov2_small")).set_params(pooling="cls")
    repr(model)
    assert not calls
    with pytest.raises(WeightsNotFoundError, match="could not be downloaded") as raised:
        model.fit(PIXELS)
    assert calls
    assert "from_preset('dinov2_small').save_to_preset('dinov2_small')" in str(raised.value)
    assert str(raised.value).endswith("backbone='./dinov2_small'.")


def test_without_the_extra(folders, tmp_path, monkeypatch):
    folder = tmp_path / "vit"
    shutil.copytree(folders("vit")[0], folder)
    blob = pickle.dumps(gap(folder).fit(PIXELS))
    (folder / "more.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(ExtraNotFoundError, match="pip install --no-deps keras-hub"):
        gap(folder).fit(PIXELS)
    with pytest.raises(ExtraNotFoundError, match="The network 'vit' has layers of KerasHub"):
        pickle.loads(blob).transform(PIXELS)
    with pytest.raises(ValueError, match=r"Unknown backbone 'dinov2_small'.*'skfusion\[hub\]'"):
        gap("dinov2_small").fit(PIXELS)
    assert "ResNet50" in list_backbones()
