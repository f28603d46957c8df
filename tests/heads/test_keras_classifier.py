"""KerasClassifier: SciKeras's classifier in scikit-learn's tools, in pickles and in processes."""

import pickle
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import joblib
import numpy as np
import pandas as pd
import pytest
import scikeras.wrappers
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import CNNEmbedder, ExtraNotFoundError, KerasClassifier
from skfusion.datasets import make_image_table
from tests.heads.keras_functions import (
    SmallModel,
    build_binary_classifier,
    build_classifier,
    build_labels_classifier,
)
from tests.networks_for_tests import tiny_cnn
from tests.processes import run_python


def keras_head(model=build_classifier, **params):
    defaults = {
        "loss": "sparse_categorical_crossentropy",
        "optimizer": "adam",
        "optimizer__learning_rate": 0.02,
        "epochs": 10,
        "batch_size": 16,
        "random_state": 0,
        "verbose": 0,
    }
    return KerasClassifier(model, **{**defaults, **params})


@pytest.fixture(scope="module")
def rows(blobs):
    """Scaled columns, and three classes."""
    X, y = blobs
    return StandardScaler().fit_transform(X), y


@pytest.fixture(scope="module")
def fitted(rows):
    return keras_head().fit(*rows)


# scikit-learn's tools.


def test_it_is_a_classifier_of_scikeras(fitted, rows):
    assert is_classifier(keras_head())
    assert is_classifier(make_pipeline(StandardScaler(), keras_head()))
    assert isinstance(keras_head(), scikeras.wrappers.KerasClassifier)
    assert keras_head().__sklearn_tags__().target_tags.required
    assert list(fitted.classes_) == ["ant", "bee", "wasp"]
    assert fitted.n_features_in_ == 6
    assert len(fitted.history_["loss"]) == 10
    assert fitted.score(*rows) > 0.8


def test_an_int_as_cv_means_stratified_folds(rows):
    X, y = rows
    by_class = np.argsort(y, kind="stable")
    X, y = X[by_class], y[by_class]
    scores = cross_val_score(keras_head(), X, y, cv=3)
    np.testing.assert_array_equal(
        scores, cross_val_score(keras_head(), X, y, cv=StratifiedKFold(3))
    )
    assert scores.mean() > 0.7


@pytest.mark.parametrize(
    ("build", "loss"),
    [(build_classifier, "sparse_categorical_crossentropy"), (build_binary_classifier, None)],
)
def test_two_classes(build, loss, rows):
    X, y = rows
    y = np.where(y == "bee", "yes", "no")
    head = keras_head(build, loss=loss)
    if loss is None:  # the function compiles its model
        head = KerasClassifier(build, epochs=10, random_state=0, verbose=0)
    assert cross_val_score(head, X, y, cv=3, scoring="roc_auc").mean() > 0.8
    head.fit(X, y)
    assert head.predict_proba(X).shape == (120, 2)
    assert set(head.predict(X)) == {"yes", "no"}


def test_roc_auc_of_three_classes(rows):
    assert cross_val_score(keras_head(), *rows, cv=3, scoring="roc_auc_ovr").mean() > 0.8


def test_classes_as_columns(rows):
    X, y = rows
    head = keras_head(loss="categorical_crossentropy").fit(X, y)
    assert head.score(X, y) > 0.8


def test_labels(rows):
    X, y = rows
    labels = np.column_stack([y == "ant", y != "bee"]).astype(int)
    head = keras_head(build_labels_classifier, loss="binary_crossentropy", epochs=30)
    head.fit(X, labels)
    assert head.predict(X).shape == (120, 2)
    assert head.score(X, labels) > 0.7


@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_voting(voting, rows):
    members = [("keras", keras_head()), ("linear", LogisticRegression())]
    assert VotingClassifier(members, voting=voting).fit(*rows).score(*rows) > 0.8


def test_calibration(rows):
    calibrated = CalibratedClassifierCV(keras_head(epochs=5), cv=3).fit(*rows)
    np.testing.assert_allclose(calibrated.predict_proba(rows[0]).sum(axis=1), 1)


def test_search_over_routed_parameters(rows):
    grid = {"model__hidden": [4, 16], "optimizer__learning_rate": [0.02, 1e-6]}
    search = GridSearchCV(keras_head(), grid, cv=2, n_jobs=2).fit(*rows)
    assert search.best_params_["optimizer__learning_rate"] == 0.02
    hidden = search.best_params_["model__hidden"]
    assert search.best_estimator_.model_.layers[2].units == hidden
    assert search.score(*rows) > 0.8


