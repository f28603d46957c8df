"""Try again after failures that may pass, with growing pauses."""

import random
import time

from skfusion.images.remote._remote_error import RemoteError, TemporaryFailure

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0


def with_retries(function, retries):
    """Return the result of a function; call it again after a `TemporaryFailure`.

    Parameters
    ----------
    function : callable
        One try, without arguments.

    retries : int
        How often it is tried again. The pauses double, from 0.2 to 10 seconds; each is shortened
        by up to a half at random, so that many readers do not try again at the same time.

    Returns
    -------
    result : object
        What the function returned.

    Raises
    ------
    RemoteError
        If the last try failed, too.
    """
    for number in range(retries):
        try:
            return function()
        except TemporaryFailure as failure:
            asked = failure.pause
        pause = min(_FIRST_PAUSE * 2**number, _LONGEST_PAUSE) * random.uniform(0.5, 1)
        time.sleep(max(pause, min(asked, _LONGEST_PAUSE)))
    try:
        return function()
    except TemporaryFailure as failure:
        tries = f" ({retries + 1} tries)" if retries else ""
        reason = f"{failure}{tries}"
    raise RemoteError(reason)
