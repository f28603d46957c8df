"""Networks in a graph: ONNX files of users, tokens, cuts, mirrored images and smaller weights."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("onnx")

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline

from skfusion import (
    CNNEmbedder,
    EmbedderOptions,
    ImagePreprocessing,
    PretrainedGAP,
    half_precision,
    to_onnx,
)
from tests.graph_for_tests import assert_agrees, metadata, need_graphs, run
from tests.models_for_tests import TINY, make_table, tiny_gap
from tests.onnx_for_tests import FLOAT, save_tokens, save_torch_cnn

need_graphs()

PREPROCESSING = ImagePreprocessing(16, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
RANDOM = np.random.default_rng(0)
PHOTOS = pd.DataFrame({"photo": list(RANDOM.integers(0, 256, (5, 20, 24, 3), dtype=np.uint8))})


def embed_file(path, **options):
    gap = PretrainedGAP(str(path), preprocessing=PREPROCESSING, weights=None, **options)
    return gap.fit(PHOTOS)


def assert_same_features(gap, X=PHOTOS):
    graph = to_onnx(gap, "graph")
    found = run(graph, X)["features"]
    expected = gap.transform(X)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())
    return graph


@pytest.mark.parametrize("pooling", ["avg", "max", None])
@pytest.mark.parametrize("cut_layer", [None, "/relu/Relu", "/conv2/Conv"])
def test_cuts_of_a_file_with_channels_first(tmp_path, cut_layer, pooling):
    file = save_torch_cnn(tmp_path / "cnn.onnx")
    assert_same_features(embed_file(file, cut_layer=cut_layer, pooling=pooling))


@pytest.mark.parametrize("pooling", ["cls", "mean", "max", "cls+mean", None])
def test_tokens_of_a_file(tmp_path, pooling):
    file = save_tokens(tmp_path / "tokens.onnx")
    gap = embed_file(file, pooling=pooling, backbone_options={"n_prefix_tokens": 1})
    graph = assert_same_features(gap)
    (network,) = metadata(graph)["networks"]
    assert network["weights_license"] is None
    assert network["preprocessing"]["mean"] == [0.5, 0.4, 0.3]


def test_a_file_that_computes_one_image_at_a_time_is_named(tmp_path):
    file = save_torch_cnn(tmp_path / "one.onnx", shape=(1, 3, 16, 16))
    with pytest.raises(ValueError, match=r"computes 1 image\(s\) at a time only"):
        to_onnx(embed_file(file), "graph")


def test_the_same_network_of_two_steps_is_held_once(tmp_path):
    file = save_torch_cnn(tmp_path / "cnn.onnx")
    parts = [embed_file(file), embed_file(file)]
    union = FeatureUnion([(f"part{i}", part) for i, part in enumerate(parts)]).fit(PHOTOS)
    graph = to_onnx(union, "graph")
    assert graph.ByteSize() < 1.2 * to_onnx(parts[0], "graph").ByteSize()
    assert len(metadata(graph)["networks"]) == 1
    np.testing.assert_allclose(run(graph, PHOTOS)["features"], union.transform(PHOTOS), atol=1e-4)


def test_openvino_networks_are_named():
    pytest.importorskip("openvino")
    gap = tiny_gap("flatten", pooling=None).set_params(runtime="openvino")
    with pytest.raises(ValueError, match="in OpenVINO's format; fit with runtime='onnx'"):
        to_onnx(gap.fit(make_table()[0][["image"]]), "graph")


def test_a_model_that_is_converted_already():
    X, y = make_table()
    model = make_pipeline(tiny_gap("pool2"), LogisticRegression()).fit(X[["image"]], y)
    converted = to_onnx(model)
    assert_agrees(model, to_onnx(converted, "graph"), X[["image"]])


def test_weights_of_16_bits():
    gap = PretrainedGAP("MobileNet", weights=None, image_size=(32, 32))
    gap.set_params(backbone_options={"alpha": 0.25})
    half = half_precision(gap.fit(PHOTOS))
    graph = assert_same_features(half)
    assert metadata(graph)["precision"] == "float32"


@pytest.mark.parametrize("flips", ["horizontal", "both"])
def test_outputs_are_averaged_over_mirrored_images(flips):
    X, y = make_table()
    options = EmbedderOptions(backbone_options=TINY, tta=flips)
    settings = {"cut_layer": "dense", "epochs": 1, "early_stopping": False, "random_state": 0}
    embedder = CNNEmbedder(options=options, **settings).fit(X[["image"]], y)
    assert_same_features(embedder, X[["image"]])


def test_two_networks_side_by_side():
    X, _ = make_table()
    gap = tiny_gap("pool2").set_params(backbone=["small_cnn", "MobileNet"])
    gap.set_params(backbone_options=[TINY, {"alpha": 0.25}], cut_layer=None, image_size=(32, 32))
    gap.fit(X[["image"]])
    graph = assert_same_features(gap, X[["image"]])
    found = metadata(graph)
    assert [network["name"] for network in found["networks"]] == ["small_cnn", "MobileNet"]
    sizes = [each["size"] for each in found["inputs"][0]["preprocessing"]]
    assert sizes == [[32, 32], [32, 32]]
    assert graph.graph.output[0].type.tensor_type.elem_type == FLOAT
