"""Rows of features in the database: encoding, checksums, reading and writing."""

import struct
import zlib
from typing import Any, NamedTuple

import numpy as np

# The most keys of one statement. Groups are filled up to a power of two, so few statements are
# prepared.
_MAX_KEYS = 512
# A row is the seconds that it took to compute, its numbers, and a checksum (CRC-32) of the
# extractor, the digest and both. The CRC-32 of data followed by its own CRC-32 is a constant, so
# one pass checks a row.
_SECONDS = struct.Struct("<f")
_CHECKSUM = struct.Struct("<I")
_CRC_OF_VALID_ROW = 0x2144DF1C
_OFFSET, _OVERHEAD = _SECONDS.size, _SECONDS.size + _CHECKSUM.size


class Found(NamedTuple):
    """The result of a query for several rows."""

    ids: list[Any]  # of the rows that were found
    damaged: list[Any]  # ids of rows with a wrong checksum
    seconds: float  # that computing the found rows took


def read_rows(connection, extractor, positions, rows, found):
    """Read rows of one extractor.

    Parameters
    ----------
    connection : sqlite3.Connection
        The database.

    extractor : str
        The fingerprint of the extractor.

    positions : dict of bytes to int
        The position of each digest in `rows`.

    rows : ndarray of shape (n, width), little-endian float32
        Filled with the rows that are found. Rows of another width are not found.

    found : ndarray of bool of shape (n,)
        Set to True where rows are found.

    Returns
    -------
    result : Found
        The ids of found and of damaged rows.
    """
    fingerprint = extractor.encode()
    seed, n_bytes = zlib.crc32(fingerprint), 4 * rows.shape[1]
    target = memoryview(rows.reshape(-1).view(np.uint8))
    valid, ids, damaged, seconds = [], [], [], 0.0
    # Each row is checked and copied as it arrives, while it is in the processor's cache.
    for digest, row_id, value in _select(connection, fingerprint, list(positions)):
        if type(value) is not bytes or len(value) != n_bytes + _OVERHEAD:
            continue
        # The checksum covers the key too: a damaged index may return a valid row of another digest
        # or extractor.
        if zlib.crc32(value, zlib.crc32(digest, seed)) != _CRC_OF_VALID_ROW:
            damaged.append(row_id)
            continue
        position = positions[digest]
        start = position * n_bytes
        target[start : start + n_bytes] = memoryview(value)[_OFFSET : _OFFSET + n_bytes]
        valid.append(position)
        ids.append(row_id)
        seconds += _SECONDS.unpack_from(value)[0]
    found[valid] = True
    return Found(ids, damaged, seconds)


def row_width(connection, extractor):
    """Return the number of columns of an extractor's rows; None if there are no rows."""
    fingerprint = extractor.encode()
    row = connection.execute(
        "SELECT e.digest, f.value FROM extractors x JOIN entries e ON e.extractor = x.id "
        "JOIN features f ON f.id = e.id WHERE x.fingerprint = ? LIMIT 1",
        (fingerprint,),
    ).fetchone()
    if row is None or not _is_valid(zlib.crc32(fingerprint), *row):
        return None
    return (len(row[1]) - _OVERHEAD) // 4


def decode_rows(extractor, pairs):
    """Decode the valid rows of one width.

    Parameters
    ----------
    extractor : str
        The fingerprint of the extractor.

    pairs : list of tuple (bytes, bytes)
        Digest and encoded row.

    Returns
    -------
    positions : list of int
        Which of the pairs are valid and as wide as the first valid one.

    rows : ndarray of shape (len(positions), width), float32
        Their numbers.
    """
    seed, positions, values = zlib.crc32(extractor.encode()), [], []
    for position, (digest, value) in enumerate(pairs):
        if _is_valid(seed, digest, value) and (not values or len(value) == len(values[0])):
            positions.append(position)
            values.append(value)
    width = (len(values[0]) - _OVERHEAD) // 4 if values else 0
    block = np.frombuffer(b"".join(values), dtype="<f4").reshape(len(values), width + 2)
    return positions, block[:, 1:-1]


