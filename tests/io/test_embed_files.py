"""embed_files and `skfusion embed`: what the files hold, going on after a stop, wrong use."""

import os
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from skfusion import (
    FeatureStore,
    ImageReadError,
    PretrainedGAP,
    WeightsNotFoundError,
    cli,
    load_features,
)
from skfusion._commands._embed import find_backbones
from skfusion.datasets import load_image_folder
from skfusion.images._image_digests import ImageDigests
from skfusion.io import _embed_job
from skfusion.io._embed_files import STORE, embed_files
from skfusion.io._embed_job import Backbone
from tests.helpers.assert_close import assert_close
from tests.io.conftest import SMALL

OPTIONS = {"image_size": (32, 32), "batch_size": 2}


def embed(source, out, backbones=(SMALL,), **options):
    return list(embed_files(source, list(backbones), out, **{**OPTIONS, **options}))


def gap(frame, backbone=SMALL, **options):
    return PretrainedGAP(
        backbone.name,
        weights=backbone.weights,
        backbone_options=backbone.options,
        **{**OPTIONS, **options},
    ).fit_transform(frame)


# What the files hold.


def test_the_names_of_the_recipe(photos, tmp_path):
    (written,) = embed(photos, tmp_path / "out")
    assert written.path == str(tmp_path / "out" / "gap_MobileNet.h5")
    assert written.shape == (5, 256)
    with h5py.File(written.path) as file:
        assert set(file) == {"train", "label"}
        assert file["train"].shape == (5, 256)
        assert file["train"].dtype == np.float32
        assert file["label"][()].tolist() == [0, 0, 0, 1, 1]
        assert file.attrs["class_names"].tolist() == ["rose", "tulip"]
        assert file.attrs["row_ids"][0] == "rose/1.png"
        assert set(file.attrs) == {
            "row_ids",
            "class_names",
            "skfusion_features",
            "name",
            "fingerprint",
            "feature_prefix",
            "images",
        }
        assert len(file.attrs["fingerprint"]) == len(file.attrs["images"]) == 32


@pytest.mark.parametrize("file_format", ["h5", "parquet"])
def test_round_trip_equals_the_transformer(photos, tmp_path, file_format):
    second = Backbone("MobileNetV2", None, {"alpha": 0.35})
    embed(photos, tmp_path / "out", [SMALL, second], file_format=file_format)
    data = load_image_folder(photos)
    files = [
        tmp_path / "out" / f"gap_{name}.{file_format}" for name in ("MobileNet", "MobileNetV2")
    ]
    loaded = load_features(files, return_X_y=False)
    expected = np.hstack([gap(data.frame), gap(data.frame, second)])
    np.testing.assert_array_equal(loaded.data, expected)
    assert loaded.data.dtype == np.float32
    np.testing.assert_array_equal(loaded.target, data.target)
    assert loaded.target_names == data.target_names
    assert loaded.ids.tolist() == data.ids.tolist()
    assert loaded.feature_names[:1] == ["image_mobilenet_0000"]
    assert loaded.feature_names[256] == "image_mobilenetv2_0000"
    assert len(set(loaded.fingerprints.values())) == 2


def test_parquet_is_a_table_that_others_read(photos, tmp_path):
    (written,) = embed(photos / "table.csv", tmp_path, target="age", file_format="parquet")
    frame = pd.read_parquet(written.path)
    assert frame.columns[:3].tolist() == ["id", "label", "photo_mobilenet_0000"]
    assert frame["label"].tolist() == [1.5, 2.5, 3.5, 4.5, 5.5]


@pytest.mark.parametrize(
    ("target", "expected", "names"),
    [
        ("grade", [3, 1, 0, 2, 2], None),
        ("age", [1.5, 2.5, 3.5, 4.5, 5.5], None),
        ("species", [1, 1, 0, 0, 0], ["rose", "tulip"]),
        (None, None, None),
    ],
)
@pytest.mark.parametrize("file_format", ["h5", "parquet"])
def test_a_table(photos, tmp_path, target, expected, names, file_format):
    options = {"target": target, "row_id": "patient", "file_format": file_format}
    (written,) = embed(photos / "table.csv", tmp_path / "out", **options)
    data = load_features(written.path, return_X_y=False, as_frame=True)
    assert (None if data.target is None else data.target.tolist()) == expected
    assert data.target_names == names
    assert data.data.index.tolist() == ["005", "004", "003", "002", "001"]
    by_path = gap(load_image_folder(photos).frame)
    assert_close(data.data.to_numpy(), by_path[::-1])


