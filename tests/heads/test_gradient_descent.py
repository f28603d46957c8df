"""Training of a dense head without hidden layers, step by step, against the same in NumPy.

With one batch of all rows, plain gradient descent and no dropout, all that is left is the gradient
of the documented loss: weights of rows and classes, weight decay, schedules and scaled targets.
"""

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.preprocessing import StandardScaler

from skfusion import DenseClassifier, DenseRegressor, TrainingOptions

N, N_EPOCHS = 60, 8
WHOLE = {
    "dropout": 0,
    "validation_fraction": 0,
    "batch_size": 1000,
    "epochs": N_EPOCHS,
    "optimizer": "sgd",
    "learning_rate": 0.5,
    "random_state": 0,
}
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(N, 5)) * [1, 10, 0.1, 3, 1] + [0, 5, 0, -2, 1]
SCORES = X @ RANDOM.normal(size=(5, 3)) / [1, 10, 0.1]
CLASSES = SCORES.argmax(axis=1)
LABELS = (np.median(SCORES, axis=0) < SCORES).astype(int)
NUMBERS = 40 + 7 * X[:, 0] + RANDOM.normal(size=N)
WEIGHTS = RANDOM.uniform(0, 3, N)


class Descent:
    """Gradient descent of a linear model from zero weights.

    `loss` returns the loss of each row and its gradient by the outputs, before the activation.
    """

    def __init__(self, loss, n_outputs, *, weights=None, decay=0.0, rates=None):
        self.weights = np.ones(N) if weights is None else weights / weights.mean()
        self.scaler = StandardScaler().fit(X, sample_weight=weights)
        rows, self.losses, self.outputs = self.scaler.transform(X), [], []
        self.kernel, self.bias = np.zeros((5, n_outputs)), np.zeros(n_outputs)
        for rate in [0.5] * N_EPOCHS if rates is None else rates:
            outputs = rows @ self.kernel + self.bias
            values, gradient = loss(outputs)
            self.outputs.append(outputs)
            self.losses.append((self.weights * values).mean() + decay * (self.kernel**2).sum())
            gradient = gradient * self.weights[:, np.newaxis] / N
            self.bias = self.bias - rate * gradient.sum(axis=0)
            self.kernel = self.kernel - rate * (rows.T @ gradient + 2 * decay * self.kernel)

    def predict(self):
        return self.scaler.transform(X) @ self.kernel + self.bias


def cross_entropy(codes, n_classes=3):
    def loss(outputs):
        chances = softmax(outputs, axis=1)
        return -np.log(chances[np.arange(N), codes]), chances - np.eye(n_classes)[codes]

    return loss


def of_labels(outputs):
    chances = expit(outputs)
    losses = -np.log(np.where(LABELS == 1, chances, 1 - chances)).mean(axis=1)
    return losses, (chances - LABELS) / LABELS.shape[1]


def squared_error(targets):
    return lambda outputs: (
        ((outputs - targets) ** 2).mean(axis=1),
        2 * (outputs - targets) / targets.shape[1],
    )


def huber(targets):
    def loss(outputs):
        errors = outputs - targets
        values = np.where(np.abs(errors) <= 1, errors**2 / 2, np.abs(errors) - 0.5)
        return values.mean(axis=1), np.clip(errors, -1, 1)

    return loss


