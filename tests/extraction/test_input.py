"""Forms of X, of the result, and errors of wrong use, with the smallest transformer."""

import io
import pickle
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import ImageReader, ImageReadError, PixelFlattener, UnreadableImageWarning

N, HEIGHT, WIDTH = 5, 4, 6
READ = []  # the cells that a CountingReader read


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture(scope="module")
def images():
    return noise((N, HEIGHT, WIDTH, 3))


@pytest.fixture(scope="module")
def expected(images):
    return images.reshape(N, -1).astype(np.float32)


@pytest.fixture(scope="module")
def folder(images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    for row, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{row}.png")
    return folder


@pytest.fixture
def paths(folder):
    return [str(folder / f"{row}.png") for row in range(N)]


def cells_of(values):
    """A 1-D object array, whatever the values are."""
    cells = np.empty(len(values), dtype=object)
    cells[:] = list(values)
    return cells


class CountingReader(ImageReader):
    def read(self, cell, value_range=None):
        READ.append(cell)
        return super().read(cell, value_range=value_range)


# Containers.

COLUMNS = {
    "list": list,
    "tuple": tuple,
    "1-D object array": cells_of,
    "2-D object array": lambda cells: cells_of(cells).reshape(-1, 1),
    "Series": pd.Series,
    "Series of objects": lambda cells: pd.Series(cells, dtype=object, name="img"),
    "DataFrame": lambda cells: pd.DataFrame({"img": cells}),
    "DataFrame with an index": lambda cells: pd.DataFrame({"img": cells}, index=list("vwxyz")),
    "polars Series": lambda cells: pl.Series("img", cells),
    "polars DataFrame": lambda cells: pl.DataFrame({"img": cells}),
}


@pytest.mark.parametrize("container", COLUMNS)
def test_columns_of_paths(container, paths, expected):
    X = COLUMNS[container](paths)
    features = PixelFlattener().fit_transform(X)
    assert type(features) is np.ndarray
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, expected)


@pytest.mark.parametrize("container", COLUMNS)
@pytest.mark.parametrize("kind", ["bytes", "array", "image", "PathLike"])
def test_columns_of_other_cells(container, kind, paths, images, expected):
    makers = {
        "bytes": lambda: [Path(path).read_bytes() for path in paths],
        "array": lambda: list(images),
        "image": lambda: [Image.fromarray(image) for image in images],
        "PathLike": lambda: [Path(path) for path in paths],
    }
    cells = makers[kind]()
    if container.startswith("polars") and kind != "bytes":
        cells = pl.Series("img", cells, dtype=pl.Object)
    X = COLUMNS[container](cells)
    np.testing.assert_array_equal(PixelFlattener().fit_transform(X), expected)


@pytest.mark.parametrize(
    "dtype", ["object", "str", "string", "string[pyarrow]", "category", pd.ArrowDtype]
)
def test_types_of_pandas_for_text(dtype, paths, expected):
    if dtype is pd.ArrowDtype:
        pyarrow = pytest.importorskip("pyarrow")
        dtype = pd.ArrowDtype(pyarrow.string())
    X = pd.Series([*paths, None], dtype=dtype)
    features = PixelFlattener(missing="nan").fit_transform(X)
    np.testing.assert_array_equal(features[:N], expected)
    assert np.isnan(features[N]).all()


def test_array_of_text(paths, expected):
    np.testing.assert_array_equal(PixelFlattener().fit_transform(np.array(paths)), expected)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
def test_array_of_images(dtype, images, expected):
    features = PixelFlattener().fit_transform(images.astype(dtype))
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, expected)


def test_array_of_gray_images():
    X = noise((N, HEIGHT, WIDTH))
    features = PixelFlattener().fit_transform(X)
    np.testing.assert_array_equal(features, X.reshape(N, -1))
    np.testing.assert_array_equal(PixelFlattener().fit_transform(X[..., np.newaxis]), features)


SHAPES = [(HEIGHT, WIDTH, 3), (-1, WIDTH, 3), (HEIGHT, -1, 3), (HEIGHT, WIDTH, -1)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame, pl.DataFrame, list])
def test_flattened_images(shape, container, expected):
    X = container(expected.astype(np.float64))
    features = PixelFlattener(image_shape=shape).fit_transform(X)
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, expected)


@pytest.mark.parametrize("shape", [(8, 8), [8, -1], (-1, 8), np.array([8, 8])])
def test_flattened_gray_images_can_be_resized(shape):
    X = noise((N, 64))
    resized = PixelFlattener((4, 4), image_shape=shape).fit_transform(X)
    same = PixelFlattener((4, 4)).fit_transform(X.reshape(N, 8, 8))
    np.testing.assert_array_equal(resized, same)


