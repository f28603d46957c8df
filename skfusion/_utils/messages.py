"""What messages to users have in common."""

import sys

_NAMED = 5


def join_names(items):
    """The first five items, and how many more there are.

    Examples
    --------
    >>> from skfusion._utils.messages import join_names
    >>> join_names(f"row {i}" for i in range(7))
    'row 0; row 1; row 2; row 3; row 4; and 2 more'
    """
    items = list(items)
    more = len(items) - _NAMED
    return "; ".join(items[:_NAMED]) + (f"; and {more} more" if more > 0 else "")


def with_remedies(kind, problem, remedies, *arguments):
    """An error or a warning that keeps its problem and its remedies apart.

    Remedies name arguments of Python. A command, which has options instead, tells its own with
    `reword_remedies`.

    Parameters
    ----------
    kind : type
        The class of the error or warning.

    problem : str
        What is wrong.

    remedies : dict of str to str
        What to do about it, by a word or two that name the remedy.

    *arguments : object
        What else the class takes, after the message.

    Examples
    --------
    >>> from skfusion._utils.messages import reword_remedies, with_remedies
    >>> error = with_remedies(ValueError, "No weights.", {"weights": "Pass weights=None."})
    >>> str(error)
    'No weights. Pass weights=None.'
    >>> reword_remedies({"weights": "Add --weights none."}, error)
    'No weights. Add --weights none.'
    """
    error = kind(" ".join([problem, *remedies.values()]), *arguments)
    error.problem, error.remedies = problem, remedies
    return error


def reword_remedies(own, error):
    """The message of an error or warning, with `own` remedies (a dict) where there are some."""
    if not hasattr(error, "remedies"):
        return str(error)
    told = [own.get(name, text) for name, text in error.remedies.items()]
    return " ".join([error.problem, *told])


def caller_stacklevel():
    """The `stacklevel` of the first frame that is neither ours nor scikit-learn's."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(("skfusion", "sklearn")):
        frame, level = frame.f_back, level + 1
    return level
