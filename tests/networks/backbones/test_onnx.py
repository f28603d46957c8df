"""ONNX files as backbones: features of any cut, what the file says, and what it leaves open."""

import json
import pickle
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx import helper

from skfusion import (
    CNNEmbedder,
    ExtraNotFoundError,
    FeatureStore,
    ImagePreprocessing,
    PretrainedGAP,
    WeightsNotFoundError,
    list_cut_layers,
    trusted_types,
)
from tests.onnx_for_tests import (
    FLOAT,
    INT64,
    random_weights,
    run_file,
    save_model,
    save_open_tokens,
    save_tokens,
    save_torch_cnn,
)
from tests.processes import run_python

HALF = ImagePreprocessing(mean=0.5, std=0.25)
PHOTOS = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)
INPUTS = ((PHOTOS / 255 - 0.5) / 0.25).astype(np.float32)
FIRST = INPUTS.transpose(0, 3, 1, 2)


@pytest.fixture(scope="module")
def cnn(tmp_path_factory):
    return save_torch_cnn(tmp_path_factory.mktemp("cnn") / "Net.onnx")


def features(file, preprocessing=HALF, images=PHOTOS, **parameters):
    return PretrainedGAP(file, preprocessing=preprocessing, **parameters).fit_transform(images)


def assert_same(result, expected):
    assert result.shape == expected.shape
    np.testing.assert_allclose(result, expected, atol=1e-5)


# Features.


@pytest.mark.parametrize("as_text", [True, False])
def test_the_output_of_the_file(cnn, as_text):
    gap = PretrainedGAP(str(cnn) if as_text else cnn, preprocessing=HALF)
    assert_same(gap.fit_transform(PHOTOS), run_file(cnn, {"input": FIRST}))
    assert list(gap.get_feature_names_out()[:2]) == ["x0_net_0000", "x0_net_0001"]


@pytest.mark.parametrize("cut_layer", ["/relu/Relu", "/relu/Relu_output_0", 1, -5])
def test_a_cut_by_the_name_of_a_node_or_tensor_or_by_position(cnn, cut_layer):
    maps = run_file(cnn, {"input": FIRST}, "/relu/Relu_output_0")
    assert_same(features(cnn, cut_layer=cut_layer), maps.mean(axis=(2, 3)))


@pytest.mark.parametrize("pooling", ["max", "mean", None])
def test_pooling_of_maps_with_channels_first(cnn, pooling):
    maps = run_file(cnn, {"input": FIRST}, "/relu/Relu_output_0")
    expected = {
        "max": maps.max(axis=(2, 3)),
        "mean": maps.mean(axis=(2, 3)),
        None: maps.transpose(0, 2, 3, 1).reshape(5, -1),  # in the order of Keras's layers
    }
    assert_same(features(cnn, cut_layer="/relu/Relu", pooling=pooling), expected[pooling])


def test_channels_last(tmp_path):
    """A network with channels last, as TensorFlow has them, and as ConvNeXt has inside."""
    nodes = [
        helper.make_node("Transpose", ["pixels"], ["first"], "enter", perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["first", "kernel"], ["maps"], "conv", kernel_shape=[3, 3]),
        helper.make_node("Transpose", ["maps"], ["last"], "leave", perm=[0, 2, 3, 1]),
        helper.make_node("MatMul", ["last", "dense"], ["mixed"], "mix"),
        helper.make_node("Relu", ["mixed"], ["features"], "relu"),
    ]
    weights = {"kernel": random_weights(4, 3, 3, 3), "dense": random_weights(4, 6)}
    file = save_model(
        tmp_path / "last.onnx",
        nodes,
        [("pixels", FLOAT, ["n", 16, 16, 3])],
        [("features", FLOAT, ["n", 14, 14, 6])],
        weights,
    )
    for cut, name in (("mix", "mixed"), (None, "features")):
        maps = run_file(file, {"pixels": INPUTS}, name)
        assert_same(features(file, cut_layer=cut), maps.mean(axis=(1, 2)))
    assert list_cut_layers(file, shapes=True) == {
        "enter": (3, 16, 16),
        "conv": (4, 14, 14),
        "leave": (14, 14, 4),
        "mix": (14, 14, 6),
        "features": (14, 14, 6),
    }


