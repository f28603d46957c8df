"""What a service does with a model, for models of every kind."""

import json
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from sklearn.base import is_classifier

from skfusion import MicroBatcher, half_precision, required_columns, warm_up
from tests.models_for_tests import MODELS, TRANSFORMERS, answers, fit_model, rows_for
from tests.processes import run_python

ALL = [*MODELS, *TRANSFORMERS]
WITHOUT_NETWORKS = {
    *("pixels", "descriptors", "search", "bare_pixels", "bare_descriptors", "fusion_pipeline"),
    *("fusion_classifier", "fusion_regressor", "dense_classifier", "dense_regressor"),
}
every_model = pytest.mark.parametrize("name", ALL)


def method_of(model):
    """Return the method that `answers` calls."""
    names = ("predict_proba", "predict", "transform")
    return getattr(model, next(name for name in names if hasattr(model, name)))


@every_model
def test_networks_are_found(name):
    model, _, _ = fit_model(name)
    n_networks = warm_up(model, n_rows=[1, 5])
    assert (n_networks == 0) == (name in WITHOUT_NETWORKS)
    assert warm_up(model) == n_networks


@every_model
def test_half_precision_keeps_the_answers(name):
    model, rows, expected = fit_model(name)
    halved = half_precision(model)
    assert type(halved) is type(model)
    given = answers(halved, rows_for(name, rows))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(given / scale, expected / scale, atol=0.02)
    np.testing.assert_array_equal(answers(model, rows_for(name, rows)), expected)


@every_model
def test_the_required_columns_are_enough(name):
    model, rows, expected = fit_model(name)
    columns = required_columns(model)
    assert set(columns) <= set(rows_for(name, rows).columns)
    assert "image" in columns
    if name not in TRANSFORMERS:
        np.testing.assert_array_equal(answers(model, rows[columns]), expected)


@every_model
def test_a_batcher_answers_as_the_model(name):
    model, rows, expected = fit_model(name)
    rows = rows_for(name, rows)
    with (
        MicroBatcher(method_of(model), max_rows=6) as batcher,
        ThreadPoolExecutor(8) as pool,
    ):
        given = list(pool.map(lambda row: batcher(rows[row : row + 1]), range(24)))
        whole = batcher(rows)
    np.testing.assert_allclose(np.concatenate(given), expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(whole, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_kinds_of_models_are_recognized(name):
    model, _, _ = fit_model(name)
    assert is_classifier(model) == hasattr(model, "predict_proba")


SERVICE = """
import json, sys, joblib
assert "skfusion" not in sys.modules
loaded = [joblib.load(path) for path in sys.argv[2:]]
assert not {"keras", "tensorflow", "matplotlib"} & set(sys.modules), sorted(sys.modules)
rows = joblib.load(sys.argv[1])
answers = {}
for path, (name, method, columns, model) in zip(sys.argv[2:], loaded):
    answers[name] = getattr(model, method)(rows[columns]).ravel()[:6].tolist()
print(json.dumps(answers))
"""


def test_a_service_that_knows_only_joblib_and_pandas(tmp_path):
    """One process loads models of every kind, and predicts what they predicted here."""
    paths, expected = [], {}
    for name in ALL:
        model, rows, answer = fit_model(name)
        method = method_of(model).__name__
        paths.append(tmp_path / f"{name}.joblib")
        joblib.dump((name, method, list(rows_for(name, rows).columns), model), paths[-1])
        expected[name] = answer.ravel()[:6]
    joblib.dump(rows, tmp_path / "rows.joblib")
    given = json.loads(run_python(SERVICE, tmp_path / "rows.joblib", *paths, timeout=230))
    assert given.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(given[name], values, rtol=1e-4, atol=1e-5, err_msg=name)
