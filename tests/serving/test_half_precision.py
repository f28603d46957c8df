"""half_precision: a file of half the size, and nearly the same features."""

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skfusion import PixelFlattener, PretrainedGAP, half_precision

PHOTOS = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def gap():
    return PretrainedGAP("MobileNet", weights=None, image_size=(32, 32)).fit(PHOTOS)


def test_the_file_halves_and_features_agree(gap):
    half = half_precision(gap)
    assert len(pickle.dumps(half)) < 0.52 * len(pickle.dumps(gap))
    expected, features = gap.transform(PHOTOS), half.transform(PHOTOS)
    assert features.dtype == np.float32
    difference = np.abs(features - expected)
    assert 0 < difference.max() < 0.02 * expected.max()
    loaded = pickle.loads(pickle.dumps(half))
    np.testing.assert_array_equal(loaded.transform(PHOTOS), features)


def test_the_model_is_not_changed(gap):
    before = gap.networks_[0].fingerprint
    half = half_precision(gap)
    assert gap.networks_[0].fingerprint == before
    assert half.networks_[0].fingerprint != before  # a store has to separate their features
    assert {array.dtype for array in gap.networks_[0].weights} == {np.dtype(np.float32)}


def test_the_live_model_computes_with_32_bits(gap):
    model = half_precision(gap).networks_[0].to_model()
    assert {variable.dtype for variable in model.weights} == {"float32"}


def test_twice_equals_once(gap):
    once = half_precision(gap)
    assert half_precision(once).networks_[0].fingerprint == once.networks_[0].fingerprint


def test_a_shared_network_stays_shared(gap):
    one, two = half_precision([gap, gap.networks_[0]])
    assert one.networks_[0] is two


def test_inside_a_search(gap):
    X = PHOTOS.reshape(6, -1)
    shaped = {"image_shape": (32, 32, 3), "image_size": (32, 32), "weights": None}
    options = {"backbone_options": {"alpha": 0.25}}
    gap = PretrainedGAP("MobileNet", **shaped, **options)
    pipeline = make_pipeline(gap, LogisticRegression())
    search = GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1]}, cv=2)
    search.fit(X, np.arange(6) % 2)
    half = half_precision(search)
    np.testing.assert_allclose(half.predict_proba(X), search.predict_proba(X), atol=0.01)
    network = half.best_estimator_[0].networks_[0]
    assert np.dtype(np.float16) in {array.dtype for array in network.weights}


def test_with_a_cache_networks_are_built(tmp_path):
    gap = PretrainedGAP(
        "MobileNet",
        weights=None,
        backbone_options={"alpha": 0.25},
        image_size=(32, 32),
        cache=tmp_path,
    )
    gap.fit_transform(PHOTOS)
    half = half_precision(gap)
    assert np.dtype(np.float16) in {array.dtype for array in half.networks_[0].weights}
    assert np.abs(half.transform(PHOTOS) - gap.transform(PHOTOS)).max() > 0


@pytest.mark.parametrize(
    "array",
    [
        np.full((100, 100), 1e5, dtype=np.float32),  # beyond the largest 16-bit number
        np.zeros((100, 100), dtype=np.uint32),
        np.zeros(10_000, dtype=np.float32),  # a vector
        np.zeros((3, 3, 2000, 1), dtype=np.float32),  # a depthwise kernel
        np.zeros((10, 10), dtype=np.float32),
        np.empty((0, 3), dtype=np.float32),
    ],
    ids=["large numbers", "integers", "vector", "depthwise", "small", "empty"],
)
def test_arrays_that_are_kept(gap, array):
    network = gap.networks_[0].replace(weights=[array])
    assert half_precision(network).weights[0] is array


def test_a_large_array_is_rounded(gap):
    network = gap.networks_[0].replace(weights=[np.full((100, 100), 0.1, dtype=np.float32)])
    assert half_precision(network).weights[0].dtype == np.float16


def test_a_model_without_networks_is_copied():
    flattener = PixelFlattener().fit(PHOTOS)
    copy = half_precision(flattener)
    assert copy is not flattener
    np.testing.assert_array_equal(copy.transform(PHOTOS), flattener.transform(PHOTOS))


def test_a_model_that_cannot_be_pickled_is_copied(gap):
    class Local(BaseEstimator):
        def __init__(self):
            self.networks = np.array([gap.networks_[0]], dtype=object)

    with pytest.raises((AttributeError, pickle.PicklingError), match="Local"):
        pickle.dumps(Local())
    network = half_precision(Local()).networks[0]
    assert np.dtype(np.float16) in {array.dtype for array in network.weights}