@pytest.mark.parametrize(
    ("pooling", "expected", "names"),
    [
        ("cls", lambda t: t[:, 0], ["x0_vit_cls_0000"]),
        ("avg", lambda t: t[:, 1:].mean(axis=1), ["x0_vit_mean_0000"]),
        ("max", lambda t: t[:, 1:].max(axis=1), ["x0_vit_max_0000"]),
        (
            "cls+mean",
            lambda t: np.hstack([t[:, 0], t[:, 1:].mean(axis=1)]),
            ["x0_vit_cls_0000", "x0_vit_mean_0007"],
        ),
        (None, lambda t: t.reshape(5, -1), ["x0_vit_0000"]),
    ],
)
def test_tokens(tmp_path, pooling, expected, names):
    file = save_tokens(tmp_path / "vit.onnx")
    gap = PretrainedGAP(
        file, preprocessing=HALF, pooling=pooling, backbone_options={"n_prefix_tokens": 1}
    )
    result = gap.fit_transform(PHOTOS)
    assert_same(result, expected(run_file(file, {"pixel_values": FIRST})))
    found = gap.get_feature_names_out()
    assert found[0] == names[0]
    assert found[-1] == names[-1] or len(names) == 1


def test_tokens_need_the_number_of_prefix_tokens(tmp_path):
    with pytest.raises(ValueError, match=r"vit .*\(17, 8\).*backbone_options={'n_prefix_tokens'"):
        features(save_tokens(tmp_path / "vit.onnx"))


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_a_fixed_number_of_images(tmp_path, cnn, batch):
    file = save_torch_cnn(tmp_path / "fixed.onnx", (batch, 3, 16, 16))
    assert_same(features(file), run_file(cnn, {"input": FIRST}))
    assert "/relu/Relu" in list_cut_layers(file)


def test_numbers_of_16_bits(tmp_path):
    file = save_torch_cnn(tmp_path / "half.onnx", dtype=np.float16)
    result = features(file)
    assert result.dtype == np.float32
    expected = run_file(file, {"input": FIRST.astype(np.float16)})
    np.testing.assert_allclose(result, expected, atol=2e-3)


def test_bytes(tmp_path):
    """A network that takes bytes, and scales them itself."""
    nodes = [
        helper.make_node("Cast", ["bytes"], ["floats"], "cast", to=FLOAT),
        helper.make_node("Conv", ["floats", "kernel"], ["maps"], "conv", kernel_shape=[3, 3]),
    ]
    file = save_model(
        tmp_path / "bytes.onnx",
        nodes,
        [("bytes", helper.np_dtype_to_tensor_dtype(np.dtype("uint8")), ["n", 3, 16, 16])],
        [("maps", FLOAT, ["n", 4, 14, 14])],
        {"kernel": random_weights(4, 3, 3, 3)},
    )
    expected = run_file(file, {"bytes": PHOTOS.transpose(0, 3, 1, 2)}).mean(axis=(2, 3))
    result = features(file, ImagePreprocessing(scale=1))
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-4)


def test_a_gray_network_gets_gray_images(tmp_path):
    file = save_torch_cnn(tmp_path / "gray.onnx", ("n", 1, 16, 16), channels=1)
    gray = PHOTOS[..., :1]
    inputs = ((gray / 255 - 0.5) / 0.25).astype(np.float32).transpose(0, 3, 1, 2)
    assert_same(features(file, images=gray), run_file(file, {"input": inputs}))


def test_beside_a_backbone_of_keras(cnn):
    gap = PretrainedGAP(
        ["MobileNet", cnn],
        weights=None,
        backbone_options=[{"alpha": 0.25}, None],
        preprocessing=[None, HALF],
        cut_layer=None,
    )
    images = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    assert gap.fit_transform(images).shape == (2, 256 + 5)


# Inputs and outputs.


