"""FeatureStore: features and trained networks on disk."""

import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from skfusion._utils.plain_data import plain_data
from skfusion._utils.typing import PathLike
from skfusion._utils.urls import scheme_of
from skfusion.store._backend_registry import get_backend
from skfusion.store._eviction import check_max_bytes, clear, evict
from skfusion.store._export import choose_format, export, local_parts, shared_parts
from skfusion.store._last_uses import time_before
from skfusion.store._path_memo import PathMemo
from skfusion.store._row_batches import encode_batch, printable, read_batch, write_batch
from skfusion.store._rows import row_width
from skfusion.store._shared_location import check_location, local_folder
from skfusion.store._store_stats import describe_content, store_stats
from skfusion.store._train_once import train_once


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
        Or the URL of a shared store; its local folder is then in the user's cache.

    max_bytes : int or None, default=None
        The maximum size on disk, in bytes. When the store exceeds it, the rows and networks that
        were not used for longest are removed. None sets no limit.

    shared : str, PathLike or None, default=None
        A second level behind the folder, which many machines share: a folder on network storage,
        or a URL (``s3://``, ``gs://``, ``az://``). What the folder lacks is looked up there, and
        what is new in the folder is sent there. It needs the extra ``shared-store``. Credentials
        are those of the environment.

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

    A shared store is a Lance table, to which any number of machines commit at once. Rows are sent
    at the end of each `transform`, and after 2,048 rows; a row that could not be sent is kept in
    the folder, and sent by the next call. Two machines that compute the same image at once write it
    twice: it is one row to readers, and `compact` merges it. Neither level holds credentials.

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

    shared: str | None = None  # of stores that were saved before there were shared ones
    _is_url = False

    def __init__(
        self,
        path: PathLike,
        max_bytes: int | None = None,
        shared: PathLike | None = None,
    ) -> None:
        if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
            raise TypeError(f"path must be the path of a folder, got {path!r}.")
        self._is_url = scheme_of(os.fsdecode(path)) is not None
        if self._is_url and shared is not None:
            raise ValueError("path is a URL. Pass the URL as shared, and a local folder as path.")
        self.shared = None if shared is None else check_location(shared)
        if self._is_url:
            self.shared = check_location(path)
            path = local_folder(self.shared)
        check_max_bytes(max_bytes)
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
        backend = self._backend
        return read_batch(backend, extractor, digests, width, exactly=exactly, level=self._level)

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
        width = self._backend.database.run(lambda connection: row_width(connection, extractor))
        return self._level.width(extractor) if width is None and self._level else width

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
        batch = encode_batch(extractor, digests, rows, sources, seconds)
        if not batch:
            return
        label = printable(label)
        written = write_batch(backend, extractor, batch, label)
        if self._level is not None and written:
            self._level.wrote(len(batch))
        elif self._level is not None:
            self._level.append(extractor, label, batch)
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
        blob, trained = train_once(self._backend, self._level, key, train)
        if trained:
            self._after_writing(self._backend)
        return blob, trained

    def stats(self) -> dict[str, Any]:
        """Return the content of the store, and how often it was used.

        Returns
        -------
        stats : dict
            `rows`, `runs` (networks) and `bytes` on disk; then the counts of all programs since the
            store was created: `hits` and `misses` (rows that were looked up), `trainings`,
            `trainings_saved` and `seconds_saved`; and in `session` the counts of this process. All
            of these are of the folder. With a shared store, `shared` is a dict of its `location`,
            `rows`, `runs` and `bytes`.

        Raises
        ------
        OSError
            If the shared store can't be read.
        """
        return store_stats(self._backend, self._level)

    def flush(self) -> None:
        """Write counters to disk, and send new rows to the shared store."""
        self._backend.flush()
        if self._level is not None:
            self._level.send()

    def compact(self) -> None:
        """Merge the rows and files of the shared store, and index them for faster reading.

        Call it from time to time, from one process; others may read and write meanwhile. Rows that
        were written twice are merged. Files that were replaced are removed after a day.

        Raises
        ------
        OSError
            If the shared store can't be read or written.

        ValueError
            If there is no shared store.
        """
        if self._level is None:
            raise ValueError("This store has no shared store, which compact is for.")
        self._level.send()
        self._level.table.compact()

    def clear(self, older_than: timedelta | float | None = None) -> int:
        """Remove rows and networks, also from the shared store.

        Copies in the folders of other machines remain.

        Parameters
        ----------
        older_than : timedelta, float or None, default=None
            Remove only what was last used longer ago than this; numbers are seconds. None
            removes everything, counters included. In a shared store, it is the time of writing.

        Returns
        -------
        n_removed : int
            How many rows and networks were removed: from the folder or from the shared store,
            whichever is more.

        Raises
        ------
        OSError
            If the shared store can't be written.

        TypeError
            If `older_than` is neither a timedelta nor a number.
        """
        before_us = time_before(older_than)
        n_removed = clear(self._backend, before_us)
        if self._level is None:
            return n_removed
        return max(n_removed, self._level.table.remove(before_us))

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
        if self._level is None:
            parts = local_parts(self._backend.database, extractor)
        else:
            self.flush()
            parts = shared_parts(self._level.table, extractor)
        export(parts, path, file_format)

    def __repr__(self):
        shown = repr(str(self.path)) + (f", shared {self.shared!r}" if self.shared else "")
        return f"<FeatureStore {shown}: {describe_content(self._backend)}>"

    def __eq__(self, other):
        if not isinstance(other, FeatureStore):
            return NotImplemented
        return self._key == other._key

    def __hash__(self):
        return hash(self._key)

    def __reduce__(self):
        if self._is_url:  # another machine has another local folder
            return type(self), (self.shared, self.max_bytes)
        more = () if self.shared is None else (self.shared,)
        return type(self), (os.fspath(self.path), self.max_bytes, *more)

    @property
    def _key(self):
        return self.path, self.max_bytes, self.shared

    @property
    def _backend(self):
        return get_backend(self.path)

    @property
    def _level(self):
        return None if self.shared is None else self._backend.shared_level(self.shared)

    def _after_writing(self, backend):
        if self.max_bytes is not None:
            evict(backend, self.max_bytes)
        backend.flush_if_due()
