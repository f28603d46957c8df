"""From predictions of models to one prediction, whatever the strategy."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from skfusion.fusion._combination import STRATEGIES, Combination
from skfusion.fusion._out_of_fold import OutOfFold
from skfusion.fusion._strategy_cv import compare, cross_validate_strategies

N = 400


def sigmoid(logits):
    up = 1 / (1 + np.exp(-logits))
    return np.column_stack([1 - up, up])


@pytest.fixture
def seen():
    """Images that tell much, but cautiously; a table that tells nothing."""
    random = np.random.default_rng(0)
    logits = 3 * random.normal(size=N)
    y = (random.random(N) < sigmoid(logits)[:, 1]).astype(int)
    predictions = {
        "table": [sigmoid(0.3 * random.normal(size=N))],
        "image": [sigmoid(logits / 3)],
        "joint": [sigmoid(logits / 4 + 0.3 * random.normal(size=N))],
    }
    return OutOfFold(predictions, {}, np.arange(N) % 5, np.ones(N, dtype=bool)), y


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_probabilities_are_as_sure_as_they_are_right(seen, strategy):
    out_of_fold, y = seen
    (given,) = cross_validate_strategies(out_of_fold, y, strategy, None)
    assert given.sum(axis=1) == pytest.approx(1)
    bins = np.digitize(given[:, 1], [0.25, 0.5, 0.75])
    for number in np.unique(bins):
        rows = bins == number
        error = np.sqrt(0.25 / rows.sum())
        assert abs(given[rows, 1].mean() - y[rows].mean()) < 3 * error


def test_order_and_classes_stay(seen):
    out_of_fold, y = seen
    combination = Combination("image").fit(out_of_fold.predictions, y)
    given = combination.predict(out_of_fold.predictions)[:, 1]
    before = out_of_fold.predictions["image"][0][:, 1]
    np.testing.assert_array_equal(np.argsort(given), np.argsort(before))
    np.testing.assert_array_equal(given > 0.5, before > 0.5)
    assert log_loss(y, given) < log_loss(y, before) - 0.05


def test_caution_does_not_decide(seen):
    """All strategies may be as sure as they should: then one source is enough."""
    out_of_fold, y = seen
    judged = {name: cross_validate_strategies(out_of_fold, y, name, None)[0] for name in STRATEGIES}
    scores = compare(judged, y)
    assert scores.index[scores["chosen"]].tolist() == ["image"]


def test_numbers_stay_what_the_models_say():
    random = np.random.default_rng(0)
    y = random.normal(size=N)
    predictions = {"table": [y / 2], "image": [y + random.normal(size=N)]}
    for strategy in ("table", "image"):
        combination = Combination(strategy).fit(predictions, y)
        given = combination.predict(predictions)
        np.testing.assert_array_equal(given, predictions[strategy][0])


def test_a_model_that_is_sure_and_wrong():
    """One impossible event must not flatten all other predictions to nothing."""
    y = np.array([0, 1] * 50)
    sure = np.eye(2)[y]
    sure[0] = sure[0, ::-1]
    given = Combination("image").fit({"image": [sure]}, y).predict({"image": [sure]})
    assert np.isfinite(given).all()
    assert given[1, 1] > 0.9
