"""Intervals that hold the number of a new row with a given probability."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from skfusion import FusionRegressor, PixelFlattener
from tests.fusion.conftest import make_rows, regressor

LEVELS = (0.8, 0.9)


def make_numbers(n_rows, *, seed=0, skewed=False):
    """Make rows whose target depends on the table and the images, with noise."""
    frame, y = make_rows(n_rows, table=0.5, image=0.5, seed=seed)
    random = np.random.default_rng(seed + 100)
    target = frame["age"] / 10 + 3 * (y == "yes") + random.normal(size=n_rows)
    return frame, np.exp(target.to_numpy() / 2) if skewed else target.to_numpy(copy=True)


def cover(bounds, target):
    return ((bounds[:, 0] <= target) & (target <= bounds[:, 1])).mean()


def without_images(frame, rows=slice(None)):
    lost = np.zeros(len(frame), dtype=bool)
    lost[rows] = True
    return frame.assign(scan=frame["scan"].where(~lost, None))


@pytest.fixture(scope="module")
def model():
    return regressor().fit(*make_numbers(3000))


@pytest.mark.parametrize("level", LEVELS)
def test_intervals_hold_the_target_as_often_as_asked(model, level):
    frame, target = make_numbers(3000, seed=1)
    bounds = model.predict_interval(frame, level)
    assert bounds.shape == (3000, 2)
    assert cover(bounds, target) == pytest.approx(level, abs=0.02)
    # Both tails are missed alike.
    assert (target < bounds[:, 0]).mean() == pytest.approx((1 - level) / 2, abs=0.015)


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
@pytest.mark.parametrize("level", LEVELS)
def test_without_images_though_no_image_was_missing_in_fit(model, level):
    frame, target = make_numbers(3000, seed=1)
    bounds = model.predict_interval(without_images(frame), level)
    assert cover(bounds, target) == pytest.approx(level, abs=0.02)
    lengths = np.diff(bounds) / np.diff(model.predict_interval(frame, level))
    assert lengths.min() > 1.05


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
@pytest.mark.parametrize("n_without", [40, 500])
def test_rows_without_an_image_have_their_own_errors_where_there_are_enough(n_without):
    """Their targets are noisier here, which 40 rows are too few to learn from."""
    frame, target = make_numbers(3000, seed=2)
    noise = np.random.default_rng(0).normal(size=3000)
    lost = np.r_[0:n_without, 2000:3000]
    frame = without_images(frame, lost)
    target[lost] += 4 * noise[lost]
    model = regressor().fit(frame[:2000], target[:2000])
    covered = cover(model.predict_interval(frame[2000:]), target[2000:])
    if n_without == 40:
        assert covered < 0.7
    else:
        assert covered == pytest.approx(0.9, abs=0.04)


@pytest.mark.parametrize("transform", [None, "log", "quantile"])
def test_a_long_tail(transform):
    frame, target = make_numbers(4000, seed=3, skewed=True)
    model = regressor(target_transform=transform).fit(frame[:2000], target[:2000])
    for level in LEVELS:
        bounds = model.predict_interval(frame[2000:], level)
        assert cover(bounds, target[2000:]) == pytest.approx(level, abs=0.03)
        lengths = np.diff(bounds)[:, 0]
        if transform is None:
            np.testing.assert_allclose(lengths, lengths[0])
        else:
            assert np.corrcoef(lengths, model.predict(frame[2000:]))[0, 1] > 0.5
        if transform == "log":
            assert bounds.min() >= 0
    if transform == "log":
        # Errors may lead out of the range of fit.
        assert model.predict_interval(frame, 0.99).max() > target[:2000].max()


def test_a_logarithm_of_targets_that_may_be_0():
    frame, target = make_numbers(400, seed=4, skewed=True)
    target = np.maximum(target - np.quantile(target, 0.2), 0)
    model = regressor(target_transform="log").fit(frame, target)
    bounds = model.predict_interval(frame)
    assert bounds.min() == 0
    assert (bounds[:, 0] <= bounds[:, 1]).all()
    assert cover(bounds, target) == pytest.approx(0.9, abs=0.05)


def test_a_higher_coverage_has_longer_intervals(model):
    frame, _ = make_numbers(50, seed=1)
    short, long = (model.predict_interval(frame, level) for level in LEVELS)
    assert (long[:, 0] < short[:, 0]).all()
    assert (long[:, 1] > short[:, 1]).all()
    predicted = model.predict(frame)
    assert ((short[:, 0] < predicted) & (predicted < short[:, 1])).all()


def test_too_few_rows_for_the_coverage():
    frame, target = make_numbers(20)
    model = regressor(cv=2, image_columns=[]).fit(frame[["age"]], target)
    assert np.isinf(model.predict_interval(frame, 0.95)).all()
    assert np.isfinite(model.predict_interval(frame, 0.9)).all()


@pytest.mark.parametrize("transform", ["log", "quantile"])
def test_too_few_rows_with_a_transform(transform):
    frame, target = make_numbers(12, skewed=True)
    model = regressor(cv=2, image_columns=[], target_transform=transform)
    model.fit(frame[["age"]], target)
    bounds = model.predict_interval(frame)
    assert (bounds == [-np.inf, np.inf]).all()


def test_groups_that_return_are_not_the_same_as_new_ones():
    """Where rows of a group are alike, intervals for new groups are longer."""
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 8)
    offsets = 3 * random.normal(size=60)[groups]
    where = (10 * random.normal(size=60))[groups]  # what the forest finds a group by
    frame = pd.DataFrame({"where": where})
    target = offsets + 0.3 * random.normal(size=480)
    lengths = []
    for given in (None, groups):
        model = FusionRegressor(image_columns=[], cv=4, random_state=0)
        model.fit(frame, target, groups=given)
        lengths.append(np.diff(model.predict_interval(frame)).mean())
    assert lengths[1] > 2 * lengths[0]


def test_rows_that_weigh_more_count_more():
    frame, target = make_numbers(600)
    noisy = np.arange(600) < 200
    target[noisy] += 4 * np.random.default_rng(0).normal(size=200)
    lengths = {}
    for weight in (0.1, 5.0):
        model = regressor().fit(frame, target, sample_weight=np.where(noisy, weight, 1.0))
        lengths[weight] = np.diff(model.predict_interval(frame)).mean()
    assert lengths[5.0] > 1.5 * lengths[0.1]


def test_a_weight_of_2_is_two_rows():
    frame, target = make_numbers(120)
    folds = [(np.flatnonzero(np.arange(120) % 3 != k), np.arange(k, 120, 3)) for k in range(3)]
    weighted = regressor(cv=folds, strategy="early", target_transform=None)
    weighted.fit(frame, target, sample_weight=np.full(120, 2.0))
    twice = np.repeat(np.arange(120), 2)
    folds = [
        (np.flatnonzero(np.isin(twice, a)), np.flatnonzero(np.isin(twice, b))) for a, b in folds
    ]
    repeated = regressor(cv=folds, strategy="early", target_transform=None)
    repeated.fit(frame.iloc[twice], target[twice])
    np.testing.assert_allclose(
        weighted.predict_interval(frame), repeated.predict_interval(frame), rtol=1e-3
    )


def test_a_pickle_has_the_same_intervals(model):
    frame, _ = make_numbers(20, seed=1)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict_interval(frame), model.predict_interval(frame))


def test_wrong_use(model):
    frame, _ = make_numbers(5)
    with pytest.raises(ValueError, match="coverage"):
        model.predict_interval(frame, 1.0)
    with pytest.raises(NotFittedError):
        FusionRegressor(PixelFlattener()).predict_interval(frame)


def test_lengths_follow_the_coverage_between_rows(rows):
    """Rounded up to a row, intervals of 80 rows would have only 13 lengths here."""
    fusion = regressor().fit(rows[0], rows[0]["age"] + (rows[1] == "yes"))
    levels = np.linspace(0.6, 0.9, 40)
    lengths = [np.diff(fusion.predict_interval(rows[0][:1], level))[0, 0] for level in levels]
    assert (np.diff(lengths) > 0).all()


@pytest.mark.parametrize(("n_groups", "is_finite"), [(12, False), (20, True)])
def test_a_group_of_like_rows_is_new_as_a_whole(n_groups, is_finite):
    groups = np.arange(80) % n_groups
    target = np.random.default_rng(0).normal(size=n_groups)[groups]
    frame = pd.DataFrame({"age": np.random.default_rng(1).normal(size=80)})
    fusion = regressor(image_columns=[]).fit(frame, target, groups=groups)
    assert np.isfinite(fusion.predict_interval(frame, 0.9)).all() == is_finite


def test_a_row_of_a_group_of_independent_rows_is_new_as_a_row():
    frame, target = make_numbers(100)
    mixed = np.random.default_rng(0).permutation(100) % 20
    lengths = [
        np.diff(regressor().fit(frame, target, groups=groups).predict_interval(frame[:1], 0.9))
        for groups in (np.arange(100), mixed)
    ]
    assert lengths[1] < 1.15 * lengths[0]
