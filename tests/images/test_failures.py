"""Missing and unreadable images: one report, with row, source, reason and remedy; never long."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image
from sklearn.compose import ColumnTransformer

from skfusion import (
    CNNEmbedder,
    FeatureStore,
    ImageDescriptors,
    ImageReader,
    ImageReadError,
    PixelFlattener,
    PretrainedGAP,
    UnreadableImageWarning,
)
from tests.encoded_images import encoded

SCREEN = 24 * 80


@pytest.fixture
def folder(tmp_path):
    for i in range(4):
        pixels = np.random.default_rng(i).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    content = (tmp_path / "0.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(content[:300])  # damaged behind its header
    (tmp_path / "text.png").write_text("text")
    return tmp_path


CELLS = ["0.png", None, "cut.png", "1.png", "text.png", "", "nowhere.png", "2.png"]


def frame(cells=CELLS):
    return pd.DataFrame({"photo": pd.Series(cells, dtype=object)})


@pytest.mark.parametrize(
    "make",
    [
        lambda **options: PixelFlattener((4, 4), **options),
        lambda **options: ImageDescriptors(("intensity",), **options),
        lambda **options: CNNEmbedder(image_size=12, epochs=1, random_state=0, **options),
        lambda **options: PretrainedGAP(
            "MobileNet",
            weights=None,
            backbone_options={"alpha": 0.25},
            image_size=32,
            **options,
        ),
    ],
    ids=["PixelFlattener", "ImageDescriptors", "CNNEmbedder", "PretrainedGAP"],
)
def test_one_error_for_all_that_is_wrong(folder, make):
    """Before anything is trained or computed."""
    transformer = make(reader=ImageReader(folder))
    with pytest.raises(ImageReadError) as info:
        transformer.fit_transform(frame(), [0, 1] * 4)
    text = str(info.value)
    assert "2 of 8 images of column 'photo' are missing: row 1; row 5." in text
    assert "3 of 8 images of column 'photo' could not be read: row 2 (cut.png)" in text
    assert "row 6 (nowhere.png): no such file" in text
    for remedy in ("missing='nan'", "corrupt='missing'", f"Relative paths start from {folder},"):
        assert remedy in text
    assert [row for row, *_ in info.value.failures] == [1, 2, 4, 5, 6]
    assert [reason for *_, reason in info.value.failures][::3] == ["missing", "missing"]
    assert len(text) < SCREEN


def test_one_error_at_transform(folder, tmp_path):
    store = FeatureStore(tmp_path / "store")
    describe = ImageDescriptors(("intensity",), reader=ImageReader(folder), cache=store)
    describe.fit(frame(["0.png", "1.png"]))
    with pytest.raises(ImageReadError, match=r"2 of 8 .* missing.* 3 of 8 .* could not be read"):
        describe.transform(frame())


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_several_columns_are_in_one_error(folder, make):
    X = make({"front": ["0.png", None], "back": ["cut.png", "1.png"], "top": ["2.png", "3.png"]})
    with pytest.raises(ImageReadError) as info:
        PixelFlattener((4, 4), reader=ImageReader(folder)).fit(X)
    text = str(info.value)
    assert "1 of 2 images of column 'front' are missing: row 1." in text
    assert "1 of 2 images of column 'back' could not be read: row 0 (cut.png)" in text
    assert "top" not in text


def test_rows_of_several_images(folder):
    X = pd.DataFrame({"photos": [["0.png", "cut.png"], [], ["nowhere.png"]]})
    flattener = PixelFlattener((4, 4), combine="mean", reader=ImageReader(folder))
    with pytest.raises(ImageReadError) as info:
        flattener.fit(X)
    text = str(info.value)
    assert "1 of 3 rows have no image in column 'photos': row 1." in text
    assert "2 of 3 images of column 'photos' could not be read: row 0, image 1 (cut.png)" in text


@pytest.mark.parametrize("missing", ["nan", "zero", "mean"])
def test_unreadable_images_that_count_as_missing(folder, missing):
    flattener = PixelFlattener(
        (4, 4), missing=missing, corrupt="missing", reader=ImageReader(folder)
    )
    with pytest.warns(UnreadableImageWarning, match="3 of 8 .* They count as missing") as caught:
        features = flattener.fit_transform(frame())
    assert len(caught) == 1
    np.testing.assert_array_equal(features[1], features[2])


def test_unreadable_images_are_missing_ones_where_these_are_errors(folder):
    flattener = PixelFlattener((4, 4), corrupt="missing", reader=ImageReader(folder))
    with pytest.raises(ImageReadError, match=r"Unreadable ones count as missing. .*missing='nan'"):
        flattener.fit(frame(CELLS[2:4])).transform(frame(CELLS[2:4]))


def test_one_good_image_is_enough_for_a_row(folder):
    X = pd.DataFrame({"photos": [["0.png", "cut.png"], ["1.png"]]})
    flattener = PixelFlattener((4, 4), combine="max", corrupt="missing", reader=ImageReader(folder))
    with pytest.warns(UnreadableImageWarning, match="1 of 3 images"):
        assert np.isfinite(flattener.fit_transform(X)).all()


# A wrong root.


def test_the_folder_that_was_searched_is_named(folder, monkeypatch):
    monkeypatch.chdir(folder)
    for root, which in (
        (None, f"{folder}, the working directory;"),
        ("sub", f"{folder / 'sub'}, the root of the reader, which is no folder;"),
        (".", f"{folder}, the root of the reader;"),
    ):
        with pytest.raises(ImageReadError) as info:
            PixelFlattener((4, 4), reader=ImageReader(root)).fit_transform(frame(["a/b.png"]))
        assert f"Relative paths start from {which}" in str(info.value)


def test_absolute_paths_have_no_root(folder):
    with pytest.raises(ImageReadError) as info:
        PixelFlattener((4, 4)).fit_transform(frame([str(folder / "nowhere.png")]))
    assert "Relative paths" not in str(info.value)


# Length.


def test_no_message_is_longer_than_a_screen(folder, tmp_path):
    """Long names, many rows, many reasons and many columns."""
    long = "folder/" * 500 + "a.png"
    other_sizes = [np.zeros((i, 3, 7)) for i in range(1, 200)]
    columns = {f"column_{i}" * 5: [long] * 199 for i in range(12)}
    columns["odd"] = other_sizes
    columns["none"] = [None] * 199
    for X in (pd.DataFrame(columns), pd.DataFrame({"odd": other_sizes})):
        with pytest.raises(ImageReadError) as info:
            PixelFlattener((4, 4), reader=ImageReader("r" * 2000)).fit_transform(X)
        assert len(str(info.value)) < SCREEN
    with pytest.raises(ValueError, match="None of the 199 images") as info:
        PixelFlattener().fit(pd.DataFrame({"photo": [long] * 199}))
    assert len(str(info.value)) < SCREEN
    flattener = PixelFlattener((4, 4), corrupt="missing", missing="nan")
    with pytest.warns(UnreadableImageWarning) as caught:
        flattener.fit_transform(pd.DataFrame({"odd": [*other_sizes, long, np.zeros((3, 3))]}))
    assert len(str(caught[0].message)) < SCREEN


def test_errors_of_images_of_different_sizes_are_short():
    cells = [np.zeros((3, 4)), encoded(Image.new("L", (9, 9))), "x" * 5000]
    with pytest.raises(ValueError, match="different sizes") as info:
        PixelFlattener().fit(pd.DataFrame({"photo": cells}))
    assert len(str(info.value)) < SCREEN


def test_errors_reach_through_a_column_transformer(folder):
    transformer = ColumnTransformer(
        [("photo", PixelFlattener((4, 4), reader=ImageReader(folder)), ["photo"])]
    )
    with pytest.raises(ImageReadError, match=r"row 1; row 5.*row 2 \(cut.png\)"):
        transformer.fit_transform(frame())
