"""Rows and targets of dense heads in any container and type."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from skfusion import DenseClassifier, DenseRegressor

RANDOM = np.random.default_rng(0)
N = 24
X = RANDOM.integers(-50, 50, (N, 3)).astype(float)
CLASSES = np.array(["ant", "bee"])[np.arange(N) % 2]
NUMBERS = 100 + X @ [1.0, 2.0, -1.0]
NAMES = ["a", "b", "c"]
FRAME = pd.DataFrame(X, columns=NAMES)

ROWS = {
    "list": X.tolist(),
    "whole numbers": X.astype(int),
    "8 bits": X.astype(np.int8),
    "16 bits": X.astype(np.float16),
    "32 bits": X.astype(np.float32),
    "big-endian": X.astype(">f8"),
    "objects": X.astype(object),
    "Fortran order": np.asfortranarray(X),
    "a view": np.repeat(X, 2, axis=0)[::2],
    "pandas": FRAME,
    "pandas Int64": FRAME.astype("Int64"),
    "pandas Float32": FRAME.astype("Float32"),
    "polars": pl.DataFrame(X, schema=NAMES),
    "csr": sparse.csr_matrix(X),
    "csc": sparse.csc_array(X),
}


def classifier(**params):
    return DenseClassifier(**{"epochs": 2, "random_state": 0, **params})


def regressor(**params):
    return DenseRegressor(**{"epochs": 2, "random_state": 0, **params})


@pytest.fixture(scope="module")
def probabilities():
    return classifier().fit(X, CLASSES).predict_proba(X)


@pytest.fixture(scope="module")
def predictions():
    return regressor().fit(X, NUMBERS).predict(X)


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_rows_in_any_container(rows, probabilities, predictions):
    given = classifier().fit(rows, CLASSES).predict_proba(rows)
    np.testing.assert_allclose(given, probabilities, rtol=1e-4, atol=1e-5)
    given = regressor().fit(rows, NUMBERS).predict(rows)
    np.testing.assert_allclose(given, predictions, rtol=1e-4)


def test_rows_that_may_not_be_written():
    rows, y = X.copy(), NUMBERS.copy()
    rows.flags.writeable = y.flags.writeable = False
    np.testing.assert_array_equal(
        regressor().fit(rows, y).predict(rows), regressor().fit(X, NUMBERS).predict(X)
    )


@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_numbers_of_any_size(factor, probabilities):
    given = classifier().fit(X * factor, CLASSES).predict_proba(X * factor)
    np.testing.assert_allclose(given, probabilities, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "y",
    [
        CLASSES.tolist(),
        CLASSES.astype(object),
        pd.Series(CLASSES),
        pd.Series(CLASSES, dtype="string"),
        pd.Series(CLASSES, dtype="category"),
        pl.Series(CLASSES.tolist()),
        pl.Series(CLASSES.tolist(), dtype=pl.Categorical),
    ],
    ids=lambda y: f"{type(y).__module__.split('.')[0]} {getattr(y, 'dtype', 'list')}",
)
def test_words_in_any_container(y, probabilities):
    head = classifier().fit(X, y)
    assert head.classes_.tolist() == ["ant", "bee"]
    assert head.predict(X).tolist() == np.array(["ant", "bee"])[probabilities.argmax(1)].tolist()
    np.testing.assert_array_equal(head.predict_proba(X), probabilities)


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (pd.Series(np.arange(N) % 2, dtype="Int64"), [0, 1]),
        (pd.Series(np.arange(N) % 2 == 1, dtype="boolean"), [False, True]),
        (pl.Series((np.arange(N) % 2).tolist()), [0, 1]),
        (pl.Series((np.arange(N) % 2 == 1).tolist()), [False, True]),
        ((np.arange(N) % 2).astype(np.float32), [0.0, 1.0]),
        ((np.arange(N) % 2).astype(np.uint8), [0, 1]),
        ((np.arange(N) % 2 + 7).astype(object), [7, 8]),
    ],
    ids=["Int64", "boolean", "polars int", "polars bool", "float32", "uint8", "object"],
)
def test_other_classes_in_any_container(y, classes, probabilities):
    head = classifier().fit(X, y)
    assert head.classes_.tolist() == classes
    np.testing.assert_array_equal(head.predict_proba(X), probabilities)


@pytest.mark.parametrize(
    "y",
    [
        NUMBERS.tolist(),
        NUMBERS.astype(int),
        NUMBERS.astype(np.float32),
        NUMBERS.astype(object),
        pd.Series(NUMBERS, index=range(N, 0, -1)),
        pd.Series(NUMBERS, dtype="Float64"),
        pl.Series(NUMBERS),
    ],
    ids=["list", "int", "float32", "object", "pandas", "Float64", "polars"],
)
def test_numbers_in_any_container(y, predictions):
    given = regressor().fit(X, y).predict(X)
    assert given.shape == (N,)
    np.testing.assert_allclose(given, predictions, rtol=1e-5)


@pytest.mark.parametrize("library", [pd, pl])
def test_several_columns_of_numbers(library):
    y = library.DataFrame({"u": NUMBERS, "v": -NUMBERS})
    given = regressor().fit(X, y).predict(X)
    expected = regressor().fit(X, np.column_stack([NUMBERS, -NUMBERS])).predict(X)
    np.testing.assert_array_equal(given, expected)


@pytest.mark.parametrize("library", [pd, pl])
def test_several_columns_of_labels(library):
    labels = np.column_stack([np.arange(N) % 2, np.arange(N) // 2 % 2])
    head = classifier().fit(X, library.DataFrame({"u": labels[:, 0], "v": labels[:, 1]}))
    expected = classifier().fit(X, labels).predict_proba(X)
    np.testing.assert_array_equal(head.predict_proba(X), expected)
    assert set(np.unique(head.predict(X))) <= {0, 1}


WEIGHTS = RANDOM.integers(1, 4, N)


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
def test_weights_in_any_container(weights):
    expected = regressor().fit(X, NUMBERS, sample_weight=WEIGHTS).predict(X)
    given = regressor().fit(X, NUMBERS, sample_weight=weights).predict(X)
    np.testing.assert_allclose(given, expected, rtol=1e-5)


def test_names_of_columns_are_checked():
    head = regressor().fit(FRAME, NUMBERS)
    assert head.feature_names_in_.tolist() == NAMES
    with pytest.raises(ValueError, match="feature names should match"):
        head.predict(FRAME[["c", "a", "b"]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        head.predict(X)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (X[:, :2], "2 features"),
        (X[0], "1D array"),
        (X[:0], "0 sample"),
        (np.where(np.isclose(X, X.max()), np.inf, X), "infinity"),
        (np.full((N, 3), "text"), "could not convert string to float"),
        (X[np.newaxis], "dim 3"),
    ],
    ids=["fewer columns", "one row as a vector", "no rows", "infinite", "text", "images"],
)
def test_rows_that_are_refused(rows, message):
    head = regressor().fit(X, NUMBERS)
    with pytest.raises(ValueError, match=message):
        head.predict(rows)
