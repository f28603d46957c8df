"""Rows, targets, weights and groups of fusion estimators in any container and type."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from skfusion import ImageAugmenter, PixelFlattener, make_fusion_pipeline
from tests.fusion.conftest import classifier, make_rows, regressor

FRAME, WORDS = make_rows(40)
FRAME = FRAME[["age", "scan", "sex"]]
Y = (WORDS == "yes").astype(int)
N = len(Y)
CELLS = list(FRAME["scan"])
NUMBERS = FRAME["age"].to_numpy() / 10 + Y


def pipeline():
    return make_fusion_pipeline(LogisticRegression(), embedder=PixelFlattener(missing="nan"))


ROWS = {
    "numbers as names": FRAME.set_axis([0, 1, 2], axis=1),
    "pairs as names": FRAME.set_axis(
        pd.MultiIndex.from_tuples([("a", "x"), ("a", "y"), ("b", "z")]), axis=1
    ),
    "odd names": FRAME.rename(columns={"age": "age [years] <1>"}),
    "category": FRAME.assign(sex=FRAME["sex"].astype("category")),
    "string": FRAME.assign(sex=FRAME["sex"].astype("string")),
    "Float64": FRAME.assign(age=FRAME["age"].astype("Float64")),
    "objects": FRAME.astype(object),
    "equal labels": FRAME.set_axis([0] * N),
    "pairs as labels": FRAME.set_axis(pd.MultiIndex.from_product([[0], range(N)])),
    "lists of one image": FRAME.assign(scan=pd.Series([[image] for image in CELLS], dtype=object)),
    "polars": pl.DataFrame(
        {
            "age": FRAME["age"].to_list(),
            "scan": pl.Series(CELLS, dtype=pl.Object),
            "sex": FRAME["sex"].to_list(),
        }
    ),
}
every_container = pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)


@pytest.fixture(scope="module")
def probabilities():
    return classifier().fit(FRAME, Y).predict_proba(FRAME)


@pytest.fixture(scope="module")
def predictions():
    return regressor().fit(FRAME, NUMBERS).predict(FRAME)


@every_container
def test_rows(rows, probabilities):
    fusion = classifier().fit(rows, Y)
    np.testing.assert_allclose(fusion.predict_proba(rows), probabilities, rtol=1e-6)
    assert len(fusion.image_columns_) == 1
    assert fusion.source_importance_["source"].isin(["table", "image"]).all()
    assert "FusionClassifier" in fusion._repr_html_()


@every_container
def test_rows_of_a_pipeline(rows):
    expected = pipeline().fit(FRAME, Y).predict_proba(FRAME)
    given = pipeline().fit(rows, Y).predict_proba(rows)
    np.testing.assert_allclose(given, expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["equal labels", "category", "odd names", "polars"])
def test_rows_of_a_sampler(name):
    rows = ROWS[name]
    more, y = ImageAugmenter(random_state=0).fit_resample(rows, np.arange(N) % 3 // 2)
    assert type(more) is type(rows)
    assert len(more) == len(y) > N
    assert list(more.columns) == list(rows.columns)
    assert np.bincount(y).tolist() == [len(y) // 2] * 2


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
def test_classes(y, probabilities):
    fusion = classifier().fit(FRAME, y)
    np.testing.assert_allclose(fusion.predict_proba(FRAME), probabilities, rtol=1e-9)
    assert fusion.classes_.tolist() == sorted(set(np.asarray(y).tolist()))
    assert set(fusion.predict(FRAME).tolist()) <= set(fusion.classes_.tolist())


@pytest.mark.parametrize(
    "y",
    [
        NUMBERS.tolist(),
        NUMBERS.astype(np.float32),
        NUMBERS.astype(object),
        pd.Series(NUMBERS, index=range(N, 0, -1)),
        pd.Series(NUMBERS, dtype="Float64"),
        pl.Series(NUMBERS),
    ],
    ids=["list", "float32", "objects", "pandas", "Float64", "polars"],
)
def test_numbers(y, predictions):
    given = regressor().fit(FRAME, y).predict(FRAME)
    np.testing.assert_allclose(given, predictions, rtol=1e-4)


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
    expected = classifier().fit(FRAME, Y, sample_weight=WEIGHTS).predict_proba(FRAME)
    given = classifier().fit(FRAME, Y, sample_weight=weights).predict_proba(FRAME)
    np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-6)


GROUPS = np.arange(N) // 2


@pytest.mark.parametrize(
    "groups",
    [
        GROUPS.tolist(),
        pd.Series(GROUPS, dtype="category"),
        pd.Series(GROUPS, index=range(N, 0, -1)),
        pl.Series(GROUPS),
    ],
    ids=["list", "category", "pandas", "polars"],
)
def test_groups(groups):
    expected = classifier().fit(FRAME, Y, groups=GROUPS).predict_proba(FRAME)
    given = classifier().fit(FRAME, Y, groups=groups).predict_proba(FRAME)
    np.testing.assert_allclose(given, expected, rtol=1e-9)


def test_a_fitted_model_predicts_rows_of_other_containers(probabilities):
    fusion = classifier().fit(FRAME, Y)
    for name in ("polars", "objects", "equal labels", "Float64", "string"):
        np.testing.assert_allclose(fusion.predict_proba(ROWS[name]), probabilities, rtol=1e-6)