def test_several_columns_stand_side_by_side(paths, expected):
    other = noise((N, 2, 2))
    frame = pd.DataFrame({"photo": paths, "scan": list(other)})
    both = np.hstack([expected, other.reshape(N, -1)])
    flattener = PixelFlattener().fit(frame)
    np.testing.assert_array_equal(flattener.transform(frame), both)
    assert flattener.n_features_in_ == 2
    assert flattener.n_features_out_ == both.shape[1]
    polars = pl.DataFrame({"photo": paths, "scan": pl.Series(list(other), dtype=pl.Object)})
    np.testing.assert_array_equal(PixelFlattener().fit_transform(polars), both)
    table = frame.to_numpy(dtype=object)
    np.testing.assert_array_equal(PixelFlattener().fit_transform(table), both)
    swapped = PixelFlattener().fit_transform(frame[["scan", "photo"]])
    np.testing.assert_array_equal(swapped, np.hstack([both[:, -4:], expected]))


def test_a_fitted_transformer_takes_other_containers(paths, images, expected):
    flattener = PixelFlattener().fit(list(images))
    for X in (paths, cells_of(paths), images, images.astype(float)):
        np.testing.assert_array_equal(flattener.transform(X), expected)
    np.testing.assert_array_equal(flattener.transform(images[:1]), expected[:1])


def test_the_caller_keeps_what_was_passed(paths, images):
    frame = pd.DataFrame({"img": paths, "other": list(images.copy())}, index=list("vwxyz"))
    before = frame.copy(deep=True)
    PixelFlattener((2, 2)).set_output(transform="pandas").fit_transform(frame)
    pd.testing.assert_frame_equal(frame.drop(columns="other"), before.drop(columns="other"))
    np.testing.assert_array_equal(np.stack(list(frame["other"])), images)


# Output.


def test_pandas_output_of_a_frame(paths, expected):
    frame = pd.DataFrame({"img": paths}, index=list("vwxyz"))
    flattener = PixelFlattener().set_output(transform="pandas")
    features = flattener.fit_transform(frame)
    assert features.index.tolist() == list("vwxyz")
    assert features.columns.tolist() == flattener.get_feature_names_out().tolist()
    assert set(features.dtypes) == {np.dtype("float32")}
    np.testing.assert_array_equal(features, expected)


def test_pandas_output_of_a_series(paths, expected):
    series = pd.Series(paths, index=[10, 20, 20, 5, 0], name="img")
    features = PixelFlattener().set_output(transform="pandas").fit_transform(series)
    assert features.index.tolist() == [10, 20, 20, 5, 0]
    assert features.columns[0] == "img_pixel_0000"
    assert set(features.dtypes) == {np.dtype("float32")}
    np.testing.assert_array_equal(features, expected)


def test_pandas_output_of_a_list(paths):
    features = PixelFlattener().set_output(transform="pandas").fit_transform(paths)
    assert features.index.tolist() == list(range(N))
    assert features.columns[0] == "x0_pixel_0000"


@pytest.mark.parametrize("container", ["list", "Series", "DataFrame", "polars DataFrame"])
def test_polars_output(container, paths, expected):
    X = COLUMNS[container](paths)
    features = PixelFlattener().set_output(transform="polars").fit_transform(X)
    assert isinstance(features, pl.DataFrame)
    assert set(features.dtypes) == {pl.Float32}
    assert features.columns[-1].endswith("_pixel_0071")
    np.testing.assert_array_equal(features.to_numpy(), expected)


def test_feature_names():
    frame = pd.DataFrame({"photo": list(noise((2, 2, 2))), "scan": list(noise((2, 1, 1)))})
    flattener = PixelFlattener().fit(frame)
    names = [f"photo_pixel_000{i}" for i in range(4)] + ["scan_pixel_0000"]
    assert flattener.get_feature_names_out().tolist() == names
    assert flattener.get_feature_names_out(["photo", "scan"]).tolist() == names
    assert flattener.feature_names_in_.tolist() == ["photo", "scan"]
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        flattener.get_feature_names_out(["scan", "photo"])


