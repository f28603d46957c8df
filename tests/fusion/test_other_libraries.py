"""Models of gradient-boosting libraries as `estimators`."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from tests.fusion.conftest import CLASSIFIERS, REGRESSORS, classifier, make_rows, regressor

FEW = {"n_estimators": 10, "random_state": 0, "n_jobs": 1}
LIBRARIES = {
    "lightgbm": ("LGBM", {**FEW, "verbose": -1, "min_child_samples": 5}),
    "xgboost": ("XGB", FEW),
    "catboost": (
        "CatBoost",
        {
            "iterations": 10,
            "random_seed": 0,
            "thread_count": 1,
            "verbose": False,
            "allow_writing_files": False,  # else each fit writes logs into the working directory
        },
    ),
}


@pytest.fixture(params=LIBRARIES)
def make_model(request):
    """Return a function that makes a model of a library: a "Classifier" or a "Regressor"."""
    library = pytest.importorskip(request.param)
    prefix, options = LIBRARIES[request.param]
    return lambda kind: getattr(library, f"{prefix}{kind}")(**options)


def test_classes(make_model):
    frame, y = make_rows(90, table=1.0, image=0.5)
    labels = np.where(np.arange(90) == 4, "rare", y)  # one fold lacks this class
    model = make_model("Classifier")
    fusion = classifier(estimators=dict.fromkeys(CLASSIFIERS, model), strategy="stacked")
    fusion.fit(frame, labels)
    assert set(fusion.fit_report_["status"]) == {"used"}
    assert f"table, {type(model).__name__}" in fusion.fit_report_.index
    expected = fusion.predict_proba(frame)
    np.testing.assert_allclose(expected.sum(axis=1), 1)
    assert fusion.score(frame, labels) > 0.8
    loaded = pickle.loads(pickle.dumps(fusion))
    np.testing.assert_array_equal(loaded.predict_proba(frame), expected)
    np.testing.assert_array_equal(clone(fusion).fit(frame, labels).predict_proba(frame), expected)


def test_numbers_with_weights(make_model):
    """Rows of more weight are fitted more closely."""
    frame, y = make_rows(90, table=0.5, image=0.5)
    target = frame["age"].to_numpy() + 20.0 * (y == "yes")
    weights = np.where(np.arange(90) < 30, 3.0, 0.5)
    model = make_model("Regressor")
    fusion = regressor(estimators={**REGRESSORS, "table": model}, strategy="late")
    plain = fusion.fit(frame, target).predict(frame)
    assert fusion.score(frame, target) > 0.5
    loaded = pickle.loads(pickle.dumps(fusion))
    np.testing.assert_array_equal(loaded.predict(frame), plain)
    weighted = clone(fusion).fit(frame, target, sample_weight=weights).predict(frame)
    errors = [np.abs(each - target) for each in (plain, weighted)]
    assert errors[1][:30].mean() < errors[0][:30].mean()


def test_beside_the_models_that_are_built_in(make_model):
    frame, y = make_rows(80, table=1.0)
    model = make_model("Classifier")
    fusion = classifier(image_columns=[], cv=2, estimators={"table": ["built-in", model]})
    fusion.fit(frame[["age"]], y)
    names = ["linear 1", "linear 2", "forest", type(model).__name__]
    assert fusion.fit_report_.index.tolist() == ["table", *(f"table, {name}" for name in names)]
    assert set(fusion.fit_report_["status"]) == {"used"}
