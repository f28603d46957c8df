"""Each option of `skfusion embed`, through the files that it writes."""

import h5py
import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion import PretrainedGAP, cli, load_features
from skfusion.datasets import load_image_folder
from tests.helpers.assert_close import are_close, assert_close

NETWORK = ["--option", "alpha=0.25", "--weights", "none", "--image-size", "32"]


def embed(source, out, *words, backbone="MobileNet", network=NETWORK):
    return cli.main(
        ["embed", str(source), "--backbone", str(backbone), "--out", str(out), *network]
        + [str(word) for word in words]
    )


def fails(capsys, *arguments, **options):
    """Return the line that a command prints before it exits with status 2."""
    capsys.readouterr()
    with pytest.raises(SystemExit, match="2"):
        embed(*arguments, **options)
    return capsys.readouterr().err.splitlines()[-1]


@pytest.fixture
def expected(photos):
    """The features of the photos."""
    gap = PretrainedGAP(
        "MobileNet", weights=None, backbone_options={"alpha": 0.25}, image_size=(32, 32)
    )
    return gap.fit_transform(load_image_folder(photos).frame)


def test_both_formats_hold_the_same(photos, tmp_path, expected):
    for file_format in ("h5", "parquet"):
        out = tmp_path / file_format
        assert embed(photos, out, "--format", file_format) == 0
        assert [path.name for path in out.glob("gap_*")] == [f"gap_MobileNet.{file_format}"]
        X, y = load_features(out)
        assert_close(X, expected)
        assert y.tolist() == [0, 0, 0, 1, 1]


def test_a_suffix_is_that_of_file_and_features(photos, tmp_path):
    for suffix in ("", "_small"):
        assert embed(photos, tmp_path / "out", "--suffix", suffix) == 0
    names = sorted(path.name for path in (tmp_path / "out").glob("gap_*"))
    assert names == ["gap_MobileNet.h5", "gap_MobileNet_small.h5"]
    data = load_features(tmp_path / "out", return_X_y=False)
    assert data.data.shape == (5, 512)
    assert data.feature_names[0] == "image_mobilenet_0000"
    assert data.feature_names[256] == "image_mobilenet_small_0000"


@pytest.mark.parametrize("suffix", ["/etc", "a b", "é/"])
def test_a_suffix_is_no_path(photos, tmp_path, capsys, suffix):
    assert "must consist of letters, digits" in fails(capsys, photos, tmp_path, "--suffix", suffix)
    assert not list(tmp_path.rglob("gap_*"))


def test_other_content_is_replaced_on_request_only(photos, tmp_path, capsys):
    out = tmp_path / "out"
    embed(photos, out)
    before = (out / "gap_MobileNet.h5").read_bytes()
    Image.new("RGB", (40, 36), "red").save(photos / "rose/1.png")
    message = fails(capsys, photos, out)
    assert "Replace it (--overwrite), or use another name (--suffix) or folder (--out)." in message
    assert (out / "gap_MobileNet.h5").read_bytes() == before
    old, _ = load_features(out)
    assert embed(photos, out, "--overwrite") == 0
    new, _ = load_features(out)
    assert not are_close(new[0], old[0])
    assert_close(new[1:], old[1:])


def test_the_cache_is_where_the_option_says(photos, tmp_path, capsys):
    embed(photos, tmp_path / "one", "--cache", tmp_path / "store")
    assert not (tmp_path / "one/.skfusion_store").exists()
    capsys.readouterr()
    embed(photos, tmp_path / "two", "--cache", tmp_path / "store")
    assert "5 of 5 images from the cache" in capsys.readouterr().err
    embed(photos, tmp_path / "three")
    assert (tmp_path / "three/.skfusion_store").is_dir()
    one, three = (load_features(tmp_path / name)[0] for name in ("one", "three"))
    assert_close(one, three)


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_the_size_of_a_batch_changes_no_feature(photos, tmp_path, expected, size):
    embed(photos, tmp_path / "out", "--batch-size", size)
    assert_close(load_features(tmp_path / "out")[0], expected)


