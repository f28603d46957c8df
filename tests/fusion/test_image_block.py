"""ImageBlock: what its components are, and how they are scaled."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import ImageBlock


@pytest.fixture(scope="module")
def features():
    """80 rows of 12 correlated columns on different scales."""
    random = np.random.default_rng(0)
    mixed = random.normal(size=(80, 5)) @ random.normal(size=(5, 12))
    return (mixed + 0.3 * random.normal(size=(80, 12))) * np.logspace(-2, 3, 12) + 7


@pytest.mark.parametrize("variance", [0.5, 1.0, 10.0, 250.0])
@pytest.mark.parametrize("n_components", [1, 4, None])
def test_the_block_has_the_total_variance(features, n_components, variance):
    block = ImageBlock(n_components, variance=variance).fit_transform(features)
    assert block.var(axis=0).sum() == pytest.approx(variance)
    np.testing.assert_allclose(block.mean(axis=0), 0, atol=1e-9)


def test_components_are_those_of_a_pca_of_standardized_features(features):
    block = ImageBlock(6).fit_transform(features)
    expected = PCA(6).fit_transform(StandardScaler().fit_transform(features))
    expected *= np.sqrt(10 / expected.var(axis=0).sum())
    signs = np.sign((block * expected).sum(axis=0))
    np.testing.assert_allclose(block, expected * signs, atol=1e-8)


def test_components_are_uncorrelated_and_the_first_varies_most(features):
    block = ImageBlock(None).fit_transform(features)
    covariance = np.cov(block.T)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-8)
    assert (np.diff(np.diag(covariance)) <= 1e-9).all()


def test_units_of_the_features_play_no_part(features):
    units = np.logspace(-3, 3, 12)[::-1]
    block = ImageBlock(5).fit_transform(features)
    np.testing.assert_allclose(
        np.abs(ImageBlock(5).fit_transform(features * units + 100)), np.abs(block), atol=1e-6
    )


@pytest.mark.parametrize(
    ("shape", "n_components", "kept"),
    [
        ((80, 12), 30, 12),
        ((80, 12), None, 12),
        ((80, 12), 3, 3),
        ((6, 40), 30, 5),  # six rows differ in five directions
        ((300, 4), 30, 4),
        ((40, 1500), 30, 30),
        ((700, 600), 30, 30),
    ],
)
def test_no_more_components_than_there_are(shape, n_components, kept):
    features = np.random.default_rng(0).normal(size=shape)
    block = ImageBlock(n_components).fit(features)
    assert block.n_components_ == kept
    assert block.transform(features).shape == (shape[0], kept)
    assert block.get_feature_names_out().tolist() == [f"component_{i:03d}" for i in range(kept)]


def test_columns_that_are_copies_add_no_component(features):
    doubled = np.hstack([features, 2 * features[:, :4]])
    assert ImageBlock(None).fit(doubled).n_components_ == 12


def test_constant_features_do_not_disturb(features):
    constant = np.full((80, 3), 5.0)
    block = ImageBlock(5).fit(np.hstack([features, constant]))
    expected = ImageBlock(5).fit_transform(features)
    np.testing.assert_allclose(
        block.transform(np.hstack([features, constant])), expected, atol=1e-8
    )
    # A value that is constant in fit has no scale, and no axis.
    np.testing.assert_allclose(
        block.transform(np.hstack([features, constant + 9])), expected, atol=1e-8
    )


def test_features_that_are_all_constant_become_zero():
    block = ImageBlock().fit(np.full((10, 4), 2.0))
    np.testing.assert_array_equal(block.transform(np.full((3, 4), 2.0)), np.zeros((3, 1)))


# Rows without an image.


def test_a_row_without_features_is_in_the_middle(features):
    block = ImageBlock().fit(features)
    np.testing.assert_allclose(block.transform(np.full((1, 12), np.nan)), 0, atol=1e-9)


def test_rows_without_features_in_fit_count_as_their_mean(features):
    gaps = features.copy()
    gaps[::5] = np.nan
    filled = np.where(np.isnan(gaps), np.nanmean(gaps, axis=0), gaps)
    np.testing.assert_allclose(
        ImageBlock(5).fit(gaps).transform(features),
        ImageBlock(5).fit(filled).transform(features),
        atol=1e-8,
    )


def test_features_that_no_row_has():
    gaps = np.column_stack([np.arange(10.0), np.full(10, np.nan)])
    block = ImageBlock().fit_transform(gaps)
    assert np.isfinite(block).all()
    assert block.shape == (10, 1)


def test_infinite_features_are_an_error(features):
    with pytest.raises(ValueError, match="infinity"):
        ImageBlock().fit(np.where(features > 100, np.inf, features))


# Weights.


def test_whole_weights_equal_repeated_rows(features):
    weights = np.random.default_rng(1).integers(0, 4, 80)
    weighted = ImageBlock(5).fit(features, sample_weight=weights)
    repeated = ImageBlock(5).fit(np.repeat(features, weights, axis=0))
    np.testing.assert_allclose(
        weighted.transform(features), repeated.transform(features), atol=1e-6
    )
    plain = ImageBlock(5).fit_transform(features)
    assert not np.allclose(weighted.transform(features), plain, atol=1e-2)


def test_a_row_of_weight_zero_may_hold_anything_finite(features):
    odd = np.vstack([features, np.full((1, 12), 1e12)])
    weights = np.append(np.ones(80), 0)
    block = ImageBlock(5).fit(odd, sample_weight=weights)
    np.testing.assert_allclose(
        block.transform(features), ImageBlock(5).fit_transform(features), atol=1e-8
    )


def test_fit_transform_has_the_weights_too(features):
    weights = np.linspace(0.1, 3, 80)
    block = ImageBlock(5).fit(features, sample_weight=weights)
    np.testing.assert_allclose(
        ImageBlock(5).fit_transform(features, sample_weight=weights), block.transform(features)
    )


def test_weights_are_routed_without_a_request(features):
    y, weights = features[:, 0], np.linspace(0.1, 3, 80)
    with sklearn.config_context(enable_metadata_routing=True):
        model = make_pipeline(ImageBlock(5), Ridge().set_fit_request(sample_weight=True))
        model.fit(features, y, sample_weight=weights)
    expected = ImageBlock(5).fit(features, sample_weight=weights).transform(features)
    np.testing.assert_allclose(model[0].transform(features), expected)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (-np.ones(80), "[Nn]egative"),
        (np.ones(79), "sample_weight.shape"),
        (np.full(80, np.nan), "NaN"),
    ],
)
def test_wrong_weights(features, weights, message):
    with pytest.raises(ValueError, match=message):
        ImageBlock().fit(features, sample_weight=weights)


# In scikit-learn.


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_type_of_the_features_is_kept(features, dtype):
    block = ImageBlock(5).fit_transform(features.astype(dtype))
    assert block.dtype == dtype
    np.testing.assert_allclose(block, ImageBlock(5).fit_transform(features), rtol=0.02, atol=1e-2)


def test_two_fits_are_equal_and_a_pickle_is_whole(features):
    one, other = (ImageBlock(5).fit(features) for _ in range(2))
    np.testing.assert_array_equal(one.transform(features), other.transform(features))
    loaded = pickle.loads(pickle.dumps(one))
    np.testing.assert_array_equal(loaded.transform(features), one.transform(features))


def test_an_approximation_repeats():
    """Of many features: it draws random numbers, and leaves those of the program."""
    features = np.random.default_rng(0).normal(size=(700, 1200))
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    one, other = (ImageBlock(20).fit_transform(features) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_a_frame_of_features_has_names(features):
    frame = pd.DataFrame(features, index=range(100, 180)).add_prefix("photo_")
    block = ImageBlock(2).set_output(transform="pandas").fit_transform(frame)
    assert block.columns.tolist() == ["component_000", "component_001"]
    assert block.index.equals(frame.index)


def test_another_number_of_features(features):
    block = ImageBlock().fit(features)
    with pytest.raises(ValueError, match="12 features"):
        block.transform(features[:, :5])


def test_set_params_changes_nothing_before_the_next_fit(features):
    block = ImageBlock(5).fit(features)
    before = block.transform(features)
    block.set_params(n_components=2, variance=99)
    np.testing.assert_array_equal(block.transform(features), before)
    np.testing.assert_allclose(block.fit_transform(features), clone(block).fit_transform(features))
    assert block.n_components_ == 2