def encode_rows(extractor, digests, rows, seconds):
    """Encode rows of numbers as bytes; `seconds` is the time that each of them took."""
    seed, seconds = zlib.crc32(extractor.encode()), _SECONDS.pack(seconds)
    values = []
    for digest, row in zip(digests, rows, strict=True):
        value = seconds + row.tobytes()
        values.append(value + _CHECKSUM.pack(zlib.crc32(value, zlib.crc32(digest, seed))))
    return values


def row_bytes(width):
    """Return the length of an encoded row of so many columns."""
    return 4 * width + _OVERHEAD


def row_seconds(value):
    """Return the seconds that computing an encoded row took."""
    return _SECONDS.unpack_from(value)[0]


def write_rows(connection, extractor, label, batch, used):
    """Write rows of one extractor; they replace rows of the same digests.

    Parameters
    ----------
    connection : sqlite3.Connection
        The database, inside a transaction.

    extractor : str
        The fingerprint of the extractor.

    label : str
        The name of the extractor; an empty one leaves the name that it has.

    batch : dict of bytes to tuple (bytes, str)
        Encoded row and source by digest.

    used : int
        The time of this batch.
    """
    fingerprint = extractor.encode()
    connection.execute(
        "INSERT INTO extractors (fingerprint, label) VALUES (?, ?) ON CONFLICT (fingerprint) "
        "DO UPDATE SET label = excluded.label WHERE excluded.label NOT IN ('', label)",
        (fingerprint, label),
    )
    ((number,),) = connection.execute(
        "SELECT id FROM extractors WHERE fingerprint = ?", (fingerprint,)
    )
    delete_rows(connection, _ids(connection, number, list(batch)))
    ((first,),) = connection.execute(
        # Ids grow beyond those that were sent to a shared store, also after rows were deleted.
        "SELECT 1 + max((SELECT ifnull(max(id), 0) FROM entries), "
        "(SELECT ifnull(max(id), 0) FROM features), "
        "(SELECT cast(ifnull(max(value), 0) AS INTEGER) FROM totals WHERE name LIKE 'shared %'))"
    )
    connection.executemany(
        "INSERT INTO entries (id, extractor, digest, used, source) VALUES (?, ?, ?, ?, ?)",
        (
            (first + i, number, digest, used, source)
            for i, (digest, (_, source)) in enumerate(batch.items())
        ),
    )
    connection.executemany(
        "INSERT INTO features (id, value) VALUES (?, ?)",
        ((first + i, value) for i, (value, _) in enumerate(batch.values())),
    )


def delete_rows(connection, ids):
    """Delete rows by id."""
    ids = [(row_id,) for row_id in ids]
    connection.executemany("DELETE FROM entries WHERE id = ?", ids)
    connection.executemany("DELETE FROM features WHERE id = ?", ids)


def in_groups(keys):
    """Split keys into groups whose lengths are powers of two, by repeating the last key.

    Parameters
    ----------
    keys : list
        The keys.

    Yields
    ------
    group : list
        Some of the keys.

    marks : str
        A question mark for each of them, for a statement of SQL.
    """
    for start in range(0, len(keys), _MAX_KEYS):
        group = keys[start : start + _MAX_KEYS]
        length = 1 << (len(group) - 1).bit_length()
        yield group + group[-1:] * (length - len(group)), ",".join("?" * length)


def _is_valid(seed, digest, value):
    # In a damaged database, they may be of any type.
    if type(digest) is not bytes or type(value) is not bytes or len(value) < _OVERHEAD:
        return False
    return zlib.crc32(value, zlib.crc32(digest, seed)) == _CRC_OF_VALID_ROW


def _select(connection, fingerprint, digests):
    """Yield digest, id and encoded row of the digests that have a row."""
    for group, marks in in_groups(digests):
        # In a damaged database, an entry may have no features: its value is None.
        yield from connection.execute(
            "SELECT e.digest, e.id, f.value FROM entries e LEFT JOIN features f ON f.id = e.id "
            "WHERE e.extractor = (SELECT id FROM extractors WHERE fingerprint = ?) "
            f"AND e.digest IN ({marks})",
            (fingerprint, *group),
        )


def _ids(connection, number, digests):
    """Return the ids of the digests that have a row."""
    ids = []
    for group, marks in in_groups(digests):
        ids += connection.execute(
            f"SELECT id FROM entries WHERE extractor = ? AND digest IN ({marks})", (number, *group)
        ).fetchall()
    return [row_id for (row_id,) in ids]
