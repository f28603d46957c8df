"""Tables in a graph: encoders, and cells that are empty, unknown or odd."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    StandardScaler,
    TargetEncoder,
)

from skfusion import TableEncoder, to_onnx
from tests.graph_for_tests import assert_agrees, metadata, need_graphs, run

need_graphs()

RANDOM = np.random.default_rng(0)
N = 60
SIDES = np.array(["left", "right", "both", "rare"])


@pytest.fixture(scope="module")
def rows():
    gone = RANDOM.random(N) < 0.2
    sides = SIDES[np.append(RANDOM.integers(0, 3, N - 2), [3, 3])].astype(object)
    X = pd.DataFrame(
        {
            "age": RANDOM.integers(20, 90, N).astype(float),
            "hole": np.where(gone, np.nan, RANDOM.normal(size=N)),
            "side": sides,
            "word": np.where(gone, None, sides),
            "grade": RANDOM.integers(0, 4, N),
        }
    )
    return X, (X["age"] + 20 * (X["side"] == "left") > 60).to_numpy()


def fit(encoder, columns, rows):
    X, y = rows
    columns = ColumnTransformer([("made", encoder, columns), ("age", StandardScaler(), ["age"])])
    return make_pipeline(columns, LogisticRegression()).fit(X, y)


ENCODERS = {
    "one_hot": OneHotEncoder(handle_unknown="ignore"),
    "one_hot_rare": OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=15),
    "ordinal": OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
    ),
    "target": TargetEncoder(),
    "table": TableEncoder(min_frequency=5),
}


@pytest.mark.parametrize("name", ENCODERS)
def test_known_unknown_and_empty_categories(rows, name):
    model = fit(ENCODERS[name], ["side", "word", "grade"], rows)
    graph = to_onnx(model, "graph")
    X = rows[0]
    assert_agrees(model, graph, X)
    odd = X.assign(
        side=np.where(X.index % 2, "unheard of", ""),
        word=np.where(X.index % 3, "", None).astype(object),
        grade=9,
    )
    assert_agrees(model, graph, odd)
    by_name = {facts["name"]: facts for facts in metadata(graph)["inputs"]}
    assert by_name["word"]["missing"] == "<NA>"
    assert by_name["word"]["allows_unknown"] is True
    assert set(by_name["side"]["categories"]) <= set(SIDES)


def test_rows_that_the_model_refuses_have_no_probabilities(rows):
    X, _ = rows
    model = fit(OneHotEncoder(drop="first"), ["side", "grade"], rows)
    graph = to_onnx(model, "graph")
    assert_agrees(model, graph, X)
    odd = X[:4].assign(side=["left", "new", "left", "left"], grade=[0, 0, 9, 0])
    odd.loc[3, "age"] = np.nan
    for row in (1, 2, 3):
        with pytest.raises(ValueError, match=r"unknown categories|NaN"):
            model.predict(odd[row : row + 1])
    refused = np.isnan(run(graph, odd)["probabilities"]).all(axis=1)
    assert refused.tolist() == [False, True, True, True]
    by_name = {facts["name"]: facts for facts in metadata(graph)["inputs"]}
    assert by_name["side"]["allows_unknown"] is False
    assert by_name["age"]["allows_missing"] is False


@pytest.mark.parametrize("encoder", [TableEncoder(), StandardScaler()], ids=["table", "scaler"])
def test_infinite_numbers_are_refused_as_in_python(rows, encoder):
    X, y = rows
    model = make_pipeline(encoder, LogisticRegression()).fit(X[["age", "grade"]], y)
    odd = X[["age", "grade"]][:3].assign(age=[20.0, np.inf, -np.inf])
    for row in (1, 2):
        with pytest.raises(ValueError, match="infinity"):
            model.predict(odd[row : row + 1])
    probabilities = run(to_onnx(model, "graph"), odd)["probabilities"]
    assert np.isnan(probabilities).all(axis=1).tolist() == [False, True, True]


def test_imputed_numbers_and_words(rows):
    X, y = rows
    numbers = make_pipeline(SimpleImputer(add_indicator=True), MinMaxScaler())
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    columns = make_column_transformer(
        (numbers, ["hole", "age"]), (words, ["word"]), (SimpleImputer(missing_values=0), ["grade"])
    )
    model = make_pipeline(columns, PolynomialFeatures(), LogisticRegression()).fit(X, y)
    graph = to_onnx(model, "graph")
    assert_agrees(model, graph, X)
    words = X["word"].where(X.index % 2 == 0)
    assert_agrees(model, graph, X.assign(hole=np.nan, age=np.nan, word=words))
    by_name = {facts["name"]: facts for facts in metadata(graph)["inputs"]}
    assert by_name["hole"]["allows_missing"] is True
    assert by_name["grade"]["allows_missing"] is True


def test_numbers_and_dates_of_a_table_encoder(rows):
    X, y = rows
    first, last = "1896-02-27", "2104-03-03"
    seen = pd.Series(pd.date_range(first, last, periods=N)).astype("datetime64[us]")
    X = X.assign(seen=seen.where(X["hole"].notna()))[["hole", "age", "seen"]]
    model = make_pipeline(TableEncoder(), LogisticRegression()).fit(X, y)
    graph = to_onnx(model, "graph", background=X, units={"age": "years"})
    assert_agrees(model, graph, X)
    days = pd.Series(pd.date_range("2000-02-27", periods=N)).astype("datetime64[us]")
    leap = pd.concat([days[:5], days[-5:] + pd.Timedelta("300D"), seen[:-10]], ignore_index=True)
    assert_agrees(model, graph, X.assign(seen=leap))
    hole, age, date = metadata(graph)["inputs"]
    assert date["kind"] == "date"
    assert age["range"] == [X["age"].min(), X["age"].max()]
    assert (age["unit"], age["integers"], hole["integers"]) == ("years", True, False)
    assert hole["median"] == pytest.approx(X["hole"].median())


def test_unions_passed_columns_and_dropped_ones(rows):
    X, y = rows
    union = FeatureUnion([("scaled", StandardScaler()), ("same", FunctionTransformer())])
    columns = make_column_transformer(
        (union, ["age", "grade"]), ("passthrough", ["grade"]), ("drop", ["side"])
    )
    model = make_pipeline(columns, "passthrough", LogisticRegression(max_iter=500)).fit(X, y)
    graph = to_onnx(model, "graph")
    assert_agrees(model, graph, X)
    assert [value.name for value in graph.graph.input] == ["age", "grade"]


def test_a_table_without_names(rows):
    X, y = rows
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[["age", "grade"]].values, y)
    graph = to_onnx(model, "graph")
    named = X[["age", "grade"]].set_axis(["x0", "x1"], axis=1)
    probabilities = run(graph, named)["probabilities"]
    np.testing.assert_allclose(probabilities, model.predict_proba(named.values), atol=1e-9)
