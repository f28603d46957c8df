"""Options of a training: nested parameters of the estimators that train networks."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import (
    CNNEmbedder,
    DenseClassifier,
    DenseRegressor,
    EmbedderOptions,
    TrainingOptions,
)

ESTIMATORS = {
    "embedder": (CNNEmbedder, EmbedderOptions),
    "classifier": (DenseClassifier, TrainingOptions),
    "regressor": (DenseRegressor, TrainingOptions),
}
QUICK = {"epochs": 3, "random_state": 0}


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


# As parameters.


@pytest.mark.parametrize("name", ESTIMATORS)
def test_options_are_nested_parameters(name):
    make, options = ESTIMATORS[name]
    estimator = make(options=options(warmup_epochs=2))
    assert estimator.get_params()["options__warmup_epochs"] == 2
    estimator.set_params(options__lr_schedule="cosine")
    assert (
        estimator.options.get_params()
        == options(warmup_epochs=2, lr_schedule="cosine").get_params()
    )
    copy = clone(estimator)
    assert copy.options is not estimator.options
    assert copy.options.get_params() == estimator.options.get_params()
    assert "lr_schedule='cosine'" in repr(estimator)
    again = pickle.loads(pickle.dumps(estimator))
    assert again.options.get_params() == estimator.options.get_params()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_one_option_can_be_set_without_an_object(name):
    make, options = ESTIMATORS[name]
    estimator = make().set_params(options__lr_schedule="plateau")
    assert isinstance(estimator.options, options)
    assert estimator.options.lr_schedule == "plateau"
    assert make().options is None
    estimator.set_params(options=None, options__warmup_epochs=1)
    assert estimator.options.get_params() == options(warmup_epochs=1).get_params()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_unknown_option_is_named(name):
    make, options = ESTIMATORS[name]
    with pytest.raises(ValueError, match="Invalid parameter 'momentum'"):
        make().set_params(options__momentum=0.9)
    with pytest.raises(TypeError, match="momentum"):
        options(momentum=0.9)


def test_a_search_over_options(iris):
    model = make_pipeline(StandardScaler(), DenseClassifier(**QUICK))
    grid = {
        "denseclassifier__options__lr_schedule": ["constant", "cosine"],
        "denseclassifier__options__warmup_epochs": [0, 2],
    }
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(*iris)
    assert len(search.cv_results_["params"]) == 4
    best = search.best_estimator_[-1].options
    assert best.lr_schedule == search.best_params_["denseclassifier__options__lr_schedule"]
    assert model[-1].options is None


# Invalid options.


INVALID = [
    ("lr_schedule", "linear"),
    ("warmup_epochs", -1),
    ("warmup_epochs", 0.5),
    ("loss", "absolute_error"),
    ("target_bins", 1),
    ("callbacks", 3),
]
INVALID_EMBEDDER = [
    ("optimizer", "adan"),
    ("class_weight", "even"),
    ("cross_fit", 1.5),
    ("cross_fit", "mean"),
    ("tta", "vertical"),
    ("backbone_options", 3),
    ("fine_tune_learning_rate", 0),
    ("combine", "sum"),
    ("add_indicator", "yes"),
    ("drift", "raise"),
]


@pytest.mark.parametrize(("option", "value"), INVALID)
@pytest.mark.parametrize("head", [DenseClassifier, DenseRegressor])
def test_an_invalid_option_of_a_head_is_named(head, option, value, iris):
    estimator = head(options=TrainingOptions(**{option: value}))
    with pytest.raises(ValueError, match=f"The '{option}' parameter of TrainingOptions must be"):
        estimator.fit(*iris)


@pytest.mark.parametrize(("option", "value"), [*INVALID, *INVALID_EMBEDDER])
def test_an_invalid_option_of_an_embedder_is_named(option, value):
    embedder = CNNEmbedder(options=EmbedderOptions(**{option: value}))
    with pytest.raises(ValueError, match=f"The '{option}' parameter of EmbedderOptions must be"):
        embedder.fit(np.zeros((4, 9, 9)), [0, 1, 0, 1])


def test_options_of_an_embedder_are_none_of_a_head(iris):
    with pytest.raises(ValueError, match=r"DenseClassifier does not support the options add_indi"):
        DenseClassifier(options=EmbedderOptions()).fit(*iris)


def test_options_of_a_head_are_not_enough_for_an_embedder():
    embedder = CNNEmbedder(options=TrainingOptions())
    with pytest.raises(ValueError, match="The 'options' parameter of CNNEmbedder must be"):
        embedder.fit(np.zeros((4, 9, 9)), [0, 1, 0, 1])


@pytest.mark.parametrize("options", [{"loss": "huber"}, {"target_bins": 3}])
def test_options_of_a_regression_are_an_error_in_a_classifier(options, iris):
    (name,) = options
    with pytest.raises(ValueError, match=f"{name}=.* for regression"):
        DenseClassifier(options=TrainingOptions(**options)).fit(*iris)
    with pytest.raises(ValueError, match=f"{name}=.* for regression"):
        DenseClassifier(options=TrainingOptions(**options)).partial_fit(*iris, classes=[0, 1, 2])


# Effects in heads.


def test_schedules_reach_a_head(iris):
    options = TrainingOptions(lr_schedule="cosine", warmup_epochs=1)
    head = DenseClassifier(epochs=5, learning_rate=0.1, options=options).fit(*iris)
    rates = head.history_["learning_rate"].to_numpy()
    assert rates[0] == pytest.approx(0.1)
    assert (np.diff(rates) < 0).all()
    assert rates[-1] < 0.05


def test_plateau_waits_half_of_n_iter_no_change(iris):
    X, _ = iris
    y = np.random.default_rng(0).permutation(np.arange(150) % 2)  # nothing to learn
    options = TrainingOptions(lr_schedule="plateau")
    head = DenseClassifier(
        epochs=30, learning_rate=0.1, n_iter_no_change=4, options=options, random_state=0
    ).fit(X, y)
    losses, rates = head.history_["val_loss"], head.history_["learning_rate"].round(9)
    first = int((rates < 0.1).idxmax())
    assert rates[first] == pytest.approx(0.03)
    assert losses[: first - 2].min() <= losses[first - 2 : first].min()


def test_callbacks_of_a_head_are_called(iris):
    import keras

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    head = DenseClassifier(epochs=9, options=TrainingOptions(callbacks=[Stop()])).fit(*iris)
    assert len(head.history_) == 2
    with pytest.raises(TypeError, match="callbacks holds a type, not a keras"):
        DenseClassifier(options=TrainingOptions(callbacks=[Stop])).fit(*iris)


def test_a_regressor_may_predict_bins(diabetes):
    X, y = diabetes
    head = DenseRegressor(options=TrainingOptions(target_bins=8), random_state=0).fit(X, y)
    assert head.n_outputs_ == 8
    assert "accuracy" in head.history_
    prediction = head.predict(X)
    assert prediction.shape == y.shape
    assert y.min() < prediction.min() < prediction.max() < y.max()
    assert head.score(X, y) > 0.4
    again = pickle.loads(pickle.dumps(head))
    np.testing.assert_array_equal(again.predict(X), prediction)


def test_a_regressor_on_bins_can_continue(diabetes):
    X, y = diabetes
    params = {"options": TrainingOptions(target_bins=4), "validation_fraction": 0, **QUICK}
    whole = DenseRegressor(**params).fit(X, y)
    parts = DenseRegressor(**params)
    for _ in range(3):
        parts.partial_fit(X, y)
    np.testing.assert_array_equal(parts.predict(X), whole.predict(X))
    warm = DenseRegressor(warm_start=True, **params).fit(X, y)
    assert len(warm.fit(X[:50], y[:50]).history_) == 6
    with pytest.raises(ValueError, match="y has 2 columns, and one in the first call"):
        warm.fit(X, np.column_stack([y, y]))


def test_bins_of_several_columns_are_an_error(diabetes):
    X, y = diabetes
    head = DenseRegressor(options=TrainingOptions(target_bins=4))
    with pytest.raises(ValueError, match="target_bins=4 needs a y of one column, y has 2"):
        head.fit(X, np.column_stack([y, y]))
