"""SharedTable: rows of features in a Lance table that many machines read and write."""

import random
import time
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from skfusion._utils.package_of_extra import import_extra
from skfusion._utils.urls import scheme_of

# The extractor of rows that are trained networks.
RUNS = "run"
_ATTEMPTS = 5
_KEYS_AT_ONCE = 2048
_ROWS_AT_ONCE = 1000
# Others may be reading files that were replaced.
_KEPT = timedelta(days=1)
_ROWS_PER_FILE = 1 << 16
_DENIED = ("403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "redential")


class SharedStoreError(OSError):
    """A shared store can't be used; the text shows no credentials."""


class SharedRow(NamedTuple):
    """A row as `encode_rows` encodes it, and what it belongs to."""

    extractor: str
    label: str
    digest: bytes
    source: str
    value: bytes


class SharedTable:
    """Append rows to a table and find them by key.

    Each call commits all its rows or none, whatever other processes do. A row may be there several
    times, with the same features: readers take one of them.

    Parameters
    ----------
    location : str
        The path or URL of the table; created with the first row.

    query : callable, default=nullcontext
        Returns a context for each use of Lance, which keeps uses and forks apart.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.store._shared_table import SharedRow, SharedTable
    >>> folder = tempfile.TemporaryDirectory()
    >>> table = SharedTable(folder.name + "/table")
    >>> table.append([SharedRow("x", "", b"key", "1.png", b"value")])  # doctest: +SKIP
    >>> table.find("x", [b"key"])  # doctest: +SKIP
    [(b'key', b'value')]
    >>> folder.cleanup()
    """

    def __init__(self, location, query=nullcontext):
        self.location = location
        self._query = query
        self._session = None

    def append(self, rows):
        """Write rows, a list of SharedRow."""
        pyarrow = import_extra("pyarrow", "shared-store", "Shared stores")
        now = datetime.now(UTC)
        columns = [
            [key_of(row.extractor, row.digest) for row in rows],
            *([row[place] for row in rows] for place in range(len(SharedRow._fields))),
            [now] * len(rows),
        ]
        table = pyarrow.table(columns, schema=_schema(pyarrow))

        def write(lance):
            data = self._open(lance)
            data = self._create(lance, table.schema) if data is None else data
            lance.write_dataset(table, data, mode="append", storage_options=self._options)

        self._call(write)

    def find(self, extractor, digests):
        """Return digest and value of the rows that are there, possibly several times."""
        found = []
        for start in range(0, len(digests), _KEYS_AT_ONCE):
            part = digests[start : start + _KEYS_AT_ONCE]
            keys = [key_of(extractor, digest) for digest in part]
            table = self._select(keys, ["digest", "value"])
            if table is not None:
                found += zip(table["digest"].to_pylist(), table["value"].to_pylist(), strict=True)
        return found

    def known(self, rows):
        """Return the keys of those rows, a list of SharedRow, that are there."""
        table = self._select([key_of(row.extractor, row.digest) for row in rows], ["key"])
        return set() if table is None else set(table["key"].to_pylist())

    def first_value(self, extractor):
        """Return digest and value of any row of an extractor; None without one."""
        chosen = {"filter": f"extractor = {_quoted(extractor)}", "limit": 1}
        table = self._read(["digest", "value"], **chosen)
        if table is None or not table.num_rows:
            return None
        return table["digest"][0].as_py(), table["value"][0].as_py()

    def extractors(self):
        """Return fingerprint and label of each extractor, in the order of their first rows."""
        table = self._read(["extractor", "label"])
        if table is None:
            return []
        labels = {}
        pairs = table.group_by(["extractor", "label"], use_threads=False).aggregate([])
        for row in pairs.to_pylist():
            labels[row["extractor"]] = row["label"] or labels.get(row["extractor"], "")
        labels.pop(RUNS, None)
        return list(labels.items())

    def batches(self, extractor):
        """Yield lists of (digest, source, value) of an extractor, each row once."""
        seen = set()
        data = self._call(self._open)
        chosen = f"extractor = {_quoted(extractor)}"
        columns = ["digest", "source", "value"]
        for batch in data.to_batches(columns=columns, filter=chosen, batch_size=_ROWS_AT_ONCE):
            rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            new = {row[0]: row for row in rows if row[0] not in seen}
            seen.update(new)
            yield list(new.values())

    def measure(self):
        """Return the numbers of distinct rows, of distinct networks and of bytes in use."""

        def count(lance):
            data = self._open(lance)
            if data is None:
                return 0, 0, 0
            keys = data.to_table(columns=["key"])["key"].unique().to_pylist()
            n_runs = sum(key.startswith(key_of(RUNS, b"")) for key in keys)
            n_bytes = sum(field.bytes_on_disk for field in data.stats.data_stats().fields)
            return len(keys) - n_runs, n_runs, n_bytes

        return self._call(count)

    def remove(self, before_us=None):
        """Remove rows, or those that were written before a time; return how many that were."""
        before = self.measure()
        if not any(before):
            return 0
        moment = datetime.fromtimestamp((before_us or 0) / 1e6, UTC)
        chosen = f"written < timestamp '{moment:%Y-%m-%d %H:%M:%S.%f}'"
        self._call(lambda lance: self._open(lance).delete("true" if before_us is None else chosen))
        after = self.measure()
        return sum(before[:2]) - sum(after[:2])

    def compact(self):
        """Merge rows that are there several times and small files, and index the keys."""
        self._call(self._merge)

    def _merge(self, lance):
        data = self._open(lance)
        if data is None:
            return
        for ids in _repeated(data.to_table(columns=["key", "written"], with_row_id=True)):
            data.delete(f"_rowid IN ({ids})")
        data.optimize.compact_files(target_rows_per_fragment=_ROWS_PER_FILE)
        if data.count_rows():
            if data.describe_indices():
                data.optimize.optimize_indices()
            else:
                data.create_scalar_index("key", "BTREE")
        data.cleanup_old_versions(older_than=_KEPT)

    def _select(self, keys, columns):
        if not keys:
            return None
        literals = ",".join(f"X'{key.hex()}'" for key in keys)
        return self._read(columns, filter=f"key IN ({literals})")

    def _read(self, columns, **options):
        """Return a table; None without rows."""

        def read(lance):
            data = self._open(lance)
            return None if data is None else data.to_table(columns=columns, **options)

        return self._call(read)

    def _create(self, lance, schema):
        """Return the table, which this process or another one just created, without rows.

        `write_dataset` would create it by an overwrite, which a conflict repeats: of two processes
        that start at once, one would lose its rows. So it is one try, which fails if there is one.
        """
        empty = lance.LanceOperation.Overwrite(schema, [])
        options = {"read_version": 0, "max_retries": 0, "storage_options": self._options}
        try:
            return lance.LanceDataset.commit(self.location, empty, **options)
        except (OSError, ValueError):
            data = self._open(lance)
            if data is None:
                raise
            return data

    def _open(self, lance):
        """Return the newest version of the table; None if there is no table."""
        if self._session is None:
            self._session = lance.Session()
        options = {"session": self._session, "storage_options": self._options}
        try:
            return lance.dataset(self.location, **options)
        except ValueError as error:
            if "was not found" in str(error):
                return None
            raise

    @property
    def _options(self):
        if scheme_of(self.location) is None:
            return None
        # An endpoint comes from the environment, never from a cell.
        return {"allow_http": "true", "timeout": "60s", "client_retry_timeout": "30"}

    def _call(self, function):
        """Return the result of a function of Lance; try again after a conflict of two writers."""
        lance = import_extra("lance", "shared-store", "Shared stores")
        for attempt in range(_ATTEMPTS):
            try:
                with self._query():
                    return function(lance)
            except (OSError, ValueError, RuntimeError) as error:
                reason = _reason(error)
                is_conflict = "conflict" in str(error).lower() or "already exists" in str(error)
            if not is_conflict or attempt == _ATTEMPTS - 1:
                break
            time.sleep(random.uniform(0.5, 1) * 0.1 * 2**attempt)
        raise SharedStoreError(reason)  # outside, since the text of the first may hold secrets


def key_of(extractor, digest):
    """Return the key of a row; those of one extractor begin alike."""
    return blake2b(extractor.encode(), digest_size=8).digest() + digest


def _schema(pyarrow):
    text, binary = pyarrow.string(), pyarrow.binary()
    return pyarrow.schema(
        [
            ("key", binary),
            ("extractor", text),
            ("label", text),
            ("digest", binary),
            ("source", text),
            ("value", binary),
            ("written", pyarrow.timestamp("us", tz="UTC")),
        ]
    )


def _repeated(table):
    """Yield the ids of all but the newest row of each key, as lists in SQL.

    The newest, since a row is written again where an older one was damaged.
    """
    table = table.sort_by([("written", "ascending"), ("_rowid", "ascending")])
    groups = table.group_by("key", use_threads=False).aggregate([("_rowid", "last")])
    others = np.setdiff1d(table["_rowid"].to_numpy(), groups["_rowid_last"].to_numpy())
    for start in range(0, len(others), _KEYS_AT_ONCE):
        yield ",".join(map(str, others[start : start + _KEYS_AT_ONCE]))


def _quoted(text):
    return "'" + text.replace("'", "''") + "'"


def _reason(error):
    text = str(error)
    if any(sign in text for sign in _DENIED):
        return "access is denied; credentials are those of the environment"
    if "NoSuchBucket" in text:
        return "there is no such bucket"
    return f"the table can't be read or written: {type(error).__name__}"
