"""Images, targets, weights and groups of CNNEmbedder in any container and type."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from tests.models_for_tests import make_table, tiny_cnn

TABLE, Y = make_table()
N = len(Y)
CELLS = list(TABLE["image"])
FRAME = TABLE[["image"]]
WORDS = np.array(["ant", "bee"])[Y]
GROUPS = np.arange(N) // 2


def objects():
    cells = np.empty(N, dtype=object)
    cells[:] = CELLS
    return cells


def embedder():
    return tiny_cnn().set_params(cv=None)


@pytest.fixture(scope="module")
def expected():
    return embedder().fit(FRAME, Y).transform(FRAME)


@pytest.mark.parametrize(
    "images",
    [
        FRAME["image"],
        FRAME.set_axis([0] * N),
        FRAME.set_axis([f"row {i}" for i in range(N)]),
        CELLS,
        tuple(CELLS),
        objects(),
        objects()[:, np.newaxis],
        np.stack(CELLS),
        pl.DataFrame({"image": pl.Series(CELLS, dtype=pl.Object)}),
        pl.Series("image", CELLS, dtype=pl.Object),
        pd.DataFrame({"image": [image.tolist() for image in CELLS]}),
    ],
    ids=[
        *("series", "equal labels", "text labels", "list", "tuple", "objects", "column of objects"),
        *("array", "polars", "polars series", "nested numbers"),
    ],
)
def test_images(images, expected):
    given = embedder().fit(images, Y).transform(images)
    np.testing.assert_allclose(np.asarray(given), expected, rtol=1e-4, atol=1e-5)


TARGETS = {
    "list": Y.tolist(),
    "booleans": Y == 1,
    "floats": Y.astype(float),
    "objects": Y.astype(object),
    "Int64": pd.Series(Y, dtype="Int64"),
    "boolean": pd.Series(Y == 1, dtype="boolean"),
    "another index": pd.Series(Y, index=range(N, 0, -1)),
    "polars": pl.Series(Y),
    "words": WORDS,
    "category": pd.Series(WORDS, dtype="category"),
    "string": pd.Series(WORDS, dtype="string"),
    "polars words": pl.Series(WORDS.tolist()),
    "polars category": pl.Series(WORDS.tolist(), dtype=pl.Categorical),
}


@pytest.mark.parametrize("y", TARGETS.values(), ids=TARGETS)
def test_classes(y, expected):
    fitted = embedder().fit(FRAME, y)
    np.testing.assert_allclose(fitted.transform(FRAME), expected, rtol=1e-5, atol=1e-6)
    assert fitted.classes_.tolist() == sorted(set(np.asarray(y).tolist()))
    assert fitted.n_outputs_ == 2


@pytest.mark.parametrize("library", [pd, pl])
def test_labels(library):
    labels = np.column_stack([Y, np.arange(N) // 2 % 2])
    frame = library.DataFrame({"u": labels[:, 0], "v": labels[:, 1]})
    given = embedder().fit(FRAME, frame).transform(FRAME)
    np.testing.assert_array_equal(given, embedder().fit(FRAME, labels).transform(FRAME))


NUMBERS = np.linspace(0, 1, N)


@pytest.mark.parametrize(
    "y",
    [NUMBERS.tolist(), NUMBERS.astype(np.float32), pd.Series(NUMBERS), pl.Series(NUMBERS)],
    ids=["list", "float32", "pandas", "polars"],
)
def test_numbers(y):
    given = embedder().fit(FRAME, y)
    wanted = embedder().fit(FRAME, NUMBERS)
    np.testing.assert_allclose(
        given.transform(FRAME), wanted.transform(FRAME), rtol=1e-3, atol=1e-4
    )
    assert not hasattr(given, "classes_")
    assert "r2" in given.history_


WEIGHTS = np.random.default_rng(0).integers(1, 4, N)


@pytest.mark.parametrize(
    "weights",
    [
        WEIGHTS.tolist(),
        WEIGHTS.astype(np.float32),
        pd.Series(WEIGHTS, index=range(N, 0, -1)),
        pl.Series(WEIGHTS),
    ],
    ids=["list", "float32", "pandas", "polars"],
)
def test_weights(weights):
    given = embedder().fit(FRAME, Y, sample_weight=weights).transform(FRAME)
    wanted = embedder().fit(FRAME, Y, sample_weight=WEIGHTS).transform(FRAME)
    np.testing.assert_allclose(given, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "groups",
    [
        GROUPS.tolist(),
        GROUPS.astype(str),
        pd.Series(GROUPS, dtype="category"),
        pd.Series(GROUPS, index=range(N, 0, -1)),
        pl.Series(GROUPS),
    ],
    ids=["list", "text", "category", "pandas", "polars"],
)
def test_groups(groups):
    given = tiny_cnn().fit_transform(FRAME, Y, groups=groups)
    wanted = tiny_cnn().fit_transform(FRAME, Y, groups=GROUPS)
    assert given.shape == wanted.shape
    if np.asarray(groups).dtype.kind in "iu":  # as text, groups have another order
        np.testing.assert_array_equal(given, wanted)


def test_rows_that_may_not_be_written(expected):
    cells = [image.copy() for image in CELLS]
    y = Y.copy()
    for array in (*cells, y):
        array.flags.writeable = False
    given = embedder().fit(cells, y).transform(cells)
    np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y[:5], "inconsistent numbers of samples"),
        (np.where(np.arange(N) == 2, np.nan, Y), "NaN|missing"),
        (np.zeros(N), "one class only"),
        (Y[:, np.newaxis, np.newaxis], "Unknown label type"),
    ],
    ids=["too short", "missing", "one class", "three dimensions"],
)
def test_targets_that_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        embedder().fit(FRAME, y)
