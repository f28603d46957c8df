"""Ways of putting pipelines together, and what the metadata says of them."""

import pickle

import numpy as np
import pytest
import sklearn
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

from skfusion import DenseClassifier, FusionClassifier, PixelFlattener, TableEncoder, to_onnx
from tests.graph_for_tests import assert_agrees, metadata, need_graphs, onnx, run
from tests.models_for_tests import NUMBERS, beside_numbers, make_table

need_graphs()

X, Y = make_table()
TABLE = X[[*NUMBERS, "side"]]
SIDES = ["both", "left", "right"]


def facts_of(graph):
    return {facts["name"]: facts for facts in metadata(graph)["inputs"]}


# Pipelines.


def test_columns_of_a_matrix():
    """A second ColumnTransformer selects columns of the first one's result, by position."""
    first = make_column_transformer((StandardScaler(), NUMBERS), (OneHotEncoder(), ["side"]))
    second = make_column_transformer(
        (StandardScaler(), [0, 3]), (OneHotEncoder(), [4]), remainder="passthrough"
    )
    model = make_pipeline(first, second, LogisticRegression()).fit(TABLE, Y)
    assert_agrees(model, to_onnx(model, "graph"), TABLE)


def test_columns_by_position_slice_and_mask():
    columns = ColumnTransformer(
        [
            ("position", StandardScaler(), [0]),
            ("slice", StandardScaler(), slice(0, 2)),
            ("mask", OneHotEncoder(), [False, False, True]),
            ("none", StandardScaler(), []),
        ]
    )
    model = make_pipeline(columns, LogisticRegression()).fit(TABLE, Y)
    assert_agrees(model, to_onnx(model, "graph"), TABLE)


def test_frozen_steps_and_a_frozen_model():
    columns = make_column_transformer(
        (FrozenEstimator(StandardScaler().fit(TABLE[NUMBERS])), NUMBERS)
    )
    model = make_pipeline(columns, LogisticRegression()).fit(TABLE, Y)
    frozen = FrozenEstimator(model)
    assert_agrees(frozen, to_onnx(frozen, "graph"), TABLE)


def test_encoders_of_a_pipeline_of_text():
    words = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=9),
    )
    rows = TABLE.assign(side=TABLE["side"].where(TABLE.index % 4 > 0, np.nan).astype(object))
    model = make_pipeline(make_column_transformer((words, ["side"])), LogisticRegression())
    model.fit(rows, Y)
    graph = to_onnx(model, "graph")
    assert_agrees(model, graph, rows)
    assert facts_of(graph)["side"]["missing"] == "<NA>"


def test_a_marker_of_missing_text():
    words = make_pipeline(
        SimpleImputer(missing_values="?", strategy="most_frequent"), OneHotEncoder()
    )
    rows = TABLE.assign(side=TABLE["side"].where(TABLE.index % 4 > 0, "?"))
    model = make_pipeline(make_column_transformer((words, ["side"])), LogisticRegression())
    assert_agrees(model.fit(rows, Y), to_onnx(model, "graph"), rows)


def test_an_encoder_of_binned_numbers():
    bins = KBinsDiscretizer(3, encode="ordinal", quantile_method="averaged_inverted_cdf")
    columns = make_column_transformer((make_pipeline(bins, OneHotEncoder()), NUMBERS[:1]))
    model = make_pipeline(columns, LogisticRegression()).fit(TABLE, Y)
    assert_agrees(model, to_onnx(model, "graph"), TABLE)


def test_dropped_parts_of_a_union():
    union = FeatureUnion([("a", StandardScaler()), ("b", "drop"), ("c", "passthrough")])
    columns = make_column_transformer((union, NUMBERS))
    model = make_pipeline(columns, LogisticRegression()).fit(TABLE, Y)
    assert_agrees(model, to_onnx(model, "graph"), TABLE)


def test_pixels_reduced_in_a_pipeline():
    union = FeatureUnion([("small", PixelFlattener((2, 2))), ("large", PixelFlattener((5, 5)))])
    model = make_pipeline(union, StandardScaler(), DecisionTreeClassifier(random_state=0))
    model.fit(X[["image"]], Y)
    graph = to_onnx(model, "graph")
    assert_agrees(model, graph, X[["image"]])
    sizes = [each["size"] for each in facts_of(graph)["image"]["preprocessing"]]
    assert sizes == [[2, 2], [5, 5]]


def test_a_search_over_heads():
    heads = [LogisticRegression(max_iter=1000), RandomForestClassifier(4, random_state=0)]
    search = GridSearchCV(beside_numbers(PixelFlattener((4, 4))), {"model": heads}, cv=2)
    search.fit(X, Y)
    graph = to_onnx(search, "graph")
    assert_agrees(search, graph, X)
    assert metadata(graph)["measured"] == {
        "source": "search",
        "scores": {"score": pytest.approx(search.best_score_)},
    }


def test_a_loaded_model_and_settings_of_scikit_learn():
    model = beside_numbers(PixelFlattener((4, 4)))
    with sklearn.config_context(transform_output="pandas"):
        model.fit(X, Y)
        loaded = pickle.loads(pickle.dumps(model))
        assert_agrees(model, to_onnx(loaded, "graph"), X)


