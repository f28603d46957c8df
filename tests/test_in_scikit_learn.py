"""Transformers and fusion estimators in scikit-learn's tools that wrap, copy or split them."""

import copy
import pickle

import cloudpickle
import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import (
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
    learning_curve,
)
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import FusionClassifier, ImageDescriptors, PixelFlattener
from tests.models_for_tests import NUMBERS, make_table, tiny_cnn, tiny_gap

X, Y = make_table()
IMAGES = X[["image"]]
TRANSFORMERS = {
    "pixels": lambda: PixelFlattener((4, 4), scaling="unit"),
    "descriptors": lambda: ImageDescriptors("intensity"),
    "pretrained": lambda: tiny_gap("dense"),
    "trained": lambda: tiny_cnn().set_params(cv=None),
}
each_transformer = pytest.mark.parametrize("make", TRANSFORMERS.values(), ids=TRANSFORMERS)


def head():
    return make_pipeline(StandardScaler(), LogisticRegression())


def beside_numbers():
    columns = make_column_transformer(
        (TRANSFORMERS["pixels"](), ["image"]), (StandardScaler(), NUMBERS)
    )
    return make_pipeline(columns, head())


def fusion():
    models = {name: LogisticRegression() for name in ("table", "image", "joint")}
    embedder = PixelFlattener((4, 4), scaling="unit", missing="nan")
    return FusionClassifier(embedder, cv=2, random_state=0, estimators=models)


MODELS = {"pipeline": beside_numbers, "fusion": fusion}
each_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


# Transformers.


@pytest.mark.filterwarnings("ignore:Persisting input arguments took")  # on a busy machine
@each_transformer
def test_a_pipeline_with_memory(make, tmp_path):
    pipeline = Pipeline([("images", make()), ("head", head())], memory=str(tmp_path))
    first = pipeline.fit(IMAGES, Y).predict_proba(IMAGES)
    again = clone(pipeline).fit(IMAGES, Y).predict_proba(IMAGES)
    np.testing.assert_array_equal(again, first)
    plain = clone(pipeline).set_params(memory=None).fit(IMAGES, Y).predict_proba(IMAGES)
    np.testing.assert_allclose(plain, first, rtol=1e-3, atol=1e-4)


@each_transformer
def test_a_union_of_features(make):
    union = FeatureUnion([("one", make()), ("other", PixelFlattener((2, 2)))])
    features = union.fit_transform(IMAGES, Y)
    names = union.get_feature_names_out()
    assert features.shape == (24, len(names))
    frame = clone(union).set_output(transform="pandas").fit_transform(IMAGES, Y)
    assert frame.columns.tolist() == names.tolist()
    np.testing.assert_allclose(frame.to_numpy(), features, rtol=1e-4, atol=1e-5)


@each_transformer
def test_a_frozen_transformer_is_not_fitted_again(make):
    fitted = make().fit(IMAGES, Y)
    expected = fitted.transform(IMAGES)
    pipeline = make_pipeline(FrozenEstimator(fitted), head()).fit(IMAGES[:10], Y[:10])
    np.testing.assert_array_equal(pipeline[0].transform(IMAGES), expected)
    np.testing.assert_array_equal(clone(pipeline)[0].transform(IMAGES), expected)


@each_transformer
def test_columns_by_a_selector(make):
    columns = make_column_transformer(
        (make(), make_column_selector("^image$")),
        (StandardScaler(), make_column_selector(dtype_include=float)),
    )
    by_name = make_column_transformer((make(), ["image"]), (StandardScaler(), NUMBERS))
    given, expected = (each.fit_transform(X, Y) for each in (columns, by_name))
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)


@each_transformer
@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_the_output_of_a_column_transformer(make, container):
    columns = make_column_transformer(
        (make(), ["image"]), (StandardScaler(), NUMBERS), verbose_feature_names_out=False
    )
    expected = columns.fit_transform(X, Y)
    frame = clone(columns).set_output(transform=container).fit_transform(X, Y)
    assert list(frame.columns) == list(columns.get_feature_names_out())
    np.testing.assert_allclose(frame.to_numpy(), expected, rtol=1e-4, atol=1e-5)


