"""CircuitBreaker: suspends the use of a store after an error."""

import threading
import time
import warnings

from skfusion._utils.messages import caller_stacklevel, with_remedies
from skfusion.exceptions import StoreWarning
from skfusion.store._errors import classify_error

# How long a store is not used after an error. Without a pause, each batch would wait for the same
# lock again.
COOLDOWN_SECONDS = 60.0

_MESSAGES = {
    "full": "There is no space left for the feature store at {folder} ({error}). Nothing more is "
    "written to it, and features that it lacks are computed each time.",
    "unwritable": "The feature store at {folder} can't be written to ({error}). Features are "
    "computed without it.",
    "locked": "The feature store at {folder} is locked by another program ({error}). Until it is "
    "released, features are computed without it.",
    "newer": "The feature store at {folder} is not used: {error}. Update skfusion, or pass another "
    "folder.",
    "other": "The feature store at {folder} can't be used ({error}). Features are computed without "
    "it.",
}
_REMEDIES = {
    "full": {"room": "Free some space, or pass max_bytes."},
    "unwritable": {"other store": "Pass a folder that you may write to."},
}


class CircuitBreaker:
    """Suspend the use of a store after an error, and warn of each kind of error once.

    Parameters
    ----------
    folder : str
        The folder of the store, for messages.

    Examples
    --------
    >>> from skfusion.store._circuit_breaker import CircuitBreaker
    >>> breaker = CircuitBreaker("/tmp/store")
    >>> breaker.is_tripped(writing=True)
    False
    """

    def __init__(self, folder):
        self._folder = folder
        self._warned = set()
        self._open_until = {"read": 0.0, "write": 0.0}
        self._lock = threading.Lock()

    def is_tripped(self, *, writing):
        """Return whether the use of the store is suspended.

        Parameters
        ----------
        writing : bool
            Whether the store would be written to.
        """
        now = time.monotonic()
        return now < self._open_until["read"] or (writing and now < self._open_until["write"])

    def trip(self, error, *, writing):
        """Warn of an error and suspend the use of the store.

        After a failed write to a full or locked store, only writing is suspended.

        Parameters
        ----------
        error : Exception
            One of `STORE_ERRORS`.

        writing : bool
            Whether the store was written to.
        """
        kind = classify_error(error)
        only_writes = writing and kind in ("full", "locked")
        self._open_until["write" if only_writes else "read"] = time.monotonic() + COOLDOWN_SECONDS
        reason = " ".join(str(error).split()) or type(error).__name__
        template = _MESSAGES.get(kind, _MESSAGES["other"])
        self.warn_once(kind, template.format(folder="{}", error=reason))

    def warn_once(self, kind, message):
        """Warn, unless there was a warning of this kind before.

        Parameters
        ----------
        kind : str
            The kind of problem.

        message : str
            The text; ``{}`` is replaced by the folder.
        """
        with self._lock:
            if kind in self._warned:
                return
            self._warned.add(kind)
        problem = message.replace("{}", repr(self._folder), 1)
        warning = with_remedies(StoreWarning, problem, _REMEDIES.get(kind, {}))
        warnings.warn(warning, stacklevel=caller_stacklevel())