def test_feature_names_without_column_names():
    flattener = PixelFlattener().fit(cells_of(noise((4, 1, 2))).reshape(2, 2))
    names = ["x0_pixel_0000", "x0_pixel_0001", "x1_pixel_0000", "x1_pixel_0001"]
    assert flattener.get_feature_names_out().tolist() == names
    assert flattener.get_feature_names_out(["a", "b"]).tolist() == [
        name.replace("x0", "a").replace("x1", "b") for name in names
    ]
    assert not hasattr(flattener, "feature_names_in_")


def test_feature_names_of_flattened_images():
    flattener = PixelFlattener(image_shape=(2, 2)).fit(np.ones((3, 4)))
    assert flattener.get_feature_names_out()[0] == "image_pixel_0000"
    assert flattener.n_features_in_ == flattener.n_features_out_ == 4


def test_feature_names_sort_like_their_columns():
    flattener = PixelFlattener().fit(np.zeros((1, 101, 101), dtype=np.uint8))
    names = flattener.get_feature_names_out().tolist()
    assert names[0] == "x0_pixel_00000"
    assert names == sorted(names)


@pytest.mark.parametrize("selected", ["img", ["img"]])
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_column_transformer(selected, frame, paths, expected):
    X = frame({"age": [1.0, 2, 3, 4, 5], "img": paths})
    columns = ColumnTransformer(
        [("pixels", PixelFlattener(), selected), ("numbers", StandardScaler(), ["age"])]
    )
    features = columns.fit_transform(X)
    np.testing.assert_array_equal(features[:, :-1], expected)
    names = columns.get_feature_names_out()
    assert names[0] == "pixels__img_pixel_0000"
    assert names[-1] == "numbers__age"
    np.testing.assert_array_equal(columns.transform(X), features)


@pytest.mark.parametrize("selected", ["img", ["img"]])
def test_column_transformer_keeps_the_index(selected, paths):
    X = pd.DataFrame({"age": [1.0, 2, 3, 4, 5], "img": paths}, index=list("vwxyz"))
    columns = ColumnTransformer(
        [("pixels", PixelFlattener(), selected), ("numbers", "passthrough", ["age"])]
    ).set_output(transform="pandas")
    features = columns.fit_transform(X)
    assert features.index.tolist() == list("vwxyz")
    assert features["numbers__age"].tolist() == [1, 2, 3, 4, 5]


# Wrong use.


def fails(X, message, **params):
    with pytest.raises(ValueError, match=message) as info:
        PixelFlattener(**params).fit(X)
    return info.value


def test_a_table_of_numbers_without_image_shape():
    fails(np.ones((3, 64)), r"X of shape \(3, 64\).*Pass image_shape=\(height, width\) if each row")
    fails(pd.DataFrame(np.ones((3, 4))), r"Column '0' holds numbers.*pass image_shape=\(height")


@pytest.mark.parametrize("values", [[1, 2, 3], [0.5, None, 2], [True, False, True], [None, 1j, 2]])
def test_a_column_of_numbers(values, paths):
    frame = pd.DataFrame({"img": paths[:3], "age": values})
    text = r"Column 'age' holds numbers \(dtype .*ColumnTransformer, or pass image_shape"
    fails(frame, text, missing="zero")
    fails(pl.DataFrame(frame.drop(columns="age")).with_columns(age=pl.lit(1)), text)


def test_numbers_in_a_list():
    error = fails([1, 2], r"None of the 2 images of column 'x0' can be read: row 0 \(int 1\)")
    assert "a cell of type int is no image" in str(error)


def test_one_dimension_of_numbers():
    fails(np.arange(3), r"X of shape \(3,\) and dtype int64 holds no images")


def test_five_dimensions():
    fails(np.zeros((2, 2, 2, 2, 3)), r"Row 0 of column 'x0' holds 2 images \(2 rows hold several")


def test_six_dimensions():
    fails(np.zeros((2, 2, 2, 2, 2, 3)), r"X of shape .* holds no images.*\(n_rows, height, width")


def test_dates():
    fails(np.zeros((2, 2, 2), dtype="datetime64[s]"), r"dtype datetime64\[s\] holds no images")


@pytest.mark.parametrize(
    ("single", "kind"),
    [
        ("a.png", "str"),
        (b"abc", "bytes"),
        (bytearray(b"abc"), "bytearray"),
        (Path("a.png"), "PosixPath|WindowsPath"),
        (Image.new("RGB", (3, 3)), "Image"),
    ],
)
def test_a_single_image(single, kind):
    fails(single, f"X must hold one image a row, got a single ({kind})")


@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.coo_array])
@pytest.mark.parametrize("params", [{}, {"image_shape": (2, 2)}])
def test_sparse(make, params):
    with pytest.raises((TypeError, ValueError), match=r"(?i)sparse"):
        PixelFlattener(**params).fit(make(np.eye(4)))