@each_transformer
def test_copies_of_every_kind(make):
    fitted = make().fit(IMAGES, Y)
    expected = fitted.transform(IMAGES)
    for other in (
        copy.copy(fitted),
        copy.deepcopy(fitted),
        pickle.loads(pickle.dumps(fitted, protocol=2)),
        pickle.loads(pickle.dumps(fitted, protocol=pickle.HIGHEST_PROTOCOL)),
        cloudpickle.loads(cloudpickle.dumps(fitted)),
    ):
        np.testing.assert_array_equal(other.transform(IMAGES), expected)
    assert joblib.hash(make()) == joblib.hash(make())


# Models.


@each_model
def test_a_learning_curve(make):
    sizes, train, test = learning_curve(
        make(), X, Y, cv=2, train_sizes=[0.6, 1.0], error_score="raise"
    )
    assert sizes.tolist() == [7, 12]
    assert train.shape == test.shape == (2, 2)
    assert np.isfinite(test).all()


@each_model
def test_the_importance_of_columns_by_permutation(make):
    model = make().fit(X, Y)
    found = permutation_importance(model, X, Y, n_repeats=3, random_state=0)
    importance = dict(zip(X.columns, found.importances_mean, strict=True))
    assert max(importance.values()) > 0
    assert make is fusion or importance["side"] == 0  # the pipeline does not use it


@each_model
def test_calibration(make):
    for calibrated in (
        CalibratedClassifierCV(make(), cv=2).fit(X, Y),
        CalibratedClassifierCV(FrozenEstimator(make().fit(X, Y))).fit(X, Y),
    ):
        chances = calibrated.predict_proba(X)
        np.testing.assert_allclose(chances.sum(axis=1), 1)
        assert calibrated.score(X, Y) > 0.7


@each_model
def test_ensembles(make):
    models = [("one", make()), ("other", make())]
    voting = VotingClassifier(models, voting="soft").fit(X, Y)
    np.testing.assert_allclose(
        voting.predict_proba(X), make().fit(X, Y).predict_proba(X), rtol=1e-6
    )
    assert StackingClassifier(models, cv=2).fit(X, Y).score(X, Y) > 0.7


@each_model
def test_a_threshold_is_tuned(make):
    tuned = TunedThresholdClassifierCV(make(), cv=2).fit(X, Y)
    chances = tuned.estimator_.predict_proba(X)[:, 1]
    expected = (chances >= tuned.best_threshold_).astype(int)
    np.testing.assert_array_equal(tuned.predict(X), tuned.classes_[expected])


def test_searches_over_parts():
    sizes = [(2, 2), (4, 4)]
    search = RandomizedSearchCV(
        beside_numbers(),
        {
            "columntransformer__pixelflattener__image_size": sizes,
            "pipeline__logisticregression__C": [0.1, 1],
        },
        n_iter=3,
        cv=2,
        random_state=0,
        error_score="raise",
    ).fit(X, Y)
    assert len(search.cv_results_["params"]) == 3
    grid = {"embedder__image_size": sizes, "strategy": ["late", "early"]}
    search = GridSearchCV(fusion(), grid, cv=2, error_score="raise").fit(X, Y)
    assert search.best_estimator_.strategy == search.best_params_["strategy"]
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_transformed_target():
    images = make_pipeline(TRANSFORMERS["pixels"](), StandardScaler(), Ridge(10.0))
    target = np.exp(np.linspace(0, 3, 24))
    model = TransformedTargetRegressor(images, func=np.log, inverse_func=np.exp).fit(IMAGES, target)
    expected = np.exp(clone(images).fit(IMAGES, np.log(target)).predict(IMAGES))
    np.testing.assert_allclose(model.predict(IMAGES), expected, rtol=1e-5)
