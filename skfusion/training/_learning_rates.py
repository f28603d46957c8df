"""Default learning rates of optimizers, for standardized columns."""

# The highest rate, a factor, and a power of the number of columns by which the factor is divided.
# Adam and its variants change each weight by about the rate in a step, so that the output changes
# by rate * sqrt(n) if the columns are uncorrelated; plain gradient descent changes it by rate * n.
# The default of Keras is 0.001 for most. With it, adadelta hardly learns in 100 epochs: its paper
# uses 1.0.
_RATES = {
    "adadelta": (1.0, 1.0, 0),
    "adagrad": (0.1, 0.3, 0.5),
    "adam": (0.01, 0.03, 0.5),
    "adamax": (0.01, 0.03, 0.5),
    "adamw": (0.01, 0.03, 0.5),
    "nadam": (0.01, 0.03, 0.5),
    "rmsprop": (0.01, 0.03, 0.5),
    "sgd": (0.1, 1.0, 1),
}
OPTIMIZERS = frozenset(_RATES)


def default_learning_rate(optimizer, n_columns):
    """Return the learning rate of an optimizer for a number of columns.

    Examples
    --------
    >>> from skfusion.training._learning_rates import default_learning_rate
    >>> default_learning_rate("adadelta", 6144)
    1.0
    >>> default_learning_rate("adam", 900)
    0.001
    """
    highest, factor, power = _RATES[optimizer]
    return min(highest, factor / n_columns**power)
