"""Features of a store with their sources, as a Parquet or HDF5 file."""

import os
from typing import Any, NamedTuple

import numpy as np

from skfusion._utils.atomic_write import write_atomically
from skfusion.store._rows import decode_rows

_ROWS_AT_ONCE = 1000
_FORMATS = {".parquet": "parquet", ".pq": "parquet", ".h5": "hdf5", ".hdf5": "hdf5"}


class Extractor(NamedTuple):
    """One kind of features in a store."""

    number: int
    fingerprint: str
    label: str
    n_rows: int


class Batch(NamedTuple):
    """Some rows of one extractor."""

    sources: list[Any]
    digests: list[Any]
    features: np.ndarray


def list_extractors(database):
    """The extractors of a store; an OSError where it can't be read."""
    found = database.run(
        lambda connection: connection.execute(
            "SELECT e.id, e.fingerprint, e.label, count(*) FROM extractors e "
            "JOIN images p ON p.extractor = e.id GROUP BY e.id ORDER BY e.id"
        ).fetchall()
    )
    if found is None:
        raise OSError("the feature store can't be read")
    return [
        Extractor(number, _text(fingerprint), _text(label), n_rows)
        for number, fingerprint, label, n_rows in found
    ]


def choose_extractors(extractors, name):
    """The extractors of a name: a label, or a fingerprint or its beginning; all for None."""
    if name is None:
        chosen = extractors
    else:
        chosen = [e for e in extractors if name in (e.label, e.fingerprint)]
        chosen = chosen or [e for e in extractors if e.fingerprint.startswith(name)]
    if not chosen:
        known = ", ".join(e.label or e.fingerprint for e in extractors) or "none"
        what = "no features" if name is None else f"no features of {name!r}"
        raise ValueError(f"The store holds {what}; it has those of: {known}.")
    return chosen


def choose_format(path, name):
    """One of "parquet" and "hdf5", from what the user asks for or from the path."""
    if name is None:
        name = _FORMATS.get(os.path.splitext(path)[1].lower())
    if name not in ("parquet", "hdf5"):
        raise ValueError(
            f"No format for {path!r}: let its name end in .parquet or .h5, or pass "
            f"format='parquet' or format='hdf5'."
        )
    return name


def export(database, extractors, path, kind):
    """Write the rows of extractors to a file, which appears when it is whole."""
    write = {"parquet": _write_parquet, "hdf5": _write_hdf5}[kind]
    parts = [(each, _batches(database, each)) for each in extractors]
    write_atomically(path, lambda unfinished: write(unfinished, parts))


def _batches(database, extractor):
    """Yield all rows of an extractor in batches, in the order in which they were written."""
    last = 0
    while True:
        rows = database.run(lambda connection, last=last: _select(connection, extractor, last))
        if rows is None:
            raise OSError("the feature store can't be read")
        if not rows:
            return
        last = rows[-1][0]
        # Rows that are damaged are left out.
        kept, features = decode_rows(
            extractor.fingerprint, [(digest, value) for _, digest, _, value in rows]
        )
        if kept:
            sources = [_text(rows[place][2]) for place in kept]
            yield Batch(sources, [rows[place][1].hex() for place in kept], features)


def _text(value):
    """Text from a database that may be damaged."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _select(connection, extractor, last):
    return connection.execute(
        "SELECT p.id, p.digest, p.source, f.value FROM images p JOIN features f ON f.id = p.id "
        "WHERE p.id > ? AND p.extractor = ? ORDER BY p.id LIMIT ?",
        (last, extractor.number, _ROWS_AT_ONCE),
    ).fetchall()


def _write_parquet(path, parts):
    pyarrow = _import("pyarrow", "Parquet", "pyarrow")
    from pyarrow import parquet

    text = pyarrow.string()
    schema = pyarrow.schema(
        [
            ("source", text),
            ("digest", text),
            ("extractor", text),
            ("features", pyarrow.list_(pyarrow.float32())),
        ]
    )
    with parquet.ParquetWriter(path, schema) as file:
        for extractor, batches in parts:
            name = extractor.label or extractor.fingerprint
            for batch in batches:
                n_rows, width = batch.features.shape
                offsets = pyarrow.array(np.arange(n_rows + 1) * width, pyarrow.int32())
                features = pyarrow.ListArray.from_arrays(offsets, batch.features.ravel())
                columns = [batch.sources, batch.digests, [name] * n_rows, features]
                file.write_table(pyarrow.table(columns, schema=schema))


def _write_hdf5(path, parts):
    h5py = _import("h5py", "HDF5", "h5py")
    text = h5py.string_dtype()
    with h5py.File(path, "x") as file:
        for extractor, batches in parts:
            group = file.create_group(extractor.fingerprint)
            group.attrs["label"] = extractor.label
            for batch in batches:
                width = batch.features.shape[1]
                if "features" not in group:
                    group.create_dataset(
                        "features", (0, width), "<f4", maxshape=(None, width), chunks=True
                    )
                    for name in ("source", "digest"):
                        group.create_dataset(name, (0,), text, maxshape=(None,), chunks=True)
                _append(group["features"], batch.features)
                _append(group["source"], batch.sources)
                _append(group["digest"], batch.digests)


def _append(dataset, values):
    n_before = len(dataset)
    dataset.resize(n_before + len(values), axis=0)
    dataset[n_before:] = values


def _import(module, what, package):
    try:
        return __import__(module)
    except ImportError as error:
        raise ImportError(
            f"Writing {what} needs {package}, which is not installed: pip install {package}."
        ) from error
