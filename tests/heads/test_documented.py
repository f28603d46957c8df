"""What docs/heads.rst says of the dense heads."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.compose import TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import r2_score
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import DenseClassifier, DenseRegressor, TrainingOptions


def classifier(hidden=(), **params):
    return DenseClassifier(hidden, **{"epochs": 3, "random_state": 0, **params})


def regressor(hidden=(), **params):
    return DenseRegressor(hidden, **{"epochs": 3, "random_state": 0, **params})


# Layers.


@pytest.mark.parametrize(
    ("hidden", "n_weights"),
    [((), 6 * 3 + 3), (8, 6 * 8 + 8 + 8 * 3 + 3), ((8, 4), 6 * 8 + 8 + 8 * 4 + 4 + 4 * 3 + 3)],
)
def test_the_number_of_weights(hidden, n_weights, blobs):
    head = classifier(hidden).fit(*blobs)
    assert sum(array.size for array in head.network_.weights) == n_weights


def test_the_keras_model_expects_standardized_columns(blobs):
    X, y = blobs
    head = classifier((5,), batch_norm=True).fit(X, y)
    rows = head.scaler_.transform(X).astype(np.float32)
    given = np.asarray(head.network_.to_model().predict_on_batch(rows))
    np.testing.assert_allclose(given, head.predict_proba(X), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n_epochs", [1, 2])
def test_before_it_learns_much_all_classes_are_alike(n_epochs, blobs):
    """The output layer starts at zero."""
    X, y = blobs
    head = classifier(learning_rate=1e-9, epochs=n_epochs).fit(X, y)
    np.testing.assert_allclose(head.predict_proba(X), 1 / 3, atol=1e-5)


def test_standardize_makes_units_of_columns_irrelevant(blobs):
    X, y = blobs
    units = np.array([1e-3, 1, 1e3, 10, 0.1, 7])
    given = classifier().fit(X * units, y).predict_proba(X * units)
    np.testing.assert_allclose(given, classifier().fit(X, y).predict_proba(X), rtol=1e-3, atol=1e-4)


def test_units_of_a_regressions_target_are_irrelevant(plane):
    X, y = plane
    plain = regressor().fit(X, y).predict(X)
    given = regressor().fit(X, 1000 * y - 5).predict(X)
    np.testing.assert_allclose(given, 1000 * plain - 5, rtol=1e-3)


def test_sparse_columns_are_converted(blobs):
    X, y = blobs
    X = np.where(np.abs(X) < np.abs(X).mean(axis=0), 0, X)
    expected = classifier().fit(X, y).predict_proba(X)
    for convert in (sparse.csr_matrix, sparse.csc_array, sparse.coo_matrix):
        given = classifier().fit(convert(X), y).predict_proba(convert(X))
        np.testing.assert_allclose(given, expected, rtol=1e-5)


def test_missing_values_need_an_imputer(blobs):
    X, y = blobs
    X = X.copy()
    X[5, 2] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        classifier().fit(X, y)
    assert make_pipeline(SimpleImputer(), classifier(epochs=20)).fit(X, y).score(X, y) > 0.5


# Optimizers.


@pytest.mark.parametrize("n_columns", [4, 900, 6144])
@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [
        ("adadelta", lambda n: 1.0),
        ("sgd", lambda n: min(0.1, 1 / n)),
        ("adagrad", lambda n: min(0.1, 0.3 / np.sqrt(n))),
        ("adam", lambda n: min(0.01, 0.03 / np.sqrt(n))),
        ("adamw", lambda n: min(0.01, 0.03 / np.sqrt(n))),
        ("adamax", lambda n: min(0.01, 0.03 / np.sqrt(n))),
        ("nadam", lambda n: min(0.01, 0.03 / np.sqrt(n))),
        ("rmsprop", lambda n: min(0.01, 0.03 / np.sqrt(n))),
    ],
)
def test_the_learning_rate_follows_from_optimizer_and_columns(optimizer, rate, n_columns):
    X = np.random.default_rng(0).normal(size=(12, n_columns))
    head = classifier(optimizer=optimizer, epochs=1).fit(X, np.arange(12) % 2)
    assert head.history_["learning_rate"].tolist() == pytest.approx([rate(n_columns)])


def test_a_learning_rate_of_the_user_is_kept(blobs):
    history = classifier(learning_rate=0.003).fit(*blobs).history_
    assert history["learning_rate"].tolist() == pytest.approx([0.003] * 3)


@pytest.mark.parametrize(
    ("schedule", "holds"),
    [
        ("constant", lambda rates: len(set(rates)) == 1),
        ("cosine", lambda rates: rates == sorted(rates, reverse=True) and rates[-1] < rates[0]),
    ],
)
def test_schedules_of_the_learning_rate(schedule, holds, blobs):
    options = TrainingOptions(lr_schedule=schedule)
    rates = classifier(epochs=6, options=options).fit(*blobs).history_["learning_rate"].tolist()
    assert holds(rates)


# Forms of y.


def test_several_columns_of_classes_are_one_network_a_column(blobs):
    X, y = blobs
    both = np.column_stack([y, np.where(X[:, 0] > X[:, 0].mean(), "high", "low")])
    model = MultiOutputClassifier(classifier(epochs=20)).fit(X, both)
    assert len(model.estimators_) == 2
    assert model.predict(X).shape == (120, 2)
    assert (model.predict(X) == both).mean() > 0.7


@pytest.mark.parametrize(
    "y",
    [
        np.arange(120) % 2 == 0,
        np.arange(120) % 2,
        np.where(np.arange(120) % 2, "yes", "no"),
        np.where(np.arange(120) % 2, 7.0, -1.0),
    ],
    ids=["booleans", "whole numbers", "text", "floats"],
)
def test_classes_of_any_type(y, blobs):
    X, _ = blobs
    head = classifier().fit(X, y)
    assert head.classes_.tolist() == sorted(set(y.tolist()))
    assert head.predict(X).dtype == y.dtype
    np.testing.assert_allclose(head.predict_proba(X).sum(axis=1), 1, rtol=1e-5)


def test_there_is_no_decision_function(blobs):
    assert not hasattr(classifier().fit(*blobs), "decision_function")


# Epochs and their history.


def test_r2_is_that_of_all_scaled_columns_of_y_together(plane):
    """An epoch that learns nothing has the score of the network that it starts from."""
    X, y = plane
    both = np.column_stack([y, np.sin(y / 100)])
    options = {"dropout": 0, "validation_fraction": 0, "warm_start": True}
    head = regressor(epochs=30, **options).fit(X, both)
    before = head.predict(X)
    head.set_params(epochs=1, learning_rate=1e-12).fit(X, both)
    scaled, predicted = ((rows - both.mean(axis=0)) / both.std(axis=0) for rows in (both, before))
    expected = r2_score(scaled, predicted, multioutput="variance_weighted")
    assert 0.2 < expected < 1
    assert head.history_["r2"].iloc[-1] == pytest.approx(expected, abs=1e-3)


def test_no_held_out_rows_no_columns_of_validation(blobs):
    history = classifier(validation_fraction=0).fit(*blobs).history_
    assert not [name for name in history if name.startswith("val_")]


def test_early_stopping_stops_earlier(blobs):
    """Rows of noise: the validation loss soon rises."""
    X = np.random.default_rng(0).normal(size=(120, 40))
    options = {"epochs": 200, "dropout": 0.0, "learning_rate": 0.05, "n_iter_no_change": 3}
    _, y = blobs
    stopped = classifier((16,), early_stopping=True, **options).fit(X, y)
    assert len(stopped.history_) < 100
    best = stopped.history_["val_loss"].to_numpy().argmin()
    assert len(stopped.history_) == best + 1 + 3


# Keras functions of the user need what the dense heads do themselves.


def test_scaling_by_scikit_learn_is_the_same_as_scaling_by_the_head(plane):
    X, y = plane
    own = regressor(standardize=False)
    scaled = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), own), transformer=StandardScaler()
    )
    given = scaled.fit(X, y).predict(X)
    expected = regressor().fit(X, y).predict(X)
    # Held-out rows take part in the scaling outside, but not inside.
    np.testing.assert_allclose(given, expected, rtol=0.02)