def test_a_model_is_not_changed():
    model = FusionClassifier(
        PixelFlattener((4, 4), missing="nan"),
        strategy="late",
        estimators={"table": LogisticRegression(), "image": LogisticRegression()},
        cv=2,
        random_state=0,
    ).fit(X, Y)
    before = pickle.dumps(model)
    first, second = to_onnx(model, "graph"), to_onnx(model, "graph")
    assert pickle.dumps(model) == before
    assert first.SerializeToString() == second.SerializeToString()


# What can't be converted.


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (
            Pipeline(
                [
                    ("a", FeatureUnion([("a", StandardScaler())], transformer_weights={"a": 2.0})),
                    ("b", LogisticRegression()),
                ]
            ),
            "FeatureUnion has transformer_weights",
        ),
        (MultiOutputClassifier(LogisticRegression()), "predicts several columns of classes"),
        (RandomForestClassifier(2), "predicts several columns of classes"),
        (FixedThresholdClassifier(LogisticRegression()), "has a threshold for other values"),
    ],
    ids=["weights", "multi_output", "forest", "threshold"],
)
def test_parts_of_scikit_learn(model, reason):
    is_multi = "several columns" in reason
    model.fit(TABLE[NUMBERS], np.column_stack([Y, 1 - Y]) if is_multi else Y)
    with pytest.raises(ValueError, match=reason):
        to_onnx(model, "graph")


def test_text_that_reaches_a_step_of_numbers():
    words = SimpleImputer(strategy="most_frequent")
    columns = make_column_transformer((words, ["side"]), (StandardScaler(), NUMBERS))
    with pytest.raises(ValueError, match="'side' is a category, and the step needs a number"):
        to_onnx(columns.fit(TABLE), "graph")
    indicator = SimpleImputer(strategy="most_frequent", add_indicator=True)
    with pytest.raises(ValueError, match="has add_indicator=True for columns of text"):
        to_onnx(make_column_transformer((indicator, ["side"])).fit(TABLE), "graph")


def test_a_category_that_is_the_marker_of_empty_cells():
    rows = TABLE.assign(side=np.where(TABLE.index % 2, "<NA>", None).astype(object))
    with pytest.raises(ValueError, match="'<NA>', which marks empty cells"):
        to_onnx(make_pipeline(OneHotEncoder()).fit(rows[["side"]]), "graph")


# The file and its metadata.


def test_the_file_is_complete():
    model = beside_numbers(PixelFlattener((4, 4))).fit(X, Y)
    graph = to_onnx(model, "graph")
    assert graph.producer_name == "skfusion"
    assert graph.producer_version
    versions = {each.domain: each.version for each in graph.opset_import}
    assert versions == {"": 18, "ai.onnx.ml": 3}
    assert not any(tensor.external_data for tensor in graph.graph.initializer)
    names = [value.name for value in graph.graph.input]
    assert names == ["image", *NUMBERS]
    assert names == [facts["name"] for facts in metadata(graph)["inputs"]]
    outputs = [value.name for value in graph.graph.output]
    assert outputs == [facts["name"] for facts in metadata(graph)["outputs"]]
    used = {name for node in graph.graph.node for name in node.input}
    assert {tensor.name for tensor in graph.graph.initializer if tensor.dims} <= used | {
        name
        for node in graph.graph.node
        for attribute in node.attribute
        for inner in attribute.g.node
        for name in _names(inner)
    }


def _names(node):
    found = set(node.input)
    for attribute in node.attribute:
        for inner in attribute.g.node:
            found |= _names(inner)
    return found


def test_what_the_metadata_says_of_a_pipeline():
    encoder = TableEncoder(min_frequency=1)
    model = make_pipeline(encoder, DenseClassifier(epochs=2, random_state=0)).fit(TABLE, Y)
    graph = to_onnx(model, "graph", background=TABLE, units={"number_0": "mm", "side": "hand"})
    found = metadata(graph)
    assert found["format"] == 1
    assert (found["task"], found["precision"]) == ("classification", "float32")
    assert found["classes"] == [0, 1]
    assert found["feature_names"] == list(encoder.get_feature_names_out())
    assert found["networks"] == []
    assert found["measured"] is None
    side = facts_of(graph)["side"]
    assert side["categories"] == SIDES
    assert (side["unit"], side["missing"], side["allows_unknown"]) == ("hand", "<NA>", True)
    number = facts_of(graph)["number_0"]
    assert number["unit"] == "mm"
    assert number["range"] == [TABLE["number_0"].min(), TABLE["number_0"].max()]


def test_without_background_ranges_are_not_known():
    model = make_pipeline(StandardScaler(), Ridge()).fit(TABLE[NUMBERS], TABLE["number_0"])
    graph = to_onnx(model, "graph")
    for facts in facts_of(graph).values():
        assert (facts["range"], facts["median"], facts["integers"]) == (None, None, None)
        assert facts["allows_missing"] is False
    assert metadata(graph)["task"] == "regression"
    assert metadata(graph)["classes"] is None


def test_transformers_alone():
    columns = make_column_transformer((StandardScaler(), NUMBERS), (FunctionTransformer(), NUMBERS))
    columns.fit(TABLE)
    graph = to_onnx(columns, "graph")
    found = run(graph, TABLE)["features"]
    np.testing.assert_allclose(found, columns.transform(TABLE), atol=1e-6)
    assert metadata(graph)["task"] == "transform"
    onnx.checker.check_model(graph, full_check=True)
