"""Pooling of tokens: what each way computes, its names, and what can't be pooled."""

import pickle

import keras
import numpy as np
import pandas as pd
import pytest

from skfusion import CNNEmbedder, EmbedderOptions, FeatureStore, PretrainedGAP, list_cut_layers
from tests.networks_for_tests import tiny_maps, tiny_tokens

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
ONE = {"backbone_options": {"n_prefix_tokens": 1}}


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokens") / "tiny.keras"
    keras.utils.set_random_seed(0)
    tiny_tokens((8, 8, 3)).save(path)
    return path


@pytest.fixture(scope="module")
def tokens(model_file):
    model = keras.models.load_model(model_file)
    return keras.ops.convert_to_numpy(model(PIXELS.astype("float32"), training=False))


def gap(model_file, **options):
    return PretrainedGAP(model_file, **{**ONE, **options}).fit(PIXELS)


@pytest.mark.parametrize(
    ("pooling", "n_prefix", "expected"),
    [
        ("cls", 1, lambda x: x[:, 0]),
        ("cls", 5, lambda x: x[:, 0]),
        ("mean", 1, lambda x: x[:, 1:].mean(axis=1)),
        ("avg", 1, lambda x: x[:, 1:].mean(axis=1)),
        ("mean", 0, lambda x: x.mean(axis=1)),
        ("max", 5, lambda x: x[:, 5:].max(axis=1)),
        ("cls+mean", 5, lambda x: np.hstack([x[:, 0], x[:, 5:].mean(axis=1)])),
        (None, 1, lambda x: x.reshape(6, -1)),
    ],
)
def test_each_way_of_pooling(model_file, tokens, pooling, n_prefix, expected):
    options = {"n_prefix_tokens": n_prefix}
    features = gap(model_file, pooling=pooling, backbone_options=options).transform(PIXELS)
    np.testing.assert_allclose(features, expected(tokens), rtol=1e-5, atol=1e-5)


def test_names(model_file):
    names = {
        pooling: list(gap(model_file, pooling=pooling).get_feature_names_out()[[0, -1]])
        for pooling in ("avg", "max", "cls+mean", None)
    }
    assert names == {
        "avg": ["x0_tiny_mean_0000", "x0_tiny_mean_0003"],
        "max": ["x0_tiny_max_0000", "x0_tiny_max_0003"],
        "cls+mean": ["x0_tiny_cls_0000", "x0_tiny_mean_0003"],
        None: ["x0_tiny_0000", "x0_tiny_0067"],
    }
    assert pickle.loads(pickle.dumps(gap(model_file))).get_feature_names_out()[0] == (
        "x0_tiny_mean_0000"
    )


def test_mean_of_feature_maps_is_avg():
    features = [
        PretrainedGAP(tiny_maps, pooling=pooling, image_size=(8, 8)).fit(PIXELS)
        for pooling in ("avg", "mean")
    ]
    assert list(features[0].get_feature_names_out()) == list(features[1].get_feature_names_out())
    assert features[1].get_feature_names_out()[0] == "x0_tiny_maps_0000"


def test_layers_that_return_tokens_are_listed(model_file):
    assert list_cut_layers(model_file) == ["patches", "sequence", "with_class", "tokens"]


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_the_number_of_prefix_tokens_is_not_guessed(model_file, pooling):
    with pytest.raises(ValueError, match=r"tiny gives an output of shape \(17, 4\).*n_prefix_to"):
        gap(model_file, pooling=pooling, backbone_options=None)
    assert gap(model_file, pooling=None, backbone_options=None).n_features_out_ == 17 * 4


def test_no_class_token(model_file):
    with pytest.raises(ValueError, match="needs a class token, and tiny has none"):
        gap(model_file, pooling="cls", backbone_options={"n_prefix_tokens": 0})


def test_more_prefix_tokens_than_tokens(model_file):
    with pytest.raises(ValueError, match=r"gives 17 token.* first 17 of them"):
        gap(model_file, backbone_options={"n_prefix_tokens": 17})


@pytest.mark.parametrize("pooling", ["cls", "cls+mean"])
def test_feature_maps_and_vectors_have_no_class_token(pooling):
    with pytest.raises(ValueError, match=r"tiny_maps gives feature maps of shape \(8, 8, 3\)"):
        PretrainedGAP(tiny_maps, pooling=pooling, image_size=(8, 8)).fit(PIXELS)
    with pytest.raises(ValueError, match=r"small_cnn gives a vector of shape \(256,\)"):
        PretrainedGAP("small_cnn", weights=None, pooling=pooling, image_size=(28, 28)).fit(PIXELS)


def test_the_cache_keeps_poolings_apart_and_their_names(model_file, tmp_path):
    store = FeatureStore(tmp_path)
    for n_misses, options in [
        (6, {"pooling": "mean"}),
        (12, {"pooling": "cls"}),
        (18, {"pooling": "mean", "backbone_options": {"n_prefix_tokens": 3}}),
    ]:
        options = {"cache": store, "image_size": (8, 8), **options}
        first = gap(model_file, **options)
        features = first.transform(PIXELS)
        again = gap(model_file, **options)
        np.testing.assert_array_equal(again.transform(PIXELS), features)
        assert list(again.get_feature_names_out()) == list(first.get_feature_names_out())
        assert store.stats()["session"]["misses"] == n_misses


def embedder(model_file, cross_fit="auto", **options):
    options = {"epochs": 2, "validation_fraction": 0, "random_state": 0, **options}
    rare = EmbedderOptions(cross_fit=cross_fit, backbone_options={"n_prefix_tokens": 1})
    return CNNEmbedder(model_file, options=rare, **options)


def test_a_trained_network_with_tokens(model_file, tmp_path):
    y = [0, 1] * 3
    trained = embedder(model_file, cut_layer="tokens", pooling="cls+mean", fine_tune="all")
    X = pd.DataFrame({"scan": list(PIXELS)})
    features = trained.fit_transform(X, y)
    assert features.shape == (6, 8)
    assert list(trained.get_feature_names_out()[[0, 7]]) == [
        "scan_tokens_cls_0000",
        "scan_tokens_mean_0003",
    ]
    table = trained.list_cut_layers().set_index("layer")
    assert table.loc["tokens", "shape"] == (17, 4)
    assert table.loc["tokens", "width"] == 8
    assert "class_token" in trained.summary()
    trained.set_params(cache=FeatureStore(tmp_path))
    for _ in range(2):
        np.testing.assert_array_equal(trained.fit_transform(X, y), features)
        assert trained.get_feature_names_out()[0] == "scan_tokens_cls_0000"


def test_flatten_of_a_trained_network_is_all_tokens(model_file):
    trained = embedder(model_file, fine_tune=0).fit(PIXELS, [0, 1] * 3)
    assert trained.networks_[0].cut_name == "tokens"
    assert trained.n_features_out_ == 17 * 4


def test_cross_fitted_tokens(model_file):
    how = {"cv": 2, "cross_fit": "average", "fine_tune": "all"}
    trained = embedder(model_file, pooling="cls", cut_layer="tokens", **how)
    assert trained.fit_transform(PIXELS, [0, 1] * 3).shape == (6, 4)
    assert trained.get_feature_names_out()[0] == "x0_tokens_cls_0000"
