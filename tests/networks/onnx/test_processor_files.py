"""Preprocessing that a file beside an ONNX model declares, and values that it may have."""

import json
import re

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx import helper

from skfusion import ImagePreprocessing, PretrainedGAP
from tests.onnx_for_tests import FLOAT, save_model

SIDE = 12
small = np.random.default_rng(0).integers(0, 256, (3, 5, 7, 3), dtype=np.uint8)
WIDE = [np.asarray(Image.fromarray(each).resize((40, 30), Image.BICUBIC)) for each in small]
TRANSFORMERS = {
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.2, 0.3, 0.4],
    "resample": 2,
    "size": {"height": SIDE, "width": SIDE},
}
CROPPED = {
    **TRANSFORMERS,
    "do_center_crop": True,
    "crop_size": {"height": SIDE, "width": SIDE},
    "size": {"shortest_edge": 15},
}
TIMM = {
    "crop_mode": "center",
    "crop_pct": 0.8,
    "input_size": [3, SIDE, SIDE],
    "interpolation": "bilinear",
    "mean": [0.5, 0.4, 0.3],
    "std": [0.2, 0.3, 0.4],
}
COLORS = {"mean": (0.5, 0.4, 0.3), "std": (0.2, 0.3, 0.4)}


def save_identity(path, side=SIDE):
    """Write a network whose features are its inputs."""
    nodes = [helper.make_node("Flatten", ["x"], ["y"], "flat")]
    shape = ["n", 3, side, side]
    return save_model(path, nodes, [("x", FLOAT, shape)], [("y", FLOAT, None)], {})


def features(file, preprocessing=None):
    return PretrainedGAP(file, preprocessing=preprocessing).fit_transform(WIDE)


def declare(folder, config, name="preprocessor_config.json", side=SIDE):
    (folder / name).write_text(config if isinstance(config, str) else json.dumps(config))
    return save_identity(folder / "model.onnx", side)


def assert_declares(file, **expected):
    given = features(file)
    np.testing.assert_array_equal(given, features(file, ImagePreprocessing(**expected)))


# transformers.


@pytest.mark.parametrize(
    ("number", "name"),
    [(0, "nearest"), (1, "lanczos"), (2, "bilinear"), (3, "bicubic"), (4, "box")],
)
def test_interpolations_by_their_numbers_in_pillow(tmp_path, number, name):
    assert Image.Resampling(number).name.lower() == name
    file = declare(tmp_path, {**TRANSFORMERS, "resample": number})
    assert_declares(file, size=SIDE, resample=name, **COLORS)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {**COLORS}),
        ({"do_normalize": False}, {}),
        ({"do_rescale": False}, {"scale": 1, **COLORS}),
        ({"rescale_factor": 1 / 127.5}, {"scale": 1 / 127.5, **COLORS}),
        ({"rescale_factor": None}, {**COLORS}),
        ({"do_flip_channel_order": True}, {"channels": "bgr", **COLORS}),
        ({"do_normalize": None, "do_resize": None}, {**COLORS}),
        ({"size": SIDE}, {**COLORS}),
        ({"do_pad": False, "do_thumbnail": False}, {**COLORS}),
        ({"size": {"height": SIDE, "width": SIDE, "shortest_edge": None}}, {**COLORS}),
        ({"something": "else", "image_processor_type": "ViTImageProcessor"}, {**COLORS}),
    ],
    ids=str,
)
def test_steps_that_are_left_out_or_have_other_values(tmp_path, changes, expected):
    file = declare(tmp_path, {**TRANSFORMERS, **changes})
    assert_declares(file, size=SIDE, resample="bilinear", **expected)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"resize": "crop", "crop_fraction": 0.8}),
        ({"crop_size": SIDE}, {"resize": "crop", "crop_fraction": 0.8}),
        ({"size": {"shortest_edge": SIDE}}, {"resize": "crop", "crop_fraction": 1.0}),
        ({"size": {"height": SIDE, "width": SIDE}}, {"resize": "stretch"}),
    ],
    ids=str,
)
def test_crops(tmp_path, changes, expected):
    file = declare(tmp_path, {**CROPPED, **changes})
    assert_declares(file, size=SIDE, resample="bilinear", **COLORS, **expected)