def test_two_workers_give_the_same(rows):
    one, two = (cross_val_score(keras_head(), *rows, cv=2, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_after_images_in_a_search(tmp_path):
    data = make_image_table(30, image_size=(8, 8), random_state=0)
    embedder = CNNEmbedder(tiny_cnn, cut_layer="dense", epochs=1, random_state=0, cache=tmp_path)
    columns = ColumnTransformer(
        [("image", embedder, ["image"]), ("number", StandardScaler(), ["number_0"])]
    )
    model = Pipeline([("columns", columns), ("head", keras_head(epochs=2))])
    search = GridSearchCV(model, {"head__model__hidden": [2, 4]}, cv=2).fit(data.frame, data.target)
    assert set(search.predict(data.frame)) <= set(data.target)
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict_proba(data.frame), search.predict_proba(data.frame))


def test_clone_keeps_all_parameters():
    import keras

    head = keras_head(
        model__hidden=3,
        fit__validation_split=0.2,
        predict__batch_size=7,
        class_weight="balanced",
        callbacks=[keras.callbacks.EarlyStopping],
        callbacks__patience=4,
    )
    assert clone(head).get_params() == head.get_params()
    changed = clone(head.set_params(model__hidden=5, optimizer__learning_rate=0.5))
    assert changed.get_params()["model__hidden"] == 5


def test_callbacks_of_a_head(rows):
    import keras

    head = keras_head(
        callbacks=[keras.callbacks.EarlyStopping],
        callbacks__0__monitor="loss",
        callbacks__0__min_delta=10.0,
        callbacks__0__patience=2,
    )
    assert len(head.fit(*rows).history_["loss"]) == 3


def test_sample_weights_are_routed(rows):
    import sklearn

    X, y = rows
    with sklearn.config_context(enable_metadata_routing=True):
        head = keras_head(epochs=20).set_fit_request(sample_weight=True)
        model = make_pipeline("passthrough", head)
        model.fit(X, y, sample_weight=np.where(y == "bee", 1.0, 0.001))
    assert (model.predict(X) == "bee").mean() > 0.9


def test_class_weight_leaves_sample_weight_as_it_is(rows):
    X, y = rows
    weight = np.ones(120, dtype=int)
    head = keras_head(class_weight={"ant": 1.0, "bee": 99.0, "wasp": 1.0})
    head.fit(X, y, sample_weight=weight)
    assert (weight == 1).all()
    plain = keras_head().fit(X, y)
    bee = [h.predict_proba(X)[:, 1].mean() for h in (head, plain)]
    assert bee[0] > bee[1] + 0.05


def test_partial_fit_and_warm_start(rows):
    X, y = rows
    head = keras_head().partial_fit(X[y == "ant"], y[y == "ant"], classes=["ant", "bee", "wasp"])
    head.partial_fit(X, y)
    assert head.current_epoch == 2
    assert head.predict_proba(X).shape == (120, 3)
    head = keras_head(epochs=2, warm_start=True).fit(X, y)
    model, first = head.model_, head.history_["loss"][-1]
    head.fit(X, y)
    assert head.model_ is model
    assert head.history_["loss"][-1] < first


def test_initialize_gives_a_model_without_training(rows):
    X, y = rows
    head = keras_head(build_binary_classifier, loss=None).initialize(X, y == "bee")
    assert not hasattr(head, "history_")
    loaded = pickle.loads(pickle.dumps(head))
    np.testing.assert_array_equal(loaded.predict(X), head.predict(X))


def test_names_of_columns(rows):
    X, y = rows
    frame = pd.DataFrame(X, columns=list("abcdef"))
    head = keras_head(epochs=1).fit(frame, pd.Series(y))
    assert list(head.feature_names_in_) == list("abcdef")
    with pytest.raises(ValueError, match="feature names should match"):
        head.predict(frame[list("bacdef")])


def test_rows_may_be_images():
    X = np.random.default_rng(0).normal(size=(20, 4, 4, 1)).astype(np.float32)
    head = keras_head(epochs=1).fit(X, np.arange(20) % 2)
    assert head.predict_proba(X[:1]).shape == (1, 2)


@pytest.mark.parametrize("make", [partial, lambda build, **k: SmallModel(build)])
def test_a_model_may_be_any_callable(make, rows):
    head = keras_head(make(build_classifier, hidden=4), epochs=1).fit(*rows)
    assert head.model_.layers[2].units == 4


# Predictions.


def test_outputs_are_those_of_keras(fitted, rows):
    X = rows[0]
    expected = fitted.model_.predict(X, verbose=0)
    np.testing.assert_allclose(fitted.predict_proba(X), expected, rtol=1e-5, atol=1e-7)


def test_one_row_keeps_its_axis(fitted, rows):
    X = rows[0]
    assert fitted.predict_proba(X[:1]).shape == (1, 3)
    assert fitted.predict(X[:1]).shape == (1,)
    np.testing.assert_allclose(
        fitted.predict_proba(X[7:8]), fitted.predict_proba(X)[7:8], rtol=1e-5
    )


def test_predictions_run_in_few_batch_shapes(fitted, rows, shapes, monkeypatch):
    import keras

    monkeypatch.setattr(keras.Model, "predict", None)  # it has the overhead of a pipeline
    for n_rows in (1, 2, 3, 5, 40):
        assert fitted.predict(rows[0][:n_rows]).shape == (n_rows,)
    assert {shape[0] for shape in shapes} == {1, 2, 4, 8, 16}


def test_options_of_predict_reach_keras(rows):
    import keras

    class Counter(keras.callbacks.Callback):
        batches = 0

        def on_predict_batch_end(self, batch, logs=None):
            Counter.batches += 1

    X, y = rows
    head = keras_head(epochs=1, callbacks=[Counter()]).fit(X, y)
    head.predict(X)
    assert Counter.batches == 8  # of 16 rows
    assert head.predict(X, batch_size=60).shape == (120,)
    assert Counter.batches == 10


def test_threads_give_the_same(fitted, rows):
    X = rows[0]
    expected = fitted.predict_proba(X)
    loaded = pickle.loads(pickle.dumps(fitted))  # its model is built by one of the threads
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: loaded.predict_proba(X), range(8)):
            np.testing.assert_array_equal(found, expected)


