"""Learning rates that suit each optimizer, for standardized columns."""

# The highest rate, and what is divided by a power of the number of columns. Optimizers of Adam's
# kind move each weight by about the rate in a step, so that the output moves by rate * sqrt(n)
# where columns are unrelated; a plain gradient moves it by rate * n. Keras gives 0.001 to most.
# With that, adadelta hardly moves in 100 epochs: its authors meant 1.0.
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
    """The learning rate of an optimizer by name, for so many columns.

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
