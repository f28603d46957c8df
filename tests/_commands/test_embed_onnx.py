"""`skfusion embed` with ONNX files: features, options, and errors that name options."""

import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from skfusion import ImagePreprocessing, PretrainedGAP, cli, load_features
from skfusion.datasets import load_image_folder
from tests.onnx_for_tests import save_tokens, save_torch_cnn

PROCESSOR = {
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.2, 0.3, 0.4],
    "resample": 2,
    "size": {"height": 16, "width": 16},
}
DECLARED = ImagePreprocessing(16, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4), resample="bilinear")


@pytest.fixture
def photos(tmp_path):
    """Two roses and a tulip."""
    random = np.random.default_rng(0)
    for name in ("rose/1.png", "rose/2.png", "tulip/1.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (20, 18, 3), dtype=np.uint8)).save(path)
    return tmp_path / "photos"


@pytest.fixture
def network(tmp_path):
    """An ONNX file with the file of its preprocessing."""
    folder = tmp_path / "network"
    folder.mkdir()
    (folder / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))
    return save_torch_cnn(folder / "Net.onnx")


def embed(photos, network, out, *words):
    words = ["--backbone", network, "--out", out, *words]
    return cli.main(["embed", str(photos), *map(str, words)])


def failure(capsys, *arguments):
    """Return the last line that a command prints before it exits with status 2."""
    capsys.readouterr()
    with pytest.raises(SystemExit, match="2"):
        embed(*arguments)
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("words", [(), ("--runtime", "onnx"), ("--batch-size", 1)], ids=str)
@pytest.mark.parametrize("file_format", ["h5", "parquet"])
def test_features_are_those_of_the_estimator(photos, network, tmp_path, file_format, words):
    out = tmp_path / "out"
    assert embed(photos, network, out, "--format", file_format, *words) == 0
    assert [path.name for path in out.glob("gap_*")] == [f"gap_Net.{file_format}"]
    data = load_features(out, return_X_y=False)
    images = load_image_folder(photos)
    gap = PretrainedGAP(network, preprocessing=DECLARED)
    np.testing.assert_allclose(data.data, gap.fit_transform(images.frame), rtol=1e-4, atol=1e-5)
    assert data.target.tolist() == images.target.tolist() == [0, 0, 1]
    assert data.target_names == ["rose", "tulip"]
    assert data.ids.tolist() == images.ids.tolist()
    assert data.feature_names == gap.get_feature_names_out().tolist()


def test_options_of_a_file_are_passed(photos, network, tmp_path):
    tokens = save_tokens(network.with_name("vit.onnx"))
    assert embed(photos, tokens, tmp_path / "out", "--option", "n_prefix_tokens=1") == 0
    gap = PretrainedGAP(tokens, backbone_options={"n_prefix_tokens": 1})
    expected = gap.fit_transform(load_image_folder(photos).frame)
    np.testing.assert_allclose(load_features(tmp_path / "out")[0], expected, rtol=1e-4, atol=1e-5)


def test_a_second_run_computes_nothing(photos, network, tmp_path, capsys):
    for _ in range(2):
        capsys.readouterr()
        assert embed(photos, network, tmp_path / "out") == 0
    assert "(existed)" in capsys.readouterr().out


def test_preprocessing_that_is_not_declared(photos, network, tmp_path, capsys):
    """The command has no option for it, so that the message names the file only."""
    (network.parent / "preprocessor_config.json").unlink()
    message = failure(capsys, photos, network, tmp_path / "out")
    assert message.startswith("skfusion embed: How the images of ")
    assert message.endswith("no config.json of timm. Put the file of the model there.")
    with pytest.raises(ValueError, match=r"pass preprocessing=ImagePreprocessing\(mean="):
        PretrainedGAP(network).fit(load_image_folder(photos).frame)


def test_a_runtime_that_cannot_compute_the_file(photos, network, tmp_path, capsys):
    message = failure(capsys, photos, network, tmp_path / "out", "--runtime", "keras")
    assert "Keras can't compute net, which is an ONNX file. Use another --runtime" in message


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--option", "alpha=1"), "backbone_options of an ONNX file are"),
        (("--option", "layout=CHW"), "'layout' must be 'NCHW' or 'NHWC'"),
        (("--image-size", "32"), "takes images of 16 x 16 pixels only"),
        (("--option", "layout"), "KEY=VALUE is expected"),
    ],
    ids=["option", "layout", "size", "pair"],
)
def test_wrong_options(photos, network, tmp_path, capsys, words, expected):
    assert expected in failure(capsys, photos, network, tmp_path / "out", *words)
    assert not list((tmp_path).rglob("gap_*"))
