"""Targets of a regression: their reach, and their long tails."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from tests.fusion.conftest import classifier, make_rows, regressor

LINEAR = {name: LinearRegression() for name in ("table", "image", "joint")}


def long_tailed(n_rows=150, seed=0):
    """A table whose column is linear in the logarithm of the target."""
    random = np.random.default_rng(seed)
    size = random.normal(size=n_rows)
    return pd.DataFrame({"size": size}), np.exp(2 * size + 0.3 * random.normal(size=n_rows))


@pytest.mark.parametrize("estimators", [None, LINEAR])
@pytest.mark.parametrize(
    ("strategy", "target_transform"),
    [
        ("early", None),
        ("late", "log"),
        ("stacked", "quantile"),
        ("stacked", None),
        ("auto", "auto"),
    ],
)
def test_predictions_stay_within_the_targets(strategy, target_transform, estimators):
    frame, y = make_rows(60, table=1.0, image=0.5)
    target = frame["age"] + 5.0 * (y == "yes")
    fusion = regressor(
        strategy=strategy, target_transform=target_transform, estimators=estimators, cv=2
    ).fit(frame, target)
    far = pd.concat([frame.assign(age=age) for age in (-1e6, 0, 70, 1e6)])
    predictions = fusion.predict(far)
    assert predictions.min() >= target.min()
    assert predictions.max() <= target.max()


def test_a_counting_column_does_not_lead_astray():
    """Rows are tested that come after those of `fit`, as with numbers given one after another."""
    random = np.random.default_rng(0)
    rooms = random.integers(1, 6, 120)
    frame = pd.DataFrame({"number": np.arange(120), "rooms": rooms})
    price = 100.0 * rooms + 10 * random.normal(size=120) - np.arange(120)
    fusion = regressor(estimators=None, image_columns=[], id_columns=[])
    assert fusion.fit(frame[:80], price[:80]).score(frame[80:], price[80:]) > 0.5


def test_a_long_tail_is_transformed():
    frame, y = long_tailed()
    plain = regressor(image_columns=[], estimators=LINEAR, target_transform=None)
    auto = regressor(image_columns=[], estimators=LINEAR)
    scores = [
        model.fit(frame[:100], y[:100]).score(frame[100:], y[100:]) for model in (plain, auto)
    ]
    assert auto.target_transform_ in ("log", "quantile")
    assert plain.target_transform_ is None
    assert scores[1] > scores[0] + 0.1
    losses = [model.strategy_scores_.loc["table", "loss"] for model in (plain, auto)]
    assert losses[1] < losses[0]


def test_a_long_tail_that_the_table_adds_up_to_is_left_alone():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"size": np.exp(random.normal(size=150))})
    y = 3 * frame["size"] + 0.1 * random.normal(size=150)
    fusion = regressor(image_columns=[], estimators=LINEAR).fit(frame, y)
    assert fusion.target_transform_ is None


def test_a_target_without_a_long_tail_is_left_alone():
    frame, _ = make_rows(60)
    assert regressor().fit(frame, np.linspace(1, 2, 60)).target_transform_ is None


@pytest.mark.parametrize("target_transform", ["log", "quantile", "auto"])
@pytest.mark.parametrize("target", ["zeros", "counts", "negative", "constant", "no zeros"])
def test_all_targets_can_be_transformed(target_transform, target):
    frame, y = long_tailed(60)
    y = {
        "zeros": np.where(y < 1, 0, y),
        "counts": np.floor(y),
        "negative": y - 5,
        "constant": np.zeros(60),
        "no zeros": y,
    }[target]
    fusion = regressor(image_columns=[], estimators=LINEAR, cv=2, target_transform=target_transform)
    if target_transform == "log" and y.min() < 0:
        with pytest.raises(ValueError, match="needs targets of 0 or more; the lowest is -"):
            fusion.fit(frame, y)
        return
    predictions = fusion.fit(frame, y).predict(frame)
    assert np.isfinite(predictions).all()
    assert target == "constant" or np.corrcoef(np.argsort(np.argsort(y)), predictions)[0, 1] > 0.6


def test_weights_count_in_the_tail():
    """The long tail is in rows that count for little."""
    frame, y = long_tailed()
    weights = np.where(y > np.median(y), 1e-6, 1.0)
    plain = regressor(image_columns=[], estimators=LINEAR).fit(frame, y)
    weighted = regressor(image_columns=[], estimators=LINEAR).fit(frame, y, sample_weight=weights)
    assert plain.target_transform_ is not None
    assert weighted.target_transform_ is None


def test_an_unknown_transform_is_refused():
    frame, y = long_tailed(60)
    with pytest.raises(ValueError, match="target_transform"):
        regressor(image_columns=[], target_transform="sqrt").fit(frame, y)


@pytest.mark.parametrize(
    ("y", "warns"),
    [
        (np.repeat(np.arange(40) * 1000 + 90_000, 3), True),
        (np.repeat(np.arange(40) + 18, 3), True),
        (np.arange(200) % 30, False),
        (np.arange(200) % 20 * 7, False),
    ],
    ids=["prices", "ages", "codes", "few"],
)
def test_amounts_given_to_a_classifier(y, warns):
    frame = pd.DataFrame({"size": np.random.default_rng(0).normal(size=len(y))})
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        classifier(image_columns=[], cv=2).fit(frame, y)
    assert any("FusionRegressor" in str(warning.message) for warning in warned) == warns
