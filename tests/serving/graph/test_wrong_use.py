"""What can't be part of a graph is named, all of it at once, before anything is converted."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skfusion import (
    ExtraNotFoundError,
    ImageDescriptors,
    ImageReader,
    PixelFlattener,
    TableEncoder,
    to_onnx,
)
from tests.graph_for_tests import metadata, need_graphs
from tests.models_for_tests import beside_numbers, make_table

need_graphs()

X, Y = make_table()
WORDS = X.assign(side=[f"word {i}" for i in range(24)])


class OtherReader(ImageReader):
    """A reader whose code a graph doesn't know."""


def refusal(model, table=X):
    with pytest.raises(ValueError, match="can't become one ONNX graph") as caught:
        to_onnx(model.fit(table, Y), "graph")
    return str(caught.value)


def test_all_parts_are_named_at_once():
    columns = make_column_transformer(
        (FunctionTransformer(np.log1p), ["number_0"]),
        (ImageDescriptors("intensity", image_size=(8, 8)), ["image"]),
        (TableEncoder(max_categories=1, id_columns=[]), ["side"]),
        (StandardScaler(), ["number_1"]),
    )
    text = refusal(make_pipeline(columns, DecisionTreeClassifier()), WORDS)
    assert "calls the Python function log1p" in text
    assert "ImageDescriptors measures images by Python code" in text
    assert "column 'side' holds text" in text
    assert "form='networks'" in text


def pixel_model(**options):
    columns = make_column_transformer((PixelFlattener((4, 4), **options), ["image"]))
    return make_pipeline(columns, DecisionTreeClassifier())


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"combine": "mean"}, "combines several images of a row"),
        ({"reader": OtherReader()}, "reads images by OtherReader, which is Python code"),
    ],
    ids=["combine", "reader"],
)
def test_ways_of_reading(options, reason):
    assert reason in refusal(pixel_model(**options))


def test_images_with_more_than_8_bits():
    deep = X.assign(image=[cell.astype(np.uint16) * 257 for cell in X["image"]])
    assert "'image' have more than 8 bits (DICOM" in refusal(pixel_model(), deep)


def test_flattened_images():
    flat = np.stack([cell.ravel() for cell in X["image"]])
    model = PixelFlattener(image_shape=X["image"][0].shape)
    assert "image_shape" in refusal(model, flat)


def test_heads_without_a_converter():
    numbers = X[["number_0", "number_1"]]
    boosting = HistGradientBoostingClassifier(categorical_features=[0], max_iter=2)
    assert "has categorical_features" in refusal(boosting, numbers.round().clip(0))
    hard = VotingClassifier([("linear", LogisticRegression())])
    assert "voting='hard'" in refusal(hard, numbers)
    assert "is no classifier and no regressor" in refusal(KMeans(2), numbers)


def test_a_column_that_two_steps_read_differently():
    columns = make_column_transformer(
        (OneHotEncoder(), ["side"]),
        (TableEncoder(), ["number_0"]),
        (StandardScaler(), ["number_0"]),
    )
    to_onnx(make_pipeline(columns, DecisionTreeClassifier()).fit(X, Y), "graph")
    mixed = X.assign(side=pd.Series([1, "a", 2] * 8, dtype=object))
    encoder = make_column_transformer((TableEncoder(), ["side"]), ("passthrough", ["side"]))
    with pytest.raises(ValueError, match="'side' is used as a category and as a number"):
        to_onnx(encoder.fit(mixed), "graph")


def test_arguments():
    model = LogisticRegression().fit(X[["number_0"]], Y)
    with pytest.raises(ValueError, match="form must be"):
        to_onnx(model, "page")
    with pytest.raises(ValueError, match="precision must be"):
        to_onnx(model, "graph", precision="int4")
    with pytest.raises(ValueError, match="are for form='graph'"):
        to_onnx(model, units={"number_0": "cm"})


def test_units_of_columns_that_the_model_does_not_have():
    X, y = make_table()
    model = beside_numbers(PixelFlattener()).fit(X, y)
    with pytest.raises(ValueError, match=r"units names \['Age'\].*'number_0'"):
        to_onnx(model, "graph", units={"number_0": "cm", "Age": "years"})
    with pytest.raises(NotFittedError):
        to_onnx(LogisticRegression(), "graph")


def test_without_skl2onnx_an_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ExtraNotFoundError, match=r"skfusion\[onnx-graph\]"):
        to_onnx(LogisticRegression().fit(X[["number_0"]], Y), "graph")


def test_a_column_that_is_named_like_an_output():
    model = LogisticRegression().fit(X[["number_0"]].set_axis(["label"], axis=1), Y)
    names = [output["name"] for output in metadata(to_onnx(model, "graph"))["outputs"]]
    assert names == ["label_", "probabilities"]
