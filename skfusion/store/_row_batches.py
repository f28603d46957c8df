"""Batches of rows, read from a store into an array and written from one."""

import numpy as np

from skfusion.store._rows import Found, delete_rows, encode_rows, read_rows, write_rows

# Rows of one query. It bounds the memory that a query takes.
_ROWS_PER_QUERY = 2048


def read_batch(backend, extractor, digests, width, *, exactly, level=None):
    """Read rows of one extractor.

    Parameters
    ----------
    backend : StoreBackend
        The store.

    extractor, digests, width : object
        As in `FeatureStore.read`.

    exactly : bool
        Whether to record each use, for a store with a limit on its size.

    level : SharedLevel or None, default=None
        Where rows are looked up that the store lacks.

    Returns
    -------
    rows, found : ndarray
        As in `FeatureStore.read`.
    """
    positions = {}
    for digest in digests:
        if digest is not None:
            positions.setdefault(digest, len(positions))
    rows = np.empty((len(positions), width), dtype="<f4")
    found = np.zeros(len(positions), dtype=bool)
    distinct, seconds = list(positions), 0.0
    for start in range(0, len(distinct), _ROWS_PER_QUERY):
        part = slice(start, start + _ROWS_PER_QUERY)
        result = _read_part(backend, extractor, distinct[part], rows[part], found[part])
        backend.last_uses.mark(result.ids, exactly=exactly)
        seconds += result.seconds
    if level is not None and not found.all():
        seconds += level.read(extractor, distinct, rows, found)
    rows = rows.astype(np.float32, copy=False)
    if not found.all():
        rows[~found] = np.nan
    if len(positions) < len(digests):
        rows, found = _repeat([positions.get(digest, -1) for digest in digests], rows, found)
    n_found = int(found.sum())
    backend.counters.add(hits=n_found, misses=len(found) - n_found, seconds_saved=seconds)
    backend.flush_if_due()
    return rows, found


def encode_batch(extractor, digests, rows, sources, seconds):
    """Return encoded row and source by digest.

    Parameters
    ----------
    extractor, digests, rows, sources, seconds : object
        As in `FeatureStore.write`.
    """
    rows = np.ascontiguousarray(rows, dtype="<f4")
    if rows.ndim != 2 or not len(rows) == len(digests) == len(sources):
        raise ValueError(
            f"rows must have shape (n, width) with as many digests and sources, got shape "
            f"{rows.shape}, {len(digests)} digests and {len(sources)} sources."
        )
    kept = [position for position, digest in enumerate(digests) if digest is not None]
    if not kept:
        return {}
    keys = [digests[position] for position in kept]
    values = encode_rows(extractor, keys, rows[kept], seconds / len(rows))
    return {
        key: (value, printable(sources[position]))
        for key, value, position in zip(keys, values, kept, strict=True)
    }


def write_batch(backend, extractor, batch, label):
    """Write a batch of `encode_batch`, and return whether that was done."""

    def write(connection):
        used = backend.last_uses.now_in(connection)
        write_rows(connection, extractor, label, batch, used)
        return True

    return backend.database.run(write, False, write=True)


def _read_part(backend, extractor, digests, rows, found):
    """Fill `rows` and `found` by one query; delete damaged rows."""
    positions = {digest: position for position, digest in enumerate(digests)}
    result = backend.database.run(lambda c: read_rows(c, extractor, positions, rows, found))
    if result is None:
        return Found([], [], 0.0)
    if result.damaged:
        backend.breaker.warn_once(
            "damaged rows",
            "Rows of the feature store at {} were damaged. They are computed again.",
        )
        backend.database.run(lambda c: delete_rows(c, result.damaged), write=True)
    return result


def _repeat(positions, rows, found):
    """Return one row for each position; -1 is a row that is not found."""
    positions = np.array(positions)
    if not len(rows):
        return np.full((len(positions), rows.shape[1]), np.nan, dtype=np.float32), positions >= 0
    found = found[positions] & (positions >= 0)
    rows = rows[positions]
    rows[~found] = np.nan
    return rows, found


def printable(text):
    """Replace what UTF-8 can't encode; file names may be any bytes."""
    return text.encode("utf-8", "backslashreplace").decode()
