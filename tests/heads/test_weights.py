"""Weights of rows: with one batch of all rows, a weight of two equals a row that is there twice."""

import numpy as np
import pytest
import sklearn

from skfusion import DenseClassifier, DenseRegressor, TrainingOptions

# One batch of all rows, and nothing at random: what is left depends on the weights alone.
WHOLE = {
    "dropout": 0,
    "validation_fraction": 0,
    "batch_size": 1000,
    "epochs": 40,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def repetitions():
    """How often each of 120 rows is there; some are not."""
    return np.random.default_rng(0).integers(0, 4, size=120)


def assert_same(weighted, repeated, X):
    np.testing.assert_allclose(weighted.scaler_.mean_, repeated.scaler_.mean_, rtol=1e-6)
    np.testing.assert_allclose(weighted.scaler_.scale_, repeated.scaler_.scale_, rtol=1e-6)
    predict = "predict_proba" if hasattr(weighted, "predict_proba") else "predict"
    np.testing.assert_allclose(
        getattr(weighted, predict)(X), getattr(repeated, predict)(X), rtol=1e-4
    )
    losses = [head.history_["loss"] for head in (weighted, repeated)]
    np.testing.assert_allclose(*losses, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("hidden", [(), (8,)])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_weights_of_rows_with_classes(hidden, optimizer, blobs, repetitions):
    X, y = blobs
    head = DenseClassifier(hidden, optimizer=optimizer, **WHOLE)
    weighted = sklearn.clone(head).fit(X, y, sample_weight=repetitions)
    repeated = sklearn.clone(head).fit(np.repeat(X, repetitions, axis=0), np.repeat(y, repetitions))
    assert_same(weighted, repeated, X)
    assert weighted.history_["accuracy"].iloc[-1] == pytest.approx(
        repeated.history_["accuracy"].iloc[-1], rel=1e-4
    )


def test_class_weight(blobs):
    X, y = blobs
    weighted = DenseClassifier(class_weight={"bee": 3}, **WHOLE).fit(X, y)
    repetitions = np.where(y == "bee", 3, 1)
    repeated = DenseClassifier(**WHOLE).fit(
        np.repeat(X, repetitions, axis=0), np.repeat(y, repetitions)
    )
    assert_same(weighted, repeated, X)


def test_labels(blobs, repetitions):
    X, y = blobs
    labels = np.column_stack([y == "ant", y != "bee"]).astype(int)
    weighted = DenseClassifier(**WHOLE).fit(X, labels, sample_weight=repetitions)
    repeated = DenseClassifier(**WHOLE).fit(
        np.repeat(X, repetitions, axis=0), np.repeat(labels, repetitions, axis=0)
    )
    assert_same(weighted, repeated, X)


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_weights_of_rows_with_numbers(loss, n_outputs, plane, repetitions):
    X, y = plane[0][:120], plane[1][:120]
    y = y if n_outputs == 1 else np.column_stack([y, np.abs(y) ** 1.5])
    head = DenseRegressor((8,), options=TrainingOptions(loss=loss), **WHOLE)
    weighted = sklearn.clone(head).fit(X, y, sample_weight=repetitions)
    repeated = sklearn.clone(head).fit(
        np.repeat(X, repetitions, axis=0), np.repeat(y, repetitions, axis=0)
    )
    assert_same(weighted, repeated, X)
    np.testing.assert_allclose(weighted.history_["r2"], repeated.history_["r2"], atol=1e-4)


def test_an_outlier_of_weight_zero_does_not_scale(plane):
    X, y = (array.copy() for array in plane)
    X[0], y[0] = 1e9, 1e9
    head = DenseRegressor(**{**WHOLE, "epochs": 100}).fit(X, y, sample_weight=np.arange(150) > 0)
    assert head.score(X[1:], y[1:]) > 0.9


def test_ratios_of_weights_matter_with_held_out_rows(plane):
    X, y = plane
    params = {**WHOLE, "optimizer": "sgd", "validation_fraction": 0.2}
    weight = np.linspace(0.1, 3, 150)
    one, other = (
        DenseRegressor(**params).fit(X, y, sample_weight=factor * weight) for factor in (1, 1000)
    )
    np.testing.assert_allclose(one.predict(X), other.predict(X), rtol=1e-4)
    # Both losses are means weighted by rows, so that they can be compared.
    np.testing.assert_allclose(one.history_["val_loss"], other.history_["val_loss"], rtol=1e-4)


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_global_output_setting_changes_nothing(output, blobs, plane):
    for head, (X, y) in [
        (DenseClassifier(epochs=2, random_state=0), blobs),
        (DenseRegressor(epochs=2, random_state=0), plane),
    ]:
        expected = sklearn.clone(head).fit(X, y).predict(X)
        with sklearn.config_context(transform_output=output):
            found = sklearn.clone(head).fit(X, y).predict(X)
        assert isinstance(found, np.ndarray)
        np.testing.assert_array_equal(found, expected)