def test_flat_folders_have_no_labels(photos, tmp_path):
    (written,) = embed(photos / "rose", tmp_path / "out")
    X, y = load_features(written.path)
    assert X.shape == (3, 256)
    assert y is None


def test_rows_without_a_readable_image(photos, tmp_path):
    (photos / "rose/2.png").write_bytes(b"no image")
    with pytest.raises(ImageReadError, match=r"row 1 \(.*rose/2.png\)"):
        embed(photos, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.h5*"))
    with pytest.warns(UserWarning, match="count as missing"):
        (written,) = embed(photos, tmp_path / "out", unreadable="nan")
    X, _ = load_features(written.path)
    assert np.isnan(X).all(axis=1).tolist() == [False, True, False, False, False]


def test_two_widths_of_one_backbone(photos, tmp_path):
    embed(photos, tmp_path / "out", suffix="_25")
    wide = Backbone("MobileNet", None, {"alpha": 0.5})
    embed(photos, tmp_path / "out", [wide], suffix="_50")
    data = load_features(tmp_path / "out", return_X_y=False)
    assert list(data.fingerprints) == ["MobileNet_25", "MobileNet_50"]
    assert len(set(data.feature_names)) == data.data.shape[1] == 256 + 512


# Going on.


def test_what_is_there_is_not_computed_again(photos, tmp_path, shapes):
    embed(photos, tmp_path / "out")
    before = (tmp_path / "out/gap_MobileNet.h5").stat().st_mtime_ns
    shapes.clear()
    (again,) = embed(photos, tmp_path / "out")
    assert again.there
    assert shapes == []
    assert (tmp_path / "out/gap_MobileNet.h5").stat().st_mtime_ns == before


def test_finished_batches_are_not_computed_again(photos, tmp_path, monkeypatch, shapes):
    import keras

    real = keras.Model.predict_on_batch
    n_calls = 0

    def stops(model, batch):
        nonlocal n_calls
        n_calls += 1
        if n_calls == 3:
            raise KeyboardInterrupt
        return real(model, batch)

    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "predict_on_batch", stops)
        with pytest.raises(KeyboardInterrupt):
            embed(photos, tmp_path / "out")
    assert not list((tmp_path / "out").glob("gap_*"))
    shapes.clear()
    embed(photos, tmp_path / "out")
    assert len(shapes) == 1  # the last of three batches of two
    embed(photos, tmp_path / "whole")
    one, two = (load_features(tmp_path / name)[0] for name in ("out", "whole"))
    np.testing.assert_array_equal(one, two)