@pytest.mark.parametrize(
    ("shortest", "expected"),
    [
        (SIDE, {"resize": "crop", "crop_fraction": 0.75}),
        (384, {"resize": "stretch"}),  # a ConvNeXt of that size is not cropped
    ],
)
def test_a_crop_fraction_of_convnext(tmp_path, shortest, expected):
    config = {**TRANSFORMERS, "size": {"shortest_edge": shortest}, "crop_pct": 0.75}
    file = declare(tmp_path, config, side=shortest)
    assert_declares(file, size=shortest, resample="bilinear", **COLORS, **expected)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"do_pad": True}, "the step 'do_pad' is not supported"),
        ({"do_thumbnail": True}, "the step 'do_thumbnail' is not supported"),
        ({"do_align_long_axis": True}, "the step 'do_align_long_axis' is not supported"),
        ({"do_split_image": True}, "the step 'do_split_image' is not supported"),
        ({"rescale_offset": True}, "the step 'rescale_offset' is not supported"),
        ({"do_resize": False}, "its images are not resized to one size"),
        ({"resample": 7}, "it has no 7"),
        ({"size": None}, "it has no 'size'"),
        ({"image_std": [0.2, 0.0, 0.4]}, "std must be positive"),
        ({"image_mean": "0.5"}, "mean must be"),
        ({"size": {"height": SIDE}}, "is not supported"),
        ({"size": {"longest_edge": SIDE}}, "is not supported"),
        ({"size": [SIDE, SIDE]}, "'list' object has no attribute 'items'"),
    ],
    ids=str,
)
def test_values_that_cannot_be_used_are_named(tmp_path, changes, reason):
    file = declare(tmp_path, {**TRANSFORMERS, **changes})
    message = rf"preprocessor_config\.json': .*{re.escape(reason)}"
    with pytest.raises(ValueError, match=message) as caught:
        features(file)
    assert "Pass preprocessing=ImagePreprocessing(...)" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"crop_size": {"height": SIDE, "width": 15}}, "a crop of 12 x 15 pixels"),
        ({"crop_size": 20}, "a crop of 20 x 20 pixels is not supported"),
        ({"size": 15}, "leaves open which side it is for"),
        ({"size": {"height": 15, "width": 15}}, "stretched to another size before"),
        ({"crop_size": None}, "it has no 'crop_size'"),
    ],
    ids=str,
)
def test_crops_that_cannot_be_used(tmp_path, changes, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        features(declare(tmp_path, {**CROPPED, **changes}))


# timm.


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"resize": "crop", "crop_fraction": 0.8}),
        ({"crop_mode": None}, {"resize": "crop", "crop_fraction": 0.8}),
        ({"crop_mode": "squash", "crop_pct": 1.0}, {"resize": "stretch"}),
        ({"crop_pct": 1}, {"resize": "crop", "crop_fraction": 1.0}),
    ],
    ids=str,
)
def test_crops_of_timm(tmp_path, changes, expected):
    config = {key: value for key, value in {**TIMM, **changes}.items() if value is not None}
    file = declare(tmp_path, {"pretrained_cfg": config}, "config.json")
    assert_declares(file, size=SIDE, resample="bilinear", **COLORS, **expected)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"crop_mode": "border"}, "crop_mode='border' with crop_pct=0.8 is not supported"),
        ({"crop_mode": "squash"}, "crop_mode='squash' with crop_pct=0.8 is not supported"),
        ({"interpolation": "random"}, "resample must be one of"),
    ],
    ids=str,
)
def test_values_of_timm_that_cannot_be_used(tmp_path, changes, reason):
    file = declare(tmp_path, {"pretrained_cfg": {**TIMM, **changes}}, "config.json")
    with pytest.raises(ValueError, match=re.escape(reason)):
        features(file)


@pytest.mark.parametrize("name", ["mean", "std", "input_size", "crop_pct", "interpolation"])
def test_each_value_of_timm_is_needed(tmp_path, name):
    config = {key: value for key, value in TIMM.items() if key != name}
    file = declare(tmp_path, {"pretrained_cfg": config}, "config.json")
    with pytest.raises(ValueError, match=rf"config\.json': it has no '{name}'"):
        features(file)


# Which file.


def test_a_processor_comes_before_a_config(tmp_path):
    declare(tmp_path, {"pretrained_cfg": TIMM}, "config.json")
    file = declare(tmp_path, TRANSFORMERS)
    assert_declares(file, size=SIDE, resample="bilinear", **COLORS)


def test_a_processor_may_hold_what_timm_declares(tmp_path):
    file = declare(tmp_path, {"pretrained_cfg": TIMM})
    assert_declares(
        file, size=SIDE, resample="bilinear", resize="crop", crop_fraction=0.8, **COLORS
    )


@pytest.mark.parametrize("folder", ["onnx", "models"])
def test_the_folder_above_is_read_for_a_folder_named_onnx(tmp_path, folder):
    (tmp_path / folder).mkdir()
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(TRANSFORMERS))
    file = save_identity(tmp_path / folder / "model.onnx")
    if folder == "onnx":
        assert_declares(file, size=SIDE, resample="bilinear", **COLORS)
    else:
        with pytest.raises(ValueError, match="is not known"):
            features(file)


@pytest.mark.parametrize("content", ["", "{", "\ufeff{}", '{"size": 12'], ids=repr)
def test_a_file_that_is_not_json(tmp_path, content):
    file = declare(tmp_path, content)
    with pytest.raises(ValueError, match=r"preprocessor_config\.json' is not a JSON file"):
        features(file)


@pytest.mark.parametrize("content", ["[]", "3", "null", '"text"'])
def test_json_without_an_object_declares_nothing(tmp_path, content):
    file = declare(tmp_path, content)
    with pytest.raises(ValueError, match=r"preprocessed is not known: its folder has no prepr"):
        features(file)
