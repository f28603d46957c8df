"""What messages to users have in common."""

import sys

_NAMED = 5


def listed(items):
    """The first five items, and how many more there are.

    Examples
    --------
    >>> from skfusion._telling import listed
    >>> listed(f"row {i}" for i in range(7))
    'row 0; row 1; row 2; row 3; row 4; and 2 more'
    """
    items = list(items)
    more = len(items) - _NAMED
    return "; ".join(items[:_NAMED]) + (f"; and {more} more" if more > 0 else "")


def level_of_the_caller():
    """The `stacklevel` of the first frame that is neither ours nor scikit-learn's."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(("skfusion", "sklearn")):
        frame, level = frame.f_back, level + 1
    return level
