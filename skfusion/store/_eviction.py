"""What leaves a store: the rows and runs that were not used for longest."""

import contextlib
import os

from skfusion.store._rows import delete_rows

_ROWS_AT_ONCE = 1000
_PATHS_AT_ONCE = 5000
# What a row takes beside its features: key, source, two indexes.
_BESIDE_FEATURES = 200
# Free pages are used again by the next rows. More of them than this part of the limit go back to
# the file system.
_FREE_PART = 8
_NEVER = 1 << 62


def used_bytes(connection):
    """The bytes of a database without its free pages."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def evict(core, max_bytes):
    """Remove the longest unused until the store is small enough."""
    runs = core.runs.entries()
    n_bytes = sum(size for _, size, _ in runs)
    used = core.database.run(used_bytes)
    if used is None or used + n_bytes <= max_bytes:
        return
    runs.sort(key=lambda run: run[2])
    core.database.run(lambda c: _shrink(c, core, list(runs), max_bytes), write=True)
    core.database.run(lambda c: _give_back_pages(c, max_bytes // _FREE_PART))


def clear(core, before_us=None):
    """Remove what was last used before a time, or everything; how many rows and runs that were."""
    n_removed = 0
    for path, _, used in core.runs.entries():
        if before_us is None or used < before_us:
            n_removed += _remove(path)
    if not core.database.file.exists():
        return n_removed
    if before_us is None:
        n_rows = core.database.run(_count_rows, 0)
        core.uses.forget()
        core.counters.take()  # what was counted so far is forgotten
        if core.database.remove():
            return n_removed + n_rows
        before_us = _NEVER
    n_removed += core.database.run(lambda c: _delete_older(c, core, before_us), 0, write=True)
    core.database.run(lambda c: _give_back_pages(c, 0))
    return n_removed


def _delete_older(connection, core, before_us):
    core.uses.write_down(connection, exactly=True)
    old = "SELECT id FROM images WHERE used < ?"
    connection.execute(f"DELETE FROM features WHERE id IN ({old})", (before_us,))
    n_rows = connection.execute("DELETE FROM images WHERE used < ?", (before_us,)).rowcount
    connection.execute("DELETE FROM extractors WHERE id NOT IN (SELECT extractor FROM images)")
    connection.execute("DELETE FROM paths WHERE hashed < ?", (before_us,))
    return n_rows


def _count_rows(connection):
    return connection.execute("SELECT count(*) FROM images").fetchone()[0]


def _shrink(connection, core, runs, max_bytes):
    """Remove rows, runs (oldest first) and digests of files, until all is small enough."""
    core.uses.write_down(connection, exactly=True)
    n_bytes = sum(size for _, size, _ in runs)
    while (excess := used_bytes(connection) + n_bytes - max_bytes) > 0:
        row_used = _oldest(connection)
        run_used = runs[0][2] if runs else None
        if _forget_paths(connection, min((t for t in (row_used, run_used) if t), default=None)):
            continue
        if run_used is not None and (row_used is None or run_used < row_used):
            path, size, _ = runs.pop(0)
            _remove(path)
            n_bytes -= size
        elif row_used is not None:
            _delete_oldest(connection, excess, run_used)
        else:
            break


def _oldest(connection):
    found = connection.execute("SELECT used FROM images ORDER BY used LIMIT 1").fetchone()
    return None if found is None else found[0]


def _delete_oldest(connection, excess, run_used):
    """Delete rows of so many bytes in all, but none that was used after the oldest run."""
    rows = connection.execute(
        "SELECT p.id, p.used, ifnull(length(f.value), 0) FROM images p "
        "LEFT JOIN features f ON f.id = p.id ORDER BY p.used, p.id LIMIT ?",
        (_ROWS_AT_ONCE,),
    ).fetchall()
    ids = []
    for row_id, used, size in rows:
        if ids and (excess <= 0 or (run_used is not None and used > run_used)):
            break
        ids.append(row_id)
        excess -= size + _BESIDE_FEATURES
    delete_rows(connection, ids)


def _forget_paths(connection, before_us):
    """Digests of files are the cheapest to make anew: they go before rows of the same age.

    Returns how many there were.
    """
    condition, values = ("", ()) if before_us is None else ("WHERE hashed < ?", (before_us,))
    return connection.execute(
        "DELETE FROM paths WHERE key IN "
        f"(SELECT key FROM paths {condition} ORDER BY hashed LIMIT {_PATHS_AT_ONCE})",
        values,
    ).rowcount


def _give_back_pages(connection, most_free_bytes):
    """Shorten the file where much of it is free, and the log."""
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    if free * size > most_free_bytes:
        # As a script: it frees a page a step, and `execute` makes only one where no rows come.
        connection.executescript(f"PRAGMA incremental_vacuum({free})")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _remove(path):
    with contextlib.suppress(OSError):
        os.unlink(path)
        return True
    return False