def test_nothing_half_written_is_left(photos, tmp_path, monkeypatch):
    def fails(path, content):
        with open(path, "wb") as file:
            file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setitem(_embed_job.WRITERS, "h5", fails)
    with pytest.raises(OSError, match="disk full"):
        embed(photos, tmp_path / "out")
    assert os.listdir(tmp_path / "out") == [".skfusion_store"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_it_goes_on_after_a_kill(photos, tmp_path, shapes):
    for i in range(4, 400):
        (photos / f"rose/{i}.png").write_bytes(
            (photos / "rose/1.png").read_bytes() + bytes([i % 256, i // 256])
        )
    out = tmp_path / "out"
    words = ["embed", str(photos), "--backbone", "MobileNet", "--option", "alpha=0.25"]
    words += ["--weights", "none", "--image-size", "32", "32", "--batch-size", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "skfusion.cli", *words, "--out", str(out)],
        stderr=subprocess.DEVNULL,
    )
    while FeatureStore(out / STORE).stats()["rows"] < 5:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not list(out.glob("gap_*"))
    shapes.clear()
    embed(photos, out, batch_size=1)
    assert 0 < len(shapes) < 401
    X, y = load_features(out)
    assert X.shape == (401, 256)
    assert np.bincount(y).tolist() == [399, 2]


# Wrong use.


def test_files_of_something_else_are_not_replaced(photos, tmp_path):
    embed(photos, tmp_path / "out")
    before = (tmp_path / "out/gap_MobileNet.h5").read_bytes()
    wide = Backbone("MobileNet", None, {"alpha": 0.5})
    with pytest.raises(FileExistsError, match="made from other network, weights or versions"):
        embed(photos, tmp_path / "out", [wide])
    with pytest.raises(FileExistsError, match="other images or ids, other target"):
        embed(photos / "rose", tmp_path / "out")
    with pytest.raises(FileExistsError, match="other network"):
        embed(photos, tmp_path / "out", image_size=(48, 48))
    assert (tmp_path / "out/gap_MobileNet.h5").read_bytes() == before
    embed(photos, tmp_path / "out", [wide], overwrite=True)
    assert load_features(tmp_path / "out")[0].shape == (5, 512)


@pytest.mark.parametrize("file_format", ["h5", "parquet"])
def test_an_image_that_was_replaced(photos, tmp_path, file_format, shapes):
    options = {"file_format": file_format}
    embed(photos, tmp_path / "out", **options)
    before = load_features(tmp_path / "out")[0]
    (photos / "rose/2.png").write_bytes((photos / "rose/1.png").read_bytes())
    with pytest.raises(
        FileExistsError, match=r"from other images under these names\. Pass overwrite"
    ):
        embed(photos, tmp_path / "out", **options)
    np.testing.assert_array_equal(load_features(tmp_path / "out")[0], before)
    shapes.clear()
    embed(photos, tmp_path / "out", **options, overwrite=True)
    assert shapes == []  # the other image is in the store
    after = load_features(tmp_path / "out")[0]
    np.testing.assert_array_equal(after, before[[0, 0, 2, 3, 4]])
    (again,) = embed(photos, tmp_path / "out", **options)
    assert again.there


def test_the_images_are_looked_at_once_for_all_backbones(photos, tmp_path, monkeypatch):
    embed(photos, tmp_path / "out", [SMALL, Backbone("MobileNetV2", None, {"alpha": 0.35})])
    of_many, seen = ImageDigests.of_many, []
    monkeypatch.setattr(
        ImageDigests, "of_many", lambda *a, **k: seen.append(len(a[1])) or of_many(*a, **k)
    )
    embed(photos, tmp_path / "out", [SMALL, Backbone("MobileNetV2", None, {"alpha": 0.35})])
    assert seen == [5]


@pytest.mark.filterwarnings("ignore:1 of 5 images:UserWarning")
def test_rows_of_nan_are_not_what_is_asked_for_without_them(photos, tmp_path):
    whole = (photos / "rose/2.png").read_bytes()
    (photos / "rose/2.png").write_bytes(b"no image")
    embed(photos, tmp_path / "out", unreadable="nan")
    (again,) = embed(photos, tmp_path / "out", unreadable="nan")
    assert again.there
    with pytest.raises(
        FileExistsError, match=r"exists and has rows of NaN for unreadable images \(1 of 5\)"
    ):
        embed(photos, tmp_path / "out")
    (photos / "rose/2.png").write_bytes(whole)
    with pytest.raises(FileExistsError, match="other images under these names"):
        embed(photos, tmp_path / "out", unreadable="nan")
    embed(photos, tmp_path / "out", overwrite=True)
    assert not np.isnan(load_features(tmp_path / "out")[0]).any()


def test_a_file_without_a_digest_of_its_images(photos, tmp_path):
    (written,) = embed(photos, tmp_path / "out")
    with h5py.File(written.path, "a") as file:
        del file.attrs["images"]
    with pytest.raises(FileExistsError, match="and does not record the content of its images"):
        embed(photos, tmp_path / "out")


def test_a_conflict_is_an_error_before_anything_is_computed(photos, tmp_path, shapes):
    embed(photos, tmp_path / "out", [Backbone("MobileNetV2", None, {"alpha": 0.35})])
    shapes.clear()
    with pytest.raises(FileExistsError, match="gap_MobileNetV2"):
        embed(photos, tmp_path / "out", [SMALL, Backbone("MobileNetV2", None, {"alpha": 0.5})])
    assert shapes == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"image": "scan"},
            r"no column 'scan'; it has 'patient'; 'photo'.* Pass one of them as image",
        ),
        ({"target": "sex"}, r"no column 'sex'.* Pass one of them as target\."),
        (
            {"row_id": "species"},
            r"2 values of 'species' occur in several rows .*Correct the column",
        ),
        ({"suffix": "/../x"}, "letters, digits"),
        ({"batch_size": 0}, "The batch size must be at least 1, got 0"),
        ({"image_size": (0, 9)}, "The image size must be two positive integers"),
        ({"backbones": [SMALL, SMALL]}, "'MobileNet' is named twice"),
        ({"backbones": [Backbone("MobilNet")]}, "did you mean 'MobileNet'"),
    ],
)
def test_wrong_use(photos, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        embed(photos / "table.csv", tmp_path / "out", **options)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda t: t.assign(photo=t["photo"][0]), {}, "several rows .* as row_id"),
        (lambda t: t.assign(photo=[None, *t["photo"][1:]]), {}, "1 rows .* have no 'photo'"),
        (lambda t: t.assign(species=[None] * 5), {"target": "species"}, "5 rows .* no 'species'"),
        (lambda t: t.drop(columns="photo"), {}, r"no column of images\. .* as image\."),
        (lambda t: t.assign(other=t["photo"]), {}, r"several columns .*\['photo', 'other'\]"),
    ],
)
def test_tables_with_gaps(photos, tmp_path, change, options, message):
    change(pd.read_csv(photos / "table.csv")).to_csv(photos / "other.csv", index=False)
    with pytest.raises(ValueError, match=message):
        embed(photos / "other.csv", tmp_path / "out", **options)


