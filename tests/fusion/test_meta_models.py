import numpy as np
import pytest
from skfusion.fusion._meta_models import NumberStack, ProbabilityStack
from sklearn.linear_model import LogisticRegression


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
    assert NumberStack(1e9).fit(numbers, y.astype(float)).weights_ == pytest.approx([0.5, 0.5])


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
    stack = NumberStack(0.0).fit([5 + 0.5 * (y - 5), np.full(200, 3.0)], y)
    assert stack.predict([np.array([6.0]), np.array([3.0])]) == pytest.approx(7, abs=0.1)


def test_constant_predictions_do_not_break_it():
    y = np.array([1.0, 2.0, 3.0])
    stack = NumberStack(5.0).fit([np.full(3, 2.0), np.full(3, 2.0)], y)
    assert stack.predict([np.full(2, 2.0)] * 2).tolist() == [2, 2]
