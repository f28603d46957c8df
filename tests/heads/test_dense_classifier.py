"""DenseClassifier: training, parameters, wrong use."""

import random
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from skfusion import DenseClassifier
from tests.heads.conftest import OPTIMIZERS


def quick(hidden=(), **params):
    return DenseClassifier(hidden, **{"epochs": 5, "random_state": 0, **params})


# What it learns.


def test_classes_of_columns_of_mixed_scales(blobs):
    X, y = blobs
    head = DenseClassifier(random_state=0).fit(X[:80], y[:80])
    assert head.score(X[80:], y[80:]) > 0.8
    assert list(head.classes_) == ["ant", "bee", "wasp"]
    np.testing.assert_allclose(head.predict_proba(X).sum(axis=1), 1)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_optimizer_has_a_learning_rate_that_works(optimizer, blobs):
    X, y = blobs
    head = DenseClassifier(optimizer=optimizer, dropout=0.2, batch_size=16, random_state=0)
    assert head.fit(X, y).score(X, y) > 0.8


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_optimizer_learns_with_more_columns_than_rows(optimizer):
    rng = np.random.default_rng(0)
    y = np.arange(90) % 2
    X = rng.normal(size=(90, 900)) + 0.25 * y[:, None]
    head = DenseClassifier(optimizer=optimizer, epochs=40, random_state=0).fit(X[:60], y[:60])
    assert head.score(X[60:], y[60:]) > 0.8


def test_adadelta_starts_at_one(blobs):
    history = quick(optimizer="adadelta").fit(*blobs).history_
    assert set(history["learning_rate"]) == {1.0}


def test_interactions_need_hidden_layers():
    X = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    plain = DenseClassifier(dropout=0, random_state=0).fit(X, y)
    deep = DenseClassifier((32, 16), dropout=0, batch_norm=True, random_state=0).fit(X, y)
    assert plain.score(X, y) < 0.7
    assert deep.score(X, y) > 0.9


def test_several_labels_a_row(blobs):
    X, y = blobs
    labels = np.column_stack([y == "ant", y != "bee"]).astype(int)
    head = DenseClassifier(random_state=0).fit(X, labels)
    assert head.predict(X).shape == head.predict_proba(X).shape == (120, 2)
    assert head.score(X, labels) > 0.8  # both labels right
    assert roc_auc_score(labels, head.predict_proba(X)) > 0.9
    assert "accuracy" not in head.history_


def test_weight_decay_makes_weights_smaller(blobs):
    norms = [
        np.linalg.norm(quick(weight_decay=decay, epochs=30).fit(*blobs).network_.weights[0])
        for decay in (0, 0.1, 10)
    ]
    assert norms[0] > 1.2 * norms[1] > 4 * norms[2]


def test_standardize_false_leaves_columns_unscaled(blobs):
    X, y = blobs
    scaled = StandardScaler().fit_transform(X)
    head = quick(standardize=False).fit(scaled, y)
    assert head.scaler_ is None
    np.testing.assert_allclose(head.predict_proba(scaled), quick().fit(X, y).predict_proba(X))


# Weights.


def test_sample_weight_and_class_weight_do_the_same(blobs):
    X, y = blobs
    plain, weighted = quick(epochs=60), quick(epochs=60, class_weight={"bee": 9})
    by_class = weighted.fit(X, y).predict_proba(X)
    by_row = plain.fit(X, y, sample_weight=np.where(y == "bee", 9, 1)).predict_proba(X)
    np.testing.assert_array_equal(by_class, by_row)
    assert by_class[:, 1].mean() > plain.fit(X, y).predict_proba(X)[:, 1].mean() + 0.1


def test_only_ratios_of_weights_matter(blobs):
    X, y = blobs
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y))
    heads = [quick(optimizer="sgd").fit(X, y, sample_weight=w) for w in (weight, 1e4 * weight)]
    first, second = (head.predict_proba(X) for head in heads)
    np.testing.assert_allclose(first, second, rtol=1e-4)


def test_rows_of_weight_zero_are_not_learned(blobs):
    X, y = blobs
    head = DenseClassifier(random_state=0).fit(X, y, sample_weight=y != "wasp")
    assert "wasp" not in head.predict(X[y != "wasp"])


# Validation and early stopping.


def test_history_has_one_row_per_epoch(blobs):
    head = quick().fit(*blobs)
    assert list(head.history_["epoch"]) == [0, 1, 2, 3, 4]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(head.history_)
    assert "val_loss" not in quick(validation_fraction=0).fit(*blobs).history_


def test_early_stopping_restores_the_best_weights():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 200)), np.arange(80) % 2  # noise: the validation loss soon rises
    params = {"dropout": 0, "validation_fraction": 0.25, "epochs": 200, "random_state": 0}
    stopped = DenseClassifier(early_stopping=True, n_iter_no_change=5, **params).fit(X, y)
    best = int(stopped.history_["val_loss"].argmin())
    assert len(stopped.history_) == best + 6 < 200
    as_long = DenseClassifier(**{**params, "epochs": best + 1}).fit(X, y)
    np.testing.assert_array_equal(as_long.predict_proba(X), stopped.predict_proba(X))


def test_validation_rows_are_of_all_classes(monkeypatch, blobs):
    from skfusion.heads import _base_dense

    seen = []
    real = _base_dense.train

    def spy(network, data, *args, **kwargs):
        seen.append(data.targets[data.held_out])
        return real(network, data, *args, **kwargs)

    monkeypatch.setattr(_base_dense, "train", spy)
    quick().fit(*blobs)
    assert sorted(seen[0]) == [0] * 4 + [1] * 4 + [2] * 4


# Seeds and global state.


