"""Load files of features and put them side by side."""

import os
import warnings
from collections.abc import Collection, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval

from skfusion._utils.decorators import validate_params
from skfusion._utils.messages import caller_stacklevel, join_names
from skfusion._utils.typing import PathLike
from skfusion._utils.urls import redact, scheme_of
from skfusion.images.remote._remote_access import find_schemes, refusal
from skfusion.io._feature_batches import FeatureBatches
from skfusion.io._hdf5 import MAGIC as HDF5_MAGIC
from skfusion.io._hdf5 import read_hdf5
from skfusion.io._parquet import MAGIC as PARQUET_MAGIC
from skfusion.io._parquet import read_parquet
from skfusion.io._shards import JOB, MANIFEST, read_shards

_ENDINGS = (".h5", ".hdf5", ".parquet")


@validate_params(
    {
        "paths": [str, os.PathLike, list, tuple],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
        "remote": ["boolean", str, tuple, list, set, frozenset],
        "batch_rows": [Interval(Integral, 1, None, closed="left"), None],
    },
    prefer_skip_nested_validation=True,
)
def load_features(
    paths: PathLike | Sequence[PathLike],
    *,
    return_X_y: bool = True,
    as_frame: bool = False,
    remote: bool | str | Collection[str] = False,
    batch_rows: int | None = None,
) -> tuple[Any, np.ndarray | None] | Bunch | FeatureBatches:
    """Load features that ``skfusion embed`` wrote, from one file or several side by side.

    Use it to run networks once, on any machine, and to train on their features elsewhere. Files
    are joined by row id, in any order. Files of different rows or labels raise an error.

    Parameters
    ----------
    paths : str, PathLike or list of these
        Files (.h5 or .parquet), in the order of their columns; or a folder, of which all such
        files are loaded, sorted by name; or a folder of `distributed.embed`, or
        its manifest, which is one file.
        With `remote`, the latter may be a URL.

    return_X_y : bool, default=True
        If True, return ``(X, y)``; otherwise a Bunch.

    as_frame : bool, default=False
        If True, X is a DataFrame with the names of the features, and row ids as its index;
        otherwise it is an array.

    remote : bool, str or collection of str, default=False
        The schemes of URLs that may be read, as in :class:`~skfusion.ImageReader`.

    batch_rows : int or None, default=None
        With a number, nothing is loaded yet: the result yields ``(X, y)`` of at most so many rows,
        for `partial_fit`. A batch has rows of one shard only, so that the last one of a shard is
        smaller. Only for one folder of `distributed.embed`.

    Returns
    -------
    X : ndarray or DataFrame of shape (n_rows, n_features), float32
        The features, in the row order of the first file.

    y : ndarray of shape (n_rows,) or None
        Class numbers, or a numeric target; None if the files have no target.

    data : Bunch
        Returned instead of both with ``return_X_y=False``: ``data`` (X), ``target`` (y),
        ``target_names`` (list of str or None), ``feature_names`` (list of str), ``ids`` (ndarray
        of str or None) and ``fingerprints`` (dict of name to the digest of the extractor).

    batches : FeatureBatches
        Returned instead with `batch_rows`: iterate over it as often as needed. It reads one shard
        at a time, in the order of the shards, and has the attributes ``shape``, ``feature_names``,
        ``classes`` (class numbers) and ``target_names``. Its method ``to_dask()`` returns X and y
        as arrays of Dask, with a chunk per shard.

    Raises
    ------
    FileNotFoundError
        If a file does not exist, or a folder has no file of features.

    ValueError
        If a file is damaged or is not a file of features, if its rows, labels or classes differ
        from those of the first file, if two files have features of the same name, if a URL is
        not allowed, or if files can't be loaded in batches.

    Warns
    -----
    UserWarning
        If files of other programs have only `train` and `label`. They have no row ids, so rows
        are matched by position if lengths and labels agree.

    See Also
    --------
    PretrainedGAP : Computes the same columns in a pipeline.

    Notes
    -----
    An HDF5 file has the datasets `train` (features) and `label`, and attributes such as
    `row_ids` and `class_names`. Nothing is unpickled, and links to other files are an error.

    Examples
    --------
    >>> import os, tempfile
    >>> import h5py
    >>> import numpy as np
    >>> from skfusion import load_features
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "gap_mine.h5")
    >>> with h5py.File(path, "w") as file:  # as another program may write it
    ...     file["train"], file["label"] = np.eye(3, 2), [0, 1, 1]
    >>> X, y = load_features([path])
    >>> X.shape, y
    ((3, 2), array([0, 1, 1]))
    >>> folder.cleanup()
    """
    names = _expand(paths, find_schemes(remote))
    if batch_rows is not None:
        return _batches(names, batch_rows, as_frame)
    files = [_read(path) for path in names]
    first = files[0]
    _check_names_differ(files)
    blocks = [first.features] + [_aligned(first, other) for other in files[1:]]
    X = np.hstack([block.astype(np.float32, copy=False) for block in blocks])
    names = [name for file in files for name in file.feature_names]
    if as_frame:
        index = None if first.ids is None else pd.Index(first.ids, name="id")
        X = pd.DataFrame(X, columns=names, index=index)
    if return_X_y:
        return X, first.labels
    return Bunch(
        data=X,
        target=first.labels,
        target_names=first.class_names,
        feature_names=names,
        ids=first.ids,
        fingerprints={file.name: file.fingerprint for file in files},
    )


