"""When rows were last used, kept in memory and written down now and then."""

import threading
import time

# How many rows are remembered before they are written down, and for how long.
_MOST = 20_000
_SECONDS = 10.0
# Uses that are known this well are left as they are, where nothing hangs on the order.
_COARSE_US = 3_600_000_000


def now_us():
    """Microseconds since 1970."""
    return time.time_ns() // 1000


class LastUses:
    """Collect which rows were read.

    Reading marks a row in memory only, since writing to the database takes longer than reading
    from it. What was not written down when a process is killed is lost; then the order in which
    rows are evicted is a little off. Without a limit on the store, there is no such order yet,
    and a share of the marks is enough.

    Examples
    --------
    >>> from skfusion.store._usage import LastUses
    >>> uses = LastUses()
    >>> uses.mark([1, 2, 3])
    >>> uses.due()
    False
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._times = {}
        self._since = time.monotonic()
        self._exactly = False
        self._latest = 0

    def now(self, known=0):
        """The time, later than any before it and than a known one, also if the clock goes back."""
        with self._lock:
            self._latest = max(now_us(), self._latest + 1, known + 1)
            return self._latest

    def now_in(self, connection):
        """The time, later than all in the database."""
        return self.now(_latest_use(connection))

    def mark(self, ids, *, exactly=False):
        """Rows were used now; exactly: every mark counts from now on."""
        times = dict.fromkeys(ids, self.now())
        with self._lock:
            self._exactly |= exactly
            if self._exactly or len(self._times) < _MOST:
                self._times.update(times)

    def due(self):
        """Whether it is time to write them down."""
        late = time.monotonic() - self._since > _SECONDS
        return bool(self._times) and (late or (self._exactly and len(self._times) > _MOST))

    def write_down(self, connection, *, exactly=False):
        """Write the marks into the database, inside a transaction."""
        with self._lock:
            times, self._times = self._times, {}
            self._since = time.monotonic()
        if not times:
            return
        # Another process may have had a clock that was ahead: these uses would look old.
        late = max(0, _latest_use(connection) - self.now())
        known = 0 if exactly or self._exactly else _COARSE_US
        connection.executemany(
            "UPDATE images SET used = ? WHERE id = ? AND used < ?",
            ((used + late, row_id, used + late - known) for row_id, used in times.items()),
        )

    def forget(self):
        """Drop all marks."""
        with self._lock:
            self._times = {}


def _latest_use(connection):
    latest = connection.execute("SELECT max(used) FROM images").fetchone()[0]
    return latest if isinstance(latest, int) else 0
