"""Export of features and their sources to a Parquet or HDF5 file."""

import os
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from skfusion._utils.atomic_write import write_atomically
from skfusion.store._rows import decode_rows

_ROWS_AT_ONCE = 1000
_FORMATS = {".parquet": "parquet", ".pq": "parquet", ".h5": "hdf5", ".hdf5": "hdf5"}


class ExtractorInfo(NamedTuple):
    """An extractor that has rows in a store; the number is that of a local database."""

    number: int
    fingerprint: str
    label: str


class Batch(NamedTuple):
    """Some rows of an extractor."""

    sources: list[Any]
    digests: list[Any]
    features: np.ndarray


def list_extractors(database):
    """Return the extractors that have rows in a store.

    Parameters
    ----------
    database : Database
        The database of the store.

    Returns
    -------
    extractors : list of ExtractorInfo
        In the order in which they were first used.

    Raises
    ------
    OSError
        If the store can't be read.
    """
    found = database.run(
        lambda connection: connection.execute(
            "SELECT id, fingerprint, label FROM extractors "
            "WHERE id IN (SELECT extractor FROM entries) ORDER BY id"
        ).fetchall()
    )
    if found is None:
        raise OSError("the feature store can't be read")
    return [
        ExtractorInfo(number, _text(fingerprint), _text(label))
        for number, fingerprint, label in found
    ]


def choose_extractors(extractors, name):
    """Return the extractors with a label, a fingerprint or a beginning of one; all for None."""
    if name is None:
        chosen = extractors
    else:
        chosen = [e for e in extractors if name in (e.label, e.fingerprint)]
        chosen = chosen or [e for e in extractors if e.fingerprint.startswith(name)]
    if not chosen:
        labels = ", ".join(e.label or e.fingerprint for e in extractors) or "none"
        missing = "no features" if name is None else f"no features of extractor {name!r}"
        raise ValueError(f"The store holds {missing}. Extractors with features: {labels}.")
    return chosen


def choose_format(path, name):
    """Return "parquet" or "hdf5": the format that was passed, or that of the file name."""
    if name is None:
        name = _FORMATS.get(os.path.splitext(path)[1].lower())
    if name not in ("parquet", "hdf5"):
        raise ValueError(
            f"The format of {path!r} is unknown. Use a file name that ends in .parquet or .h5, or "
            f"pass format='parquet' or format='hdf5'."
        )
    return name


def local_parts(database, name):
    """Return the extractors of a name in a local store, each with an iterator of its rows."""
    return [
        (each, _batches(database, each))
        for each in choose_extractors(list_extractors(database), name)
    ]


def shared_parts(table, name):
    """Return the extractors of a name in a shared table, each with an iterator of its rows."""
    extractors = [ExtractorInfo(0, *pair) for pair in table.extractors()]
    return [(each, _shared_batches(table, each)) for each in choose_extractors(extractors, name)]


def export(parts, path, kind):
    """Write the rows of extractors to a file, which appears when it is complete."""
    write = {"parquet": _write_parquet, "hdf5": _write_hdf5}[kind]
    write_atomically(path, lambda unfinished: write(unfinished, parts))


def _batches(database, extractor):
    """Yield the rows of an extractor in batches, in the order in which they were written."""
    last = 0
    while True:
        rows = database.run(lambda connection, last=last: _select(connection, extractor, last))
        if rows is None:
            raise OSError("the feature store can't be read")
        if not rows:
            return
        last = rows[-1][0]
        # Damaged rows are left out.
        kept, features = decode_rows(
            extractor.fingerprint, [(digest, value) for _, digest, _, value in rows]
        )
        if kept:
            sources = [_text(rows[i][2]) for i in kept]
            yield Batch(sources, [rows[i][1].hex() for i in kept], features)


def _shared_batches(table, extractor):
    """Yield the rows of an extractor in a shared table in batches."""
    for rows in table.batches(extractor.fingerprint):
        pairs = [(digest, value) for digest, _, value in rows]
        kept, features = decode_rows(extractor.fingerprint, pairs)
        if kept:
            yield Batch([rows[i][1] for i in kept], [rows[i][0].hex() for i in kept], features)


def _text(value):
    """Decode text from a database that may be damaged."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _select(connection, extractor, last):
    return connection.execute(
        "SELECT e.id, e.digest, e.source, f.value FROM entries e JOIN features f ON f.id = e.id "
        "WHERE e.id > ? AND e.extractor = ? ORDER BY e.id LIMIT ?",
        (last, extractor.number, _ROWS_AT_ONCE),
    ).fetchall()


def _write_parquet(path, parts):
    pyarrow = _import("pyarrow", "Parquet")
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
    h5py = _import("h5py", "HDF5")
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


def _import(package, file_format):
    try:
        return import_module(package)
    except ImportError as error:
        raise ImportError(
            f"Writing {file_format} needs {package}, which is not installed: pip install {package}."
        ) from error
