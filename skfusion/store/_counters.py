"""What a store was good for: hits, misses, trainings, seconds."""

import threading

NAMES = ("hits", "misses", "trainings", "trainings_saved", "seconds_saved")


class Counters:
    """Count in memory, and hand over what the database does not know yet.

    Examples
    --------
    >>> from skfusion.store._counters import Counters
    >>> counters = Counters()
    >>> counters.add(hits=3, misses=1)
    >>> counters.session()["hits"]
    3
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._session = dict.fromkeys(NAMES, 0)
        self._pending = {}

    def add(self, **counts):
        """Count."""
        with self._lock:
            for name, count in counts.items():
                self._session[name] += count
                self._pending[name] = self._pending.get(name, 0) + count

    def session(self):
        """What this process counted."""
        with self._lock:
            return dict(self._session)

    def pending(self):
        """What the database doesn't know yet."""
        with self._lock:
            return dict(self._pending)

    def take(self):
        """Hand over what the database doesn't know yet."""
        with self._lock:
            taken, self._pending = self._pending, {}
        return taken

    def give_back(self, counts):
        """The database didn't take these."""
        with self._lock:
            for name, count in counts.items():
                self._pending[name] = self._pending.get(name, 0) + count


def write_counts(connection, counts):
    """Add counts to the totals, inside a transaction."""
    connection.executemany(
        "INSERT INTO totals (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        list(counts.items()),
    )


def read_counts(connection):
    """The totals."""
    found = dict(connection.execute("SELECT name, value FROM totals").fetchall())
    totals = {}
    for name in NAMES:
        value = found.get(name.encode(), 0)
        value = value if isinstance(value, (int, float)) else 0  # damaged
        totals[name] = float(value) if name == "seconds_saved" else int(value)
    return totals