def two_towers(path):
    """Write a network that compares images and texts, as CLIP's does."""
    node = helper.make_node
    nodes = [
        node("Conv", ["pixel_values", "kernel"], ["maps"], "patches", kernel_shape=[4, 4]),
        node("GlobalAveragePool", ["maps"], ["pooled"], "pool"),
        node("Flatten", ["pooled"], ["image_embeds"], "image"),
        node("Gather", ["words", "input_ids"], ["of_words"], "embed"),
        node("ReduceMean", ["of_words"], ["text_embeds"], "text", axes=[1], keepdims=0),
        node("Transpose", ["text_embeds"], ["turned"], "turn", perm=[1, 0]),
        node("MatMul", ["image_embeds", "turned"], ["logits_per_image"], "compare"),
    ]
    return save_model(
        path,
        nodes,
        [("input_ids", INT64, ["m", 4]), ("pixel_values", FLOAT, ["n", 3, 16, 16])],
        [("logits_per_image", FLOAT, ["n", "m"]), ("image_embeds", FLOAT, ["n", 6])],
        {"kernel": random_weights(6, 3, 4, 4), "words": random_weights(9, 6)},
    )


def test_of_two_inputs_only_that_of_images_is_needed(tmp_path):
    file = two_towers(tmp_path / "clip.onnx")
    ids = np.zeros((1, 4), dtype=np.int64)
    expected = run_file(file, {"input_ids": ids, "pixel_values": FIRST}, "image_embeds")
    assert_same(features(file), expected)
    assert list_cut_layers(file) == ["patches", "pool", "image_embeds"]


def test_a_cut_that_needs_another_input_is_an_error(tmp_path):
    message = r"clip can't be cut at 'logits_per_image'.*'input_ids' beside the images"
    with pytest.raises(ValueError, match=message):
        features(two_towers(tmp_path / "clip.onnx"), cut_layer="compare")


def test_a_cut_that_needs_no_image_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"can't be cut at 'of_words'.*'input_ids' beside"):
        features(two_towers(tmp_path / "clip.onnx"), cut_layer="embed")


def two_images(path, outputs):
    nodes = [
        helper.make_node("Conv", ["left", "kernel"], ["a"], "of_left", kernel_shape=[4, 4]),
        helper.make_node("Conv", ["right", "kernel"], ["b"], "of_right", kernel_shape=[4, 4]),
        helper.make_node("Add", ["a", "b"], ["sum"], "add"),
    ]
    shape = ["n", 3, 16, 16]
    return save_model(
        path,
        nodes,
        [("left", FLOAT, shape), ("right", FLOAT, shape)],
        [(name, FLOAT, ["n", 2, 13, 13]) for name in outputs],
        {"kernel": random_weights(2, 3, 4, 4)},
    )


def test_two_inputs_for_images(tmp_path):
    file = two_images(tmp_path / "pair.onnx", ["sum"])
    with pytest.raises(ValueError, match=r"several inputs.*'left' \(float, \[n, 3, 16, 16\]\)"):
        features(file)
    options = {"input": "right"}
    result = features(file, cut_layer="of_right", backbone_options=options)
    assert_same(result, run_file(file, {"right": FIRST, "left": FIRST}, "b").mean(axis=(2, 3)))
    with pytest.raises(ValueError, match=r"no input 'middle'; its inputs are 'left'"):
        features(file, backbone_options={"input": "middle"})


def test_several_outputs_are_named(tmp_path):
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "kernel"], ["last_hidden_state"], "conv", kernel_shape=[4, 4]),
        node("GlobalAveragePool", ["last_hidden_state"], ["pooled"], "pool"),
        node("Flatten", ["pooled"], ["pooler_output"], "flat"),
    ]
    file = save_model(
        tmp_path / "vit.onnx",
        nodes,
        [("x", FLOAT, ["n", 3, 16, 16])],
        [("last_hidden_state", FLOAT, None), ("pooler_output", FLOAT, None)],
        {"kernel": random_weights(2, 3, 4, 4)},
    )
    message = "vit has the outputs 'last_hidden_state', 'pooler_output'. Pass one of them as cut_"
    with pytest.raises(ValueError, match=re.escape(message)):
        features(file)
    assert features(file, cut_layer="pooler_output").shape == (5, 2)