@pytest.mark.parametrize("X", [None, 3, {"img": ["a.png"]}, object()])
def test_no_column_at_all(X):
    fails(X, r"X of shape \(\) and dtype .* holds no images")


@pytest.mark.parametrize(
    "X",
    [
        [],
        np.empty((0, 4, 4)),
        np.array([], dtype=object),
        pd.Series([], dtype=object),
        pd.DataFrame({"img": []}),
        pl.DataFrame({"img": []}),
    ],
    ids=lambda X: type(X).__name__,
)
def test_empty(X, images):
    fails(X, r"Found 0 sample\(s\) and 1 column\(s\) of images while a minimum of 1 is required")


def test_empty_at_transform(images):
    flattener = PixelFlattener().fit(images)
    with pytest.raises(ValueError, match=r"Found 0 sample\(s\)"):
        flattener.transform([])


def test_a_frame_without_columns():
    fails(pd.DataFrame(index=[0, 1]), r"0 column\(s\) of images while a minimum of 1 is required")


def test_image_shape_that_does_not_divide():
    X = np.ones((2, 64))
    fails(X, r"image_shape=\(7, -1\) needs 7 columns or a multiple, X has 64", image_shape=(7, -1))
    fails(X, r"image_shape=\(7, 9\) needs 63 columns, X has 64", image_shape=(7, 9))
    fails(X, r"image_shape=\(8, 8, 3\) needs 192 columns, X has 64", image_shape=(8, 8, 3))


@pytest.mark.parametrize(
    "shape", [(-1, -1), (8,), (8, 8, 1, 1), (0, 8), (8, -2), (8.0, 8), ("8", 8)]
)
def test_image_shape_that_is_none(shape):
    fails(np.ones((2, 64)), "image_shape must be .* of which one may be -1; got", image_shape=shape)


def test_image_shape_with_columns_of_paths(paths):
    fails(pd.DataFrame({"img": paths}), "could not convert string to float", image_shape=(2, 2))


@pytest.mark.parametrize("size", [(8,), (8, 8, 3), (0, 8), (8.5, 8), ("8", 8)])
def test_image_size_that_is_none(size, images):
    fails(images, "image_size must be two positive integers", image_size=size)


@pytest.mark.parametrize(
    "params",
    [
        {"image_size": 0},
        {"color_mode": "gray"},
        {"missing": None},
        {"corrupt": "ignore"},
        {"reader": "reader"},
        {"verbose": -1},
        {"reader": ImageReader(resample="best")},
        {"reader": ImageReader(max_pixels=0)},
    ],
    ids=str,
)
def test_parameters_are_checked(params, images):
    name, value = next(iter(params.items()))
    if isinstance(value, ImageReader):
        name = "resample" if value.resample == "best" else "max_pixels"
    fails(images, f"The '{name}' parameter of .* must be", **params)


def test_different_sizes_without_image_size():
    error = fails(
        pd.DataFrame({"scan": [None, *noise((2, 4, 6)), noise((5, 6))]}),
        "The images of column 'scan' have different sizes",
        missing="zero",
    )
    assert "row 1 (array of shape (4, 6) and dtype uint8) is 4 x 6 pixels" in str(error)
    assert "row 3 (array of shape (5, 6) and dtype uint8) is 5 x 6" in str(error)
    assert "Pass image_size=(height, width)" in str(error)


def test_another_size_at_transform(images):
    flattener = PixelFlattener().fit(images)
    text = (
        r"1 of 2 images of column 'x0'.*row 1 .*3 x 6 pixels where fit saw 4 x 6; pass image_size="
    )
    with pytest.raises(ImageReadError, match=text):
        flattener.transform([images[0], noise((3, 6, 3))])


def test_any_size_with_image_size(images):
    flattener = PixelFlattener((2, 3)).fit(images)
    assert flattener.transform([noise((9, 9, 3)), noise((1, 2))]).shape == (2, 18)


@pytest.mark.parametrize("columns", [1, 3])
def test_another_number_of_columns(columns):
    flattener = PixelFlattener().fit(cells_of(noise((4, 2, 2))).reshape(2, 2))
    X = cells_of(noise((6, 2, 2))).reshape(-1, columns)
    text = f"X has {columns} columns of images, but PixelFlattener was fitted on 2"
    with pytest.raises(ValueError, match=text):
        flattener.transform(X)


