"""Removal of the rows and runs that were not used for longest."""

import contextlib
import os
from numbers import Integral

from skfusion.store._rows import delete_rows

_ROWS_AT_ONCE = 1000
_PATHS_AT_ONCE = 5000
# The bytes of a row besides its features: key, source, two indexes.
_ROW_OVERHEAD = 200
# Free pages are used again by the next rows. If they are more than this part of the limit, they are
# returned to the file system.
_FREE_PART = 8
_NEVER = 1 << 62


def check_max_bytes(max_bytes):
    """Raise an error unless this is a limit of a store."""
    is_number = isinstance(max_bytes, Integral) and not isinstance(max_bytes, bool)
    if max_bytes is not None and not (is_number and max_bytes >= 0):
        raise ValueError(f"max_bytes must be a non-negative int or None, got {max_bytes!r}.")


def used_bytes(connection):
    """Return the bytes of a database without its free pages."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def evict(backend, max_bytes):
    """Remove the rows and runs that were not used for longest, until the store is small enough."""
    runs = backend.runs.entries()
    n_bytes = sum(size for _, size, _ in runs)
    used = backend.database.run(used_bytes)
    if used is None or used + n_bytes <= max_bytes:
        return
    runs.sort(key=lambda run: run[2])
    backend.database.run(lambda c: _shrink(c, backend, list(runs), max_bytes), write=True)
    backend.database.run(lambda c: _vacuum(c, max_bytes // _FREE_PART))


def clear(backend, before_us=None):
    """Remove rows and runs.

    Parameters
    ----------
    backend : StoreBackend
        The store.

    before_us : int or None, default=None
        Remove only what was last used before this time. None removes everything.

    Returns
    -------
    n_removed : int
        How many rows and runs were removed.
    """
    n_removed = 0
    for path, _, used in backend.runs.entries():
        if before_us is None or used < before_us:
            n_removed += _remove_file(path)
    if not backend.database.file.exists():
        return n_removed
    if before_us is None:
        n_rows = backend.database.run(count_rows, 0)
        backend.last_uses.clear()
        backend.counters.pop_pending()
        if backend.database.remove():
            return n_removed + n_rows
        before_us = _NEVER
    n_removed += backend.database.run(lambda c: _delete_older(c, backend, before_us), 0, write=True)
    backend.database.run(lambda c: _vacuum(c, 0))
    return n_removed


def count_rows(connection):
    """Return the number of rows in a database."""
    return connection.execute("SELECT count(*) FROM entries").fetchone()[0]


def _delete_older(connection, backend, before_us):
    """Delete rows and digests of files; return how many rows were deleted."""
    backend.last_uses.write(connection, exactly=True)
    old = "SELECT id FROM entries WHERE used < ?"
    connection.execute(f"DELETE FROM features WHERE id IN ({old})", (before_us,))
    n_rows = connection.execute("DELETE FROM entries WHERE used < ?", (before_us,)).rowcount
    connection.execute("DELETE FROM extractors WHERE id NOT IN (SELECT extractor FROM entries)")
    connection.execute("DELETE FROM paths WHERE hashed < ?", (before_us,))
    return n_rows


def _shrink(connection, backend, runs, max_bytes):
    """Remove rows, runs (oldest first) and digests of files, until the store is small enough."""
    backend.last_uses.write(connection, exactly=True)
    n_bytes = sum(size for _, size, _ in runs)
    while (excess := used_bytes(connection) + n_bytes - max_bytes) > 0:
        row_used = _oldest_use(connection)
        run_used = runs[0][2] if runs else None
        oldest = min((used for used in (row_used, run_used) if used), default=None)
        if _delete_paths(connection, oldest):
            continue
        if run_used is not None and (row_used is None or run_used < row_used):
            path, size, _ = runs.pop(0)
            _remove_file(path)
            n_bytes -= size
        elif row_used is not None:
            _delete_oldest_rows(connection, excess, run_used)
        else:
            break


def _oldest_use(connection):
    found = connection.execute("SELECT used FROM entries ORDER BY used LIMIT 1").fetchone()
    return None if found is None else found[0]


def _delete_oldest_rows(connection, excess, run_used):
    """Delete rows of `excess` bytes in all, but none that was used after the oldest run."""
    rows = connection.execute(
        "SELECT e.id, e.used, ifnull(length(f.value), 0) FROM entries e "
        "LEFT JOIN features f ON f.id = e.id ORDER BY e.used, e.id LIMIT ?",
        (_ROWS_AT_ONCE,),
    ).fetchall()
    ids = []
    for row_id, used, size in rows:
        if ids and (excess <= 0 or (run_used is not None and used > run_used)):
            break
        ids.append(row_id)
        excess -= size + _ROW_OVERHEAD
    delete_rows(connection, ids)


def _delete_paths(connection, before_us):
    """Delete digests of files, and return how many.

    They are the cheapest to compute again, so they are deleted before rows of the same age.
    """
    condition, values = ("", ()) if before_us is None else ("WHERE hashed < ?", (before_us,))
    return connection.execute(
        "DELETE FROM paths WHERE key IN "
        f"(SELECT key FROM paths {condition} ORDER BY hashed LIMIT {_PATHS_AT_ONCE})",
        values,
    ).rowcount


def _vacuum(connection, max_free_bytes):
    """Shorten the database and its log if more than `max_free_bytes` of it are free."""
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    if free * size > max_free_bytes:
        # As a script, since it frees one page a step and `execute` makes only one step.
        connection.executescript(f"PRAGMA incremental_vacuum({free})")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _remove_file(path):
    """Remove a file; return whether it was removed."""
    with contextlib.suppress(OSError):
        os.unlink(path)
        return True
    return False