def test_branches(tmp_path):
    """A graph inside of a node uses tensors and weights of the graph around it."""
    node = helper.make_node
    shape = [None, 4, 13, 13]
    branches = {
        "then_branch": node("Mul", ["maps", "two"], ["doubled"], "double"),
        "else_branch": node("Identity", ["maps"], ["kept"], "keep"),
    }
    graphs = {
        name: helper.make_graph(
            [inner], name, [], [helper.make_tensor_value_info(inner.output[0], FLOAT, shape)]
        )
        for name, inner in branches.items()
    }
    nodes = [
        node("Conv", ["x", "kernel"], ["maps"], "conv", kernel_shape=[4, 4]),
        node("If", ["yes"], ["y"], "branch", **graphs),
    ]
    weights = {
        "kernel": random_weights(4, 3, 4, 4),
        "two": np.float32([2.0]),
        "yes": np.array([True]),
    }
    inputs, outputs = [("x", FLOAT, ["n", 3, 16, 16])], [("y", FLOAT, ["n", 4, 13, 13])]
    file = save_model(tmp_path / "if.onnx", nodes, inputs, outputs, weights)
    maps = run_file(file, {"x": FIRST})
    assert_same(features(file, pooling=None), maps.reshape(5, -1))
    assert_same(features(file, cut_layer="conv"), maps.mean(axis=(2, 3)) / 2)


# Sizes and layouts.


def test_a_file_for_any_size_needs_a_size(tmp_path):
    file = save_torch_cnn(tmp_path / "any.onnx", ("n", "c", "h", "w"))
    with pytest.raises(ValueError, match=r"takes images of any size. Pass the image_size"):
        features(file)
    result = features(file, image_size=(16, 16))
    assert_same(result, run_file(file, {"input": FIRST}))
    by_preprocessing = ImagePreprocessing(16, mean=0.5, std=0.25)
    np.testing.assert_array_equal(features(file, by_preprocessing), result)
    shapes = list_cut_layers(file, shapes=True)
    assert shapes["/relu/Relu"] == (8, None, None)
    assert list_cut_layers(file, shapes=True, image_size=(32, 16))["/relu/Relu"] == (8, 16, 8)


def test_another_size_than_that_of_the_file(cnn):
    message = "takes images of 16 x 16 pixels only, and image_size is 32 x 32"
    with pytest.raises(ValueError, match=message):
        features(cnn, image_size=(32, 32))
    with pytest.raises(ValueError, match="only, and its preprocessing is 24 x 24"):
        features(cnn, ImagePreprocessing(24))


def test_a_transformer_whose_sizes_are_all_open(tmp_path):
    file = save_open_tokens(tmp_path / "vit.onnx")
    tokens = run_file(file, {"pixel_values": FIRST})
    options = {"image_size": (16, 16), "backbone_options": {"n_prefix_tokens": 1}}
    assert_same(features(file, cut_layer="pooler_output", **options), tokens[:, 0])
    result = features(file, cut_layer="last_hidden_state", **options)
    assert_same(result, tokens[:, 1:].mean(axis=1))
    shapes = list_cut_layers(file, shapes=True, image_size=(16, 16))
    assert shapes["/patch/Conv"] == (8, 4, 4)
    assert shapes["last_hidden_state"] == (17, 8)
    assert shapes["pooler_output"] == (8,)
    assert list_cut_layers(file) == list(shapes)


def save_dense(path, shape):
    """Write a network without a convolution, which shows no layout."""
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"], "flat"),
        helper.make_node("Gemm", ["flat", "dense"], ["y"], "dense"),
    ]
    return save_model(
        path,
        nodes,
        [("x", FLOAT, shape)],
        [("y", FLOAT, [shape[0], 5])],
        {"dense": random_weights(16 * 16 * 3, 5)},
    )


def test_the_layout_by_the_number_of_channels(tmp_path):
    first = save_dense(tmp_path / "first.onnx", ["n", 3, 16, 16])
    last = save_dense(tmp_path / "last.onnx", ["n", 16, 16, 3])
    assert_same(features(first), run_file(first, {"x": FIRST}))
    assert_same(features(last), run_file(last, {"x": INPUTS}))