def test_another_number_of_pixels():
    flattener = PixelFlattener(image_shape=(2, -1)).fit(np.ones((3, 4)))
    with pytest.raises(ValueError, match="X has 6 features, but PixelFlattener is expecting 4"):
        flattener.transform(np.ones((3, 6)))


def test_a_renamed_column(paths):
    flattener = PixelFlattener().fit(pd.DataFrame({"img": paths}))
    text = r"(?s)feature names should match.*unseen at fit time:\n- photo.*seen at fit time.*- img"
    for X in (pd.DataFrame({"photo": paths}), pd.Series(paths, name="photo")):
        with pytest.raises(ValueError, match=text):
            flattener.transform(X)


def test_an_added_column(paths):
    frame = pd.DataFrame({"img": paths})
    flattener = PixelFlattener().fit(frame)
    with pytest.raises(ValueError, match=r"(?s)unseen at fit time:\n- other"):
        flattener.transform(frame.assign(other=paths))


def test_names_that_are_gone_are_warned_about(paths):
    flattener = PixelFlattener().fit(pd.DataFrame({"img": paths}))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        flattener.transform(paths)


def test_transform_before_fit(images):
    for ask in (lambda f: f.transform(images), lambda f: f.get_feature_names_out()):
        with pytest.raises(NotFittedError, match="This PixelFlattener instance is not fitted yet"):
            ask(PixelFlattener())


def test_a_fit_that_fails_leaves_nothing_fitted(images):
    flattener = PixelFlattener().fit(images)
    with pytest.raises(ValueError, match="holds no images"):
        flattener.fit(np.ones(3))
    with pytest.raises(NotFittedError):
        flattener.transform(images)


# Missing images.


def test_missing_is_an_error_unless_told(paths):
    cells = [None, *paths, *[np.nan] * 6]
    with pytest.raises(ImageReadError) as info:
        PixelFlattener().fit(pd.DataFrame({"img": pd.Series(cells, dtype=object)}))
    assert str(info.value) == (
        "7 of 12 images of column 'img' are missing: row 0; row 6; row 7; row 8; row 9; and 2 "
        "more. Pass missing='nan', missing='zero' or missing='mean' to accept rows without an "
        "image."
    )
    assert [row for row, _, _ in info.value.failures] == [0, 6, 7, 8, 9, 10, 11]
    assert {reason for _, _, reason in info.value.failures} == {"missing"}


def test_missing_is_an_error_at_transform(paths):
    flattener = PixelFlattener().fit(paths)
    with pytest.raises(ImageReadError, match="1 of 2 images of column 'x0' are missing: row 1"):
        flattener.transform([paths[0], None])


@pytest.mark.parametrize(("missing", "fill"), [("nan", np.nan), ("zero", 0)])
@pytest.mark.parametrize("gone", [None, np.nan, pd.NA, pd.NaT, ""])
def test_missing_rows_are_filled(missing, fill, gone, paths, expected):
    X = pd.DataFrame({"img": pd.Series([gone, *paths, gone], dtype=object)})
    features = PixelFlattener(missing=missing).fit_transform(X)
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features[1:-1], expected)
    np.testing.assert_array_equal(features[[0, -1]], np.full((2, expected.shape[1]), fill))


def test_missing_in_one_of_two_columns(paths, expected):
    frame = pd.DataFrame({"a": paths, "b": [None, *paths[1:]]})
    features = PixelFlattener(missing="nan").fit_transform(frame)
    half = expected.shape[1]
    np.testing.assert_array_equal(features[:, :half], expected)
    assert np.isnan(features[0, half:]).all()
    np.testing.assert_array_equal(features[1:, half:], expected[1:])


@pytest.mark.parametrize(("missing", "fill"), [("nan", np.nan), ("zero", 0)])
def test_everything_missing_at_transform(missing, fill, paths, expected):
    flattener = PixelFlattener(missing=missing).fit(paths)
    for X in ([None, None], [np.nan, ""]):
        features = flattener.transform(X)
        assert features.dtype == np.float32
        np.testing.assert_array_equal(features, np.full((2, expected.shape[1]), fill))


def test_a_numeric_column_of_nan_has_no_images(paths, expected):
    flattener = PixelFlattener(missing="nan").fit(pd.DataFrame({"img": paths}))
    features = flattener.transform(pd.DataFrame({"img": [np.nan, np.nan]}))
    assert features.shape == (2, expected.shape[1])
    assert np.isnan(features).all()


def test_everything_missing_at_fit():
    text = "None of the 2 images of column 'img' can be read: all are missing"
    fails(pd.DataFrame({"img": [None, None]}), text, missing="nan")