def test_a_size_of_two_numbers_is_height_and_width(photos, tmp_path):
    network = ["--option", "alpha=0.25", "--weights", "none", "--image-size", "32", "64"]
    embed(photos, tmp_path / "out", network=network)
    gap = PretrainedGAP(
        "MobileNet", weights=None, backbone_options={"alpha": 0.25}, image_size=(32, 64)
    )
    features = gap.fit_transform(load_image_folder(photos).frame)
    assert_close(load_features(tmp_path / "out")[0], features)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--batch-size", 0], "The batch size must be at least 1, got 0"),
        (["--image-size", 0], "The image size must be"),
        (["--image-size", 8, 8, 3], "The image size must be two positive integers"),
        (["--backbone", "MobileNet"], "Run the command once for each, with another --suffix."),
        (["--backbone", "MobilNet"], "did you mean 'MobileNet'"),
        (["--weights", "gone.h5"], "--weights is a file, 'imagenet', or 'none'"),
        (["--option", "beta=1"], "'beta'"),
        (["--target", "grade"], "Leave out --image, --target and --id"),
        (["--id", "patient"], "Leave out --image, --target and --id"),
    ],
)
def test_wrong_options_of_a_folder(photos, tmp_path, capsys, words, message):
    assert message in fails(capsys, photos, tmp_path / "out", *words)
    assert not list(tmp_path.rglob("gap_*"))


@pytest.mark.parametrize(
    "words", [["--format", "csv"], ["--classes", "all"], ["--unreadable", "skip"]]
)
def test_unknown_choices(photos, tmp_path, capsys, words):
    assert "invalid choice" in fails(capsys, photos, tmp_path / "out", *words)


# Classes of nested folders.


@pytest.mark.parametrize(
    ("classes", "labels", "names"),
    [
        ("first", [0, 0, 1], ["2024", "2025"]),
        ("last", [0, 1, 1], ["rose", "tulip"]),
        ("path", [0, 1, 2], ["2024/rose", "2024/tulip", "2025/tulip"]),
        ("none", None, None),
    ],
)
def test_the_folder_that_names_the_class(tmp_path, classes, labels, names):
    for position, name in enumerate(["2024/rose/1", "2024/tulip/1", "2025/tulip/1"]):
        path = tmp_path / "photos" / f"{name}.png"
        path.parent.mkdir(parents=True)
        Image.new("RGB", (32, 32), (90 * position, 0, 0)).save(path)
    embed(tmp_path / "photos", tmp_path / "out", "--classes", classes)
    data = load_features(tmp_path / "out", return_X_y=False)
    assert (None if data.target is None else data.target.tolist()) == labels
    assert data.target_names == names
    assert data.ids.tolist() == ["2024/rose/1.png", "2024/tulip/1.png", "2025/tulip/1.png"]


# Columns of tables.


def test_columns_of_a_table(photos, tmp_path, expected):
    table = photos / "table.csv"
    words = ["--image", "photo", "--target", "species", "--id", "patient"]
    assert embed(table, tmp_path / "out", *words) == 0
    data = load_features(tmp_path / "out", return_X_y=False)
    assert data.ids.tolist() == ["005", "004", "003", "002", "001"]
    assert data.target.tolist() == [1, 1, 0, 0, 0]
    assert data.target_names == ["rose", "tulip"]
    assert_close(data.data, expected[::-1])
    assert data.feature_names[0] == "photo_mobilenet_0000"