def test_two_fits_are_equal_and_global_state_stays(blobs):
    import keras

    X, y = blobs
    reduce = keras.Model.__reduce__
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, again = (quick((8,), batch_norm=True).fit(X, y) for _ in range(2))
    assert random.getstate() == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    if keras.backend.backend() == "tensorflow":
        from tensorflow.python.framework.config import is_op_determinism_enabled

        assert not is_op_determinism_enabled()
    assert keras.Model.__reduce__ is reduce
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))
    other = quick((8,), batch_norm=True, random_state=1).fit(X, y)
    assert not np.allclose(first.predict_proba(X), other.predict_proba(X))


def test_without_a_seed_two_fits_differ(blobs):
    first, again = (quick(random_state=None).fit(*blobs) for _ in range(2))
    assert not np.allclose(first.predict_proba(blobs[0]), again.predict_proba(blobs[0]))


def test_set_params_then_fit_is_a_fresh_fit(blobs):
    X, y = blobs
    head = quick().fit(X, y)
    for step in ({"hidden": [8]}, {"standardize": False}, {"hidden": 4, "batch_norm": True}):
        head.set_params(**step).fit(X, y)
        fresh = clone(head).fit(X, y)
        np.testing.assert_array_equal(head.predict_proba(X), fresh.predict_proba(X))


# Inputs.


def test_sparse_rows_give_the_same(blobs):
    X, y = blobs
    X = np.where(np.abs(X) > 1, X, 0)
    head = quick().fit(csr_array(X), y)
    expected = quick().fit(X, y).predict_proba(X)
    np.testing.assert_allclose(head.predict_proba(csr_array(X)), expected, rtol=1e-6)


def test_names_of_columns(blobs):
    X, y = blobs
    frame = pd.DataFrame(X, columns=list("abcdef"))
    head = quick().fit(frame, pd.Series(y))
    assert list(head.feature_names_in_) == list("abcdef")
    with pytest.raises(ValueError, match="feature names should match"):
        head.predict(frame[list("bacdef")])


def test_one_row_equals_the_row_among_others(blobs):
    X, y = blobs
    head = quick((8,)).fit(X, y)
    np.testing.assert_allclose(head.predict_proba(X[7:8]), head.predict_proba(X)[7:8], rtol=1e-10)


# Pickles.

_SERVICE = """
import sys, joblib, numpy as np
head, X = joblib.load(sys.argv[1])
np.save(sys.argv[2], head.predict_proba(X))
print(sorted({"keras", "tensorflow", "matplotlib"} & set(sys.modules)))
"""


def test_a_loaded_model_predicts_without_keras(blobs, tmp_path):
    X, y = blobs
    head = quick((8,), batch_norm=True).fit(X, y)
    files = str(tmp_path / "model.joblib"), str(tmp_path / "probabilities.npy")
    joblib.dump((head, X), files[0])
    command = [sys.executable, "-c", _SERVICE, *files]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    assert shown.strip() == "[]"
    np.testing.assert_array_equal(np.load(files[1]), head.predict_proba(X))


# Wrong use.


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"hidden": (8, 0)}, r"hidden=\(8, 0\) must hold the number of units"),
        ({"hidden": (0.5,)}, r"hidden=\(0.5,\) must hold the number of units"),
        ({"hidden": "64"}, "'hidden' parameter"),
        ({"dropout": 1.0}, "'dropout' parameter"),
        ({"activation": "softmax"}, "'activation' parameter"),
        ({"optimizer": "Adadelta"}, "'optimizer' parameter"),
        ({"learning_rate": 0.0}, "'learning_rate' parameter"),
        ({"early_stopping": 10}, "'early_stopping' parameter"),
        ({"n_iter_no_change": 0}, "'n_iter_no_change' parameter"),
        ({"validation_fraction": 1.0}, "'validation_fraction' parameter"),
        ({"class_weight": {"fly": 2}}, r"classes that y does not have: \['fly'\]"),
        ({"class_weight": {"ant": -1}}, "must be a number of 0 or more"),
    ],
)
def test_wrong_parameters(params, message, blobs):
    with pytest.raises(ValueError, match=message):
        quick(**params).fit(*blobs)


def test_nan_in_a_column_names_it(blobs):
    X, y = blobs
    X = X.copy()
    X[3, 2] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        quick().fit(X, y)
    head = quick().fit(*blobs)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        head.predict(X)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["ant"] * 120, "one class only"),
        (["ant"] * 119 + [None], "1 of 120 rows"),
        (np.linspace(0, 1, 120), "Unknown label type: continuous"),
        (["ant", "bee"] * 50, "inconsistent numbers of samples"),
        (None, "requires y to be passed"),
        (np.arange(240).reshape(120, 2), "Unknown label type: multiclass-multioutput"),
    ],
)
def test_wrong_targets(y, message, blobs):
    with pytest.raises(ValueError, match=message):
        quick().fit(blobs[0], y)


@pytest.mark.parametrize(
    ("weight", "message"),
    [(np.full(120, -1.0), "negative"), (np.zeros(120), "weight 0|non-zero"), (np.ones(7), "shape")],
)
def test_wrong_sample_weights(weight, message, blobs):
    with pytest.raises(ValueError, match=message):
        quick().fit(*blobs, sample_weight=weight)


def test_learning_rate_that_is_too_high_is_reported(blobs):
    X, y = blobs
    head = quick((8,), optimizer="sgd", learning_rate=1e20, activation="elu", standardize=False)
    with pytest.raises(FloatingPointError, match="Pass a smaller learning_rate"):
        head.fit(1e6 * X, y)
    with pytest.raises(NotFittedError):
        head.predict(X)


def test_not_fitted(blobs):
    for method in (quick().predict, quick().predict_proba):
        with pytest.raises(NotFittedError):
            method(blobs[0])
    with pytest.raises(NotFittedError):
        quick().plot_history()