def test_everything_missing_at_fit_with_a_size(paths):
    flattener = PixelFlattener((2, 2), color_mode="rgb", missing="nan").fit([None, None])
    assert flattener.transform([None, paths[0]]).shape == (2, 12)


def test_flattened_rows_with_nan_are_missing():
    X = noise((4, 6)).astype(float)
    X[1, 2] = np.nan
    features = PixelFlattener(image_shape=(2, 3), missing="zero").fit_transform(X)
    np.testing.assert_array_equal(features, np.where(np.arange(4)[:, None] == 1, 0, X))
    fails(X, "Input X contains NaN", image_shape=(2, 3))


def test_flattened_rows_that_are_all_missing():
    flattener = PixelFlattener(image_shape=(2, 3), missing="nan").fit(noise((4, 6)))
    assert np.isnan(flattener.transform(np.full((2, 6), np.nan))).all()


# Images that can't be read.


@pytest.fixture
def damaged(folder, tmp_path):
    """Paths of which those in row 1, 2 and 4 can't be read."""
    text = tmp_path / "text.png"
    text.write_text("no image")
    truncated = tmp_path / "truncated.png"
    truncated.write_bytes((folder / "0.png").read_bytes()[:80])
    return [folder / "0.png", tmp_path / "nowhere.png", text, folder / "1.png", truncated]


def test_all_that_can_not_be_read_is_named(damaged, paths):
    flattener = PixelFlattener().fit(paths)
    with pytest.raises(ImageReadError) as info:
        flattener.transform(pd.DataFrame({"x0": damaged}).to_numpy())
    text = str(info.value)
    assert text.startswith("3 of 5 images of column 'x0' could not be read: row 1 (")
    assert text.endswith(". Pass corrupt='missing' to treat them as missing.")
    assert f"row 1 ({damaged[1]}): no such file; row 2 ({damaged[2]}): no image format" in text
    failures = info.value.failures
    assert [(row, source) for row, source, _ in failures] == [
        (row, str(damaged[row])) for row in (1, 2, 4)
    ]
    assert all(reason and "\n" not in reason for _, _, reason in failures)


def test_failures_survive_pickling(damaged, paths):
    flattener = PixelFlattener().fit(paths)
    with pytest.raises(ImageReadError) as info:
        flattener.transform(damaged)
    copy = pickle.loads(pickle.dumps(info.value))
    assert type(copy) is ImageReadError
    assert str(copy) == str(info.value)
    assert copy.failures == info.value.failures


def test_rows_that_share_a_bad_file_are_all_named(damaged, paths):
    cells = [damaged[1], paths[0], damaged[2], damaged[1]]
    with pytest.raises(ImageReadError, match=r"3 of 4 images") as info:
        PixelFlattener((2, 2)).fit(paths).transform(cells)
    assert [row for row, _, _ in info.value.failures] == [0, 2, 3]


def test_many_failures_are_counted(paths, tmp_path):
    cells = [tmp_path / f"{row}.png" for row in range(200)]  # several batches
    text = r"200 of 200 images.*, row 4 \([^ ]*4.png\), and 195 more: no such file. Pass corrupt="
    with pytest.raises(ImageReadError, match=text) as info:
        PixelFlattener().fit(paths).transform(cells)
    assert [row for row, _, _ in info.value.failures] == list(range(200))


@pytest.mark.parametrize(("missing", "fill"), [("nan", np.nan), ("zero", 0)])
def test_corrupt_as_missing(missing, fill, damaged, expected):
    flattener = PixelFlattener(corrupt="missing", missing=missing)
    with pytest.warns(UnreadableImageWarning) as caught:
        features = flattener.fit_transform(pd.DataFrame({"img": damaged}))
    assert len(caught) == 1
    text = str(caught[0].message)
    assert text.startswith("3 of 5 images of column 'img' could not be read: row 1 (")
    assert text.endswith("They count as missing.")
    np.testing.assert_array_equal(features[[0, 3]], expected[:2])
    np.testing.assert_array_equal(features[[1, 2, 4]], np.full((3, expected.shape[1]), fill))


def test_corrupt_as_missing_where_missing_is_an_error(damaged):
    flattener = PixelFlattener(corrupt="missing")
    text = (
        "3 of 5 images of column 'img' could not be read: row 1 .* Unreadable ones count as missing"
    )
    with pytest.raises(ImageReadError, match=text) as info:  # and no warning beside it
        flattener.fit_transform(pd.DataFrame({"img": damaged}))
    assert [row for row, *_ in info.value.failures] == [1, 2, 4]
    assert "Pass missing='nan'" in str(info.value)