def test_without_options_the_column_of_images_is_found_and_paths_are_ids(photos, tmp_path):
    embed(photos / "table.csv", tmp_path / "out")
    data = load_features(tmp_path / "out", return_X_y=False)
    assert data.target is None
    assert data.ids.tolist() == pd.read_csv(photos / "table.csv")["photo"].tolist()


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["--image", "scan"], "Name the column with --image."),
        (["--target", "price"], "Name the column with --target."),
        (["--id", "name"], "Name a column with a different value in each row with --id."),
        (["--id", "species"], "Correct the column."),
    ],
)
def test_wrong_columns(photos, tmp_path, capsys, words, remedy):
    message = fails(capsys, photos / "table.csv", tmp_path / "out", *words)
    assert message.endswith(remedy)
    assert words[1] in message


def test_several_columns_of_images_need_a_name(photos, tmp_path, capsys):
    table = pd.read_csv(photos / "table.csv")
    table.assign(other=table["photo"]).to_csv(photos / "two.csv", index=False)
    message = fails(capsys, photos / "two.csv", tmp_path / "out")
    assert "several columns of images, ['photo', 'other']" in message
    assert message.endswith("Name the column with --image.")
    assert embed(photos / "two.csv", tmp_path / "out", "--image", "other") == 0


def test_rows_without_an_image_on_request(photos, tmp_path, capsys):
    table = pd.read_csv(photos / "table.csv")
    table.loc[1, "photo"] = None
    table.to_csv(photos / "table.csv", index=False)
    words = ["--id", "patient", "--target", "age"]
    message = fails(capsys, photos / "table.csv", tmp_path / "out", *words)
    assert "accept rows of NaN (--unreadable nan)" in message
    assert embed(photos / "table.csv", tmp_path / "out", *words, "--unreadable", "nan") == 0
    X, y = load_features(tmp_path / "out")
    assert np.isnan(X).all(axis=1).tolist() == [False, True, False, False, False]
    assert y.tolist() == [1.5, 2.5, 3.5, 4.5, 5.5]


# Backbones and their weights.


def test_a_keras_file(photos, tmp_path):
    inputs = keras.layers.Input((16, 16, 3))
    maps = keras.layers.Conv2D(3, 3, name="maps")(inputs)
    keras.Model(inputs, maps, name="mine").save(tmp_path / "mine.keras")
    assert embed(photos, tmp_path / "out", backbone=tmp_path / "mine.keras", network=[]) == 0
    (path,) = (tmp_path / "out").glob("gap_*")
    assert path.name == "gap_mine.h5"
    gap = PretrainedGAP(tmp_path / "mine.keras")
    expected = gap.fit_transform(load_image_folder(photos).frame)
    assert_close(load_features(path)[0], expected)


def test_weights_of_a_file(photos, tmp_path):
    model = keras.applications.MobileNet(
        include_top=False, weights=None, alpha=0.25, input_shape=(32, 32, 3)
    )
    model.save_weights(tmp_path / "mine.weights.h5")
    network = ["--option", "alpha=0.25", "--image-size", "32"]
    for words in (["--weights", tmp_path / "mine.weights.h5"], ["--weights", "none"]):
        embed(photos, tmp_path / str(words[1])[-4:], *words, network=network)
    gap = PretrainedGAP(
        "MobileNet",
        weights=tmp_path / "mine.weights.h5",
        backbone_options={"alpha": 0.25},
        image_size=(32, 32),
    )
    expected = gap.fit_transform(load_image_folder(photos).frame)
    mine, random = load_features(tmp_path / "s.h5")[0], load_features(tmp_path / "none")[0]
    assert_close(mine, expected)
    assert not are_close(mine, random)


# Folders of the user.


def test_a_tilde_is_the_home_folder(photos, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert embed("~/photos", "~/out", "--cache", "~/store") == 0
    assert (tmp_path / "out/gap_MobileNet.h5").exists()
    assert (tmp_path / "store").is_dir()
    with h5py.File(tmp_path / "out/gap_MobileNet.h5") as file:
        assert file["train"].shape == (5, 256)


def test_a_folder_without_images(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert "No image in" in fails(capsys, tmp_path / "empty", tmp_path / "out")
    assert not (tmp_path / "out").exists()