# Seeds and global state.


def test_fits_are_equal_and_global_state_stays(rows):
    import keras
    import tensorflow as tf
    from tensorflow.python.framework.config import is_op_determinism_enabled

    reduce = keras.Model.__reduce__
    tf.random.set_seed(3)
    tf.random.uniform([])
    expected = tf.random.uniform([]).numpy()
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    tf.random.set_seed(3)
    tf.random.uniform([])
    head = keras_head(model__dropout=0.3)
    first, again = (clone(head).fit(*rows).predict_proba(rows[0]) for _ in range(2))
    assert random.getstate() == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert tf.random.uniform([]).numpy() == expected
    assert not is_op_determinism_enabled()
    assert keras.Model.__reduce__ is reduce
    np.testing.assert_array_equal(first, again)
    other = clone(head).set_params(random_state=1).fit(*rows).predict_proba(rows[0])
    assert not np.allclose(first, other)
    # An unseeded model with dropout can be trained afterwards.
    clone(head).set_params(random_state=None, epochs=1).fit(*rows)
    tf.random.set_seed(None)


def test_random_states_differ(rows):
    heads = [keras_head(epochs=1, random_state=np.random.RandomState(n)) for n in (0, 0, 1)]
    one, same, other = (head.fit(*rows).predict_proba(rows[0]) for head in heads)
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)
    np.testing.assert_array_equal(heads[0].fit(*rows).predict_proba(rows[0]), one)


def test_without_a_seed_two_fits_differ(rows):
    one, other = (
        keras_head(random_state=None, epochs=1).fit(*rows).predict_proba(rows[0]) for _ in range(2)
    )
    assert not np.allclose(one, other)


_IMPORTS = """
import sys, skfusion
print(sorted({"keras", "scikeras", "tensorflow"} & set(sys.modules)))
"""
_KERAS_STAYS = """
import keras, pickle
classes = keras.Model, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer
before = [(c.__reduce__, getattr(c, "__deepcopy__", None)) for c in classes]
from skfusion import KerasClassifier
assert before == [(c.__reduce__, getattr(c, "__deepcopy__", None)) for c in classes]
print("stayed")
"""
_MISSING = """
import sys
sys.modules["scikeras"] = None
import skfusion
try:
    skfusion.KerasClassifier
except skfusion.ExtraNotFoundError as error:
    print(error)
"""


def test_importing_skfusion_loads_no_keras():
    assert run_python(_IMPORTS) == "[]"


def test_importing_the_class_leaves_keras_as_it_is():
    assert run_python(_KERAS_STAYS) == "stayed"


def test_a_missing_scikeras_names_the_extra():
    assert issubclass(ExtraNotFoundError, ImportError)
    assert "pip install 'skfusion[scikeras]'" in run_python(_MISSING)


# Pickles.