def test_nothing_can_be_read_at_transform(damaged, paths):
    flattener = PixelFlattener(corrupt="missing", missing="nan").fit(paths)
    with pytest.warns(UnreadableImageWarning, match="2 of 3 images"):
        features = flattener.transform([damaged[1], None, damaged[2]])
    assert np.isnan(features).all()


def test_nothing_can_be_read_at_fit(damaged):
    text = r"None of the 2 images of column 'x0' can be read: row 0 \(.*nowhere.png\): no such file"
    fails([damaged[1], damaged[2]], text, corrupt="missing", missing="nan")


def test_an_array_that_is_no_image_has_a_row(images):
    flattener = PixelFlattener().fit(images)
    bad = images[0].astype(float)
    bad[0, 0, 0] = np.nan
    with pytest.raises(ImageReadError, match=r"row 1 \(array of shape .*holds NaN") as info:
        flattener.transform([images[0], bad, noise((3, 4, 6))])
    assert "row 2 (array of shape (3, 4, 6) and dtype uint8): an array of" in str(info.value)
    assert "6 channels; move its channels to the last axis" in str(info.value)


# Reading.


@pytest.fixture
def read_cells():
    READ.clear()
    yield READ
    READ.clear()


def test_duplicates_are_read_once(paths, expected, read_cells):
    order = [0, 1, 0, 2, 1, 0] * 40
    X = pd.Series([paths[row] for row in order])
    features = PixelFlattener(reader=CountingReader()).fit_transform(X)
    np.testing.assert_array_equal(features, expected[order])
    assert sorted(read_cells) == sorted(paths[:3])


def test_missing_cells_are_not_read(paths, read_cells):
    PixelFlattener(missing="zero", reader=CountingReader()).fit([*paths, None]).transform(
        [None] * 9
    )
    assert read_cells == []


def test_root_of_relative_paths(folder, expected):
    names = [f"{row}.png" for row in range(N)]
    for root in (folder, str(folder)):
        features = PixelFlattener(reader=ImageReader(root)).fit_transform(pd.Series(names))
        np.testing.assert_array_equal(features, expected)
    with pytest.raises(ValueError, match=r"row 0 \(0.png\): no such file"):
        PixelFlattener().fit(names)


def test_background_of_the_reader():
    cells = [Image.new("RGBA", (2, 2), (0, 0, 0, 0))]
    assert PixelFlattener().fit_transform(cells).min() == 255
    black = PixelFlattener(reader=ImageReader(background="black"))
    assert black.fit_transform(cells).max() == 0


def test_color_mode(images):
    gray = images[..., 0]
    assert PixelFlattener().fit_transform(gray).shape[1] == 24
    assert PixelFlattener(color_mode="rgb").fit_transform(gray).shape[1] == 72
    assert PixelFlattener(color_mode="grayscale").fit_transform(images).shape[1] == 24
    mixed = [gray[0], images[0]]
    features = PixelFlattener().fit_transform(mixed)
    np.testing.assert_array_equal(features[0], np.repeat(gray[0].ravel(), 3))
    # What was gray at fit stays gray.
    assert PixelFlattener().fit(gray).transform(images).shape[1] == 24


def test_many_images_in_several_batches():
    X = noise((300, 3, 3))
    np.testing.assert_array_equal(PixelFlattener().fit_transform(X), X.reshape(300, -1))


# scikit-learn's ways.


def test_searching_the_options_of_the_reader():
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame({"img": list(noise((20, 12, 12)))}), rng.permutation(np.arange(20) % 2)
    pipe = make_pipeline(
        PixelFlattener((4, 4), reader=ImageReader()),
        StandardScaler(),
        LogisticRegression(),
    )
    grid = {"pixelflattener__reader__resample": ["nearest", "bilinear", "lanczos"]}
    search = GridSearchCV(pipe, grid, cv=2).fit(X, y)
    best = search.best_estimator_[0]
    assert best.reader_.resample == search.best_params_["pixelflattener__reader__resample"]
    for resample in grid["pixelflattener__reader__resample"]:
        flattener = clone(pipe[0]).set_params(reader__resample=resample)
        fresh = PixelFlattener((4, 4), reader=ImageReader(resample=resample))
        np.testing.assert_array_equal(flattener.fit_transform(X), fresh.fit_transform(X))


