"""SharedLevel: a shared table behind the local store of one process."""

import threading
from hashlib import blake2b

import numpy as np

from skfusion._utils.urls import redact
from skfusion.store._circuit_breaker import CircuitBreaker
from skfusion.store._rows import decode_rows, row_bytes, row_seconds, write_rows
from skfusion.store._run_files import decode_run, encode_run
from skfusion.store._shared_table import RUNS, SharedRow, SharedTable, key_of

_ROWS_PER_COMMIT = 2048
_LAST_ID = "SELECT ifnull(max(id), 0) FROM entries"


class SharedLevel:
    """Look up in a shared table what a local store lacks, and send it what is new.

    The local database remembers up to which id its rows were sent. A process that dies loses
    nothing: the next one that uses the local store sends the rest.

    Parameters
    ----------
    backend : StoreBackend
        The local store.

    location : str
        The path or URL of the shared table.
    """

    def __init__(self, backend, location):
        self._backend = backend
        self.table = SharedTable(location, backend.fork_guard.query)
        self._breaker = CircuitBreaker(redact(location))
        self._mark = "shared " + blake2b(location.encode(), digest_size=8).hexdigest()
        self._n_waiting, self._lock = 0, threading.Lock()
        self._damaged = set()

    def read(self, extractor, digests, rows, found):
        """Fill in rows that the local store lacks, and keep them there.

        Parameters
        ----------
        extractor : str
            The fingerprint of the extractor.

        digests : list of bytes
            The digests of all rows.

        rows : ndarray of shape (n, width), float32
            Set where rows are found.

        found : ndarray of bool of shape (n,)
            Which rows are known; set where rows are found.

        Returns
        -------
        seconds : float
            The time that computing the rows took.
        """
        positions = {digests[place]: place for place in np.flatnonzero(~found)}
        pairs = self._try(lambda: self.table.find(extractor, list(positions)), [])
        n_bytes = row_bytes(rows.shape[1])
        pairs = [(digest, value) for digest, value in pairs if len(value) == n_bytes]
        kept, values = decode_rows(extractor, pairs)
        damaged = {digest for digest, _ in pairs} - {pairs[place][0] for place in kept}
        self._damaged |= {key_of(extractor, digest) for digest in damaged}
        if not kept:
            return 0.0
        places = [positions[pairs[place][0]] for place in kept]
        rows[places], found[places] = values, True
        batch = {pairs[place][0]: (pairs[place][1], "") for place in kept}
        self._keep(extractor, batch)
        return sum(row_seconds(value) for value, _ in batch.values())

    def width(self, extractor):
        """Return the number of columns of an extractor's rows; None without rows."""
        pair = self._try(lambda: self.table.first_value(extractor))
        _, values = decode_rows(extractor, [] if pair is None else [pair])
        return values.shape[1] if len(values) else None

    def wrote(self, n_rows):
        """Note that the local store has new rows; send them if they are many."""
        with self._lock:
            self._n_waiting += n_rows
            is_due = self._n_waiting >= _ROWS_PER_COMMIT
        if is_due:
            self.send()

    def send(self):
        """Send all rows that are new in the local store; return whether none is left."""
        with self._lock:
            self._n_waiting = 0
        return bool(self._try(self._send_all, False))

    def append(self, extractor, label, batch):
        """Send rows that the local store could not keep: value and source by digest."""
        rows = [
            SharedRow(extractor, label, d, source, value) for d, (value, source) in batch.items()
        ]
        self._try(lambda: self.table.append(rows))

    def read_run(self, key):
        """Return the network of a training run and its seconds; None without one."""
        name = _run_name(key)
        for _, content in self._try(lambda: self.table.find(RUNS, [name]), []):
            run = decode_run(key, content)
            if run is not None:
                return run
        return None

    def write_run(self, key, blob, seconds):
        """Write the network of a training run."""
        row = SharedRow(RUNS, "", _run_name(key), "", encode_run(key, blob, seconds))
        self._try(lambda: self.table.append([row]))

    def _send_all(self):
        database = self._backend.database
        while database.run(self._is_waiting, False):
            with self._backend.locks.hold(self._mark):
                waiting = database.run(self._waiting, [])  # another process may have sent them
                if not waiting:  # or they can't be read
                    return True
                self._send([SharedRow(*row[1:]) for row in waiting])
                last = waiting[-1][0]
                if not database.run(lambda c, last=last: self._set_mark(c, last), write=True):
                    return False
        return True

    def _send(self, rows):
        known = self.table.known(rows) - self._damaged
        new = [row for row in rows if key_of(row.extractor, row.digest) not in known]
        if new:
            self.table.append(new)

    def _is_waiting(self, connection):
        return self._sent(connection) < connection.execute(_LAST_ID).fetchone()[0]

    def _waiting(self, connection):
        """Return id, extractor, label, digest, source and value of rows to send."""
        found = connection.execute(
            "SELECT e.id, x.fingerprint, x.label, e.digest, e.source, f.value FROM entries e "
            "JOIN extractors x ON x.id = e.extractor JOIN features f ON f.id = e.id "
            "WHERE e.id > ? ORDER BY e.id LIMIT ?",
            (self._sent(connection), _ROWS_PER_COMMIT),
        ).fetchall()
        return [
            (number, extractor.decode(), _text(label), digest, _text(source), value)
            for number, extractor, label, digest, source, value in found
        ]

    def _keep(self, extractor, batch):
        """Write rows of the table to the local store, which need not be sent again."""

        def write(connection):
            is_waiting = self._is_waiting(connection)
            used = self._backend.last_uses.now_in(connection)
            write_rows(connection, extractor, "", batch, used)
            if not is_waiting:
                self._set_mark(connection, connection.execute(_LAST_ID).fetchone()[0])

        self._backend.database.run(write, write=True)

    def _sent(self, connection):
        found = connection.execute("SELECT value FROM totals WHERE name = ?", (self._mark,))
        row = found.fetchone()
        return 0 if row is None else int(row[0])

    def _set_mark(self, connection, number):
        connection.execute(
            "INSERT INTO totals (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
            (self._mark, number),
        )
        return True

    def _try(self, function, default=None):
        """Return the result of a function; after an error, warn once and pause."""
        if self._breaker.is_tripped(writing=True):
            return default
        try:
            return function()
        except OSError as error:
            self._breaker.trip(error, writing=False)
            return default


def _run_name(key):
    return blake2b(key.encode(), digest_size=16).digest()


def _text(value):
    """Decode text from a database that may be damaged."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
