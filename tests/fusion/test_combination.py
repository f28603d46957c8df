"""From predictions of models to one prediction, and the choice of the strategy."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.utils.estimator_checks import parametrize_with_checks

from skfusion.fusion._block_scaler import BlockScaler
from skfusion.fusion._combination import STRATEGIES, Combination
from skfusion.fusion._fusion_rows import FusionRows
from skfusion.fusion._out_of_fold import OutOfFold
from skfusion.fusion._pool_weights import pool_weights
from skfusion.fusion._probability_stack import ProbabilityStack
from skfusion.fusion._regression_stack import RegressionStack
from skfusion.fusion._strategy_choice import choose, compare
from skfusion.fusion._strategy_cv import cross_validate_strategy

N = 400


def sigmoid(logits):
    up = 1 / (1 + np.exp(-logits))
    return np.column_stack([1 - up, up])


@pytest.fixture
def unseen():
    """Images hold much information, with cautious probabilities; the table holds none."""
    random = np.random.default_rng(0)
    logits = 3 * random.normal(size=N)
    y = (random.random(N) < sigmoid(logits)[:, 1]).astype(int)
    predictions = {
        "table": [sigmoid(0.3 * random.normal(size=N))],
        "image": [sigmoid(logits / 3)],
        "joint": [sigmoid(logits / 4 + 0.3 * random.normal(size=N))],
    }
    rows = FusionRows(pd.DataFrame(index=range(N)), y)
    return OutOfFold(rows, predictions, np.arange(N) % 5, np.ones(N, dtype=bool))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_probabilities_are_as_sure_as_they_are_right(unseen, strategy):
    y = unseen.rows.y
    given = cross_validate_strategy(strategy, unseen, None)
    assert given.sum(axis=1) == pytest.approx(1)
    bins = np.digitize(given[:, 1], [0.25, 0.5, 0.75])
    for number in np.unique(bins):
        rows = bins == number
        error = np.sqrt(0.25 / rows.sum())
        assert abs(given[rows, 1].mean() - y[rows].mean()) < 3 * error


def test_order_and_classes_stay(unseen):
    y = unseen.rows.y
    combination = Combination("image").fit(unseen.predictions, y)
    given = combination.predict(unseen.predictions)[:, 1]
    before = unseen.predictions["image"][0][:, 1]
    np.testing.assert_array_equal(np.argsort(given), np.argsort(before))
    np.testing.assert_array_equal(given > 0.5, before > 0.5)
    assert log_loss(y, given) < log_loss(y, before) - 0.05


def test_calibration_does_not_decide(unseen):
    """All strategies are calibrated alike: then one source is enough."""
    predictions = {name: cross_validate_strategy(name, unseen, None) for name in STRATEGIES}
    scores = compare(predictions, unseen.rows.y, unseen.rows.weights)
    assert scores.index[scores["chosen"]].tolist() == ["image"]


def test_numbers_of_one_model_are_not_changed():
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


def two_models(n_rows=300, seed=0):
    random = np.random.default_rng(seed)
    y = random.integers(2, size=n_rows)
    logits = [2 * y - 1 + random.normal(size=n_rows) * noise for noise in (1, 2)]
    return [np.column_stack([1 / (1 + np.exp(z)), 1 / (1 + np.exp(-z))]) for z in logits], y


def test_two_classes_are_a_logistic_regression_of_logits():
    predictions, y = two_models()
    stack = ProbabilityStack(penalty=1e-9).fit(predictions, y)
    logits = np.column_stack([np.log(p[:, 1] / p[:, 0]) for p in predictions])
    model = LogisticRegression(C=1e9, fit_intercept=False, tol=1e-8).fit(logits, y)
    assert stack.weights_ == pytest.approx(model.coef_[0], abs=1e-3)


def test_much_penalty_gives_equal_shares():
    predictions, y = two_models()
    assert ProbabilityStack(1e9).fit(predictions, y).weights_ == pytest.approx([0.5, 0.5])
    numbers = [y + 0.5, 2.0 * y]
    assert RegressionStack(1e9).fit(numbers, y.astype(float)).weights_ == pytest.approx([0.5, 0.5])


def test_probabilities_sum_to_one_even_where_a_model_is_sure_and_wrong():
    predictions = [np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.4, 0.6], [0.3, 0.7]])]
    stack = ProbabilityStack(1.0).fit(predictions, np.array([1, 1]))
    given = stack.predict(predictions)
    assert given.sum(axis=1) == pytest.approx(1)
    assert np.isfinite(given).all()
    assert given[0, 1] > 0


def test_numbers_are_scaled_to_the_target():
    random = np.random.default_rng(0)
    y = 5 + random.normal(size=200)
    stack = RegressionStack(0.0).fit([5 + 0.5 * (y - 5), np.full(200, 3.0)], y)
    assert stack.predict([np.array([6.0]), np.array([3.0])]) == pytest.approx(7, abs=0.1)


def test_constant_predictions_do_not_break_it():
    y = np.array([1.0, 2.0, 3.0])
    stack = RegressionStack(5.0).fit([np.full(3, 2.0), np.full(3, 2.0)], y)
    assert stack.predict([np.full(2, 2.0)] * 2).tolist() == [2, 2]


def of_classes(likelihoods, shrinkage=0.0):
    return pool_weights(-np.log(likelihoods).mean(axis=0), likelihoods, shrinkage=shrinkage)


def of_numbers(residuals, shrinkage=0.0):
    losses = (residuals**2).mean(axis=0)
    return pool_weights(losses, residuals=residuals, shrinkage=shrinkage)


@pytest.fixture
def likelihoods():
    return np.random.default_rng(0).uniform(0.05, 0.95, (200, 3))


@pytest.fixture
def residuals():
    return np.random.default_rng(0).normal(size=(200, 3)) * [1, 2, 3]


def test_weights_are_on_the_simplex(likelihoods, residuals):
    for weights in (of_classes(likelihoods), of_numbers(residuals)):
        assert weights.min() >= 0
        assert weights.sum() == pytest.approx(1)


def test_no_other_weights_have_less_loss(likelihoods, residuals):
    random = np.random.default_rng(1)
    others = random.dirichlet(np.ones(3), size=500)
    best = -np.log(likelihoods @ of_classes(likelihoods)).mean()
    assert best <= min(-np.log(likelihoods @ weights).mean() for weights in others) + 1e-5
    best = ((residuals @ of_numbers(residuals)) ** 2).mean()
    assert best <= min(((residuals @ weights) ** 2).mean() for weights in others) + 1e-9


def test_independent_residuals_are_weighted_by_precision(residuals):
    assert of_numbers(residuals) == pytest.approx([36 / 49, 9 / 49, 4 / 49], abs=0.06)


def test_much_shrinkage_leaves_the_best_model(likelihoods, residuals):
    best = np.eye(3)[np.log(likelihoods).mean(axis=0).argmax()]
    assert of_classes(likelihoods, 1e6) == pytest.approx(best, abs=1e-3)
    assert of_numbers(residuals, 1e9) == pytest.approx([1, 0, 0], abs=1e-3)


def test_a_useless_model_gets_no_weight():
    likelihoods = np.column_stack([np.full(50, 0.8), np.full(50, 0.1)])
    assert of_classes(likelihoods)[0] > 0.99


def test_one_model():
    assert of_classes(np.full((3, 1), 0.4)).tolist() == [1]


def test_perfect_predictions():
    assert of_numbers(np.zeros((5, 2))).sum() == pytest.approx(1)


# The choice of a strategy.

NOISE = np.random.default_rng(0).normal(size=N)


def losses(**means):
    """Row losses whose differences have a standard error of about .005."""
    return {
        name: mean + 0.1 * np.roll(NOISE, 7 * i) for i, (name, mean) in enumerate(means.items())
    }


def test_a_clearly_better_fusion_is_chosen():
    assert choose(losses(table=0.6, image=0.6, late=0.55, early=0.5, stacked=0.4)) == "stacked"
    assert choose(losses(table=0.6, image=0.6, late=0.55, stacked=0.5, early=0.4)) == "early"


def test_a_fusion_that_is_hardly_better_is_not():
    given = losses(table=0.401, image=0.6, late=0.4, early=0.4, stacked=0.4)
    assert choose(given) == "table"


def test_of_two_alike_fusions_the_one_that_leaves_out_nothing():
    assert choose(losses(table=0.6, image=0.7, late=0.4, early=0.4, stacked=0.401)) == "stacked"
    assert choose(losses(table=0.6, image=0.7, late=0.5, early=0.4, stacked=0.401)) == "stacked"
    assert choose(losses(table=0.6, image=0.7, late=0.4, early=0.4, stacked=0.42)) == "late"


def test_no_source_is_dropped_where_both_look_alike():
    given = losses(table=0.400, image=0.411, late=0.401, early=0.42, stacked=0.42)
    assert choose(given) == "late"


def test_alone_there_is_no_choice():
    assert choose(losses(table=0.4)) == "table"


def test_compare_shows_the_reason_of_the_choice():
    y = np.array([0, 1] * 50)
    good, bad = np.eye(2)[y] * 0.6 + 0.2, np.full((100, 2), 0.5)
    predictions = {"table": good, "image": bad, "late": good, "stacked": good, "early": bad}
    scores = compare(predictions, y, np.ones(100))
    assert scores.index[scores["chosen"]].tolist() == ["table"]
    assert scores.loc["image", "loss"] == pytest.approx(np.log(2))
    assert scores.loc["image", "difference"] == pytest.approx(np.log(2) + np.log(0.8))
    assert scores.loc["table", "standard_error"] == 0
    assert scores["accuracy"].tolist() == [1, 0.5, 1, 1, 0.5]


def test_weights_count_as_rows():
    given = losses(table=0.6, image=0.6, late=0.55, early=0.5, stacked=0.49)
    weights = np.random.default_rng(0).integers(0, 3, 400)
    repeated = {name: np.repeat(loss, weights) for name, loss in given.items()}
    assert choose(given, weights) == choose(repeated)


def test_losses_without_weight_do_not_count():
    given = losses(table=0.6, image=0.6, late=0.55, early=0.5, stacked=0.4)
    weights = np.arange(400) >= 40
    given["stacked"] = np.where(weights, given["stacked"], 99)
    assert choose(given, weights) == "stacked"
    assert choose(given) != "stacked"


def test_compare_keeps_to_what_was_asked_for():
    y = np.arange(10.0)
    predictions = {"table": y, "image": y + 1, "late": y + 2}
    scores = compare(predictions, y, np.ones(10), "late")
    assert scores.index[scores["chosen"]].tolist() == ["late"]
    assert scores["loss"].tolist() == [0, 1, 4]
    assert scores["r2"].tolist() == pytest.approx([1, 1 - 1 / 8.25, 1 - 4 / 8.25])


# The scaler of a block of columns.


@parametrize_with_checks([BlockScaler()])
def test_the_block_scaler_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)
