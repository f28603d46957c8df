"""FeatureStore: features and trained networks on disk."""

import os
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from skfusion._utils.plain_data import plain_data
from skfusion._utils.typing import PathLike
from skfusion.store._backend_registry import get_backend
from skfusion.store._counters import read_counts
from skfusion.store._eviction import clear, count_rows, evict, used_bytes
from skfusion.store._export import choose_extractors, choose_format, export, list_extractors
from skfusion.store._last_uses import now_us
from skfusion.store._path_memo import PathMemo
from skfusion.store._row_batches import read_batch, write_batch
from skfusion.store._rows import row_width


@plain_data
class FeatureStore:
    """Cache of features and trained networks in a folder.

    With ``cache=FeatureStore("~/.cache/skfusion")``, or just the path, a transformer looks up each
    image before it computes anything. Other folds, other heads, shuffled rows, renamed files and
    later sessions reuse what was computed before. Images are identified by their content, so a file
    with new content is a new image. Any number of estimators, threads, processes and programs on
    one machine can share a folder.

    Parameters
    ----------
    path : str or PathLike
        The folder; created on first use. "~" is the user's home. It should be on a local disk.

    max_bytes : int or None, default=None
        The maximum size on disk, in bytes. When the store exceeds it, the rows and networks that
        were not used for longest are removed. None sets no limit.

    Attributes
    ----------
    path : Path
        The folder, as an absolute path.

    See Also
    --------
    PretrainedGAP : Computes each image once, with `cache`.
    CNNEmbedder : Trains each network once, with `cache`.

    Notes
    -----
    The key of a row is a digest of its content (BLAKE2b, RFC 7693, 16 bytes) and the fingerprint of
    the extractor that computed it. Rows are in an SQLite database with a write-ahead log, and each
    has a checksum: a damaged row is computed again. The store never makes a fit fail. A damaged
    database is set aside and replaced by an empty one; if the store can't be used, features are
    computed without it, with one `StoreWarning`. Killing a process loses at most the batch that it
    was writing.

    The constructor opens nothing. A pickle holds the path and the limit only, and all stores of one
    path share connections and counters in one process. Nothing in the folder is a pickle.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion import FeatureStore, ImageDescriptors
    >>> from skfusion.datasets import make_image_table
    >>> images = make_image_table(20, random_state=0).frame["image"]
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = FeatureStore(folder.name)
    >>> descriptors = ImageDescriptors("shape", cache=store)
    >>> features = descriptors.fit_transform(images)
    >>> store.stats()["rows"], store.stats()["hits"]
    (20, 0)
    >>> features = descriptors.transform(images[5:])
    >>> store.stats()["rows"], store.stats()["hits"]
    (20, 15)
    >>> store.clear()
    20
    >>> folder.cleanup()
    """

    def __init__(self, path: PathLike, max_bytes: int | None = None) -> None:
        if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
            raise TypeError(f"path must be the path of a folder, got {path!r}.")
        if max_bytes is not None and (
            isinstance(max_bytes, bool) or not isinstance(max_bytes, Integral) or max_bytes < 0
        ):
            raise ValueError(f"max_bytes must be a non-negative int or None, got {max_bytes!r}.")
        self.path = Path(os.path.abspath(os.path.expanduser(os.fsdecode(path))))
        self.max_bytes = max_bytes

    @property
    def path_memo(self) -> PathMemo:
        """PathMemo : The digests of files that were read before, by path."""
        return PathMemo(self._backend)

    def read(
        self, extractor: str, digests: Sequence[bytes | None], width: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Read rows of one extractor.

        Parameters
        ----------
        extractor : str
            The fingerprint of all that the features depend on, except the content.

        digests : sequence of (bytes or None) of length n
            The digest of each row's content, in any order, with or without repetitions. None is
            never found.

        width : int
            The number of columns. Rows of another width are not found.

        Returns
        -------
        rows : ndarray of shape (n, width), float32
            NaN where nothing was found.

        found : ndarray of bool of shape (n,)
            Which rows were found.
        """
        exactly = self.max_bytes is not None
        return read_batch(self._backend, extractor, digests, width, exactly=exactly)

    def width(self, extractor: str) -> int | None:
        """Return the number of columns of an extractor's rows.

        Parameters
        ----------
        extractor : str
            The fingerprint of the extractor.

        Returns
        -------
        width : int or None
            None if there are no such rows.
        """
        return self._backend.database.run(lambda connection: row_width(connection, extractor))

    def write(
        self,
        extractor: str,
        digests: Sequence[bytes | None],
        rows: np.ndarray,
        sources: Sequence[str],
        *,
        seconds: float = 0.0,
        label: str = "",
    ) -> None:
        """Write rows of one extractor: all of them or, after an error, none.

        Parameters
        ----------
        extractor : str
            The fingerprint of all that the features depend on, except the content.

        digests : sequence of (bytes or None) of length n
            The digest of each row's content. Rows without a digest are not written.

        rows : ndarray of shape (n, width)
            The features; stored as float32.

        sources : sequence of str of length n
            Where the content came from, for `export`.

        seconds : float, default=0.0
            The time that computing all rows took. It is counted as saved when they are read.

        label : str, default=""
            The name of the extractor in `export`.

        Raises
        ------
        ValueError
            If the lengths differ.
        """
        backend = self._backend
        write_batch(backend, extractor, digests, rows, sources, seconds, label)
        self._after_writing(backend)

    def train_once(self, key: str, train: Callable[[], tuple[str, bytes]]) -> tuple[bytes, bool]:
        """Return a trained network from the store, or train it.

        If another thread or process trains the network of this key, wait for it.

        Parameters
        ----------
        key : str
            The fingerprint of all that the training depends on.

        train : callable
            Called without arguments if there is no such network. It returns a key and the network
            as bytes. The network is stored under that key, which differs from `key` if the data
            changed before `train` read it.

        Returns
        -------
        blob : bytes
            The network.

        trained : bool
            Whether `train` was called.
        """
        backend = self._backend
        blob = backend.read_run(key)
        if blob is not None:
            return blob, False
        with backend.run_lock(key):
            blob = backend.read_run(key)  # another process may have trained it meanwhile
            if blob is not None:
                return blob, False
            started = time.perf_counter()
            final_key, blob = train()
            backend.write_run(final_key, blob, time.perf_counter() - started)
            self._after_writing(backend)
        return blob, True

    def stats(self) -> dict[str, Any]:
        """Return the content of the store, and how often it was used.

        Returns
        -------
        stats : dict
            `rows`, `runs` (networks) and `bytes` on disk; then the counts of all programs since the
            store was created: `hits` and `misses` (rows that were looked up), `trainings`,
            `trainings_saved` and `seconds_saved`; and in `session` the counts of this process.
        """
        backend = self._backend
        runs = backend.runs.entries()
        n_rows, n_bytes, totals = backend.database.run(_measure, (0, 0, {}))
        pending = backend.counters.pending()
        session = backend.counters.session()
        return {
            "rows": n_rows,
            "runs": len(runs),
            "bytes": n_bytes + sum(size for _, size, _ in runs),
            **{name: totals.get(name, 0) + pending.get(name, 0) for name in session},
            "session": session,
        }

    def flush(self) -> None:
        """Write the counters to disk, so that other processes see them in `stats`."""
        self._backend.flush()

    def clear(self, older_than: timedelta | float | None = None) -> int:
        """Remove rows and networks.

        Parameters
        ----------
        older_than : timedelta, float or None, default=None
            Remove only what was last used longer ago than this; numbers are seconds. None
            removes everything, counters included.

        Returns
        -------
        n_removed : int
            How many rows and networks were removed.

        Raises
        ------
        TypeError
            If `older_than` is neither a timedelta nor a number.
        """
        if older_than is None:
            return clear(self._backend)
        if isinstance(older_than, timedelta):
            older_than = older_than.total_seconds()
        if not isinstance(older_than, Real):
            raise TypeError(f"older_than must be a timedelta or seconds, got {older_than!r}.")
        return clear(self._backend, before_us=now_us() - int(older_than * 1e6))

    def export(
        self, path: PathLike, extractor: str | None = None, format: str | None = None
    ) -> None:
        """Write features and their sources to a file.

        A Parquet file has one row for each image and extractor, with the columns `source`,
        `digest`, `extractor` and `features` (a list). An HDF5 file has one group for each
        extractor, with the datasets `features`, of shape (n_images, n_features), `source` and
        `digest`.

        Parameters
        ----------
        path : str or PathLike
            The file. An existing file is replaced when the new one is complete.

        extractor : str or None, default=None
            The label of an extractor, or its fingerprint or the beginning of it. None exports all.

        format : {"parquet", "hdf5"} or None, default=None
            None takes the format from the file name: .parquet, .pq, .h5 or .hdf5.

        Raises
        ------
        ImportError
            If pyarrow (for Parquet) or h5py (for HDF5) is not installed.

        ValueError
            If there are no such features, or if the format is unknown.

        OSError
            If the store can't be read or the file can't be written.
        """
        path = os.path.expanduser(os.fsdecode(path))
        file_format = choose_format(path, format)
        database = self._backend.database
        extractors = choose_extractors(list_extractors(database), extractor)
        export(database, extractors, path, file_format)

    def __repr__(self):
        backend = self._backend
        if not backend.database.file.exists() and not backend.runs.entries():
            return f"<FeatureStore {str(self.path)!r}: empty>"
        stats = self.stats()
        return (
            f"<FeatureStore {str(self.path)!r}: {stats['rows']:,} rows, {stats['runs']:,} networks,"
            f" {stats['bytes'] / 1e6:,.1f} MB; {stats['hits']:,} hits, {stats['misses']:,} misses,"
            f" {stats['trainings_saved']:,} trainings and {stats['seconds_saved']:,.0f} s saved>"
        )

    def __eq__(self, other):
        if not isinstance(other, FeatureStore):
            return NotImplemented
        return (self.path, self.max_bytes) == (other.path, other.max_bytes)

    def __hash__(self):
        return hash((self.path, self.max_bytes))

    def __reduce__(self):
        return type(self), (os.fspath(self.path), self.max_bytes)

    @property
    def _backend(self):
        return get_backend(self.path)

    def _after_writing(self, backend):
        if self.max_bytes is not None:
            evict(backend, self.max_bytes)
        backend.flush_if_due()


def _measure(connection):
    """Return rows, bytes and totals of a database."""
    return count_rows(connection), used_bytes(connection), read_counts(connection)


def as_store(cache):
    """Return the store of an estimator's `cache` parameter.

    Parameters
    ----------
    cache : None, str, PathLike or FeatureStore
        The parameter.

    Returns
    -------
    store : FeatureStore or None
        None for None.
    """
    if cache is None or isinstance(cache, FeatureStore):
        return cache
    return FeatureStore(cache)