@pytest.mark.parametrize("name", ["table.parquet", "table.tsv", "table.csv.gz"])
def test_tables_of_other_kinds(photos, tmp_path, name):
    """As `skfusion check` reads them."""
    table = pd.read_csv(photos / "table.csv")
    if name.endswith("parquet"):
        table.to_parquet(photos / name)
    else:
        table.to_csv(photos / name, index=False, sep="\t" if name.endswith("tsv") else ",")
    options = {"image": "photo", "target": "species"}
    embed(photos / "table.csv", tmp_path / "a", **options)
    embed(photos / name, tmp_path / "b", **options)
    expected, loaded = (load_features(tmp_path / name, return_X_y=False) for name in "ab")
    np.testing.assert_array_equal(loaded.data, expected.data)
    np.testing.assert_array_equal(loaded.target, expected.target)
    assert loaded.ids.tolist() == expected.ids.tolist()


@pytest.mark.parametrize("named", [True, False])
def test_a_parquet_file_of_encoded_images(photos, tmp_path, named):
    """As data sets are downloaded from Hugging Face: their names are the ids, or the rows."""
    names = pd.read_csv(photos / "table.csv")["photo"]
    contents = [(photos / name).read_bytes() for name in names]
    cells = [
        {"bytes": content, "path": name if named else None}
        for content, name in zip(contents, names, strict=True)
    ]
    pd.DataFrame({"image": cells, "label": range(len(cells))}).to_parquet(photos / "t.parquet")
    embed(photos / "t.parquet", tmp_path / "a", target="label")
    embed(photos / "table.csv", tmp_path / "b", image="photo")
    loaded, expected = (load_features(tmp_path / name, return_X_y=False) for name in "ab")
    np.testing.assert_array_equal(loaded.data, expected.data)
    assert loaded.ids.tolist() == (names.tolist() if named else list("01234"))
    assert loaded.target.tolist() == [0, 1, 2, 3, 4]


