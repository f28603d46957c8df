"""Each option of `skfusion augment`, through the files that it writes."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion import ImageReader, cli


@pytest.fixture
def photos(tmp_path):
    """Three roses of 2024, and one rose and one tulip of 2025."""
    rng = np.random.default_rng(0)
    names = [*(f"2024/rose/{i}.png" for i in range(3)), "2025/rose/3.png", "2025/tulip/4.png"]
    for name in names:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (16, 12, 3), dtype=np.uint8)).save(path)
    return tmp_path / "photos"


def augment(folder, out, *words):
    return cli.main(["augment", str(folder), "--out", str(out), *map(str, words)])


def names_in(folder):
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".") and path.name != "manifest.csv"
    )


def pixels_of(path):
    return ImageReader().read(path)


@pytest.mark.parametrize(
    ("classes", "counts"),
    [
        ("first", [["2024", "3", "3"], ["2025", "2", "3"]]),
        ("last", [["rose", "4", "4"], ["tulip", "1", "4"]]),
        ("path", [["2024/rose", "3", "3"], ["2025/rose", "1", "3"], ["2025/tulip", "1", "3"]]),
    ],
)
def test_the_folder_that_names_the_class(photos, tmp_path, capsys, classes, counts):
    assert augment(photos, tmp_path / "out", "--balance", "--classes", classes) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[1 : 1 + len(counts)]] == counts
    assert len(names_in(tmp_path / "out")) == sum(int(line[2]) for line in counts)


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_a_factor_counts_the_image_itself(photos, tmp_path, factor):
    assert augment(photos, tmp_path / "out", "--factor", factor) == 0
    assert len(names_in(tmp_path / "out")) == 5 * factor


def test_copies_alone(photos, tmp_path):
    augment(photos, tmp_path / "out", "--factor", 3, "--copies-only")
    names = names_in(tmp_path / "out")
    assert len(names) == 10
    assert all("__aug" in name for name in names)


def test_the_seed(photos, tmp_path):
    for out, seed in (("a", 0), ("b", 0), ("c", 7)):
        augment(photos, tmp_path / out, "--factor", 2, "--copies-only", "--seed", seed)
    augment(photos, tmp_path / "default", "--factor", 2, "--copies-only")
    name = "2025/tulip/4__aug000.png"
    one, same, other, default = (
        (tmp_path / out / name).read_bytes() for out in ("a", "b", "c", "default")
    )
    assert one == same == default
    assert one != other


def test_light_changes_less_than_the_recipe(tmp_path):
    """On a smooth image, by the mean difference of a copy to its original."""
    folder = tmp_path / "photos/gray"
    folder.mkdir(parents=True)
    ramp = np.add.outer(np.arange(64), 2 * np.arange(64)).astype(np.uint8)
    Image.fromarray(np.clip(ramp, 0, 255)).save(folder / "ramp.png")
    changes = {}
    for name in ("light", "recipe"):
        out = tmp_path / name
        augment(tmp_path / "photos", out, "--factor", 21, "--copies-only", "--augmentation", name)
        copies = [pixels_of(path) for path in sorted((out / "gray").iterdir())]
        original = pixels_of(folder / "ramp.png").astype(float)
        changes[name] = np.mean([np.abs(copy - original).mean() for copy in copies])
    assert 0 < changes["light"] < 0.7 * changes["recipe"]


def test_the_format_of_the_copies(photos, tmp_path):
    augment(photos, tmp_path / "out", "--factor", 2, "--format", "jpg")
    copies = [name for name in names_in(tmp_path / "out") if "__aug" in name]
    assert len(copies) == 5
    assert all(name.endswith(".jpg") for name in copies)
    with Image.open(tmp_path / "out" / copies[0]) as image:
        assert (image.format, image.size) == ("JPEG", (12, 16))


def test_the_size_of_the_copies(photos, tmp_path):
    augment(photos, tmp_path / "out", "--factor", 2, "--size", 8, 20)
    for name in names_in(tmp_path / "out"):
        assert pixels_of(tmp_path / "out" / name).shape == (
            (8, 20, 3) if "__aug" in name else (16, 12, 3)
        )


def test_unreadable_images(photos, tmp_path, capsys):
    (photos / "2024/rose/1.png").write_bytes(b"no image")
    with pytest.raises(SystemExit, match="2"):
        augment(photos, tmp_path / "out", "--factor", 2)
    message = capsys.readouterr().err.splitlines()[-1]
    assert "2024/rose/1.png" in message
    assert message.endswith("Repair the images and run this again, or add --skip-unreadable.")
    assert augment(photos, tmp_path / "skipped", "--factor", 2, "--skip-unreadable") == 0
    assert "Left out: 1 (unreadable)." in capsys.readouterr().out
    assert len(names_in(tmp_path / "skipped")) == 8


def test_the_manifest_leads_from_each_copy_to_its_original(photos, tmp_path, capsys):
    augment(photos, tmp_path / "out", "--factor", 3)
    assert "The origin of each file: manifest.csv." in capsys.readouterr().out
    manifest = pd.read_csv(tmp_path / "out/manifest.csv")
    assert len(manifest) == 15
    assert sorted(manifest["file"]) == names_in(tmp_path / "out")
    for file, origin in zip(manifest["file"], manifest["origin"], strict=True):
        assert (photos / origin).is_file()
        assert file == origin or file.startswith(origin.removesuffix(".png") + "__aug")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--factor", 0], "must be at least 1, got 0"),
        (["--factor", 2, "--seed", -1], "must be at least 0, got -1"),
        (["--factor", 2, "--size", 0, 8], "must be two positive integers"),
        (["--factor", 2, "--size", 8], "expected 2 arguments"),
        (["--factor", 2, "--format", "gif"], "invalid choice"),
        (["--factor", 2, "--augmentation", "heavy"], "invalid choice"),
        (["--factor", 2, "--classes", "second"], "invalid choice"),
        (["--factor", 2, "--seed", "often"], "invalid int value"),
        ([], "one of the arguments --balance --factor is required"),
    ],
)
def test_wrong_options(photos, tmp_path, capsys, words, message):
    with pytest.raises(SystemExit, match="2"):
        augment(photos, tmp_path / "out", *words)
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_output_is_not_inside_the_input(photos, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        augment(photos, photos / "more", "--factor", 2)
    assert "inside" in capsys.readouterr().err
    assert not (photos / "more").exists()