@pytest.mark.parametrize("shape", [["n", "a", "b", "c"], ["n", 3, 256, 1]])
def test_an_open_layout_is_an_error(tmp_path, shape):
    file = save_dense(tmp_path / "open.onnx", shape)
    with pytest.raises(ValueError, match=r"which of them holds the channels.*'layout': 'NCHW'"):
        features(file)


def test_a_declared_layout(tmp_path):
    file = save_dense(tmp_path / "open.onnx", ["n", 3, 256, 1])
    images = np.zeros((2, 3, 256, 1), dtype=np.uint8)
    result = features(file, images=images, backbone_options={"layout": "NHWC"})
    expected = run_file(file, {"x": np.full((2, 3, 256, 1), -2.0, dtype=np.float32)})
    assert_same(result, expected)
    with pytest.raises(ValueError, match=r"'layout' must be 'NCHW' or 'NHWC'. Got 'CHW'"):
        features(file, backbone_options={"layout": "CHW"})


def test_maps_whose_channels_are_open(tmp_path):
    """After a reshape, nothing in the file says which axis holds the channels."""
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["maps"], "conv", kernel_shape=[3, 3]),
        helper.make_node("Reshape", ["maps", "shape"], ["y"], "reshape"),
    ]
    file = save_model(
        tmp_path / "open.onnx",
        nodes,
        [("x", FLOAT, ["n", 3, 16, 16])],
        [("y", FLOAT, ["n", 14, 14, 4])],
        {"kernel": random_weights(4, 3, 3, 3), "shape": np.array([-1, 14, 14, 4])},
    )
    with pytest.raises(ValueError, match=r"\(14, 14, 4\).*which of its axes.*pooling=None"):
        features(file)
    expected = run_file(file, {"x": FIRST}).reshape(5, -1)
    assert_same(features(file, pooling=None), expected)


# Preprocessing that a file beside the model declares.

CLIP = {
    "crop_size": {"height": 16, "width": 16},
    "do_center_crop": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.2, 0.3, 0.4],
    "image_processor_type": "CLIPImageProcessor",
    "resample": 3,
    "rescale_factor": 1 / 255,
    "size": {"shortest_edge": 20},
}
VIT = {
    **CLIP,
    "do_center_crop": False,
    "size": {"height": 16, "width": 16},
    "resample": 2,
}
TIMM = {
    "architecture": "convnext_tiny",
    "pretrained_cfg": {
        "crop_mode": "center",
        "crop_pct": 0.875,
        "input_size": [3, 16, 16],
        "interpolation": "bicubic",
        "mean": [0.5, 0.4, 0.3],
        "std": [0.2, 0.3, 0.4],
        "test_crop_pct": 1.0,
        "test_input_size": [3, 24, 24],
    },
}
COLORS = {"mean": (0.5, 0.4, 0.3), "std": (0.2, 0.3, 0.4)}
CROP = {**COLORS, "resize": "crop", "resample": "bicubic"}
WIDE = np.random.default_rng(1).integers(0, 256, (3, 30, 40, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "config", "expected"),
    [
        (
            "preprocessor_config.json",
            CLIP,
            ImagePreprocessing(16, crop_fraction=0.8, **CROP),
        ),
        ("preprocessor_config.json", VIT, ImagePreprocessing(16, resample="bilinear", **COLORS)),
        (
            "preprocessor_config.json",
            {**VIT, "size": 16, "do_normalize": False, "do_flip_channel_order": True},
            ImagePreprocessing(16, resample="bilinear", channels="bgr"),
        ),
        (
            "preprocessor_config.json",
            {**VIT, "size": {"shortest_edge": 16}, "crop_pct": 0.875, "resample": 3},
            ImagePreprocessing(16, crop_fraction=0.875, **CROP),
        ),
        ("config.json", TIMM, ImagePreprocessing(16, crop_fraction=0.875, **CROP)),
    ],
    ids=["clip", "vit", "old", "convnext", "timm"],
)
@pytest.mark.parametrize("folder", ["", "onnx"])
def test_preprocessing_is_read(tmp_path, cnn, folder, name, config, expected):
    (tmp_path / folder).mkdir(exist_ok=True)
    file = shutil.copy(cnn, tmp_path / folder / "model.onnx")
    (tmp_path / name).write_text(json.dumps(config))
    result = features(file, None, WIDE)
    np.testing.assert_array_equal(result, features(file, expected, WIDE))