def assert_same_descent(head, descent):
    kernel, bias = head.network_.weights
    np.testing.assert_allclose(kernel, descent.kernel, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(bias, descent.bias, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(head.history_["loss"], descent.losses, rtol=1e-4, atol=1e-6)


# Classes.


def test_classes():
    head = DenseClassifier(**WHOLE).fit(X, CLASSES)
    descent = Descent(cross_entropy(CLASSES), 3)
    assert_same_descent(head, descent)
    chances = softmax(descent.predict(), axis=1)
    np.testing.assert_allclose(head.predict_proba(X), chances, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(head.predict(X), chances.argmax(axis=1))
    accuracies = [accuracy_score(CLASSES, each.argmax(axis=1)) for each in descent.outputs]
    np.testing.assert_allclose(head.history_["accuracy"], accuracies, rtol=1e-6)


def test_two_classes_have_two_outputs():
    codes = (CLASSES == 2).astype(int)
    head = DenseClassifier(**WHOLE).fit(X, np.array(["no", "yes"])[codes])
    assert_same_descent(head, Descent(cross_entropy(codes, 2), 2))
    assert head.classes_.tolist() == ["no", "yes"]


def test_weights_of_rows():
    head = DenseClassifier(**WHOLE).fit(X, CLASSES, sample_weight=WEIGHTS)
    assert_same_descent(head, Descent(cross_entropy(CLASSES), 3, weights=WEIGHTS))


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_a_common_factor_of_all_weights_changes_nothing(factor):
    head = DenseClassifier(**WHOLE).fit(X, CLASSES, sample_weight=factor * WEIGHTS)
    assert_same_descent(head, Descent(cross_entropy(CLASSES), 3, weights=WEIGHTS))


@pytest.mark.parametrize("class_weight", [{0: 4.0, 2: 0.5}, "balanced"], ids=str)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["equal", "weighted"])
def test_weights_of_classes_multiply_those_of_rows(class_weight, weights):
    counts = np.bincount(CLASSES)
    by_class = N / (3 * counts) if class_weight == "balanced" else np.array([4.0, 1.0, 0.5])
    head = DenseClassifier(class_weight=class_weight, **WHOLE)
    head.fit(X, CLASSES, sample_weight=weights)
    whole = by_class[CLASSES] * (1 if weights is None else weights)
    assert_same_descent(head, Descent(cross_entropy(CLASSES), 3, weights=whole))


@pytest.mark.parametrize("decay", [1e-3, 0.1])
def test_weight_decay_is_part_of_the_loss(decay):
    head = DenseClassifier(weight_decay=decay, **WHOLE).fit(X, CLASSES)
    assert_same_descent(head, Descent(cross_entropy(CLASSES), 3, decay=decay))


def test_labels():
    head = DenseClassifier(**WHOLE).fit(X, LABELS, sample_weight=WEIGHTS)
    descent = Descent(of_labels, 3, weights=WEIGHTS)
    assert_same_descent(head, descent)
    np.testing.assert_allclose(head.predict_proba(X), expit(descent.predict()), rtol=1e-4)
    np.testing.assert_array_equal(head.predict(X), (descent.predict() > 0).astype(int))


# Numbers.


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["equal", "weighted"])
def test_numbers_are_scaled(weights):
    head = DenseRegressor(**WHOLE).fit(X, NUMBERS, sample_weight=weights)
    center = np.average(NUMBERS, weights=weights)
    scale = np.sqrt(np.average((NUMBERS - center) ** 2, weights=weights))
    targets = ((NUMBERS - center) / scale)[:, np.newaxis]
    descent = Descent(squared_error(targets), 1, weights=weights)
    assert_same_descent(head, descent)
    expected = descent.predict()[:, 0] * scale + center
    np.testing.assert_allclose(head.predict(X), expected, rtol=1e-4)
    scores = [r2_score(targets, each, sample_weight=weights) for each in descent.outputs]
    np.testing.assert_allclose(head.history_["r2"], scores, rtol=1e-4, atol=1e-5)


def test_several_numbers_a_row():
    y = np.column_stack([NUMBERS, 1000 * X[:, 1], X[:, 2] ** 2])
    head = DenseRegressor(**WHOLE).fit(X, y)
    targets = StandardScaler().fit_transform(y)
    descent = Descent(squared_error(targets), 3)
    assert_same_descent(head, descent)
    expected = descent.predict() * y.std(axis=0) + y.mean(axis=0)
    np.testing.assert_allclose(head.predict(X), expected, rtol=1e-4, atol=1e-6)


def test_huber_is_quadratic_within_a_deviation():
    y = NUMBERS.copy()
    y[:3] += 300  # outliers
    targets = ((y - y.mean()) / y.std())[:, np.newaxis]
    head = DenseRegressor(options=TrainingOptions(loss="huber"), **WHOLE).fit(X, y)
    descent = Descent(huber(targets), 1)
    assert (np.abs(descent.outputs[0] - targets) > 1).any()
    assert_same_descent(head, descent)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["equal", "weighted"])
def test_bins_of_numbers_are_classes(weights):
    """The prediction is the mean of the bins, weighted by their probabilities."""
    head = DenseRegressor(options=TrainingOptions(target_bins=3), **WHOLE)
    head.fit(X, NUMBERS, sample_weight=weights)
    order, each = np.argsort(NUMBERS), np.ones(N) if weights is None else weights
    below = (np.cumsum(each[order]) - each[order]) / each.sum()  # the share of smaller numbers
    codes = np.empty(N, dtype=int)
    codes[order] = (3 * below + 1e-9).astype(int)
    descent = Descent(cross_entropy(codes), 3, weights=weights)
    assert_same_descent(head, descent)
    means = [np.average(NUMBERS[codes == i], weights=each[codes == i]) for i in range(3)]
    chances = softmax(descent.predict(), axis=1)
    np.testing.assert_allclose(head.predict(X), chances @ means, rtol=1e-4)


