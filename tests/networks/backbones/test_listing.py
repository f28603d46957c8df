"""list_backbones and list_cut_layers."""

import keras
import numpy as np
import pytest

from skfusion import PretrainedGAP, list_backbones, list_cut_layers
from tests.networks_for_tests import tiny_cnn, tiny_maps

OWN = ["deep_cnn", "small_cnn"]
SMALL_CNN = ["conv1", "pool1", "conv2", "pool2", "flatten", "dense", "output"]
MOBILENET = {"backbone_options": {"alpha": 0.25}, "image_size": (32, 32)}


@pytest.fixture
def keras_file(tmp_path):
    path = tmp_path / "own_model.keras"
    tiny_maps((8, 8, 3)).save(path)
    return path


def fit(name):
    PretrainedGAP(name, weights=None).fit(np.zeros((1, 32, 32, 3), dtype=np.uint8))


# Backbones.


def test_names_are_sorted_and_unique():
    names = list_backbones()
    assert names == sorted(names, key=str.lower)
    assert len(names) == len(set(names))


def test_every_application_is_listed():
    constructors = {
        name
        for name, item in vars(keras.applications).items()
        if callable(item) and not name.startswith("_")
    }
    assert set(list_backbones()) == constructors | set(OWN)
    assert set(list_backbones(family="applications")) == constructors


@pytest.mark.parametrize("name", OWN)
def test_a_family_of_one(name):
    assert list_backbones(family=name) == [name]


def test_users_own_models_have_no_names():
    assert list_backbones(family="custom") == []


def test_an_unknown_family_lists_the_families():
    with pytest.raises(ValueError, match=r"Unknown family .*'resnet'\. .*applications, .*custom"):
        list_backbones(family="resnet")


def test_the_list_is_a_copy():
    list_backbones().clear()
    assert "ResNet50" in list_backbones()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("Resnet50", "'ResNet50'"),
        ("resnet-50", "'ResNet50'"),
        ("MobilNetV2", "'MobileNetV2'"),
        ("EfficientNet", "'EfficientNetB"),
        ("inception", "'InceptionV3'"),
    ],
)
@pytest.mark.parametrize("use", [fit, list_cut_layers])
def test_an_unknown_name_suggests_the_nearest(name, nearest, use):
    with pytest.raises(ValueError, match=r"Unknown backbone .*did you mean .*\?") as raised:
        use(name)
    assert nearest in str(raised.value)
    assert "list_backbones()" in str(raised.value)


def test_an_unknown_name_without_a_near_one():
    with pytest.raises(ValueError, match=r"Unknown backbone 'qqq'; see skfusion.list_backbones"):
        list_cut_layers("qqq")


# Layers.


def test_layers_of_small_cnn():
    assert list_cut_layers("small_cnn") == SMALL_CNN
    assert list_cut_layers("small_cnn", top=False) == SMALL_CNN[:-1]
    assert list_cut_layers("small_cnn", image_size=(64, 48)) == SMALL_CNN


def test_layers_of_an_application():
    names = list_cut_layers("MobileNet", **MOBILENET)
    model = keras.applications.MobileNet(
        include_top=False, weights=None, alpha=0.25, input_shape=(32, 32, 3)
    )
    assert names == [layer.name for layer in model.layers[1:]]
    assert names[0] == "conv1"
    assert names[-1] == "conv_pw_13_relu"


def test_layers_of_an_application_with_a_top():
    names = list_cut_layers("MobileNet", **MOBILENET, top=True)
    assert names[-4:] == ["conv_pw_13_relu", "gap", "dense", "output"]


def test_layer_names_do_not_depend_on_earlier_networks():
    # Most of its layers are named by Keras, with a number.
    assert list_cut_layers("InceptionV3", image_size=(75, 75))[:2] == [
        "conv2d",
        "batch_normalization",
    ]


def test_layers_of_a_function():
    assert list_cut_layers(tiny_cnn, image_size=(8, 8)) == ["conv1", "flatten", "dense"]
    assert list_cut_layers(tiny_cnn, image_size=(8, 8), top=True)[-1] == "output"


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_layers_of_a_keras_file(keras_file, kind):
    assert list_cut_layers(kind(keras_file)) == ["maps"]
    assert list_cut_layers(kind(keras_file), top=True) == ["maps", "gap", "dense", "output"]


def test_only_vectors_tokens_and_maps_are_listed():
    def with_frames(input_shape):
        inputs = keras.Input(input_shape, name="input")
        x = keras.layers.Reshape((1, *input_shape), name="frames")(inputs)
        x = keras.layers.Reshape((-1, 3), name="tokens")(x)
        x = keras.layers.GlobalAveragePooling1D(name="vector")(x)
        return keras.Model(inputs, x)

    assert list_cut_layers(with_frames, image_size=(4, 4)) == ["tokens", "vector"]


def test_listing_layers_downloads_no_weights(monkeypatch, tmp_path):
    monkeypatch.setattr("keras.src.backend.config.keras_home", lambda: str(tmp_path))
    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", None)
    assert list_cut_layers("MobileNet", image_size=(32, 32))
