"""Silence what other libraries print about odd files: our errors explain them."""

import logging
import re
import threading
import warnings

from skfusion._utils.process_local import register_at_fork

_RULE = ("ignore", None, Warning, re.compile(r"(PIL|nibabel|pydicom|tifffile)\."), 0)

_LOGGERS = [logging.getLogger(name) for name in ("PIL", "nibabel", "pydicom", "tifffile")]
_NO_HANDLER = logging.NullHandler()


class SilencedLibraries:
    """A context in which warnings from the libraries that decode are ignored, safe in threads.

    Their log records go to the handlers that a user has set up, but not to the standard error
    stream where there are none.

    `warnings.catch_warnings` restores the filters that it found, which is wrong where another
    thread changed them meanwhile. This adds one rule when the first thread enters, and removes
    it when the last one leaves.

    Examples
    --------
    >>> from skfusion.images.formats._quiet import silenced_libraries
    >>> import warnings
    >>> with silenced_libraries:
    ...     warnings.warn_explicit("odd", UserWarning, "a.py", 1, module="PIL.Image")
    """

    def __init__(self):
        self.reset()

    def reset(self):
        """Forget the threads that are inside; they do not exist in a forked child."""
        self._lock, self._inside, self._changed = threading.Lock(), 0, []

    def __enter__(self):
        with self._lock:
            self._inside += 1
            for logger in _LOGGERS:
                logger.addHandler(_NO_HANDLER)
            if _RULE not in warnings.filters:
                warnings.filterwarnings(_RULE[0], module=_RULE[3].pattern)
                self._changed.append(warnings.filters)

    def __exit__(self, *error):
        with self._lock:
            self._inside -= 1
            if self._inside:
                return
            for logger in _LOGGERS:
                logger.removeHandler(_NO_HANDLER)
            # `catch_warnings` that was entered meanwhile has a copy of the filters.
            for filters in [*self._changed, warnings.filters]:
                while _RULE in filters:
                    filters.remove(_RULE)
            self._changed = []


silenced_libraries = SilencedLibraries()
register_at_fork(after_in_child=silenced_libraries.reset)
