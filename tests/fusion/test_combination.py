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
from skfusion.fusion._row_losses import row_losses
from skfusion.fusion._source_evidence import find_evidence
from skfusion.fusion._strategy_choice import choose
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
    places = [np.flatnonzero(np.arange(N) % 5 == fold) for fold in range(5)]
    return OutOfFold(rows, predictions, np.ones(N, dtype=bool), np.arange(N), places)


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
    of_rows = {name: row_losses(each, unseen.rows.y) for name, each in predictions.items()}
    y, weights = unseen.rows.y, unseen.rows.weights
    evidence = {each: find_evidence(predictions[each], y, weights) for each in ("table", "image")}
    assert evidence["table"] < 2 < evidence["image"]
    assert choose(of_rows, evidence) == "image"


def test_evidence_does_not_depend_on_calibration(unseen):
    y, chances = unseen.rows.y, unseen.predictions["image"][0]
    sharp = chances**3 / (chances**3).sum(axis=1, keepdims=True)
    of_both = [find_evidence(each, y, np.ones(N)) for each in (chances, sharp)]
    assert of_both[0] == pytest.approx(of_both[1], rel=0.05)


def test_evidence_of_groups_and_weights():
    random = np.random.default_rng(0)
    y, noise = random.normal(size=100), random.normal(size=100)
    once = find_evidence(y + noise, y, np.ones(100))
    four = [np.repeat(each, 4) for each in (y + noise, y, np.arange(100))]
    assert find_evidence(*four[:2], np.ones(400), four[2]) == pytest.approx(once)
    assert find_evidence(*four[:2], np.ones(400)) == pytest.approx(2 * once)
    assert find_evidence(y + noise, y, np.full(100, 4.0)) == pytest.approx(2 * once)


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
    assert RegressionStack(1e12).fit(numbers, y.astype(float)).weights_ == pytest.approx([0.5, 0.5])


def test_models_that_hold_nothing_get_no_large_weights():
    """They predict near the mean: what counts is the spread of the target."""
    random = np.random.default_rng(0)
    y = np.exp(4 * random.normal(size=100))
    numbers = [y.mean() + 1e-3 * random.normal(size=100) for _ in range(3)]
    assert np.abs(RegressionStack(5.0).fit(numbers, y).weights_).max() < 1


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


BOTH = {"table": 5.0, "image": 5.0}


def pick(noise=(), **means):
    evidence = {name: 0.5 if name in noise else 5.0 for name in ("table", "image")}
    return choose(losses(**means), evidence)


def test_a_clearly_better_fusion_is_chosen():
    assert pick(table=0.6, image=0.6, late=0.55, early=0.5, stacked=0.4) == "stacked"
    assert pick(table=0.6, image=0.6, late=0.55, stacked=0.5, early=0.4) == "early"
    assert pick(table=0.6, image=0.6, early=0.55, stacked=0.5, late=0.4) == "late"


def test_of_fusions_alike_the_one_that_leaves_out_nothing():
    assert pick(table=0.6, image=0.6, late=0.4, early=0.4, stacked=0.405) == "stacked"


def test_two_sources_that_predict_alike_are_fused_unless_that_is_worse():
    sources = {"table": 0.4, "image": 0.405}
    assert pick(**sources, late=0.4, early=0.4, stacked=0.405) == "stacked"
    assert pick(**sources, late=0.43, early=0.43, stacked=0.43) == "table"


def test_beside_a_weaker_source_a_fusion_has_to_be_better():
    sources = {"table": 0.4, "image": 0.6}
    assert pick(**sources, late=0.4, early=0.4, stacked=0.401) == "table"
    assert pick(**sources, late=0.4, early=0.4, stacked=0.399) == "stacked"


@pytest.mark.parametrize(("table", "image", "better"), [(0.4, 0.7, "table"), (0.72, 0.4, "image")])
def test_noise_is_fused_only_if_that_is_surely_better(table, image, better):
    noise = {"table": "image", "image": "table"}[better]
    sources = {"table": table, "image": image}
    assert pick(noise, **sources, late=0.4, early=0.4, stacked=0.395) == better
    assert pick(noise, **sources, late=0.4, early=0.4, stacked=0.35) == "stacked"


def test_nothing_is_found_but_in_both_together():
    """As in an exclusive or: neither source predicts anything alone."""
    sources = {"noise": ("table", "image"), "table": 0.7, "image": 0.71}
    assert pick(**sources, late=0.7, stacked=0.7, early=0.2) == "early"


def test_alone_there_is_no_choice():
    assert pick(table=0.4) == "table"


def test_weights_count_as_rows():
    given = losses(table=0.6, image=0.6, late=0.55, early=0.5, stacked=0.49)
    weights = np.random.default_rng(0).integers(0, 3, 400)
    repeated = {name: np.repeat(loss, weights) for name, loss in given.items()}
    assert choose(given, BOTH, weights) == choose(repeated, BOTH)


def test_losses_without_weight_do_not_count():
    given = losses(table=0.6, image=0.6, late=0.55, early=0.5, stacked=0.4)
    weights = np.arange(400) >= 40
    given["stacked"] = np.where(weights, given["stacked"], 99)
    assert choose(given, BOTH, weights) == "stacked"
    assert choose(given, BOTH) != "stacked"


def test_rows_of_a_group_are_no_independent_evidence():
    """Four groups agree by chance; as 400 rows they would be sure."""
    groups = np.arange(N) // 100
    lift = np.array([0.1, 0.08, -0.05, 0.02])[groups]
    table = np.full(N, 0.5)
    given = {"table": table, "image": np.full(N, 0.7), "stacked": table - lift}
    evidence = {"table": 5.0, "image": 0.0}
    assert choose(given, evidence) == "stacked"
    assert choose(given, evidence, None, groups) == "table"


# The scaler of a block of columns.


@parametrize_with_checks([BlockScaler()])
def test_the_block_scaler_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)
