"""DenseRegressor: what differs from the classifier."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from skfusion import DenseRegressor, TrainingOptions
from tests.heads.conftest import OPTIMIZERS


def test_numbers_of_any_scale(plane):
    X, y = plane
    head = DenseRegressor(dropout=0, random_state=0).fit(X[:100], y[:100])
    assert head.score(X[100:], y[100:]) > 0.95
    assert head.predict(X).shape == (150,)
    assert "accuracy" not in head.history_


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_no_optimizer_diverges_with_many_columns(optimizer):
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(90, 3))
    X = hidden @ rng.normal(size=(3, 900)) + rng.normal(size=(90, 900))
    y = hidden[:, 0]
    head = DenseRegressor(optimizer=optimizer, batch_size=16, random_state=0)
    assert head.fit(X[:60], y[:60]).score(X[60:], y[60:]) > 0.5


def test_several_columns_of_y(plane):
    X, y = plane
    both = pd.DataFrame({"price": y, "less": -y / 1000})
    head = DenseRegressor(dropout=0, random_state=0).fit(X, both)
    assert head.n_outputs_ == 2
    assert head.predict(X).shape == (150, 2)
    assert (r2_score(both, head.predict(X), multioutput="raw_values") > 0.95).all()


@pytest.mark.parametrize("form", ["list", "column", "frame", "series"])
def test_predictions_have_the_form_of_y(form, plane):
    X, y = plane
    forms = {
        "list": list(y),
        "column": y[:, None],
        "frame": pd.DataFrame({"price": y}),
        "series": pd.Series(y),
    }
    head = DenseRegressor(epochs=2, random_state=0).fit(X, forms[form])
    assert head.predict(X).shape == ((150, 1) if form in ("column", "frame") else (150,))


def test_integers_are_numbers(plane):
    X, y = plane
    head = DenseRegressor(dropout=0, random_state=0).fit(X, y.astype(int))
    assert head.score(X, y) > 0.95


def test_a_constant_is_predicted(plane):
    head = DenseRegressor(epochs=2, random_state=0).fit(plane[0], np.full(150, 7.0))
    np.testing.assert_allclose(head.predict(plane[0]), 7.0)


def test_huber_is_less_sensitive_to_outliers(plane):
    X, y = plane
    wild = y.copy()
    wild[::20] += 2000
    errors = {}
    for loss in ("squared_error", "huber"):
        head = DenseRegressor(dropout=0, options=TrainingOptions(loss=loss), random_state=0)
        errors[loss] = np.median(np.abs(head.fit(X, wild).predict(X) - y))
    assert errors["huber"] < 0.7 * errors["squared_error"]


def test_sample_weights_decide_between_two_answers():
    X = np.zeros((100, 1))
    y = np.tile([0.0, 1.0], 50)
    head = DenseRegressor(dropout=0, epochs=300, random_state=0)
    assert head.fit(X, y, sample_weight=1 + 8 * y).predict(X[:1])[0] == pytest.approx(0.9, abs=0.05)


def test_early_stopping_restores_the_best_weights(plane):
    X = plane[0]
    noise = np.random.default_rng(0).normal(size=150)
    params = {"dropout": 0, "validation_fraction": 0.3, "random_state": 0}
    head = DenseRegressor((64,), early_stopping=True, n_iter_no_change=3, **params).fit(X, noise)
    best = int(head.history_["val_loss"].argmin())
    assert len(head.history_) == best + 4
    again = DenseRegressor((64,), **{**params, "epochs": best + 1}).fit(X, noise)
    np.testing.assert_array_equal(head.predict(X), again.predict(X))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.r_[np.ones(149), np.nan], "Input y contains NaN"),
        (np.r_[np.ones(149), np.inf], "Input y contains infinity"),
        (["dear"] * 150, "needs numbers"),
        (None, "requires y to be passed"),
    ],
)
def test_wrong_targets(y, message, plane):
    with pytest.raises(ValueError, match=message):
        DenseRegressor(epochs=1).fit(plane[0], y)


def test_class_weight_is_for_classes_only(plane):
    with pytest.raises(TypeError, match="class_weight"):
        DenseRegressor(class_weight="balanced")