def _batches(names, batch_rows, as_frame):
    if len(names) > 1 or not (scheme_of(names[0]) or _holds_shards(names[0])):
        raise ValueError(
            f"{redact(names[0])!r} can't be loaded in batches: batch_rows takes one folder that "
            "skfusion.distributed.embed wrote. Leave it out to load files whole."
        )
    return FeatureBatches(names[0], batch_rows, as_frame)


def _expand(paths, schemes):
    """Return the files that `paths` names, with folders expanded."""
    if not isinstance(paths, (list, tuple)):
        paths = [paths]
    files = []
    for path in paths:
        path = os.path.expanduser(os.fsdecode(path))
        if os.path.basename(path) == MANIFEST:
            path = os.path.dirname(path) or "."
        scheme = scheme_of(path)
        if scheme is not None and scheme not in schemes:
            raise refusal(scheme, "load_features")
        if scheme is not None or _holds_shards(path):
            files.append(path)
        elif os.path.isdir(path):
            inside = sorted(name for name in os.listdir(path) if name.lower().endswith(_ENDINGS))
            if not inside:
                raise FileNotFoundError(f"No file of features (.h5, .parquet) in {path!r}.")
            files += [os.path.join(path, name) for name in inside]
        elif os.path.exists(path):
            files.append(path)
        else:
            raise FileNotFoundError(f"No such file: {path!r}.")
    if not files:
        raise ValueError("paths is empty. Pass at least one file of features.")
    return files


def _holds_shards(path):
    return os.path.exists(os.path.join(path, JOB))


def _read(path):
    if scheme_of(path) is not None or _holds_shards(path):
        return read_shards(path)
    with open(path, "rb") as file:
        head = file.read(len(HDF5_MAGIC))
    if head == HDF5_MAGIC:
        return read_hdf5(path)
    if head.startswith(PARQUET_MAGIC):
        return read_parquet(path)
    raise ValueError(f"{path!r} is neither an HDF5 nor a Parquet file.")


def _check_names_differ(files):
    for attribute in ("name", "prefix"):
        seen = {}
        for file in files:
            value = getattr(file, attribute)
            other = seen.setdefault(value, file)
            if other is file:
                continue
            digests = (other.fingerprint, file.fingerprint)
            same = digests[0] == digests[1]
            how = "by the same extractor" if same else "by different extractors ({}, {})"
            raise ValueError(
                f"{other.path!r} and {file.path!r} both have features named {value!r}, "
                f"{how.format(*digests)}. Load one of them, or compute one again with another name "
                "(skfusion embed --suffix)."
            )


def _aligned(first, other):
    """Return the features of another file in the row order of the first.

    Raise ValueError if rows, labels or classes differ.
    """

    def refuse(what):
        raise ValueError(
            f"{other.path!r} does not match {first.path!r}: {what}. Compute both from the same "
            "images and table."
        )

    order = _order_of(first, other, refuse)
    if (first.labels is None) != (other.labels is None):
        refuse("only one of them has labels")
    bare = first.ids is None or other.ids is None
    if first.class_names != other.class_names and not bare:
        refuse(f"its classes are {other.class_names}, not {first.class_names}")
    if first.labels is not None:
        differ = np.flatnonzero(_differ(first.labels, other.labels[order]))
        if len(differ):
            rows = differ if first.ids is None else first.ids[differ]
            refuse(f"the labels of {len(rows)} rows differ ({join_names(map(str, rows))})")
    return other.features[order]


def _differ(labels, others):
    """Return which labels differ; NaN equals NaN."""
    return (labels != others) & ~((labels != labels) & (others != others))


def _order_of(first, other, refuse):
    """Return the position in the other file of each row of the first file."""
    if first.ids is None or other.ids is None:
        if first.n_rows != other.n_rows:
            refuse(f"it has {other.n_rows} rows, not {first.n_rows}")
        bare = first.path if first.ids is None else other.path
        warnings.warn(
            f"{bare!r} has no row ids (skfusion did not write it). Its rows are matched with those "
            "of the other file by position.",
            stacklevel=caller_stacklevel(),
        )
        return np.arange(first.n_rows)
    positions = {each: i for i, each in enumerate(other.ids)}
    missing = [each for each in first.ids if each not in positions]
    if missing:
        refuse(f"it lacks {len(missing)} of {first.n_rows} rows ({join_names(missing)})")
    if other.n_rows > first.n_rows:
        more = sorted(set(other.ids) - set(first.ids))
        refuse(f"it has {len(more)} more rows ({join_names(more)})")
    return np.array([positions[each] for each in first.ids], dtype=np.intp)