def test_a_folder_has_no_columns(photos, tmp_path):
    with pytest.raises(ValueError, match=r"which has no columns\. Leave out image, target"):
        embed(photos, tmp_path / "out", target="grade")
    with pytest.raises(FileNotFoundError, match="No such folder or table"):
        embed(photos / "nothing.csv", tmp_path / "out")


def test_weights_that_are_not_there(photos, tmp_path):
    with pytest.raises(WeightsNotFoundError, match="no such file"):
        embed(photos, tmp_path / "out", [Backbone("MobileNet", "nowhere.h5")])


# The command.


def test_the_command(photos, tmp_path, capsys):
    words = ["embed", str(photos), "--backbone", "MobileNet", "--backbone", "MobileNetV2"]
    words += ["--option", "alpha=0.35", "--option", "MobileNet.alpha=0.25", "--weights", "none"]
    words += ["--image-size", "32", "32", "--out", str(tmp_path / "out")]
    assert cli.main(words) == 0
    shown = capsys.readouterr()
    assert "gap_MobileNet.h5: 5 rows, 256 features\n" in shown.out
    assert "5 images; left out: 1 (not an image)\n" in shown.err  # the table
    assert "gap_MobileNetV2 (2 of 2)" in shown.err
    assert "5/5" in shown.err  # the progress bar
    assert cli.main(words) == 0
    assert capsys.readouterr().out.count("(existed)") == 2
    X, y = load_features(tmp_path / "out")
    assert X.shape == (5, 256 + 1280)
    assert y.tolist() == [0, 0, 0, 1, 1]


def test_the_command_computes_with_another_runtime(photos, tmp_path, capsys):
    pytest.importorskip("tf2onnx", reason="needs the extra onnx-export")
    words = ["--backbone", "small_cnn", "--weights", "none", "--image-size", "32"]
    features = {}
    for runtime in ([], ["--runtime", "onnx"]):
        out = tmp_path / "-".join(["out", *runtime])
        assert cli.main(["embed", str(photos), *words, "--out", str(out), *runtime]) == 0
        with h5py.File(out / "gap_small_cnn.h5") as file:
            features[tuple(runtime)] = file["train"][()], file.attrs["fingerprint"]
    (keras, keras_key), (onnx, onnx_key) = features.values()
    assert 0 <= np.abs(onnx - keras).max() < 1e-4 * np.abs(keras).max()
    assert onnx_key != keras_key
    # A file of another runtime is not taken for the one that was asked for.
    out = str(tmp_path / "out")
    with pytest.raises(SystemExit, match="2"):
        cli.main(["embed", str(photos), *words, "--out", out, "--runtime", "onnx"])
    assert "was made from other network" in capsys.readouterr().err