_SERVICE = """
import os, sys, joblib, numpy as np
head, X = joblib.load(sys.argv[1])
assert not [name for name in vars(head) if name in ("_model", "model_")]
child = os.fork() if hasattr(os, "fork") else 0
if child == 0:
    np.save(sys.argv[2], head.predict_proba(X))
    if hasattr(os, "fork"):
        os._exit(0)
if child:
    assert os.waitpid(child, 0)[1] == 0
print(np.abs(head.predict_proba(X) - np.load(sys.argv[2])).max())
"""
_SCRIPT = """
import sys, joblib, keras, numpy as np
from skfusion import KerasClassifier

class Double(keras.layers.Layer):
    def call(self, x):
        return 2 * x

class Loss(keras.losses.SparseCategoricalCrossentropy):
    pass

def soft(x):
    return keras.ops.softmax(x)

def highest(y, outputs):
    return keras.ops.max(outputs, axis=1)

def build(meta):
    inputs = keras.Input((meta["n_features_in_"],))
    model = keras.Model(inputs, keras.layers.Dense(2, activation=soft)(Double()(inputs)))
    model.compile("adam", Loss(), metrics=[highest])
    return model

X = np.random.default_rng(0).normal(size=(30, 3))
head = KerasClassifier(build, verbose=0, random_state=0)
head.fit(X, np.arange(30) % 2)
np.save(sys.argv[2], head.predict_proba(X))
joblib.dump((head, X), sys.argv[1])
print("saved")
"""


def test_a_service_loads_before_it_forks(fitted, rows, tmp_path):
    files = tmp_path / "model.joblib", tmp_path / "probabilities.npy"
    joblib.dump((fitted, rows[0]), files[0])
    assert float(run_python(_SERVICE, *files)) == 0
    np.testing.assert_allclose(np.load(files[1]), fitted.predict_proba(rows[0]), rtol=1e-6)


def test_code_of_a_script_is_in_the_pickle(tmp_path):
    files = tmp_path / "model.joblib", tmp_path / "probabilities.npy"
    assert run_python(_SCRIPT, *files) == "saved"
    expected = np.load(files[1])
    head, X = joblib.load(files[0])
    np.testing.assert_allclose(head.predict_proba(X), expected, rtol=1e-6)
    head = pickle.loads(pickle.dumps(head))  # now from a model that was not trained here
    head.partial_fit(X, np.arange(30) % 2)
    assert [len(values) for values in head.history_.values()] == [2, 2]
    assert set(head.history_) == {"loss", "highest"}
    assert clone(head).fit(X, np.arange(30) % 2).predict(X).shape == (30,)


def test_training_continues_after_a_pickle(rows):
    import keras

    callback = keras.callbacks.LambdaCallback()
    head = keras_head(model__dropout=0.3, epochs=2, callbacks=[callback]).fit(*rows)
    loaded = pickle.loads(pickle.dumps(head))
    for one in (head, loaded):
        one.partial_fit(*rows)
    np.testing.assert_allclose(
        loaded.predict_proba(rows[0]), head.predict_proba(rows[0]), rtol=1e-5
    )
    assert loaded.history_ == head.history_
    assert len(pickle.dumps(pickle.loads(pickle.dumps(head)))) < 200_000  # loaded, and not used


def test_keras_objects_among_the_parameters(rows):
    import keras

    head = keras_head(
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
        optimizer=keras.optimizers.Adam(0.02),
        epochs=2,
    )
    head.set_params(optimizer__learning_rate=0.02)
    params = {k: v for k, v in head.get_params().items() if k != "optimizer__learning_rate"}
    head = KerasClassifier(**params).fit(*rows)
    loaded = pickle.loads(pickle.dumps(head))
    np.testing.assert_allclose(
        loaded.predict_proba(rows[0]), head.predict_proba(rows[0]), rtol=1e-6
    )
    assert clone(loaded).fit(*rows).score(*rows) > 0.4


def test_a_keras_model_as_the_model(rows):
    X, y = rows
    meta = {"X_shape_": X.shape, "n_classes_": 3}
    head = keras_head(build_classifier(meta), epochs=3)
    copy = clone(head).fit(X, y)
    assert copy.model_ is copy.model
    assert not np.allclose(copy.model_.get_weights()[0], head.model.get_weights()[0])
    loaded = pickle.loads(pickle.dumps(copy))
    np.testing.assert_allclose(loaded.predict_proba(X), copy.predict_proba(X), rtol=1e-6)


# Wrong use.


def test_wrong_use(rows):
    X, y = rows
    with pytest.raises(NotFittedError):
        keras_head().predict(X)
    with pytest.raises(AttributeError, match="no model_ before it is fitted"):
        _ = keras_head().model_
    with pytest.raises(ValueError, match="requires y to be passed"):
        keras_head().fit(X, None)
    with pytest.raises(ValueError, match="You must provide a loss"):
        keras_head(loss=None).fit(X, y)
    with pytest.raises(TypeError, match="``model`` must be a callable"):
        keras_head("dense").fit(X, y)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")
def test_a_fitted_model_is_not_used_after_a_fork(fitted, rows, tmp_path):
    import multiprocessing

    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=_put_error, args=(fitted, rows[0], queue))
    process.start()
    assert "forked" in queue.get(timeout=60)
    process.join()


def _put_error(head, X, queue):
    try:
        head.predict(X)
    except RuntimeError as error:
        queue.put(str(error))
    else:
        queue.put("no error")