# Schedules.


def cosine(step, n_steps):
    return 0.5 * 0.5 * (1 + np.cos(np.pi * step / n_steps))


SCHEDULES = {
    "constant": ({}, [0.5] * 8),
    "warmup": ({"warmup_epochs": 4}, [0.125, 0.25, 0.375, 0.5] + [0.5] * 4),
    "cosine": ({"lr_schedule": "cosine"}, [cosine(step, 8) for step in range(8)]),
    "both": (
        {"lr_schedule": "cosine", "warmup_epochs": 2},
        [0.25, 0.5] + [cosine(step, 6) for step in range(6)],
    ),
    "all warmup": (
        {"lr_schedule": "cosine", "warmup_epochs": 16},
        [0.5 * (step + 1) / 16 for step in range(8)],
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_rate_of_each_epoch(name):
    options, rates = SCHEDULES[name]
    head = DenseClassifier(options=TrainingOptions(**options), **WHOLE).fit(X, CLASSES)
    np.testing.assert_allclose(head.history_["learning_rate"], rates, rtol=1e-6)
    assert_same_descent(head, Descent(cross_entropy(CLASSES), 3, rates=rates))


def test_the_rate_falls_from_step_to_step():
    """Three steps an epoch; the history has the rate of the last step."""
    options = TrainingOptions(lr_schedule="cosine", warmup_epochs=1)
    params = {**WHOLE, "batch_size": 20, "epochs": 4}
    head = DenseClassifier(options=options, **params).fit(X, CLASSES)
    rates = [0.5] + [cosine(step, 9) for step in (2, 5, 8)]
    np.testing.assert_allclose(head.history_["learning_rate"], rates, rtol=1e-6)


# Continued training.


def test_partial_fit_takes_one_step_a_call():
    head = DenseClassifier(**WHOLE)
    for _ in range(N_EPOCHS):
        head.partial_fit(X, CLASSES, classes=[0, 1, 2])
    assert_same_descent(head, Descent(cross_entropy(CLASSES), 3))
    assert head.history_["epoch"].tolist() == list(range(N_EPOCHS))


def test_a_warm_start_goes_on_where_the_last_fit_ended():
    params = {**WHOLE, "epochs": N_EPOCHS // 2}
    head = DenseRegressor(warm_start=True, **params).fit(X, NUMBERS).fit(X, NUMBERS)
    targets = ((NUMBERS - NUMBERS.mean()) / NUMBERS.std())[:, np.newaxis]
    assert_same_descent(head, Descent(squared_error(targets), 1))


# What the training tends to.


def test_many_epochs_give_a_logistic_regression():
    params = {**WHOLE, "epochs": 400, "weight_decay": 0.02}
    head = DenseClassifier(**params).fit(X, CLASSES)
    rows = StandardScaler().fit_transform(X)
    # The loss here is a mean over rows; there it is C times the sum, and half the squares.
    reference = LogisticRegression(C=1 / (2 * 0.02 * N), tol=1e-8, max_iter=1000)
    expected = reference.fit(rows, CLASSES).predict_proba(rows)
    np.testing.assert_allclose(head.predict_proba(X), expected, atol=2e-3)
    loss = log_loss(CLASSES, expected) + 0.02 * (reference.coef_**2).sum()
    assert head.history_["loss"].iloc[-1] == pytest.approx(loss, abs=1e-4)


def test_many_epochs_give_a_ridge_regression():
    params = {**WHOLE, "epochs": 300, "weight_decay": 0.1, "learning_rate": 0.2}
    head = DenseRegressor(**params).fit(X, NUMBERS)
    rows = StandardScaler().fit_transform(X)
    targets = (NUMBERS - NUMBERS.mean()) / NUMBERS.std()
    reference = Ridge(alpha=0.1 * N).fit(rows, targets)
    expected = reference.predict(rows) * NUMBERS.std() + NUMBERS.mean()
    np.testing.assert_allclose(head.predict(X), expected, rtol=1e-3)
