"""The content of a store, and the counts of its use."""

from skfusion.store._counters import read_counts
from skfusion.store._eviction import count_rows, used_bytes


def store_stats(backend, level=None):
    """Return the content and the counts of a store, as `FeatureStore.stats` does.

    Parameters
    ----------
    backend : StoreBackend
        The folder.

    level : SharedLevel or None, default=None
        The shared store behind it.

    Returns
    -------
    stats : dict
        The numbers by name.
    """
    runs = backend.runs.entries()
    n_rows, n_bytes, totals = backend.database.run(_measure, (0, 0, {}))
    pending = backend.counters.pending()
    session = backend.counters.session()
    stats = {
        "rows": n_rows,
        "runs": len(runs),
        "bytes": n_bytes + sum(size for _, size, _ in runs),
        **{name: totals.get(name, 0) + pending.get(name, 0) for name in session},
        "session": session,
    }
    if level is not None:
        counts = zip(("rows", "runs", "bytes"), level.table.measure(), strict=True)
        stats["shared"] = {"location": level.table.location, **dict(counts)}
    return stats


def describe_content(backend):
    """Return the content and the counts of a folder in words."""
    if not backend.database.file.exists() and not backend.runs.entries():
        return "empty"
    stats = store_stats(backend)
    return (
        f"{stats['rows']:,} rows, {stats['runs']:,} networks, {stats['bytes'] / 1e6:,.1f} MB; "
        f"{stats['hits']:,} hits, {stats['misses']:,} misses, "
        f"{stats['trainings_saved']:,} trainings and {stats['seconds_saved']:,.0f} s saved"
    )


def _measure(connection):
    """Return rows, bytes and totals of a database."""
    return count_rows(connection), used_bytes(connection), read_counts(connection)