def test_the_command_prints_errors(tmp_path, capsys):
    words = ["embed", str(tmp_path / "nowhere"), "--backbone", "MobileNet", "--out", str(tmp_path)]
    with pytest.raises(SystemExit, match="2"):
        cli.main(words)
    assert "skfusion embed: No such folder or table" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        cli.main([*words, "--option", "alpha"])
    assert "KEY=VALUE is expected" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "words", "remedy"),
    [
        (
            lambda folder: (folder / "rose/2.png").write_bytes(b"no image"),
            [],
            "run this again, or accept rows of NaN (--unreadable nan).",
        ),
        (
            lambda folder: (folder / "loose.png").write_bytes(b"no image"),
            [],
            "or embed all without classes (--classes none).",
        ),
        (lambda folder: None, ["--image-size", "5", "5"], "Use a larger --image-size."),
        (
            lambda folder: None,
            ["--weights", "MobileNet=x.h5"],
            "--weights is a file, 'imagenet', or",
        ),
        (lambda folder: None, ["--backbone", "small_cnn"], "or random ones (--weights none)."),
    ],
)
def test_the_command_prints_remedies_with_its_options(
    photos, tmp_path, capsys, change, words, remedy
):
    change(photos)
    standard = ["--weights", "MobileNet=none", "--option", "MobileNet.alpha=0.25"]
    standard += ["--image-size", "32", "32", "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit, match="2"):
        cli.main(["embed", str(photos), "--backbone", "MobileNet", *standard, *words])
    printed = capsys.readouterr().err.splitlines()[-1]
    assert printed.startswith("skfusion embed: ")
    assert remedy in printed
    assert "Pass " not in printed


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [
        (None, "Add images to these rows, or accept rows of NaN (--unreadable nan)."),
        ("gone.png", "no such file. Relative paths start from {}, the folder of the table. Repair"),
    ],
)
def test_the_command_prints_remedies_with_its_options_for_tables(
    photos, tmp_path, capsys, cell, remedy
):
    table = pd.read_csv(photos / "table.csv", dtype=str)
    table.loc[2, "photo"] = cell
    table.to_csv(photos / "table.csv", index=False)
    words = ["embed", str(photos / "table.csv"), "--backbone", "MobileNet", "--weights", "none"]
    words += ["--id", "patient", "--image-size", "32", "32", "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit, match="2"):
        cli.main(words)
    printed = capsys.readouterr().err.splitlines()[-1]
    assert remedy.format(photos) in printed
    assert "ImageReader" not in printed


@pytest.mark.filterwarnings("default::UserWarning")
def test_the_command_goes_without_classes_and_images(photos, tmp_path, capsys):
    (photos / "loose.png").write_bytes(b"no image")
    words = ["embed", str(photos), "--backbone", "MobileNet", "--option", "alpha=0.25"]
    words += ["--weights", "none", "--image-size", "32", "32", "--out", str(tmp_path / "out")]
    assert cli.main([*words, "--classes", "none", "--unreadable", "nan"]) == 0
    warned = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert len(warned) == 1
    assert warned[0].startswith("skfusion embed: warning: 1 of 6 images of column 'image' could")
    assert warned[0].endswith("They count as missing.")
    X, y = load_features(tmp_path / "out")
    assert y is None
    assert np.isnan(X).all(axis=1).tolist() == [True] + [False] * 5


@pytest.mark.parametrize("words", [["nowhere"], ["{}/table.csv", "--image", "scan"]])
def test_a_mistyped_source_does_not_wait_for_tensorflow(photos, tmp_path, words):
    words = [word.format(photos) for word in words]
    words = ["embed", *words, "--backbone", "MobileNet", "--out", str(tmp_path / "out")]
    program = f"""
import sys
from skfusion import cli
try:
    cli.main({words})
finally:
    print({{"keras", "tensorflow"}} & set(sys.modules))
"""
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert shown.returncode == 2
    assert shown.stderr.startswith("skfusion embed: ")
    assert shown.stdout == "set()\n"
    assert not (tmp_path / "out").exists()


def test_each_backbone_gets_its_weights_and_options():
    backbones = find_backbones(
        ["MobileNet", "VGG16", "ResNet50"],
        ["none", "VGG16=my=file.h5", "ResNet50=imagenet"],
        ["alpha=0.5", "VGG16.depth=3", "MobileNet.name=x.y"],
    )
    assert backbones == [
        Backbone("MobileNet", None, {"alpha": 0.5, "name": "x.y"}),
        Backbone("VGG16", "my=file.h5", {"alpha": 0.5, "depth": 3}),
        Backbone("ResNet50", "imagenet", {"alpha": 0.5}),
    ]
    assert find_backbones(["VGG16"], [], []) == [Backbone("VGG16", "imagenet", None)]


# The real thing.


def test_real_photographs(shared_data, tmp_path):
    weights = shared_data / "weights" / "mobilenet_2_5_224_tf_no_top.h5"
    backbone = Backbone("MobileNet", str(weights), {"alpha": 0.25})
    source = shared_data / "data" / "hymenoptera" / "val"
    embed(source, tmp_path, [backbone], image_size=(128, 128), batch_size=32)
    X, y = load_features(tmp_path)
    data = load_image_folder(source)
    np.testing.assert_array_equal(
        X, gap(data.frame, backbone, image_size=(128, 128), batch_size=32)
    )
    np.testing.assert_array_equal(y, data.target)
    assert cross_val_score(LogisticRegression(max_iter=2000), X, y).mean() > 0.7
