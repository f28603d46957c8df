"""Options of transformers of images in every combination: they do not get in each other's way."""

import itertools
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone

from skfusion import ImageDescriptors, PixelFlattener, PretrainedGAP

N = 10
KINDS = {
    "pixels": lambda **options: PixelFlattener((6, 6), **options),
    "descriptors": lambda **options: ImageDescriptors(("intensity", "lbp"), **options),
    "pretrained": lambda **options: PretrainedGAP(
        "small_cnn",
        weights=None,
        image_size=(12, 12),
        backbone_options={"filters": (2, 2), "dense_units": 3},
        **options,
    ),
}
OPTIONS = [
    {"missing": missing, "combine": combine, "add_indicator": indicator}
    for missing, combine, indicator in itertools.product(
        ["nan", "zero", "mean"], [None, "mean", "max"], [False, True]
    )
]
every_combination = pytest.mark.parametrize(
    ("kind", "options"),
    [
        pytest.param(kind, options, id=f"{kind}-{'-'.join(map(str, options.values()))}")
        for kind in KINDS
        for options in OPTIONS
    ],
)


@pytest.fixture(scope="module")
def photos():
    """Two columns of images of several sizes; rows 2 and 5 lack one, and row 7 both."""
    random = np.random.default_rng(0)
    columns = {}
    for position, name in enumerate(("front", "side")):
        sizes = random.integers(12, 18, (N, 2))
        cells = [random.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]
        cells[2 + 3 * position] = cells[7] = None
        columns[name] = pd.Series(cells, dtype=object)
    return pd.DataFrame(columns)


def make(kind, options, **more):
    return KINDS[kind](**options, drift="ignore", **more)


@every_combination
def test_fit_then_transform_is_fit_transform(kind, options, photos):
    together = make(kind, options).fit_transform(photos)
    fitted = make(kind, options).fit(photos)
    np.testing.assert_allclose(fitted.transform(photos), together, rtol=1e-5, atol=1e-5)
    loaded = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(loaded.transform(photos), fitted.transform(photos))


@every_combination
def test_there_are_as_many_names_as_columns(kind, options, photos):
    fitted = make(kind, options).fit(photos)
    names = fitted.get_feature_names_out().tolist()
    assert len(set(names)) == len(names)
    assert fitted.transform(photos).shape == (N, len(names))
    assert fitted.n_features_out_ == len(names)
    prefixes = ["front_side"] if options["combine"] else ["front", "side"]
    for prefix in prefixes:
        assert sum(name.startswith(f"{prefix}_") for name in names) == len(names) // len(prefixes)
    indicators = [name for name in names if name.endswith("_missing")]
    assert indicators == [f"{prefix}_missing" for prefix in prefixes if options["add_indicator"]]
    assert names[len(names) - len(indicators) :] == indicators


@every_combination
def test_rows_without_an_image(kind, options, photos):
    fitted = make(kind, options).fit(photos)
    frame = fitted.set_output(transform="pandas").transform(photos)
    gone = {"front": [2, 7], "side": [5, 7]}
    if options["combine"]:
        gone = {"front_side": [7]}
    for prefix, rows in gone.items():
        columns = [name for name in frame if name.startswith(f"{prefix}_")]
        if options["add_indicator"]:
            indicator = frame[columns.pop()]
            assert indicator.tolist() == [float(row in rows) for row in range(N)]
        block = frame[columns].to_numpy()
        held = np.delete(block, rows, axis=0)
        assert np.isfinite(held).all()
        expected = {"nan": np.nan, "zero": 0.0, "mean": held.mean(axis=0)}[options["missing"]]
        filled = np.broadcast_to(expected, block[rows].shape)
        np.testing.assert_allclose(block[rows], filled, rtol=1e-4, atol=1e-5)


@every_combination
def test_a_row_alone(kind, options, photos):
    fitted = make(kind, options).fit(photos)
    expected = fitted.transform(photos)
    for row in (0, 2, 7):
        given = fitted.transform(photos[row : row + 1])
        np.testing.assert_allclose(given[0], expected[row], rtol=1e-4, atol=1e-4)


@every_combination
def test_polars_and_pandas(kind, options, photos):
    expected = make(kind, options).fit_transform(photos)
    frame = pl.DataFrame(
        [pl.Series(name, list(cells), dtype=pl.Object) for name, cells in photos.items()]
    )
    fitted = make(kind, options).set_output(transform="polars").fit(frame)
    given = fitted.transform(frame)
    assert isinstance(given, pl.DataFrame)
    assert given.columns == fitted.get_feature_names_out().tolist()
    np.testing.assert_allclose(given.to_numpy(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["descriptors", "pretrained"])
@pytest.mark.parametrize(
    "options", OPTIONS, ids=lambda options: "-".join(map(str, options.values()))
)
def test_a_cache_changes_nothing(kind, options, photos, tmp_path):
    expected = make(kind, options).fit_transform(photos)
    for _ in range(2):
        cached = make(kind, options, cache=tmp_path / "store")
        np.testing.assert_allclose(cached.fit_transform(photos), expected, rtol=1e-4, atol=1e-5)
    again = clone(cached).fit(photos).transform(photos)
    np.testing.assert_allclose(again, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("combine", ["mean", "max"])
def test_images_in_one_list_are_images_in_several_columns(kind, combine, photos):
    lists = [
        [cell for cell in row if cell is not None]
        for row in zip(photos["front"], photos["side"], strict=True)
    ]
    options = {"missing": "nan", "combine": combine, "add_indicator": False}
    one = pd.DataFrame({"photo": pd.Series(lists, dtype=object)})
    np.testing.assert_allclose(
        make(kind, options).fit_transform(one),
        make(kind, options).fit_transform(photos),
        rtol=1e-5,
        atol=1e-5,
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", ["nan", "zero", "mean"])
def test_unreadable_images_count_as_missing(kind, missing, photos):
    options = {"missing": missing, "combine": None, "add_indicator": True}
    broken = photos.copy()
    for column in broken:
        broken[column] = pd.Series(
            [b"no image" if cell is None else cell for cell in broken[column]], dtype=object
        )
    expected = make(kind, options).fit_transform(photos)
    transformer = make(kind, options, corrupt="missing")
    with pytest.warns(UserWarning, match="2 of 10 images of column 'front'.*column 'side'"):
        given = transformer.fit_transform(broken)
    np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("color_mode", ["rgb", "grayscale"])
def test_gray_images_have_equal_features_as_color_images_of_equal_channels(kind, color_mode):
    gray = np.random.default_rng(0).integers(0, 256, (4, 14, 14), dtype=np.uint8)
    color = np.repeat(gray[..., np.newaxis], 3, axis=-1)
    one, other = (
        KINDS[kind](color_mode=color_mode).fit_transform(images) for images in (gray, color)
    )
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_flattened_images_are_images(kind):
    images = np.random.default_rng(0).integers(0, 256, (5, 12, 13, 3)).astype(float)
    flat = KINDS[kind](image_shape=(12, -1, 3)).fit(images.reshape(5, -1))
    expected = KINDS[kind]().fit(images.astype(np.uint8)).transform(images.astype(np.uint8))
    np.testing.assert_allclose(
        flat.transform(images.reshape(5, -1)), expected, rtol=1e-4, atol=1e-4
    )
    frame = pd.DataFrame(images.reshape(5, -1)).add_prefix("pixel_")
    named = KINDS[kind](image_shape=(12, -1, 3)).fit(frame)
    np.testing.assert_allclose(named.transform(frame), expected, rtol=1e-4, atol=1e-4)
    assert named.get_feature_names_out()[0].startswith("image_")