def test_timm_has_another_crop_for_the_size_of_its_tests(tmp_path):
    file = save_torch_cnn(tmp_path / "model.onnx", ("n", 3, 24, 24))
    (tmp_path / "config.json").write_text(json.dumps(TIMM))
    expected = features(file, ImagePreprocessing(24, **CROP), WIDE)
    np.testing.assert_array_equal(features(file, None, WIDE), expected)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({**CLIP, "do_pad": True}, "the step 'do_pad' is not supported"),
        ({**CLIP, "do_center_crop": False}, "there is no center crop"),
        ({**CLIP, "size": 20}, "size=20 leaves open which side it is for"),
        ({**CLIP, "size": {"longest_edge": 20}}, "is not supported"),
        ({**VIT, "do_center_crop": True, "size": {"height": 20, "width": 20}}, "stretched"),
        ({key: VIT[key] for key in VIT if key != "image_mean"}, "it has no 'image_mean'"),
        ({**VIT, "image_mean": [0.5, 0.5]}, "mean must be one number or three"),
    ],
)
def test_preprocessing_that_cannot_be_read(tmp_path, cnn, config, reason):
    file = shutil.copy(cnn, tmp_path / "model.onnx")
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(config))
    message = f"can't be read from .*preprocessor_config.json': .*{reason}.* Pass preprocessing"
    with pytest.raises(ValueError, match=message):
        features(file, None)
    assert features(file).shape == (5, 5)  # what is passed comes first


def test_without_any_declaration_an_error_names_what_to_pass(tmp_path, cnn):
    file = shutil.copy(cnn, tmp_path / "model.onnx")
    (tmp_path / "config.json").write_text('{"model_type": "vit"}')
    with pytest.raises(ValueError, match=r"preprocessed is not known.*pass preprocessing=Image"):
        features(file, None)


# Weights in other files.


@pytest.fixture
def external(tmp_path):
    folder = tmp_path / "external"
    folder.mkdir()
    return save_torch_cnn(
        folder / "model.onnx",
        save_as_external_data=True,
        location="model.onnx_data",
        size_threshold=0,
    )


def test_weights_beside_the_file_are_taken_along(external, cnn):
    gap = PretrainedGAP(external, preprocessing=HALF).fit(PHOTOS)
    data = pickle.dumps(gap)
    shutil.rmtree(external.parent)
    assert_same(pickle.loads(data).transform(PHOTOS), run_file(cnn, {"input": FIRST}))


def test_weights_that_are_not_there(external):
    (external.parent / "model.onnx_data").unlink()
    with pytest.raises(WeightsNotFoundError, match=r"weights in 'model.onnx_data', and there is"):
        features(external)


@pytest.mark.parametrize("location", ["../model.onnx_data", "/etc/passwd", "C:\\weights"])
def test_weights_outside_of_the_folder_are_refused(external, location):
    import onnx

    model = onnx.load(external, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = location
    external.write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match="names a file of weights outside of its folder"):
        features(external)


def test_the_cache_knows_other_weights_beside_the_file(external, tmp_path):
    store = FeatureStore(tmp_path / "store")
    before = features(external, cache=store)
    weights = external.parent / "model.onnx_data"
    weights.write_bytes(weights.read_bytes()[::-1])
    assert not np.array_equal(features(external, cache=store), before)


# Saved models and cached features.

SERVE = """
import sys
for name in ("keras", "tensorflow", "onnx"):
    sys.modules[name] = None  # as if they were not installed
import pickle
import numpy as np
model = pickle.load(open(sys.argv[1], "rb"))
np.save(sys.argv[3], model.transform(np.load(sys.argv[2])))
print("done")
"""


