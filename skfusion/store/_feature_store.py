"""FeatureStore: features and trained networks, kept on disk and shared by who needs them."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from skfusion._utils.typing import PathLike
from skfusion.store._counters import read_counts
from skfusion.store._eviction import clear, evict, used_bytes
from skfusion.store._export import choose_extractors, choose_format, export, list_extractors
from skfusion.store._image_digests import ImageDigests
from skfusion.store._lookup import keep, look_up
from skfusion.store._path_memo import PathMemo
from skfusion.store._rows import row_width
from skfusion.store._store_backend import find_core
from skfusion.store._usage import now_us


class FeatureStore:
    """Keep features by image, and trained networks by training run, in a folder.

    With ``cache=FeatureStore("~/.cache/skfusion")``, or just the path, a transformer looks each
    image up before it computes anything: other folds, other heads, shuffled rows, renamed files
    and later sessions find what was computed once. Images are known by their content, so that
    a file with new content is a new image. Any number of estimators, threads, processes and
    programs on one machine share a folder.

    Parameters
    ----------
    path : str or PathLike
        The folder; made on first use. "~" is the user's home. It belongs on a local disk.

    max_bytes : int or None, default=None
        What the store may take on disk, in bytes. When it grows beyond, the rows and networks
        that were not used for longest are removed. None sets no limit.

    Attributes
    ----------
    path : Path
        The folder, as an absolute path.

    digests : ImageDigests
        By which content images are known here.

    See Also
    --------
    PretrainedGAP : Computes each image once, with `cache`.
    CNNEmbedder : Trains each network once, with `cache`.

    Notes
    -----
    A row of features stands under the digest of its image (BLAKE2b, RFC 7693) and the fingerprint
    of what computed it, in an SQLite database with a write-ahead log. A checksum guards each row:
    one that is damaged is computed again. The store never makes a fit fail. Where it is damaged, it
    is set aside and begun anew; where it can't be used, features are computed, with one
    `StoreWarning`. Killing a process loses at most the batch that it was writing.

    Making a FeatureStore opens nothing. It pickles as its path and limit, and all that have one
    path share connections and counters in one process. Nothing in the folder is a pickle.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from skfusion.store._feature_store import FeatureStore
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = FeatureStore(folder.name)
    >>> images = [np.zeros((8, 8), dtype="uint8"), np.ones((8, 8), dtype="uint8")]
    >>> digests = store.digests.of_many(images)
    >>> store.write("my extractor", digests[:1], np.array([[1.5, 2.5]]), ["row 0"])
    >>> rows, found = store.read("my extractor", digests, width=2)
    >>> found
    array([ True, False])
    >>> rows[0]
    array([1.5, 2.5], dtype=float32)
    >>> store.stats()["hits"], store.stats()["misses"]
    (1, 1)
    >>> store.clear()
    1
    >>> folder.cleanup()
    """

    def __init__(self, path: PathLike, max_bytes: int | None = None) -> None:
        if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
            raise TypeError(f"path must be the path of a folder, got {path!r}")
        if max_bytes is not None and (
            isinstance(max_bytes, bool) or not isinstance(max_bytes, Integral) or max_bytes < 0
        ):
            raise ValueError(f"max_bytes must be an int from 0 on, or None; got {max_bytes!r}")
        self.path = Path(os.path.abspath(os.path.expanduser(os.fsdecode(path))))
        self.max_bytes = max_bytes

    @property
    def digests(self) -> ImageDigests:
        """ImageDigests : By which content images are known here."""
        return ImageDigests(PathMemo(self._core))

    def read(
        self, extractor: str, digests: Sequence[bytes | None], width: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Look rows up.

        Parameters
        ----------
        extractor : str
            The fingerprint of all that the features depend on, beside the image.

        digests : sequence of (bytes or None) of length n
            The images, in any order, also more than once. None is never found.

        width : int
            How many numbers a row has. Rows of another width are not found.

        Returns
        -------
        rows : ndarray of shape (n, width), float32
            NaN where nothing was found.

        found : ndarray of bool of shape (n,)
            Which rows were found.
        """
        return look_up(self._core, extractor, digests, width, exactly=self.max_bytes is not None)

    def width(self, extractor: str) -> int | None:
        """How many numbers the rows of an extractor have.

        Parameters
        ----------
        extractor : str
            Its fingerprint.

        Returns
        -------
        width : int or None
            None if there are no such rows.
        """
        return self._core.database.run(lambda connection: row_width(connection, extractor))

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
        """Keep rows; all of them or, if that fails, none.

        Parameters
        ----------
        extractor : str
            The fingerprint of all that the features depend on, beside the image.

        digests : sequence of (bytes or None) of length n
            The images; rows of None are not kept.

        rows : ndarray of shape (n, width)
            The features; kept as float32.

        sources : sequence of str of length n
            Where the images came from, for `export`.

        seconds : float, default=0.0
            What computing all of them took, to be counted as saved when they are read.

        label : str, default=""
            What to call the extractor in `export`.
        """
        core = self._core
        keep(core, extractor, digests, rows, sources, seconds, label)
        self._after_writing(core)

    def read_run(self, key: str) -> bytes | None:
        """Look a trained network up.

        Parameters
        ----------
        key : str
            The fingerprint of all that the training depends on.

        Returns
        -------
        blob : bytes or None
            What `write_run` was given; None if there is none, or if it is damaged.
        """
        core = self._core
        found = core.runs.read(key)
        if found is None:
            return None
        blob, seconds = found
        core.counters.add(trainings_saved=1, seconds_saved=seconds)
        core.flush()
        return blob

    def write_run(self, key: str, blob: bytes, seconds: float) -> None:
        """Keep a trained network.

        Parameters
        ----------
        key : str
            The fingerprint of all that the training depends on.

        blob : bytes
            The network.

        seconds : float
            What the training took.
        """
        core = self._core
        core.counters.add(trainings=1)
        if not core.troubles.resting(writing=True):
            core.runs.write(key, blob, seconds)
        core.flush()
        self._after_writing(core)

    @contextlib.contextmanager
    def run_lock(self, key: str) -> Iterator[bool]:
        """Let one worker at a time train a network.

        Who has waited will find the network with `read_run`, unless the other one died.

        Parameters
        ----------
        key : str
            The fingerprint of all that the training depends on.

        Yields
        ------
        waited : bool
            Whether another thread or process held the lock before.
        """
        core = self._core
        with contextlib.ExitStack() as stack:
            waited = False
            try:
                os.makedirs(core.folder, exist_ok=True)
                waited = stack.enter_context(core.locks.hold(f"run {key}"))
            except OSError as error:
                # Without the lock, two may train the same network; they get the same result.
                core.troubles.rest(error, writing=True)
            yield waited

    def train_once(self, key: str, train: Callable[[], tuple[str, bytes]]) -> tuple[bytes, bool]:
        """Get a trained network from the store, or train it while other workers wait.

        Parameters
        ----------
        key : str
            The fingerprint of all that the training depends on.

        train : callable
            Called without arguments if the store has no such network. Returns the network as
            bytes and the fingerprint of what it was trained on, which is another one if a file
            changed meanwhile.

        Returns
        -------
        blob : bytes
            The network.

        trained : bool
            Whether it was trained here.
        """
        blob = self.read_run(key)
        if blob is not None:
            return blob, False
        with self.run_lock(key):
            blob = self.read_run(key)
            if blob is not None:
                return blob, False
            started = time.perf_counter()
            final_key, blob = train()
            self.write_run(final_key, blob, time.perf_counter() - started)
        return blob, True

    def stats(self) -> dict[str, Any]:
        """What is in the store, and what it was good for.

        Returns
        -------
        stats : dict
            `rows`, `runs` (networks) and `bytes` on disk; then, since the store was made and
            over all programs, `hits` and `misses` (rows that were looked up), `trainings`,
            `trainings_saved` and `seconds_saved`; and in `session` the same of this process.
        """
        core = self._core
        runs = core.runs.entries()
        n_rows, n_bytes, totals = core.database.run(_count, (0, 0, {}))
        pending = core.counters.pending()
        session = core.counters.session()
        return {
            "rows": n_rows,
            "runs": len(runs),
            "bytes": n_bytes + sum(size for _, size, _ in runs),
            **{name: totals.get(name, 0) + pending.get(name, 0) for name in session},
            "session": session,
        }

    def flush(self) -> None:
        """Write the counters down, so that other processes see them in `stats`."""
        self._core.flush()

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
        """
        if older_than is None:
            return clear(self._core)
        if isinstance(older_than, timedelta):
            older_than = older_than.total_seconds()
        if not isinstance(older_than, Real):
            raise TypeError(f"older_than must be a timedelta or seconds, got {older_than!r}")
        return clear(self._core, before_us=now_us() - int(older_than * 1e6))

    def export(
        self, path: PathLike, extractor: str | None = None, format: str | None = None
    ) -> None:
        """Write features with their sources to a file.

        A Parquet file has one row an image and extractor, with the columns `source`, `digest`,
        `extractor` and `features` (a list). An HDF5 file has a group for each extractor, with the
        datasets `features`, of shape (n_images, n_features), `source` and `digest`.

        Parameters
        ----------
        path : str or PathLike
            The file; one that is there is replaced once the new one is whole.

        extractor : str or None, default=None
            The label or fingerprint of an extractor, or the beginning of one; None takes all.

        format : {"parquet", "hdf5"} or None, default=None
            None goes by the name of the file: .parquet, .pq, .h5 or .hdf5.

        Raises
        ------
        ImportError
            If pyarrow (for Parquet) or h5py (for HDF5) is missing.

        ValueError
            If there are no such features, or if the format is unknown.

        OSError
            If the store can't be read or the file can't be written.
        """
        path = os.path.expanduser(os.fsdecode(path))
        kind = choose_format(path, format)
        database = self._core.database
        export(database, choose_extractors(list_extractors(database), extractor), path, kind)

    def __repr__(self):
        core = self._core
        if not core.database.file.exists() and not core.runs.entries():
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
    def _core(self):
        return find_core(self.path)

    def _after_writing(self, core):
        if self.max_bytes is not None:
            evict(core, self.max_bytes)
        core.write_down_soon()


def _count(connection):
    """Rows, bytes and totals of a database."""
    ((n_rows,),) = connection.execute("SELECT count(*) FROM images")
    return n_rows, used_bytes(connection), read_counts(connection)


def as_store(cache):
    """Turn the `cache` parameter of an estimator into a store.

    Parameters
    ----------
    cache : None, str, PathLike or FeatureStore
        What the user passed.

    Returns
    -------
    store : FeatureStore or None
        None for None.
    """
    if cache is None or isinstance(cache, FeatureStore):
        return cache
    return FeatureStore(cache)
