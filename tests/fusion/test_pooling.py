import numpy as np
import pytest
from skfusion.fusion._pooling import pool_weights


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