def test_clone_and_get_params():
    params = {
        "image_size": (4, 4),
        "color_mode": "rgb",
        "scaling": "unit",
        "image_shape": None,
        "combine": "max",
        "missing": "nan",
        "add_indicator": True,
        "corrupt": "missing",
        "reader": ImageReader("folder", background="black"),
        "drift": "ignore",
        "verbose": 1,
    }
    flattener = PixelFlattener(**params)
    assert flattener.get_params(deep=False) == params
    assert flattener.get_params()["reader__root"] == "folder"
    copy = clone(flattener)
    assert copy.reader is not flattener.reader
    assert repr(copy) == repr(flattener)


def test_fit_changes_no_parameter(images):
    flattener = PixelFlattener([2, 2], reader=ImageReader())
    before = flattener.get_params()
    flattener.fit(images).transform(images)
    assert flattener.get_params() == before
    assert flattener.reader_ is not flattener.reader


@pytest.mark.parametrize(
    "params",
    [
        {"image_size": (3, 3)},
        {"color_mode": "grayscale"},
        {"image_size": (3, 3), "reader__resample": "nearest"},
        {"image_size": (9, 9), "color_mode": "grayscale", "missing": "zero"},
    ],
    ids=str,
)
def test_set_params_then_fit_equals_a_fresh_fit(params, images):
    used = PixelFlattener(reader=ImageReader())
    used.fit(images.astype(float) / 255).transform(images / 255)
    used.set_params(**params).fit(images)
    fresh = PixelFlattener(reader=ImageReader()).set_params(**params).fit(images)
    np.testing.assert_array_equal(used.transform(images), fresh.transform(images))
    assert used.get_feature_names_out().tolist() == fresh.get_feature_names_out().tolist()
    assert pickle.dumps(used) == pickle.dumps(fresh)


def test_set_params_changes_nothing_before_the_next_fit(images, expected):
    flattener = PixelFlattener(reader=ImageReader()).fit(images)
    flattener.set_params(
        image_size=(2, 2), color_mode="grayscale", image_shape=(2, 2), reader__root="/nowhere"
    )
    np.testing.assert_array_equal(flattener.transform(images), expected)


def test_refit_on_other_input(paths, images):
    flattener = PixelFlattener().fit(pd.DataFrame({"a": paths, "b": paths}))
    flattener.fit(images[..., 0])
    assert flattener.n_features_in_ == 1
    assert not hasattr(flattener, "feature_names_in_")
    assert flattener.get_feature_names_out()[0] == "x0_pixel_0000"


def test_pickle(images, paths, expected):
    flattener = PixelFlattener().fit(pd.DataFrame({"img": paths}))
    stream = io.BytesIO()
    pickle.dump(flattener, stream)
    assert len(stream.getvalue()) < 10_000
    copy = pickle.loads(stream.getvalue())
    np.testing.assert_array_equal(copy.transform(pd.DataFrame({"img": paths})), expected)


def test_eight_threads_give_what_one_gives(tmp_path):
    images = noise((80, 16, 16, 3))
    X = [tmp_path / f"{row}.png" for row in range(80)]
    for path, image in zip(X, images, strict=True):
        Image.fromarray(image).save(path)
    flattener = PixelFlattener((8, 8)).fit(images)
    serial = flattener.transform(images)
    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(flattener.transform, X) for _ in range(16)]
    for result in results:
        np.testing.assert_array_equal(result.result(), serial)


@pytest.fixture
def impatient_threads():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("impatient_threads")
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_threads_may_share_images_that_are_not_decoded_yet(format):
    images, streams = noise((20, 200, 200, 3)), [io.BytesIO() for _ in range(20)]
    for image, stream in zip(images, streams, strict=True):
        Image.fromarray(image).save(stream, format)
    flattener = PixelFlattener((8, 8)).fit(images)
    serial = flattener.transform(images)
    X = [Image.open(stream) for stream in streams]
    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(flattener.transform, X) for _ in range(8)]
    for result in results:
        np.testing.assert_array_equal(result.result(), serial)


def test_progress_bar(images, capsys):
    flattener = PixelFlattener(verbose=1).fit(pd.Series(list(images), name="scan"))
    capsys.readouterr()
    flattener.transform(pd.Series(list(images), name="scan"))
    out, err = capsys.readouterr()
    assert out == ""
    assert "PixelFlattener scan: 100%" in err
    assert re.search(rf"{N}/{N}.*image/s", err)


def test_no_progress_bar_unless_asked(images, capsys):
    PixelFlattener().fit_transform(images)
    assert capsys.readouterr() == ("", "")
