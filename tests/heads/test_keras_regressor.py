"""KerasRegressor: what differs from the classifier."""

import pickle

import numpy as np
import pytest
import scikeras.wrappers
from sklearn.base import clone, is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import KerasRegressor
from tests.heads.keras_functions import build_regressor


def keras_head(**params):
    defaults = {
        "loss": "mean_squared_error",
        "optimizer": "adam",
        "optimizer__learning_rate": 0.02,
        "epochs": 60,
        "random_state": 0,
        "verbose": 0,
    }
    return KerasRegressor(build_regressor, **{**defaults, **params})


@pytest.fixture(scope="module")
def rows(plane):
    X, y = plane
    return StandardScaler().fit_transform(X), (y - y.mean()) / y.std()


def test_it_is_a_regressor_of_scikeras(rows):
    assert is_regressor(keras_head())
    assert isinstance(keras_head(), scikeras.wrappers.KerasRegressor)
    assert keras_head().__sklearn_tags__().target_tags.required
    head = keras_head().fit(*rows)
    assert head.score(*rows) > 0.9
    assert head.predict(rows[0][:1]).shape == (1,)
    np.testing.assert_allclose(
        head.predict(rows[0]), head.model_.predict(rows[0], verbose=0)[:, 0], rtol=1e-5, atol=1e-6
    )


def test_folds_are_not_stratified(rows):
    scores = cross_val_score(keras_head(epochs=20), *rows, cv=3)
    np.testing.assert_array_equal(
        scores, cross_val_score(keras_head(epochs=20), *rows, cv=KFold(3))
    )


def test_several_columns_of_y(rows):
    X, y = rows
    both = np.column_stack([y, -2 * y])
    head = keras_head().fit(X, both)
    assert head.n_outputs_ == 2
    assert head.predict(X[:1]).shape == (1, 2)
    assert (r2_score(both, head.predict(X), multioutput="raw_values") > 0.9).all()
    assert cross_val_score(keras_head(), X, both, cv=2).mean() > 0.8


def test_large_numbers_are_scaled_around_it(plane):
    X, y = plane
    scaled = TransformedTargetRegressor(keras_head(), transformer=StandardScaler())
    model = make_pipeline(StandardScaler(), scaled).fit(X, y)
    assert model.score(X, y) > 0.9
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_allclose(loaded.predict(X), model.predict(X), rtol=1e-6)


def test_search_and_bagging_in_two_processes(rows):
    search = GridSearchCV(keras_head(epochs=20), {"model__hidden": [2, 16]}, cv=2, n_jobs=2)
    assert search.fit(*rows).score(*rows) > 0.7
    bag = BaggingRegressor(keras_head(epochs=30), n_estimators=2, n_jobs=2, random_state=0)
    assert bag.fit(*rows).score(*rows) > 0.7


def test_partial_fit_and_weights(rows):
    X, y = rows
    head = keras_head()
    for _ in range(3):
        head.partial_fit(X, y, sample_weight=np.ones(150))
    assert head.current_epoch == 3
    assert head.history_["loss"][-1] < head.history_["loss"][0]
    X, y = np.zeros((100, 1)), np.tile([0.0, 1.0], 50)
    head = clone(keras_head(epochs=30)).fit(X, y, sample_weight=1 + 8 * y)
    assert head.predict(X[:1])[0] == pytest.approx(0.9, abs=0.05)


def test_wrong_use(rows):
    with pytest.raises(ValueError, match="requires y to be passed"):
        keras_head().partial_fit(rows[0], None)
    head = keras_head(epochs=1).fit(*rows)
    with pytest.raises(ValueError, match="expecting 5 features"):
        head.predict(rows[0][:, :2])
