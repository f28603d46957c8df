"""Pillow's remarks about odd files aren't shown: a file is read, or an error says why not."""

import logging
import os
import re
import threading
import warnings

_RULE = ("ignore", None, Warning, re.compile(r"(PIL\.)"), 0)

_LOGGER, _NO_HANDLER = logging.getLogger("PIL"), logging.NullHandler()


class QuietPillow:
    """A context in which warnings from within Pillow are ignored, safe in several threads.

    What Pillow logs goes to the handlers that a user has set up, but not to the standard error
    stream of those who have none.

    `warnings.catch_warnings` puts the filters back that it found, which is wrong where another
    thread changed them meanwhile. This adds one rule when the first thread enters, and takes this
    rule away when the last one leaves.

    Examples
    --------
    >>> from skfusion.images._quiet import quiet_pillow
    >>> import warnings
    >>> with quiet_pillow:
    ...     warnings.warn_explicit("odd", UserWarning, "a.py", 1, module="PIL.Image")
    """

    def __init__(self):
        self._lock, self._inside, self._changed = threading.Lock(), 0, []

    def __enter__(self):
        with self._lock:
            self._inside += 1
            _LOGGER.addHandler(_NO_HANDLER)
            if _RULE not in warnings.filters:
                warnings.filterwarnings(_RULE[0], module=_RULE[3].pattern)
                self._changed.append(warnings.filters)

    def __exit__(self, *error):
        with self._lock:
            self._inside -= 1
            if self._inside:
                return
            _LOGGER.removeHandler(_NO_HANDLER)
            # Who entered `catch_warnings` meanwhile has a copy of the filters.
            for filters in [*self._changed, warnings.filters]:
                while _RULE in filters:
                    filters.remove(_RULE)
            self._changed = []


quiet_pillow = QuietPillow()
if hasattr(os, "register_at_fork"):  # a thread that was inside is not in the child
    os.register_at_fork(after_in_child=quiet_pillow.__init__)
