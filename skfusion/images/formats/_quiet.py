"""Remarks of others about odd files aren't shown: a file is read, or an error says why not."""

import logging
import os
import re
import threading
import warnings

_RULE = ("ignore", None, Warning, re.compile(r"(PIL|nibabel|pydicom)\."), 0)

_LOGGERS = [logging.getLogger(name) for name in ("PIL", "nibabel", "pydicom")]
_NO_HANDLER = logging.NullHandler()


class SilencedLibraries:
    """A context in which warnings from Pillow, pydicom and nibabel are ignored, safe in threads.

    What they log goes to the handlers that a user has set up, but not to the standard error
    stream of those who have none.

    `warnings.catch_warnings` puts the filters back that it found, which is wrong where another
    thread changed them meanwhile. This adds one rule when the first thread enters, and takes this
    rule away when the last one leaves.

    Examples
    --------
    >>> from skfusion.images.formats._quiet import silenced_libraries
    >>> import warnings
    >>> with silenced_libraries:
    ...     warnings.warn_explicit("odd", UserWarning, "a.py", 1, module="PIL.Image")
    """

    def __init__(self):
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
            # Who entered `catch_warnings` meanwhile has a copy of the filters.
            for filters in [*self._changed, warnings.filters]:
                while _RULE in filters:
                    filters.remove(_RULE)
            self._changed = []


silenced_libraries = SilencedLibraries()
if hasattr(os, "register_at_fork"):  # a thread that was inside is not in the child
    os.register_at_fork(after_in_child=silenced_libraries.__init__)  # type: ignore[misc]  # no subclass
