"""Reports and explanations of models with any encoder and any head of scikit-learn."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC

from skfusion import PixelFlattener, TableEncoder, explain, report
from tests.reports.report_models import make_rows

N = 40
X, Y = make_rows(N)
X = X.assign(
    flag=np.arange(N) % 3 == 0,
    day=pd.date_range("2020-01-01", periods=N),
    code=np.arange(N) % 4,
    gap=np.where(np.arange(N) % 5 == 0, np.nan, 1.0 * np.arange(N)),
    ward=pd.Categorical(np.array(["east", "west"])[Y]),
)
LINEAR = LogisticRegression(C=1e-3, max_iter=2000)

ENCODERS = {
    "centered": (StandardScaler(with_std=False), ["age", "code"]),
    "scaled": (StandardScaler(with_mean=False), ["age", "code"]),
    "minimum and maximum": (MinMaxScaler(), ["age", "code"]),
    "maximum": (MaxAbsScaler(), ["age", "code"]),
    "quartiles": (RobustScaler(), ["age", "code"]),
    "imputed": (SimpleImputer(), ["gap", "code"]),
    "imputed and marked": (SimpleImputer(add_indicator=True), ["gap", "code"]),
    "nearest neighbors": (KNNImputer(), ["gap", "code"]),
    "powers": (PowerTransformer(), ["age"]),
    "quantiles": (QuantileTransformer(n_quantiles=10), ["age", "code"]),
    "products": (make_pipeline(SimpleImputer(), PolynomialFeatures(2)), ["gap", "code"]),
    "a function": (FunctionTransformer(np.cbrt), ["age"]),
    "splines": (SplineTransformer(n_knots=3), ["age"]),
    "components": (PCA(1), ["age", "code"]),
    "two at once": (make_union(StandardScaler(), MinMaxScaler()), ["age", "code"]),
    "categories": (OneHotEncoder(handle_unknown="ignore"), ["side", "ward", "flag", "code"]),
    "codes": (
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        ["side", "day"],
    ),
    "as they are": ("passthrough", ["code", "flag"]),
    "left out": ("drop", ["gap"]),
    "a table": (TableEncoder(id_columns=[]), ["side", "day", "gap", "flag", "code", "ward"]),
}
HEADS = {
    "SVC": SVC(),
    "LinearSVC": LinearSVC(C=1e-4),
    "ridge": RidgeClassifier(),
    "SGD": SGDClassifier(random_state=0),
    "forest": RandomForestClassifier(5, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=5),
    "voting": VotingClassifier(
        [("one", LINEAR), ("other", RandomForestClassifier(3, random_state=0))], voting="soft"
    ),
    "stacking": StackingClassifier([("one", LINEAR)], cv=2),
    "calibrated": CalibratedClassifierCV(LinearSVC(C=1e-4), cv=2),
}
with_and_without_background = pytest.mark.parametrize("background", [None, X], ids=["none", "fit"])


def make_model(encoder, columns, head=LINEAR):
    images = PixelFlattener(missing="zero", drift="ignore")
    return make_pipeline(make_column_transformer((images, ["image"]), (encoder, columns)), head)


def check(model, background):
    """Check that a report can be shown in each form, and that shares sum to predictions."""
    options = {"background": background, "regions": False, "random_state": 0}
    found = report(model, X, Y, rows=[0], **options)
    assert found.model["kind"] in str(found)
    assert json.loads(json.dumps(found.to_dict()))["model"]["image_columns"] == ["image"]
    assert found._repr_html_().lstrip().startswith("<")
    explanation = explain(model, X, rows=[0, 1], **options)
    sums = explanation.base_value + explanation.sources.sum(axis=1)
    np.testing.assert_allclose(sums, explanation.prediction, rtol=1e-4, atol=1e-5)
    return found, explanation


@with_and_without_background
@pytest.mark.parametrize(("encoder", "columns"), ENCODERS.values(), ids=ENCODERS)
def test_encoders(encoder, columns, background):
    model = make_model(encoder, columns).fit(X, Y)
    found, explanation = check(model, background)
    assert not found.drift["differs"].any()  # they are the rows of fit
    used = set() if isinstance(encoder, str) and encoder == "drop" else set(columns)
    assert set(explanation.table.columns) == used
    np.testing.assert_allclose(
        explanation.table.sum(axis=1),
        explanation.sources["table"] if used else 0,
        rtol=1e-4,
        atol=1e-5,
    )


@with_and_without_background
@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_heads(head, background):
    model = make_model(SimpleImputer(), ["gap", "code"], head).fit(X, Y)
    found, _ = check(model, background)
    has_probabilities = hasattr(model, "predict_proba")
    assert ("log_loss" in found.scores.index) == has_probabilities
    assert found.scores.loc["accuracy", "value"] == pytest.approx(model.score(X, Y))
    assert "roc_auc" in found.scores.index


@with_and_without_background
@pytest.mark.parametrize(
    ("here", "differs"),
    [
        (X.assign(image=None), ("image", "missing")),
        (X.assign(gap=np.nan), ("gap", "missing")),
        (X.assign(code=1e300), ("code", "mean")),
        (X.assign(new=1), None),
        (X[:1], None),
    ],
    ids=["no image", "all missing", "huge numbers", "another column", "one row"],
)
def test_rows_that_are_not_those_of_fit(here, differs, background):
    model = make_model(make_pipeline(SimpleImputer(), MinMaxScaler()), ["gap", "code"]).fit(X, Y)
    found = report(model, here, Y[: len(here)], background=background, rows=[])
    assert str(found)
    json.dumps(found.to_dict())
    drift = found.drift.set_index(["column", "what"]) if "column" in found.drift else found.drift
    if differs is None:
        assert not drift["differs"].any()
    elif background is not None:
        assert drift.loc[differs, "differs"]
