"""augment_folder and `skfusion augment`: what is written, going on after a stop, wrong use."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.model_selection import GroupKFold

from skfusion import ImageReader, ImageReadError, cli
from skfusion.augmentation import _augment_folder
from skfusion.augmentation._augment_folder import augment_folder
from skfusion.augmentation._copy_names import ORIGIN_PATTERN, copy_names
from skfusion.datasets import load_image_folder


@pytest.fixture
def photos(tmp_path):
    """Five roses and two tulips."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "photos"
    for name in [*(f"rose/{i}.jpg" for i in range(5)), "tulip/a.png", "tulip/b.png"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (12, 10, 3), dtype=np.uint8)).save(folder / name)
    return folder


def contents(folder):
    """The bytes of every file that is not hidden."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


# Files.


def test_balanced(photos, tmp_path):
    report = augment_folder(photos, tmp_path / "out")
    assert report.counts == {"rose": (5, 5), "tulip": (2, 5)}
    assert (report.n_written, report.n_existing) == (10, 0)
    data = load_image_folder(tmp_path / "out", groups=ORIGIN_PATTERN)
    assert Counter(data.target.tolist()) == {0: 5, 1: 5}
    tulips = [name for name in data.ids if name.startswith("tulip")]
    assert len([name for name in tulips if "__aug" in name]) == 3
    assert {"tulip/a.png", "tulip/a__aug000.png", "tulip/b__aug000.png"} <= set(tulips)
    assert Counter(data.groups)["tulip/a"] + Counter(data.groups)["tulip/b"] == 5


def test_originals_are_copied_byte_by_byte(photos, tmp_path):
    augment_folder(photos, tmp_path / "out")
    before, after = contents(photos), contents(tmp_path / "out")
    assert {name: after[name] for name in before} == before


def test_copies_only(photos, tmp_path):
    report = augment_folder(photos, tmp_path / "out", factor=3, originals=False)
    assert report.counts == {"rose": (5, 10), "tulip": (2, 4)}
    names = set(contents(tmp_path / "out")) - {"manifest.csv"}
    assert names == {
        f"{stem}__aug{i:03d}.png"
        for stem in [*(f"rose/{i}" for i in range(5)), "tulip/a", "tulip/b"]
        for i in (0, 1)
    }


def test_the_manifest_has_the_origin_of_each_file(photos, tmp_path):
    augment_folder(photos, tmp_path / "out", factor=2)
    manifest = pd.read_csv(tmp_path / "out" / "manifest.csv")
    data = load_image_folder(tmp_path / "out", groups=ORIGIN_PATTERN)
    manifest = manifest.set_index("file").loc[list(data.ids)]
    assert manifest["class"].tolist() == np.array(data.target_names)[data.target].tolist()
    assert set(manifest["copy"]) == {0, 1}
    # By the manifest and by their names, files fall into the same groups.
    pairs = set(zip(manifest["origin"], data.groups, strict=True))
    assert len(pairs) == manifest["origin"].nunique() == len(set(data.groups)) == 7
    for train, test in GroupKFold(3).split(data.frame, data.target, data.groups):
        origins = manifest["origin"].to_numpy()
        assert not set(origins[train]) & set(origins[test])


def test_copies_differ_and_have_the_requested_size(photos, tmp_path):
    augment_folder(photos, tmp_path / "out", factor=3, image_size=(6, 8), file_format="jpg")
    copies = [path for path in (tmp_path / "out").rglob("*__aug*.jpg")]
    assert len({path.read_bytes() for path in copies}) == 14
    assert {ImageReader().probe(path) for path in copies} == {(6, 8, 3)}


def test_deep_gray_images_become_8_bits(tmp_path):
    (tmp_path / "in").mkdir()
    Image.fromarray(np.full((4, 4), 40_000, np.uint16)).save(tmp_path / "in/1.png")
    augment_folder(tmp_path / "in", tmp_path / "out", factor=2)
    pixels = np.asarray(Image.open(tmp_path / "out/1__aug000.png"))
    assert pixels.dtype == np.uint8
    assert set(pixels.ravel().tolist()) == {round(40_000 / 65535 * 255)}


def test_flat_folders_have_no_classes(photos, tmp_path):
    report = augment_folder(photos / "rose", tmp_path / "out", factor=2)
    assert report.counts == {"": (5, 10)}
    with pytest.raises(ValueError, match="no folders of classes to balance"):
        augment_folder(photos / "rose", tmp_path / "other")


def test_names_that_differ_in_their_extension():
    names = copy_names(["a/1.jpg", "a/1.png", "b/1.png"], [0, 0, 1, 2], ".png")
    assert names == [
        "a/1__aug000.png",
        "a/1__aug001.png",
        "a/1__aug002.png",
        "b/1__aug000.png",
    ]


# Seeds.


def test_the_same_seed_gives_the_same_bytes(photos, tmp_path):
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        augment_folder(photos, tmp_path / name, factor=2, random_state=seed)
    one, two, three = (contents(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert one.keys() == three.keys()
    assert one["rose/0__aug000.png"] != three["rose/0__aug000.png"]


def test_a_copy_does_not_depend_on_other_images(photos, tmp_path):
    augment_folder(photos, tmp_path / "one", factor=2)
    (photos / "rose/0.jpg").unlink()
    augment_folder(photos, tmp_path / "two", factor=3)
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert one["rose/4__aug000.png"] == two["rose/4__aug000.png"]


# Completing a folder.


def test_a_second_run_writes_nothing(photos, tmp_path):
    augment_folder(photos, tmp_path / "out", factor=2)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.*g")}
    report = augment_folder(photos, tmp_path / "out", factor=2)
    assert (report.n_written, report.n_existing) == (0, 14)
    assert times == {path: path.stat().st_mtime_ns for path in times}


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError("disk full")])
def test_a_run_completes_an_interrupted_one(photos, tmp_path, monkeypatch, error):
    augment_folder(photos, tmp_path / "whole", factor=4)
    real, saved = Image.Image.save, []

    def stops(image, path, **options):
        saved.append(path)
        if len(saved) == 8:
            Path(path).write_bytes(b"half of a pictu")
            raise error
        real(image, path, **options)

    monkeypatch.setattr(Image.Image, "save", stops)
    with pytest.raises(type(error) if isinstance(error, OSError) else error):
        augment_folder(photos, tmp_path / "out", factor=4)
    monkeypatch.undo()
    assert not (tmp_path / "out" / "manifest.csv").exists()
    report = augment_folder(photos, tmp_path / "out", factor=4)
    assert report.n_existing >= 7
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert not list((tmp_path / "out").rglob(".part_*"))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_a_run_completes_a_killed_one_and_excludes_others(photos, tmp_path):
    for i in range(5, 60):
        (photos / f"rose/{i}.jpg").write_bytes((photos / f"rose/{i % 5}.jpg").read_bytes())
    words = [sys.executable, "-m", "skfusion.cli", "augment", str(photos), "--factor", "30"]
    out = tmp_path / "out"
    process = subprocess.Popen([*words, "--out", str(out)], stderr=subprocess.DEVNULL)
    while len(list(out.rglob("*__aug*.png"))) < 20:
        assert process.poll() is None
        time.sleep(0.01)
    with pytest.raises(BlockingIOError, match="Another process is writing"):
        augment_folder(photos, out, factor=30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(contents(out)) < 62 * 30
    augment_folder(photos, out, factor=30)
    augment_folder(photos, tmp_path / "whole", factor=30)
    assert contents(out) == contents(tmp_path / "whole")
    assert not list(out.rglob(".part_*"))


# Wrong use.


@pytest.mark.parametrize(
    "changes",
    [{"random_state": 1}, {"image_size": (4, 4)}, {"factor": 3}, {"augmentation": "light"}],
)
def test_other_settings_need_another_folder(photos, tmp_path, changes):
    augment_folder(photos, tmp_path / "out", factor=2)
    before = contents(tmp_path / "out")
    with pytest.raises(FileExistsError, match="begun with other settings"):
        augment_folder(photos, tmp_path / "out", **{"factor": 2, **changes})
    assert contents(tmp_path / "out") == before


def test_other_images_need_another_folder(photos, tmp_path):
    augment_folder(photos, tmp_path / "out")
    (photos / "rose/0.jpg").unlink()
    with pytest.raises(FileExistsError, match=r"other settings: images"):
        augment_folder(photos, tmp_path / "out")


@pytest.mark.parametrize("originals", [True, False])
def test_an_image_that_was_replaced_needs_another_folder(photos, tmp_path, originals):
    options = {"factor": 2, "originals": originals}
    augment_folder(photos, tmp_path / "out", **options)
    before = contents(tmp_path / "out")
    (photos / "rose/0.jpg").write_bytes((photos / "rose/1.jpg").read_bytes())
    with pytest.raises(FileExistsError) as caught:
        augment_folder(photos, tmp_path / "out", **options)
    assert str(caught.value) == (
        f"{str(tmp_path / 'out')!r} was begun with other settings: images (some were added, "
        "removed or replaced). Repeat those, or pass another folder."
    )
    assert contents(tmp_path / "out") == before


def test_other_settings_are_shown(photos, tmp_path):
    augment_folder(photos, tmp_path / "out", factor=2)
    (photos / "rose/0.jpg").unlink()
    with pytest.raises(FileExistsError, match=r"factor \(2, now 3\), images \(some were added"):
        augment_folder(photos, tmp_path / "out", factor=3)


def test_a_folder_of_an_earlier_format(photos, tmp_path):
    augment_folder(photos, tmp_path / "out", factor=2)
    file = tmp_path / "out/.skfusion_augment.json"
    settings = json.loads(file.read_text())
    file.write_text(json.dumps({**settings, "format": 1, "images": "a digest of names"}))
    with pytest.raises(FileExistsError, match=r"other settings: format \(1, now 2\)\. Repeat"):
        augment_folder(photos, tmp_path / "out", factor=2)


def test_a_folder_of_other_files_is_not_changed(photos, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="holds other files"):
        augment_folder(photos, tmp_path / "out")
    assert os.listdir(tmp_path / "out") == ["mine.txt"]


@pytest.mark.parametrize("out", [".", "copies", ".."])
def test_nested_folders(photos, out):
    with pytest.raises(ValueError, match="is inside the other"):
        augment_folder(photos, photos / out)


def test_copies_of_copies(photos, tmp_path):
    augment_folder(photos, tmp_path / "out", factor=2)
    with pytest.raises(ValueError, match=r"7 of 14 images .* are copies by their names"):
        augment_folder(tmp_path / "out", tmp_path / "more", factor=2)


def test_images_that_cannot_be_read(photos, tmp_path):
    (photos / "rose/3.jpg").write_bytes(b"no image")
    with pytest.raises(ImageReadError, match=r"1 of 7 .* rose/3.jpg: no image format") as caught:
        augment_folder(photos, tmp_path / "out", factor=2)
    assert [(row, name) for row, name, _ in caught.value.failures] == [(3, "rose/3.jpg")]
    assert len(contents(tmp_path / "out")) == 12
    assert not (tmp_path / "out" / "manifest.csv").exists()
    report = augment_folder(photos, tmp_path / "out", factor=2, skip_unreadable=True)
    assert report.counts["rose"] == (4, 8)
    assert list(report.unreadable) == ["rose/3.jpg"]
    assert len(pd.read_csv(tmp_path / "out" / "manifest.csv")) == 12


def test_a_repaired_image_is_copied(photos, tmp_path):
    whole = (photos / "rose/3.jpg").read_bytes()
    (photos / "rose/3.jpg").write_bytes(whole[:50])
    with pytest.raises(ImageReadError):
        augment_folder(photos, tmp_path / "out", factor=2)
    (photos / "rose/3.jpg").write_bytes(whole)
    assert augment_folder(photos, tmp_path / "out", factor=2).n_written == 2


def test_an_image_that_is_repaired_twice_has_its_last_digest(photos, tmp_path):
    whole = (photos / "rose/3.jpg").read_bytes()
    for broken in (b"no image", b"none either"):
        (photos / "rose/3.jpg").write_bytes(broken)
        with pytest.raises(ImageReadError):
            augment_folder(photos, tmp_path / "out", factor=2)
    (photos / "rose/3.jpg").write_bytes(whole)
    augment_folder(photos, tmp_path / "out", factor=2)
    (photos / "rose/3.jpg").write_bytes((photos / "rose/1.jpg").read_bytes())
    with pytest.raises(FileExistsError, match="images"):
        augment_folder(photos, tmp_path / "out", factor=2)


def test_a_skipped_image_that_is_repaired_needs_another_folder(photos, tmp_path):
    """The manifest exists already, without the copies of this image."""
    whole = (photos / "rose/3.jpg").read_bytes()
    (photos / "rose/3.jpg").write_bytes(b"no image")
    augment_folder(photos, tmp_path / "out", factor=2, skip_unreadable=True)
    (photos / "rose/3.jpg").write_bytes(whole)
    with pytest.raises(FileExistsError, match="images"):
        augment_folder(photos, tmp_path / "out", factor=2)


def test_images_without_copies_are_read_too(photos, tmp_path):
    """Images of the largest class have no copies."""
    (photos / "rose/3.jpg").write_bytes(b"no image")
    with pytest.raises(ImageReadError, match=r"rose/3.jpg: no image format"):
        augment_folder(photos, tmp_path / "out")
    report = augment_folder(photos, tmp_path / "out", skip_unreadable=True)
    assert report.counts["rose"] == (4, 4)
    assert (report.n_written, report.n_existing) == (0, 9)
    assert not (tmp_path / "out/rose/3.jpg").exists()


def test_a_class_without_readable_images(photos, tmp_path):
    for name in "ab":
        (photos / f"tulip/{name}.png").write_bytes(b"no image")
    report = augment_folder(photos, tmp_path / "out", factor=2, skip_unreadable=True)
    assert report.counts == {"rose": (5, 10), "tulip": (0, 0)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"factor": 0}, "^factor must be at least 1, got 0"),
        ({"random_state": -1}, "^random_state must be at least 0, got -1"),
        ({"image_size": (0, 8)}, "^image_size must be two positive"),
    ],
)
def test_invalid_numbers(photos, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        augment_folder(photos, tmp_path / "out", **arguments)


# The command.


def test_the_command(photos, tmp_path, capsys):
    (photos / "notes.txt").write_text("text")
    out = str(tmp_path / "out")
    assert cli.main(["augment", str(photos), "--out", out, "--balance", "--size", "8", "8"]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[1].split() == ["rose", "5", "5"]
    assert lines[2].split() == ["tulip", "2", "5"]
    assert "10 files written to" in shown.out
    assert "Left out: 1 (not an image)." in shown.out
    assert "Images: 100%" in shown.err
    assert cli.main(["augment", str(photos), "--out", out, "--balance", "--size", "8", "8"]) == 0
    assert "0 files written" in capsys.readouterr().out
    settings = json.loads((tmp_path / "out/.skfusion_augment.json").read_text())
    assert settings["size"] == [8, 8]


def test_errors_of_the_command(photos, tmp_path, capsys, monkeypatch):
    with pytest.raises(SystemExit, match="2"):
        cli.main(
            ["augment", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out"), "--balance"]
        )
    assert capsys.readouterr().err.startswith("skfusion augment: No such folder")

    def stopped(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(_augment_folder, "augment_folder", stopped)
    with pytest.raises(SystemExit, match="130"):
        cli.main(["augment", str(photos), "--out", str(tmp_path / "out"), "--balance"])
    assert "Run the same command again to continue" in capsys.readouterr().err


def test_the_command_without_classes(photos, tmp_path, capsys):
    (photos / "loose.jpg").write_bytes((photos / "rose/0.jpg").read_bytes())
    words = ["augment", str(photos), "--factor", "2", "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit, match="2"):
        cli.main(words)
    assert capsys.readouterr().err.endswith("or use no classes (--classes none).\n")
    assert cli.main([*words, "--classes", "none"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["(no", "classes)", "8", "16"]
    assert (tmp_path / "out/rose/0__aug000.png").exists()


@pytest.mark.filterwarnings("default::UserWarning")
def test_the_command_warns_of_parts_of_a_split(photos, tmp_path, capsys):
    os.rename(photos, tmp_path / "train")
    (tmp_path / "all").mkdir()
    os.rename(tmp_path / "train", tmp_path / "all/train")
    words = ["augment", str(tmp_path / "all"), "--factor", "1", "--out", str(tmp_path / "out")]
    assert cli.main(words) == 0
    warned = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert len(warned) == 1
    assert warned[0].startswith("skfusion augment: warning: The classes found in ")
    assert warned[0].endswith("Use the folders in them (--classes last), or name one of them.")


@pytest.mark.parametrize("words", [[], ["--balance", "--factor", "2"], ["--factor", "many"]])
def test_the_command_needs_exactly_one_of_two_options(photos, tmp_path, words):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["augment", str(photos), "--out", str(tmp_path / "out"), *words])
