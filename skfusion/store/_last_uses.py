"""LastUses: when rows were last used, collected in memory."""

import threading
import time
from datetime import timedelta
from numbers import Real

# How many rows are collected before they are written to the database, and for how long.
_MAX_ROWS = 20_000
_INTERVAL_SECONDS = 10.0
# Without a limit on the size, times in the database that are at most this old are not updated.
_TOLERANCE_US = 3_600_000_000


def now_us():
    """Return the time in microseconds since 1970."""
    return time.time_ns() // 1000


def time_before(older_than):
    """Return the time that is a timedelta or seconds before now, in microseconds; None for None."""
    if older_than is None:
        return None
    if isinstance(older_than, timedelta):
        older_than = older_than.total_seconds()
    if not isinstance(older_than, Real):
        raise TypeError(f"older_than must be a timedelta or seconds, got {older_than!r}.")
    return now_us() - int(older_than * 1e6)


class LastUses:
    """Collect which rows were read.

    Writing to the database is slower than reading from it, so reading marks a row in memory only.
    The marks of a process that is killed are lost, which changes the order of eviction a little.
    Without a limit on the size of the store the order matters little, so only some of the marks are
    collected.

    Examples
    --------
    >>> from skfusion.store._last_uses import LastUses
    >>> uses = LastUses()
    >>> uses.mark([1, 2, 3])
    >>> uses.is_due()
    False
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._times = {}
        self._written_at = time.monotonic()
        self._exactly = False
        self._latest = 0

    def now(self, earliest=0):
        """Return a time later than `earliest` and all times before, even if the clock goes back."""
        with self._lock:
            self._latest = max(now_us(), self._latest + 1, earliest + 1)
            return self._latest

    def now_in(self, connection):
        """Return a time later than all times in the database."""
        return self.now(_latest_use(connection))

    def mark(self, ids, *, exactly=False):
        """Mark rows as used now.

        Parameters
        ----------
        ids : iterable of int
            The rows.

        exactly : bool, default=False
            Whether to collect every mark from now on.
        """
        times = dict.fromkeys(ids, self.now())
        with self._lock:
            self._exactly |= exactly
            if self._exactly or len(self._times) < _MAX_ROWS:
                self._times.update(times)

    def is_due(self):
        """Return whether it is time to write the marks to the database."""
        late = time.monotonic() - self._written_at > _INTERVAL_SECONDS
        return bool(self._times) and (late or (self._exactly and len(self._times) > _MAX_ROWS))

    def write(self, connection, *, exactly=False):
        """Write the marks to the database, inside a transaction.

        Parameters
        ----------
        connection : sqlite3.Connection
            The database.

        exactly : bool, default=False
            Whether to update times that are only a little older, too.
        """
        with self._lock:
            times, self._times = self._times, {}
            self._written_at = time.monotonic()
        if not times:
            return
        # If the clock of another process is ahead, these uses would look old.
        delay = max(0, _latest_use(connection) - self.now())
        tolerance = 0 if exactly or self._exactly else _TOLERANCE_US
        connection.executemany(
            "UPDATE entries SET used = ? WHERE id = ? AND used < ?",
            ((used + delay, row_id, used + delay - tolerance) for row_id, used in times.items()),
        )

    def clear(self):
        """Drop all marks."""
        with self._lock:
            self._times = {}


def _latest_use(connection):
    latest = connection.execute("SELECT max(used) FROM entries").fetchone()[0]
    return latest if isinstance(latest, int) else 0
