"""Several images a row: columns and lists, joined by mean or maximum."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skfusion import (
    FeatureStore,
    ImageDescriptors,
    ImageReadError,
    PixelFlattener,
    PretrainedGAP,
    UnreadableImageWarning,
)
from tests.readers_for_tests import READ, CountingReader


@pytest.fixture(autouse=True)
def _nothing_read():
    READ.clear()


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (6, 3, 2), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def paths(folder):
    return [str(folder / f"{number}.png") for number in range(6)]


def frame(values, **columns):
    """A table of lists of images, by their numbers."""

    def cell(chosen):
        if chosen is None or isinstance(chosen, int):
            return None if chosen is None else values[chosen]
        return [None if number is None else values[number] for number in chosen]

    table = {}
    for name, cells in columns.items():
        table[name] = np.empty(len(cells), dtype=object)
        for row, chosen in enumerate(cells):
            table[name][row] = cell(chosen)
    return pd.DataFrame(table)


def joined(images, rows, how):
    lines = images.reshape(len(images), -1).astype(np.float64)
    return np.stack([getattr(lines[list(row)], how)(axis=0) for row in rows])


@pytest.mark.parametrize("combine", ["mean", "max"])
def test_lists_in_cells(combine, images):
    X = frame(images, photo=[[0, 1, 2], [3], 4, (5, 0)])
    features = PixelFlattener(combine=combine).fit_transform(X)
    expected = joined(images, [(0, 1, 2), (3,), (4,), (5, 0)], combine)
    np.testing.assert_allclose(features, expected, rtol=1e-6)
    assert features.dtype == np.float32


@pytest.mark.parametrize("combine", ["mean", "max"])
def test_columns_are_joined(combine, images):
    X = frame(images, front=[0, 1], kitchen=[2, 3])
    flattener = PixelFlattener(combine=combine)
    features = flattener.fit_transform(X)
    np.testing.assert_allclose(features, joined(images, [(0, 2), (1, 3)], combine), rtol=1e-6)
    assert flattener.n_features_in_ == 2
    assert flattener.n_features_out_ == 6
    assert flattener.get_feature_names_out()[0] == "front_kitchen_pixel_0000"


def test_all_images_of_a_row_count_the_same(images):
    """Whichever column and list they stand in: no mean of means."""
    X = frame(images, front=[[0, 1, 2]], kitchen=[3])
    features = PixelFlattener(combine="mean").fit_transform(X)
    np.testing.assert_allclose(features, joined(images, [(0, 1, 2, 3)], "mean"), rtol=1e-6)


def test_an_image_that_stands_twice_counts_twice(images):
    features = PixelFlattener(combine="mean").fit_transform(frame(images, photo=[[0, 0, 1]]))
    np.testing.assert_allclose(features, joined(images, [(0, 0, 1)], "mean"), rtol=1e-6)
    thrice = PixelFlattener(combine="mean").fit_transform(frame(images, photo=[[2, 2, 2]]))
    np.testing.assert_array_equal(thrice, images[2:3].reshape(1, -1))


def test_missing_images_are_left_out_of_a_row(images):
    X = frame(images, front=[[0, None, 1], None, []], kitchen=[2, 3, None])
    flattener = PixelFlattener(combine="mean", missing="nan")
    features = flattener.fit_transform(X)
    np.testing.assert_allclose(features[0], joined(images, [(0, 1, 2)], "mean")[0], rtol=1e-6)
    np.testing.assert_array_equal(features[1], images[3].ravel())
    assert np.isnan(features[2]).all()


def test_no_error_where_a_row_has_one_of_its_images(images):
    X = frame(images, front=[0, None], kitchen=[None, 3])
    features = PixelFlattener(combine="max").fit_transform(X)
    np.testing.assert_array_equal(features, images[[0, 3]].reshape(2, -1))


def test_combine_changes_nothing_where_rows_have_one_image(images, paths):
    for X in (images, list(images), pd.DataFrame({"photo": paths})):
        one = PixelFlattener(combine="mean").fit(X)
        other = PixelFlattener().fit(X)
        np.testing.assert_array_equal(one.transform(X), other.transform(X))
        assert one.get_feature_names_out().tolist() == other.get_feature_names_out().tolist()
    flat = PixelFlattener(combine="max", image_shape=(3, 2)).fit(images.reshape(6, -1))
    assert flat.get_feature_names_out()[0] == "image_pixel_0000"
    np.testing.assert_array_equal(flat.transform(images.reshape(6, -1)), images.reshape(6, -1))


def test_many_rows(images):
    """More than are joined at a time."""
    rng = np.random.default_rng(1)
    rows = [tuple(rng.integers(0, 6, size)) for size in rng.integers(1, 5, 700)]
    features = PixelFlattener(combine="mean").fit_transform(frame(images, photo=rows))
    np.testing.assert_allclose(features, joined(images, rows, "mean"), rtol=1e-6)


@pytest.mark.parametrize(
    "container",
    [
        list,
        tuple,
        pd.Series,
        lambda cells: pd.DataFrame({"photo": cells}),
        lambda cells: pl.Series("photo", cells),
        lambda cells: pl.DataFrame({"photo": cells}),
        lambda cells: pl.Series("photo", cells, dtype=pl.Object),
        lambda cells: pl.Series("photo", cells).to_frame().to_pandas(),
        lambda cells: pd.Series([np.array(cell) for cell in cells]),
        lambda cells: pd.Series([np.array(cell, dtype=object) for cell in cells]),
        lambda cells: pd.Series([pl.Series(cell) for cell in cells]),
    ],
    ids=lambda container: getattr(container, "__name__", "lists"),
)
def test_lists_in_any_container(container, paths, images):
    X = container([paths[:2], [paths[2]], paths[3:]])
    features = PixelFlattener(combine="max").fit_transform(X)
    np.testing.assert_array_equal(features, joined(images, [(0, 1), (2,), (3, 4, 5)], "max"))


@pytest.mark.parametrize("form", [np.asarray, list, np.ndarray.tolist], ids=["5-D", "4-D", "lists"])
def test_arrays_of_several_images(form):
    images = np.random.default_rng(0).integers(2, 256, (3, 4, 5, 6, 3), dtype=np.uint8)
    features = PixelFlattener(combine="max").fit_transform(form(images))
    np.testing.assert_array_equal(features, images.max(axis=1).reshape(3, -1))


def test_arrow_lists_of_pandas(paths, images):
    pyarrow = pytest.importorskip("pyarrow")
    dtype = pd.ArrowDtype(pyarrow.list_(pyarrow.string()))
    X = pd.Series([paths[:2], None, []], dtype=dtype)
    features = PixelFlattener(combine="max", missing="zero").fit_transform(X)
    np.testing.assert_array_equal(features[0], joined(images, [(0, 1)], "max")[0])
    np.testing.assert_array_equal(features[1:], 0)


def test_duplicates_across_lists_are_read_once(paths):
    X = frame(paths, front=[[0, 1], [1, 2], 0], kitchen=[2, [0, 0], None])
    PixelFlattener(combine="mean", reader=CountingReader()).fit_transform(X)
    assert sorted(READ) == paths[:3]


def test_one_row(images):
    X = frame(images, front=[[0, 1], [2]], kitchen=[3, None])
    flattener = PixelFlattener(combine="mean").fit(X)
    np.testing.assert_array_equal(flattener.transform(X[:1]), flattener.transform(X)[:1])


def test_a_search_over_combine_reads_no_image_twice(paths, tmp_path):
    rows = [[i % 6, (i + 1 + i // 6) % 6] for i in range(12)]
    X, y = frame(paths, photo=rows), np.arange(12) % 2
    pipe = make_pipeline(
        ImageDescriptors(
            "intensity", combine="mean", cache=tmp_path / "store", reader=CountingReader()
        ),
        LogisticRegression(max_iter=2000),
    )
    grid = {"imagedescriptors__combine": ["mean", "max"]}
    GridSearchCV(pipe, grid, cv=2, error_score="raise").fit(X, y)
    assert len(READ) == 6
    assert FeatureStore(tmp_path / "store").stats()["rows"] == 6


def test_networks_join_features_not_images(images):
    gap = PretrainedGAP(
        "MobileNet", weights=None, backbone_options={"alpha": 0.25}, image_size=(32, 32)
    )
    X = frame(images, photo=[[0, 1], [2]])
    alone = gap.fit_transform(list(images[:3]))
    both = clone(gap).set_params(combine="mean").fit_transform(X)
    np.testing.assert_allclose(both[0], alone[:2].mean(axis=0), rtol=1e-4, atol=1e-5)


def test_white_is_learned_from_all_columns():
    X = frame([np.full((2, 2), 1.0), np.full((2, 2), 255.0)], a=[0, 0], b=[0, 1])
    features = PixelFlattener(combine="max").fit_transform(X)
    np.testing.assert_array_equal(features[:, 0], [1, 255])


def test_column_transformer_and_set_output(images):
    X = frame(images, front=[0, 1], kitchen=[[2, 3], [4]]).assign(age=[30, 40])
    X.index = ["a", "b"]
    columns = ColumnTransformer(
        [
            ("photo", PixelFlattener(combine="mean"), ["front", "kitchen"]),
            ("age", "passthrough", ["age"]),
        ],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    features = columns.fit_transform(X)
    assert features.columns[0] == "front_kitchen_pixel_0000"
    assert features.index.tolist() == ["a", "b"]
    np.testing.assert_allclose(
        features.iloc[:, :-1], joined(images, [(0, 2, 3), (1, 4)], "mean"), rtol=1e-6
    )


def test_names_of_unnamed_columns(images):
    table = frame(images, front=[0, 1], kitchen=[2, 3]).to_numpy(dtype=object)
    flattener = PixelFlattener(combine="mean").fit(table)
    assert flattener.get_feature_names_out()[0] == "x0_x1_pixel_0000"
    assert flattener.get_feature_names_out(["a", "b"])[0] == "a_b_pixel_0000"


def test_set_params_changes_nothing_before_the_next_fit(images):
    X = frame(images, front=[0, 1], kitchen=[2, 3])
    flattener = PixelFlattener(combine="mean").fit(X)
    before = flattener.transform(X)
    flattener.set_params(combine=None, add_indicator=True, missing="mean")
    np.testing.assert_array_equal(flattener.transform(X), before)
    assert len(flattener.get_feature_names_out()) == flattener.n_features_out_ == 6
    copy = pickle.loads(pickle.dumps(flattener))
    np.testing.assert_array_equal(copy.transform(X), before)


def test_memory_does_not_follow_the_number_of_images_a_row(images, peak_memory):
    """What is gathered to join rows is bounded."""
    wide = np.zeros((2, 100, 100), dtype=np.uint8)
    X = frame(wide, photo=[[0, 1] * 2] * 2000)
    flattener = PixelFlattener(combine="mean").fit(X[:2])
    features, peak = peak_memory(lambda: flattener.transform(X))
    assert peak < 2.2 * features.nbytes


# Wrong use.


def test_lists_without_combine_are_refused(paths):
    X = frame(paths, photo=[0, [1, 2, 3], [4], [4, 5]])
    text = (
        r"Row 1 of column 'photo' holds 3 images \(2 rows hold several\)\. "
        r"Pass combine='mean' or combine='max'"
    )
    for flattener in (PixelFlattener(), PixelFlattener(missing="nan", corrupt="missing")):
        with pytest.raises(ValueError, match=text):
            flattener.fit(X)


def test_lists_of_one_image_need_no_combine(paths, images):
    X = frame(paths, photo=[[0], [None, 1], [], None, [None], 2])
    features = PixelFlattener(missing="zero").fit_transform(X)
    np.testing.assert_array_equal(features[[0, 1, 5]], images[:3].reshape(3, -1))
    np.testing.assert_array_equal(features[2:5], 0)


def test_missing_rows_are_named(paths):
    X = frame(paths, front=[[], 1, None], kitchen=[None, [2, 3], [None]])
    text = r"2 of 3 rows have no image in columns 'front', 'kitchen': row 0; row 2\. Pass missing="
    with pytest.raises(ImageReadError, match=text) as info:
        PixelFlattener(combine="mean").fit(X)
    assert info.value.failures == [(0, "no image", "missing"), (2, "no image", "missing")]


def test_errors_name_row_and_image(paths, tmp_path):
    broken = [*paths[:2], str(tmp_path / "gone.png")]
    X = frame(broken, front=[0, [1, None, 2], 2], kitchen=[1, None, 0])
    with pytest.raises(ImageReadError) as info:
        PixelFlattener((2, 2), combine="mean").fit_transform(X)
    assert str(info.value).startswith(
        "2 of 6 images of columns 'front', 'kitchen' could not be read: "
        f"row 1, column 'front', image 2 ({broken[2]}), row 2, column 'front' ({broken[2]}): "
        "no such file."
    )
    assert info.value.failures == [(row, broken[2], "no such file") for row in (1, 2)]
    with pytest.raises(ImageReadError, match=r"row 1, image 1 \(.*gone.png\)"):
        PixelFlattener((2, 2), combine="mean").fit_transform([[paths[0]], [paths[1], broken[2]]])


def test_corrupt_images_are_left_out_of_a_row(paths, images, tmp_path):
    broken = [*paths[:2], str(tmp_path / "gone.png")]
    X = frame(broken, photo=[[0, 2, 1], [2, 2], 0])
    flattener = PixelFlattener(combine="mean", corrupt="missing", missing="nan", add_indicator=True)
    with pytest.warns(UnreadableImageWarning, match="3 of 6 images of column 'photo'") as caught:
        features = flattener.fit_transform(X)
    assert len(caught) == 1
    np.testing.assert_allclose(features[0, :-1], joined(images, [(0, 1)], "mean")[0], rtol=1e-6)
    assert np.isnan(features[1, :-1]).all()
    assert features[:, -1].tolist() == [0, 1, 0]


def test_corrupt_images_leave_a_row_missing_where_that_is_an_error(paths, tmp_path):
    X = frame([paths[0], str(tmp_path / "gone.png")], photo=[[0, 1], [1]])
    # One report: the images that can't be read, and the row that is left without one.
    text = r"2 of 3 images of column 'photo' could not be read: row 0.*row 1.*missing='nan'"
    with pytest.raises(ImageReadError, match=text):
        PixelFlattener(combine="mean", corrupt="missing").fit_transform(X)


def test_a_list_in_a_list(paths):
    text = r"Row 1 of column 'photo' holds a list in a list \(image 1\)\. Give one list"
    X = pd.DataFrame({"photo": [[paths[0]], [paths[1], [paths[2]]]]})
    for combine in (None, "mean"):
        with pytest.raises(ValueError, match=text):
            PixelFlattener(combine=combine).fit(X)


def test_different_sizes_name_the_images(images):
    X = frame([images[0], images[0, :2]], photo=[[0, 1]])
    text = r"of column 'photo' have different sizes: row 0, image 0 .*, row 0, image 1 .*is 2 x"
    with pytest.raises(ValueError, match=text):
        PixelFlattener(combine="mean").fit(X)


def test_unknown_ways_to_combine(images):
    with pytest.raises(ValueError, match=r"The 'combine' parameter of .* must be"):
        PixelFlattener(combine="sum").fit(images)


# Images as nested numbers.


def nested(container, images):
    lists = images.tolist()
    makers = {
        "list": lambda: lists,
        "Series": lambda: pd.Series(lists),
        "polars List": lambda: pl.Series("x", lists, dtype=pl.List(pl.List(pl.UInt8))),
        "polars Array": lambda: pl.Series("x", images),
        "polars Array with nulls": lambda: pl.Series(
            "x", [*lists, None], dtype=pl.Array(pl.UInt8, images.shape[1:])
        ),
    }
    return makers[container]()


@pytest.mark.parametrize("container", ["list", "Series", "polars List", "polars Array"])
@pytest.mark.parametrize("shape", [(3, 2), (3, 2, 3)])
def test_nested_numbers_are_images(container, shape):
    images = np.random.default_rng(0).integers(2, 256, (4, *shape), dtype=np.uint8)
    if container == "polars List" and len(shape) == 3:
        X = pl.Series("x", images.tolist(), dtype=pl.List(pl.List(pl.List(pl.UInt8))))
    else:
        X = nested(container, images)
    features = PixelFlattener().fit_transform(X)
    np.testing.assert_array_equal(features, images.reshape(4, -1))


def test_nested_numbers_may_be_missing(images):
    X = nested("polars Array with nulls", images)
    features = PixelFlattener(missing="nan").fit_transform(X)
    np.testing.assert_array_equal(features[:-1], images.reshape(6, -1))
    assert np.isnan(features[-1]).all()


def test_nested_numbers_keep_the_type_of_polars():
    """A dark image of bytes stays dark: white is 255, not the brightest pixel."""
    X = pl.Series("x", [[[0, 1], [1, 0]]], dtype=pl.List(pl.List(pl.UInt8)))
    assert PixelFlattener().fit_transform(X).max() == 1


def test_nested_numbers_from_parquet(images, tmp_path):
    pytest.importorskip("pyarrow")
    frame = pl.DataFrame({"x": nested("polars List", images)})
    frame.write_parquet(tmp_path / "x.parquet")
    X = pd.read_parquet(tmp_path / "x.parquet")
    np.testing.assert_array_equal(PixelFlattener().fit_transform(X), images.reshape(6, -1))


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([[1, 2, 3], [4, 5, 6]], r"shape \(3,\)"),
        ([[[1, 2], [3]]], "lists of different lengths"),
        (np.zeros((1, 2, 2, 2, 2, 2)).tolist(), r"shape \(2, 2, 2, 2, 2\)"),
        (pl.Series("x0", [[1.0, 2.0]]), r"shape \(2,\)"),
    ],
    ids=["flat", "ragged", "deep", "polars"],
)
def test_nested_numbers_that_are_no_images(cells, found):
    text = rf"Row 0 of column 'x0' holds numbers \({found}\), not an image.*image_shape=\(height"
    with pytest.raises(ValueError, match=text):
        PixelFlattener().fit(cells)
