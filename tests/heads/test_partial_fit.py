"""partial_fit and warm_start of dense heads."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skfusion import DenseClassifier, DenseRegressor, TrainingOptions

CLASSES = ["ant", "bee", "wasp"]


def classifier(hidden=(8,), **params):
    return DenseClassifier(hidden, **{"validation_fraction": 0, "random_state": 0, **params})


def regressor(hidden=(8,), **params):
    return DenseRegressor(hidden, **{"validation_fraction": 0, "random_state": 0, **params})


@pytest.mark.parametrize(
    ("head", "peer"), [(DenseClassifier, MLPClassifier), (DenseRegressor, MLPRegressor)]
)
def test_same_methods_as_in_scikit_learn(head, peer):
    for name in ("partial_fit", "decision_function"):
        assert hasattr(head(), name) == hasattr(peer(), name)
    assert "warm_start" in head().get_params()


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_calls_equal_a_fit_of_several_epochs(optimizer, blobs):
    X, y = blobs
    params = {"optimizer": optimizer, "batch_norm": True, "dropout": 0.3, "batch_size": 16}
    whole = classifier(epochs=3, **params).fit(X, y)
    parts = classifier(epochs=50, **params)
    for _ in range(3):
        parts.partial_fit(X, y, classes=CLASSES)
    np.testing.assert_array_equal(parts.predict_proba(X), whole.predict_proba(X))
    assert parts.history_.equals(whole.history_)


def test_calls_of_a_regressor_equal_a_fit_of_several_epochs(plane):
    options = TrainingOptions(loss="huber")
    whole = regressor(epochs=3, options=options).fit(*plane)
    parts = regressor(options=options)
    for _ in range(3):
        parts.partial_fit(*plane)
    np.testing.assert_array_equal(parts.predict(plane[0]), whole.predict(plane[0]))


def test_it_learns_from_parts(blobs, plane):
    X, y = blobs
    head = classifier()
    for start in range(0, 1200, 20):
        some = np.arange(start, start + 20) % 120
        head.partial_fit(X[some], y[some], classes=CLASSES)
    assert head.score(X, y) > 0.8
    X, y = plane
    head = regressor(dropout=0)
    for _ in range(40):
        for some in np.array_split(np.arange(150), 3):
            head.partial_fit(X[some], y[some])
    assert head.score(X, y) > 0.8


def test_a_part_may_lack_classes(blobs):
    X, y = blobs
    head = classifier(class_weight={"wasp": 2.0})
    head.partial_fit(X[y == "ant"], y[y == "ant"], classes=CLASSES)
    head.partial_fit(X[y != "ant"], y[y != "ant"])
    assert list(head.classes_) == CLASSES
    assert head.predict_proba(X).shape == (120, 3)


def test_labels(blobs):
    X, y = blobs
    labels = np.column_stack([y == "ant", y != "bee"]).astype(int)
    head = classifier().partial_fit(X, labels, classes=[0, 1])
    for _ in range(80):
        head.partial_fit(X[:60], labels[:60])
    assert head.predict(X).shape == (120, 2)
    assert head.score(X, labels) > 0.8
    with pytest.raises(ValueError, match="2 columns of 0 and 1"):
        head.partial_fit(X, np.column_stack([labels, labels]))


def test_weights_count_as_they_are(blobs):
    X, y = blobs
    params = {"optimizer": "sgd", "dropout": 0, "learning_rate": 0.05, "batch_size": 1000}
    head = classifier((), **params).partial_fit(X, y, np.full(120, 2.0), classes=CLASSES)
    params["learning_rate"] = 0.1
    twice = classifier((), **params).partial_fit(X, y, classes=CLASSES)
    np.testing.assert_allclose(head.predict_proba(X), twice.predict_proba(X), rtol=1e-4)


def test_it_continues_after_a_fit_and_after_a_pickle(blobs):
    X, y = blobs
    head = classifier(epochs=4).fit(X, y)
    before = head.history_["loss"].iloc[-1]
    head.partial_fit(X, y).partial_fit(X, y)
    assert list(head.history_["epoch"]) == [0, 1, 2, 3, 4, 5]
    assert head.history_["loss"].iloc[-1] < before
    loaded = pickle.loads(pickle.dumps(head)).partial_fit(X, y)
    np.testing.assert_array_equal(loaded.predict_proba(X), head.partial_fit(X, y).predict_proba(X))
    fresh = head.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(fresh, clone(head).fit(X, y).predict_proba(X))


def test_another_optimizer_starts_anew(blobs):
    X, y = blobs
    head = classifier().partial_fit(X, y, classes=CLASSES)
    head.set_params(optimizer="rmsprop").partial_fit(X, y)
    assert len(head.history_) == 2


def test_wrong_use_of_partial_fit(blobs, plane):
    X, y = blobs
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        classifier().partial_fit(X, y)
    with pytest.raises(ValueError, match="one class only"):
        classifier().partial_fit(X, y, classes=["ant"])
    with pytest.raises(ValueError, match="can't balance classes"):
        classifier(class_weight="balanced").partial_fit(X, y, classes=CLASSES)
    with pytest.raises(AttributeError) as raised:
        classifier(early_stopping=True).partial_fit(X, y, classes=CLASSES)
    assert "does not support early_stopping=True" in str(raised.value.__cause__)
    assert not hasattr(regressor(early_stopping=True), "partial_fit")
    with pytest.raises(ValueError, match=r"classes not in `self.classes_`: \['wasp'\]"):
        classifier().partial_fit(X, y, classes=["ant", "bee"])
    head = classifier().partial_fit(X, y, classes=CLASSES)
    with pytest.raises(ValueError, match="are not those of the first call"):
        head.partial_fit(X, y, classes=["ant", "bee"])
    with pytest.raises(ValueError, match="X has 5 features"):
        head.partial_fit(X[:, :5], y)
    with pytest.raises(ValueError, match="`hidden` or `batch_norm` were changed"):
        head.set_params(hidden=(9,)).partial_fit(X, y)
    head = regressor().partial_fit(*plane)
    with pytest.raises(ValueError, match="y has 2 columns, and 1 in the first call"):
        head.partial_fit(plane[0], np.column_stack([plane[1], plane[1]]))


# Warm start.


def test_warm_start_continues(blobs, plane):
    # Plain gradient descent in one batch has no memory: two fits of two epochs are one of four.
    params = {"optimizer": "sgd", "batch_size": 1000, "dropout": 0}
    X, y = blobs
    whole = classifier(epochs=4, **params).fit(X, y)
    warm = classifier(epochs=2, warm_start=True, **params).fit(X, y).fit(X, y)
    np.testing.assert_allclose(warm.predict_proba(X), whole.predict_proba(X), rtol=1e-5)
    assert list(warm.history_["epoch"]) == [0, 1, 2, 3]
    np.testing.assert_allclose(warm.history_["loss"], whole.history_["loss"], rtol=1e-5)
    X, y = plane
    whole = regressor(epochs=4, **params).fit(X, y)
    warm = regressor(epochs=2, warm_start=True, **params).fit(X, y).fit(X, y)
    np.testing.assert_allclose(warm.predict(X), whole.predict(X), rtol=1e-5)


def test_warm_start_keeps_scaling(plane):
    X, y = plane
    head = regressor(epochs=1, warm_start=True).fit(X, y)
    mean = head.scaler_.mean_
    head.fit(X + 5, 2 * y)
    np.testing.assert_array_equal(head.scaler_.mean_, mean)


def test_without_warm_start_a_fit_starts_again(blobs):
    X, y = blobs
    once = classifier(epochs=2).fit(X, y)
    again = classifier(epochs=2).fit(X, y).fit(X, y)
    np.testing.assert_array_equal(once.predict_proba(X), again.predict_proba(X))
    assert len(again.history_) == 2


def test_warm_start_with_other_dropout_and_early_stopping(blobs):
    X, y = blobs
    head = classifier(epochs=2, warm_start=True, validation_fraction=0.2).fit(X, y)
    head.set_params(dropout=0.1, early_stopping=True, n_iter_no_change=2, epochs=5).fit(X, y)
    assert 4 <= len(head.history_) <= 7


def test_wrong_use_of_warm_start(blobs):
    X, y = blobs
    head = classifier(epochs=1, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="warm_start=True needs the same classes"):
        head.fit(X[y != "bee"], y[y != "bee"])
    with pytest.raises(ValueError, match="has classes not in"):
        head.fit(X, np.where(y == "bee", "fly", y))
    with pytest.raises(ValueError, match="`hidden` or `batch_norm` were changed"):
        head.set_params(batch_norm=True).fit(X, y)
    assert head.set_params(warm_start=False).fit(X, y).score(X, y) >= 0
