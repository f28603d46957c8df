"""Tables whose columns are those of Arrow, of polars, or categories, in all that takes a table."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from skfusion import (
    FusionClassifier,
    ImageAugmenter,
    ImageDescriptors,
    PixelFlattener,
    check_images,
    explain,
    report,
    required_columns,
    source_importance,
)

N = 24
Y = np.arange(N) % 2


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder, names = tmp_path_factory.mktemp("images"), []
    for number in range(N):
        pixels = np.random.default_rng(number).integers(0, 256, (6, 6), dtype=np.uint8)
        names.append(str(folder / f"{number}.png"))
        Image.fromarray(pixels).save(names[-1])
    return names


@pytest.fixture(scope="module")
def contents(paths):
    found = []
    for path in paths:
        with open(path, "rb") as file:
            found.append(file.read())
    return found


def arrow(cells, dtype):
    return pd.DataFrame({"scan": pd.Series(cells, dtype=pd.ArrowDtype(dtype))})


# Columns of images.

PAIR = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
COLUMNS = {
    "string": lambda paths, contents: arrow(paths, pa.string()),
    "large_string": lambda paths, contents: arrow(paths, pa.large_string()),
    "dictionary": lambda paths, contents: arrow(paths, pa.dictionary(pa.int32(), pa.string())),
    "binary": lambda paths, contents: arrow(contents, pa.binary()),
    "large_binary": lambda paths, contents: arrow(contents, pa.large_binary()),
    "struct": lambda paths, contents: arrow(
        [{"bytes": each, "path": None} for each in contents], PAIR
    ),
    "category": lambda paths, contents: pd.DataFrame({"scan": pd.Categorical(paths)}),
    "nullable": lambda paths, contents: pd.DataFrame({"scan": pd.Series(paths, dtype="string")}),
    "polars": lambda paths, contents: pl.DataFrame({"scan": paths}),
    "polars binary": lambda paths, contents: pl.DataFrame({"scan": contents}),
    "polars Categorical": lambda paths, contents: pl.DataFrame(
        {"scan": pl.Series(paths, dtype=pl.Categorical)}
    ),
    "polars Enum": lambda paths, contents: pl.DataFrame(
        {"scan": pl.Series(paths, dtype=pl.Enum(paths))}
    ),
    "polars struct": lambda paths, contents: pl.DataFrame(
        {"scan": [{"bytes": each, "path": "a.png"} for each in contents]}
    ),
}
each_column = pytest.mark.parametrize("name", COLUMNS)


@each_column
@pytest.mark.parametrize(
    "make", [PixelFlattener, lambda: ImageDescriptors("intensity")], ids=["pixels", "intensity"]
)
def test_columns_of_paths_and_contents(paths, contents, name, make):
    frame = COLUMNS[name](paths, contents)
    transformer = make()
    expected = transformer.fit_transform(pd.DataFrame({"scan": paths}))
    np.testing.assert_array_equal(make().fit_transform(frame), expected)
    np.testing.assert_array_equal(transformer.transform(frame), expected)
    assert make().fit(frame).get_feature_names_out()[0].startswith("scan_")


@each_column
def test_a_report_of_the_images(paths, contents, name):
    found = check_images(COLUMNS[name](paths, contents))
    assert (found.n_ok, found.n_missing, found.n_broken) == (N, 0, 0)
    assert found.rows["column"].unique().tolist() == ["scan"]


@each_column
def test_columns_of_images_are_found_by_their_cells(paths, contents, name):
    frame = COLUMNS[name](paths, contents)
    age = np.linspace(0, 1, N)
    if isinstance(frame, pl.DataFrame):
        frame = frame.with_columns(pl.Series("age", age))
    else:
        frame = frame.assign(age=age)
    fusion = FusionClassifier(
        PixelFlattener(missing="nan"),
        cv=2,
        random_state=0,
        estimators={part: LogisticRegression() for part in ("table", "image", "joint")},
    ).fit(frame, Y)
    assert (fusion.image_columns_, fusion.table_columns_) == (["scan"], ["age"])
    assert fusion.predict(frame).shape == (N,)


# Tables.


def plain_table(paths):
    random = np.random.default_rng(0)
    sides = np.array(["left", "right", "both"], dtype=object)[np.arange(N) % 3]
    return pd.DataFrame({"scan": paths, "age": random.normal(60, 9, N), "side": sides})


TABLES = {
    "arrow": lambda table: table.convert_dtypes(dtype_backend="pyarrow"),
    "nullable": lambda table: table.convert_dtypes(),
    "category": lambda table: table.astype({"side": "category"}),
    "polars": lambda table: pl.DataFrame(table.to_dict("list")),
    "polars Categorical": lambda table: pl.DataFrame(table.to_dict("list")).with_columns(
        pl.col("side").cast(pl.Categorical)
    ),
}
each_table = pytest.mark.parametrize("name", TABLES)


@pytest.fixture(scope="module")
def model(paths):
    columns = make_column_transformer(
        (PixelFlattener((2, 2)), ["scan"]), ("passthrough", ["age"]), (OneHotEncoder(), ["side"])
    )
    head = LogisticRegression(C=1e-4, max_iter=1000)
    return make_pipeline(columns, head).fit(plain_table(paths), Y)


@each_table
def test_explanations(paths, model, name):
    table = plain_table(paths)
    options = {"rows": [0, 5], "regions": False, "random_state": 0}
    expected = explain(model, table, **options)
    given = explain(model, TABLES[name](table), **options)
    np.testing.assert_allclose(given.sources, expected.sources, atol=1e-6)
    np.testing.assert_allclose(given.table, expected.table, atol=1e-6)


@each_table
def test_importance(paths, model, name):
    table = plain_table(paths)
    expected = source_importance(model, table, Y, random_state=0)
    given = source_importance(model, TABLES[name](table), Y, random_state=0)
    pd.testing.assert_frame_equal(given, expected, atol=1e-6)


@each_table
@pytest.mark.parametrize("with_background", [False, True])
def test_a_report_of_the_model(paths, model, name, with_background):
    table = plain_table(paths)
    other = TABLES[name](table)
    background = table if with_background else None
    expected = report(model, table, Y, background=background, rows=[], random_state=0)
    given = report(model, other, Y, background=background, rows=[], random_state=0)
    pd.testing.assert_frame_equal(given.scores, expected.scores)
    pd.testing.assert_frame_equal(given.predictions, expected.predictions)
    assert not given.drift["differs"].any()
    assert given.drift["column"].tolist() == expected.drift["column"].tolist()
    assert given.to_dict()["drift"] == expected.to_dict()["drift"]


@each_table
def test_the_types_of_columns_survive_a_resampling(paths, name):
    table = TABLES[name](plain_table(paths))
    augmenter = ImageAugmenter(factor=2, augmentation={}, random_state=0)
    more, _ = augmenter.fit_resample(table, Y)
    assert type(more) is type(table)
    for column in ("age", "side"):
        assert more[column].dtype == table[column].dtype
        cells = list(table[column])
        assert list(more[column]) == [cells[row] for row in augmenter.sample_indices_]


def test_columns_that_a_model_needs(model):
    assert required_columns(model) == ["scan", "age", "side"]
