"""Batches of rows: from the store into an array, and back."""

import numpy as np

from skfusion.store._rows import Found, delete_rows, encode_rows, read_rows, write_rows

# Rows that are looked for in one query: memory stays flat however many are asked for.
_ROWS_PER_QUERY = 2048


def look_up(core, extractor, digests, width, *, exactly):
    """Rows of one extractor; arguments and results as in `FeatureStore.read`.

    Exactly: when rows are used matters, since the store has a limit.
    """
    places = {}
    for digest in digests:
        if digest is not None:
            places.setdefault(digest, len(places))
    rows = np.empty((len(places), width), dtype="<f4")
    found = np.zeros(len(places), dtype=bool)
    distinct, seconds = list(places), 0.0
    for start in range(0, len(distinct), _ROWS_PER_QUERY):
        part = slice(start, start + _ROWS_PER_QUERY)
        result = _read_part(core, extractor, distinct[part], rows[part], found[part])
        core.uses.mark(result.ids, exactly=exactly)
        seconds += result.seconds
    rows = rows.astype(np.float32, copy=False)
    if not found.all():
        rows[~found] = np.nan
    if len(places) < len(digests):
        rows, found = _spread([places.get(digest, -1) for digest in digests], rows, found)
    n_found = int(found.sum())
    core.counters.add(hits=n_found, misses=len(found) - n_found, seconds_saved=seconds)
    core.write_down_soon()
    return rows, found


def keep(core, extractor, digests, rows, sources, seconds, label):
    """Write rows of one extractor; arguments as in `FeatureStore.write`."""
    rows = np.ascontiguousarray(rows, dtype="<f4")
    if rows.ndim != 2 or not len(rows) == len(digests) == len(sources):
        raise ValueError(
            f"rows of shape {rows.shape} don't go with {len(digests)} digests and "
            f"{len(sources)} sources"
        )
    kept = [place for place, digest in enumerate(digests) if digest is not None]
    if not kept or core.troubles.resting(writing=True):
        return
    keys = [digests[place] for place in kept]
    values = encode_rows(extractor, keys, rows[kept], seconds / len(rows))
    batch = {
        key: (value, _printable(sources[place]))
        for key, value, place in zip(keys, values, kept, strict=True)
    }
    label = _printable(label)
    core.database.run(
        lambda c: write_rows(c, extractor, label, batch, core.uses.now_in(c)), write=True
    )


def _read_part(core, extractor, digests, rows, found):
    """Fill in the rows that are found."""
    places = {digest: place for place, digest in enumerate(digests)}
    result = core.database.run(lambda c: read_rows(c, extractor, places, rows, found))
    if result is None:
        return Found([], [], 0.0)
    if result.damaged:
        core.troubles.tell(
            "damaged rows",
            "Rows of the feature store at {} were damaged; they are computed again.",
        )
        core.database.run(lambda c: delete_rows(c, result.damaged), write=True)
    return result


def _spread(places, rows, found):
    """One row for each that was asked for; -1 stands for an image without a digest."""
    places = np.array(places)
    if not len(rows):
        return np.full((len(places), rows.shape[1]), np.nan, dtype=np.float32), places >= 0
    found = found[places] & (places >= 0)
    rows = rows[places]
    rows[~found] = np.nan
    return rows, found


def _printable(text):
    """Text that UTF-8 can hold; file names may be any bytes."""
    return text.encode("utf-8", "backslashreplace").decode()
