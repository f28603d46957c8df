"""Parts of messages to users."""

import sys

_MAX_NAMES = 5


def join_names(items):
    """Return the first five items as text, and the number of the others.

    Parameters
    ----------
    items : iterable of str
        The items.

    Returns
    -------
    text : str
        The items, separated by semicolons.

    Examples
    --------
    >>> from skfusion._utils.messages import join_names
    >>> join_names(f"row {i}" for i in range(7))
    'row 0; row 1; row 2; row 3; row 4; and 2 more'
    """
    items = list(items)
    n_others = len(items) - _MAX_NAMES
    return "; ".join(items[:_MAX_NAMES]) + (f"; and {n_others} more" if n_others > 0 else "")


def with_remedies(kind, problem, remedies, *arguments):
    """Return an error or warning that keeps its problem and its remedies apart.

    The remedies name arguments of Python. A command, which has options instead, replaces them with
    `reword_remedies`.

    Parameters
    ----------
    kind : type
        The class of the error or warning.

    problem : str
        The problem, as one or more sentences.

    remedies : dict of str to str
        What to do about it: a sentence for each remedy, by the name of the remedy.

    *arguments : object
        More arguments of the class, after the message.

    Returns
    -------
    error : Exception
        An instance of `kind`; its message is the problem and the remedies.

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


def reword_remedies(replacements, error):
    """Return the message of an error or warning with some of its remedies replaced.

    Parameters
    ----------
    replacements : dict of str to str
        Sentences by the name of the remedy.

    error : Exception
        The error. One that `with_remedies` did not return has no remedies to replace.

    Returns
    -------
    message : str
        The message.
    """
    if not hasattr(error, "remedies"):
        return str(error)
    remedies = [replacements.get(name, text) for name, text in error.remedies.items()]
    return " ".join([error.problem, *remedies])


def caller_stacklevel():
    """Return the `stacklevel` of the first frame outside skfusion and scikit-learn."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(("skfusion", "sklearn")):
        frame, level = frame.f_back, level + 1
    return level