def test_a_bare_process_loads_a_pickle(tmp_path, cnn):
    gap = PretrainedGAP(cnn, preprocessing=HALF)
    expected = gap.fit_transform(PHOTOS)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(gap))
    np.save(tmp_path / "photos.npy", PHOTOS)
    paths = [tmp_path / name for name in ("model.pickle", "photos.npy", "features.npy")]
    assert run_python(SERVE, *paths) == "done"
    np.testing.assert_array_equal(np.load(paths[2]), expected)


FIT = """
import sys
import numpy as np
from skfusion import ImagePreprocessing, PretrainedGAP, list_cut_layers
list_cut_layers(sys.argv[1])
gap = PretrainedGAP(sys.argv[1], preprocessing=ImagePreprocessing(mean=0.5), cache=sys.argv[2])
gap.fit_transform(np.zeros((2, 16, 16, 3), dtype="uint8"))
print(sorted({"keras", "tensorflow", "jax", "torch"} & set(sys.modules)))
"""


def test_keras_is_never_imported(tmp_path, cnn):
    assert run_python(FIT, cnn, tmp_path / "store") == "[]"


def test_skops_loads_a_saved_model(cnn):
    skops_io = pytest.importorskip("skops.io")
    gap = PretrainedGAP(str(cnn), preprocessing=HALF, cut_layer="/relu/Relu")
    expected = gap.fit_transform(PHOTOS)
    data = skops_io.dumps(gap)
    assert set(skops_io.get_untrusted_types(data=data)) <= set(trusted_types())
    copy = skops_io.loads(data, trusted=trusted_types())
    np.testing.assert_array_equal(copy.transform(PHOTOS), expected)


def test_the_cache_knows_a_file_by_its_content(tmp_path, cnn):
    store = FeatureStore(tmp_path / "store")
    one, two = tmp_path / "one.onnx", tmp_path / "two.onnx"
    shutil.copy(cnn, one)
    expected = features(one, cache=store)
    shutil.move(one, two)
    n_rows = store.stats()["rows"]
    np.testing.assert_array_equal(features(two, cache=store), expected)
    assert store.stats()["rows"] == n_rows
    save_torch_cnn(two, seed=9)
    assert not np.array_equal(features(two, cache=store), expected)
    for other in ({"cut_layer": "/relu/Relu"}, {"preprocessing": ImagePreprocessing()}):
        before = store.stats()["rows"]
        features(two, **{"preprocessing": HALF, **other}, cache=store)
        assert store.stats()["rows"] > before


def test_two_cuts_share_their_weights(tmp_path, cnn):
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["maps"], "conv", kernel_shape=[16, 16]),
        helper.make_node("Relu", ["maps"], ["y"], "relu"),
    ]
    file = save_model(
        tmp_path / "wide.onnx",
        nodes,
        [("x", FLOAT, ["n", 3, 16, 16])],
        [("y", FLOAT, ["n", 32, 1, 1])],
        {"kernel": random_weights(32, 3, 16, 16)},
    )
    cuts = [PretrainedGAP(file, preprocessing=HALF, cut_layer=cut) for cut in ("conv", "relu")]
    sizes = [len(pickle.dumps([cut.fit(PHOTOS) for cut in some])) for some in (cuts[:1], cuts)]
    assert sizes[0] > 32 * 3 * 16 * 16 * 4
    assert sizes[1] < 1.1 * sizes[0]


def test_threads_compute_the_same(cnn):
    gap = PretrainedGAP(cnn, preprocessing=HALF).fit(PHOTOS)
    expected = gap.transform(PHOTOS)
    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(lambda _: gap.transform(PHOTOS), range(8)):
            np.testing.assert_array_equal(result, expected)


def test_a_file_that_is_written_again_is_read_again(tmp_path):
    file = save_torch_cnn(tmp_path / "net.onnx")
    before = features(file)
    save_torch_cnn(file, seed=5)
    assert not np.array_equal(features(file), before)
    save_torch_cnn(file, ("n", 3, 8, 16))
    with pytest.raises(ValueError, match="takes images of 8 x 16 pixels only"):
        features(file, image_size=(16, 16))


# Errors.


