"""Counters: hits, misses, trainings and the seconds that a store saved."""

import threading

NAMES = ("hits", "misses", "trainings", "trainings_saved", "seconds_saved")


class Counters:
    """Count in memory; the counts are added to the database from time to time.

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
        """Add to the counts."""
        with self._lock:
            for name, count in counts.items():
                self._session[name] += count
                self._pending[name] = self._pending.get(name, 0) + count

    def session(self):
        """Return the counts of this process."""
        with self._lock:
            return dict(self._session)

    def pending(self):
        """Return the counts that are not in the database yet."""
        with self._lock:
            return dict(self._pending)

    def pop_pending(self):
        """Return the counts that are not in the database yet, and set them to 0."""
        with self._lock:
            counts, self._pending = self._pending, {}
        return counts

    def restore_pending(self, counts):
        """Add back counts that could not be written to the database."""
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
    """Return the totals of all processes."""
    found = dict(connection.execute("SELECT name, value FROM totals").fetchall())
    totals = {}
    for name in NAMES:
        value = found.get(name.encode(), 0)
        value = value if isinstance(value, (int, float)) else 0  # damaged
        totals[name] = float(value) if name == "seconds_saved" else int(value)
    return totals
