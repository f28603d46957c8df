"""Values that belong to one process, and hooks that run when it forks.

A forked child has one thread. A lock that another thread held at the fork stays locked in the child
for ever, and a live network that the child inherits waits for threads that are not there. This
module is the only place in the package that deals with forks, and with systems without them.
"""

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any


class ProcessLocal:
    """Build a value on first use, once in each process.

    Threads that ask at the same time get the same value. A forked child builds a value of its own,
    also if another thread of the parent was building one at the moment of the fork.

    Parameters
    ----------
    build : callable
        Returns the value.

    Examples
    --------
    A lock that a forked child can acquire:

    >>> import threading
    >>> from skfusion._utils.process_local import ProcessLocal
    >>> lock = ProcessLocal(threading.Lock)
    >>> with lock.get():
    ...     pass

    A value that depends on arguments:

    >>> root = ProcessLocal(lambda number: number**0.5)
    >>> root.get_if_built() is None
    True
    >>> root.get(4.0)
    2.0
    """

    def __init__(self, build: Callable[..., Any]):
        self._build = build
        self._built = False
        self._value = None
        self._lock = threading.Lock()
        _INSTANCES.add(self)

    def get(self, *arguments: Any) -> Any:
        """Return the value of this process.

        Parameters
        ----------
        *arguments : object
            Passed to `build` if there is no value yet.

        Returns
        -------
        value : object
            What `build` returned.
        """
        if not self._built:
            with self._lock:
                if not self._built:
                    self._value = self._build(*arguments)
                    self._built = True
        return self._value

    def get_if_built(self) -> Any:
        """Return the value of this process, or None if there is none yet."""
        return self._value if self._built else None

    def _reset_in_child(self):
        _INHERITED.append(self._value)
        self._built, self._value = False, None
        self._lock = threading.Lock()


def register_at_fork(
    *,
    before: Callable[[], Any] | None = None,
    after_in_parent: Callable[[], Any] | None = None,
    after_in_child: Callable[[], Any] | None = None,
) -> None:
    """Register functions that run when this process forks.

    Like `os.register_at_fork`, but does nothing on Windows, where processes do not fork.

    Parameters
    ----------
    before : callable or None, default=None
        Called before the fork.

    after_in_parent : callable or None, default=None
        Called after the fork in the parent process.

    after_in_child : callable or None, default=None
        Called after the fork in the child process.
    """
    functions = {
        "before": before,
        "after_in_parent": after_in_parent,
        "after_in_child": after_in_child,
    }
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(**{name: f for name, f in functions.items() if f is not None})


_INSTANCES: weakref.WeakSet[Any] = weakref.WeakSet()
# Values of the parent process. They are never freed in the child: the destructor of a live network
# may wait for threads that exist in the parent only.
_INHERITED: list[Any] = []


def _reset_all_in_child():
    for instance in list(_INSTANCES):
        instance._reset_in_child()


register_at_fork(after_in_child=_reset_all_in_child)
