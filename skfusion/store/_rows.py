"""Rows of features in the database: encoding, checksums, reading and writing batches."""

import struct
import zlib
from typing import Any, NamedTuple

import numpy as np

# Statements are prepared for so many keys at most, and for powers of two: few of them are enough.
_KEYS = 512
# A row is the seconds that it took to compute, its numbers, and a checksum (CRC-32) over the
# extractor, the image and both. A CRC-32 that goes on over itself always ends at this value, so
# that a row is checked in one go.
_SECONDS = struct.Struct("<f")
_CHECKSUM = struct.Struct("<I")
_PASSED = 0x2144DF1C
_FIRST, _BESIDE = _SECONDS.size, _SECONDS.size + _CHECKSUM.size


class Found(NamedTuple):
    """What a batch of keys led to."""

    ids: list[Any]  # of the rows that were found
    damaged: list[Any]  # ids of rows whose checksum is wrong
    seconds: float  # that computing the found rows took


def read_rows(connection, extractor, places, rows, found):
    """Look for rows of one extractor.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the store's database.

    extractor : str
        The fingerprint of what computes the rows.

    places : dict of bytes to int
        The images' digests, each with its place in the batch.

    rows : ndarray of shape (n, width), little-endian float32
        Is filled with the rows that are found. Those of another width are not.

    found : ndarray of bool of shape (n,)
        Is set where rows are found.

    Returns
    -------
    result : Found
        What was found, and what was damaged.
    """
    fingerprint = extractor.encode()
    seed, n_bytes = zlib.crc32(fingerprint), 4 * rows.shape[1]
    target = memoryview(rows.reshape(-1).view(np.uint8))
    good, ids, damaged, seconds = [], [], [], 0.0
    # Each row is checked and copied as it comes, while it is in the processor's cache.
    for digest, row_id, value in _select(connection, fingerprint, list(places)):
        if type(value) is not bytes or len(value) != n_bytes + _BESIDE:
            continue
        # The checksum covers the key too: where a damaged index leads to the row of another
        # image or extractor, that row is whole, and still wrong.
        if zlib.crc32(value, zlib.crc32(digest, seed)) != _PASSED:
            damaged.append(row_id)
            continue
        place = places[digest]
        start = place * n_bytes
        target[start : start + n_bytes] = memoryview(value)[_FIRST : _FIRST + n_bytes]
        good.append(place)
        ids.append(row_id)
        seconds += _SECONDS.unpack_from(value)[0]
    found[good] = True
    return Found(ids, damaged, seconds)


def row_width(connection, extractor):
    """How many numbers the rows of an extractor have; None where there are none."""
    fingerprint = extractor.encode()
    row = connection.execute(
        "SELECT p.digest, f.value FROM extractors e JOIN images p ON p.extractor = e.id "
        "JOIN features f ON f.id = p.id WHERE e.fingerprint = ? LIMIT 1",
        (fingerprint,),
    ).fetchone()
    if row is None or not _is_whole(zlib.crc32(fingerprint), *row):
        return None
    return (len(row[1]) - _BESIDE) // 4


def decode_rows(extractor, pairs):
    """Places and numbers of the rows, (digest, value) each, that are whole and equally wide."""
    seed, places, values = zlib.crc32(extractor.encode()), [], []
    for place, (digest, value) in enumerate(pairs):
        if _is_whole(seed, digest, value) and (not values or len(value) == len(values[0])):
            places.append(place)
            values.append(value)
    width = (len(values[0]) - _BESIDE) // 4 if values else 0
    block = np.frombuffer(b"".join(values), dtype="<f4").reshape(len(values), width + 2)
    return places, block[:, 1:-1]


def encode_rows(extractor, digests, rows, seconds):
    """Turn rows of numbers into bytes."""
    seed, seconds = zlib.crc32(extractor.encode()), _SECONDS.pack(seconds)
    values = []
    for digest, row in zip(digests, rows, strict=True):
        value = seconds + row.tobytes()
        values.append(value + _CHECKSUM.pack(zlib.crc32(value, zlib.crc32(digest, seed))))
    return values


def write_rows(connection, extractor, label, batch, used):
    """Write rows of one extractor, in place of those with the same keys.

    Parameters
    ----------
    connection : sqlite3.Connection
        Inside a transaction.

    extractor : str
        The fingerprint of what computed the rows.

    label : str
        What to call the extractor; an empty one leaves the label that it has.

    batch : dict of bytes to tuple (bytes, str)
        Value and source by digest.

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
        "SELECT 1 + max((SELECT ifnull(max(id), 0) FROM images), "
        "(SELECT ifnull(max(id), 0) FROM features))"
    )
    connection.executemany(
        "INSERT INTO images (id, extractor, digest, used, source) VALUES (?, ?, ?, ?, ?)",
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
    """Remove rows by id."""
    ids = [(row_id,) for row_id in ids]
    connection.executemany("DELETE FROM images WHERE id = ?", ids)
    connection.executemany("DELETE FROM features WHERE id = ?", ids)


def in_groups(keys):
    """Cut keys into groups whose lengths are powers of two, by repeating the last key.

    Yields the keys of a group, and question marks for as many.
    """
    for start in range(0, len(keys), _KEYS):
        group = keys[start : start + _KEYS]
        length = 1 << (len(group) - 1).bit_length()
        yield group + group[-1:] * (length - len(group)), ",".join("?" * length)


def _is_whole(seed, digest, value):
    # In a damaged database, they may be of any type.
    if type(digest) is not bytes or type(value) is not bytes or len(value) < _BESIDE:
        return False
    return zlib.crc32(value, zlib.crc32(digest, seed)) == _PASSED


def _select(connection, fingerprint, digests):
    """Digest, id and value of the rows that are there."""
    for group, marks in in_groups(digests):
        # The value is None where half a row is gone.
        yield from connection.execute(
            "SELECT p.digest, p.id, f.value FROM images p LEFT JOIN features f ON f.id = p.id "
            "WHERE p.extractor = (SELECT id FROM extractors WHERE fingerprint = ?) "
            f"AND p.digest IN ({marks})",
            (fingerprint, *group),
        )


def _ids(connection, number, digests):
    """The ids of rows that are there already."""
    ids = []
    for group, marks in in_groups(digests):
        ids += connection.execute(
            f"SELECT id FROM images WHERE extractor = ? AND digest IN ({marks})", (number, *group)
        ).fetchall()
    return [row_id for (row_id,) in ids]