def test_no_such_file(tmp_path):
    with pytest.raises(WeightsNotFoundError, match=r"No model at '.*none.onnx': no such file"):
        features(tmp_path / "none.onnx")


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a" * 99, b"\x89PNG\r\n\x1a\n" * 9, bytes(range(256))]
)
def test_another_file(tmp_path, content):
    file = tmp_path / "photo.onnx"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"photo.onnx' is not an ONNX file"):
        features(file)


def test_a_pointer_of_git_lfs(tmp_path):
    file = tmp_path / "model.onnx"
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n")
    with pytest.raises(ValueError, match=r"pointer of Git LFS.*git lfs pull"):
        features(file)


@pytest.mark.parametrize("cut_layer", ["/relu/Rela", 99])
def test_no_such_node(cnn, cut_layer):
    message = rf"net has no layer {cut_layer!r} to be cut at. Near it are: '.*list_cut_layers"
    with pytest.raises(ValueError, match=message):
        features(cnn, cut_layer=cut_layer)


@pytest.mark.parametrize(
    ("asked", "near"),
    [("relu", "/relu/Relu"), ("relu.Rel", "/relu/Relu"), ("CONV1", "/conv1/Conv")],
)
def test_names_near_share_a_part_of_the_path(cnn, asked, near):
    with pytest.raises(ValueError, match=rf"Near it are: '{re.escape(near)}'"):
        features(cnn, cut_layer=asked)


def test_a_node_that_is_not_features(tmp_path):
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["maps"], "conv", kernel_shape=[4, 4]),
        helper.make_node("ReduceMean", ["maps"], ["one"], "whole", keepdims=0),
        helper.make_node("Transpose", ["maps"], ["turned"], "turn", perm=[1, 0, 2, 3]),
        helper.make_node("Shape", ["maps"], ["sizes"], "sizes"),
        helper.make_node("Relu", ["maps"], ["y"], "relu"),
    ]
    file = save_model(
        tmp_path / "net.onnx",
        nodes,
        [("x", FLOAT, ["n", 3, 16, 16])],
        [("y", FLOAT, ["n", 4, 13, 13])],
        {"kernel": random_weights(4, 3, 4, 4)},
    )
    for cut in ("whole", "turn", "sizes"):
        with pytest.raises(ValueError, match=rf"for 2 images at '{cut}'.*not one vector"):
            features(file, cut_layer=cut)
    assert list_cut_layers(file) == ["conv", "y"]


def test_an_operator_that_onnx_runtime_lacks(tmp_path):
    nodes = [helper.make_node("Sharpen", ["x"], ["y"], "sharpen", domain="org.example")]
    file = save_model(
        tmp_path / "net.onnx",
        nodes,
        [("x", FLOAT, ["n", 3, 16, 16])],
        [("y", FLOAT, ["n", 3, 16, 16])],
        {},
        domains=["org.example"],
    )
    with pytest.raises(ValueError, match=r"can't run the network 'net'.*Sharpen"):
        features(file, pooling=None)


def test_an_operator_without_double_precision(tmp_path):
    file = save_torch_cnn(tmp_path / "double.onnx", dtype=np.float64)
    with pytest.raises(ValueError, match=r"can't run the network 'double'.*Conv"):
        features(file)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"weights": "weights.h5"}, "has weights of its own, and weights='weights.h5'"),
        ({"backbone_options": {"alpha": 1}}, "backbone_options of an ONNX file.* Got 'alpha'"),
        ({"runtime": "keras"}, "Keras can't compute net, which is an ONNX file"),
        ({"pooling": "cls", "cut_layer": "/relu/Relu"}, "needs a class token"),
    ],
)
def test_parameters_that_do_not_fit(cnn, parameters, message):
    with pytest.raises(ValueError, match=message):
        features(cnn, **parameters)


def test_onnx_files_are_not_trained(cnn):
    with pytest.raises(ValueError, match=r"CNNEmbedder can't train .*Net.onnx.*PretrainedGAP"):
        CNNEmbedder(cnn).fit(PHOTOS, [0, 1, 0, 1, 0])


def test_without_the_package_an_error_names_the_extra(cnn, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ExtraNotFoundError, match=r"skfusion\[onnx\]"):
        features(shutil.copy(cnn, cnn.with_name("again.onnx")))
