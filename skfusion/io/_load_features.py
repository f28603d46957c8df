"""load_features: files of features, side by side again."""

import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from skfusion._utils.decorators import validate_params
from skfusion._utils.feature_names import indexed
from skfusion._utils.messages import caller_stacklevel, join_names
from skfusion._utils.typing import PathLike
from skfusion.io._hdf5 import MAGIC as HDF5_MAGIC
from skfusion.io._hdf5 import read_hdf5
from skfusion.io._parquet import MAGIC as PARQUET_MAGIC
from skfusion.io._parquet import read_parquet

_ENDINGS = (".h5", ".hdf5", ".parquet")


@validate_params(
    {
        "paths": [str, os.PathLike, list, tuple],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_features(
    paths: PathLike | Sequence[PathLike], *, return_X_y: bool = True, as_frame: bool = False
) -> tuple[Any, np.ndarray | None] | Bunch:
    """Load the features that ``skfusion embed`` wrote, one file or several side by side.

    The networks run once, on whichever machine; what follows is tables. Files are joined by row
    id, whatever their order, and refused where they don't belong together.

    Parameters
    ----------
    paths : str, PathLike or list of these
        Files (.h5 or .parquet), in the order in which their columns shall stand; or a folder,
        of which all such files are taken, by name.

    return_X_y : bool, default=True
        Whether to give ``(X, y)``; else a Bunch.

    as_frame : bool, default=False
        Whether X is a DataFrame with the names of the features, and row ids as its index; else
        it is an array.

    Returns
    -------
    X : ndarray or DataFrame of shape (n_rows, n_features), float32
        The features, in the row order of the first file.

    y : ndarray of shape (n_rows,) or None
        Numbers of classes, or the numbers that were to be predicted; None where the files have
        no target.

    data : Bunch
        Instead of both, with ``return_X_y=False``: ``data`` (X), ``target`` (y),
        ``target_names`` (list of str or None), ``feature_names`` (list of str), ``ids`` (ndarray
        of str or None) and ``fingerprints`` (dict, a digest by name of what computed the
        features).

    Raises
    ------
    FileNotFoundError
        If there is no such file, or if a folder has none.

    ValueError
        If a file is damaged or is no file of features, or if files hold other rows, other labels
        or other classes than the first, or features of the same name.

    Warns
    -----
    UserWarning
        If files of other programs hold only `train` and `label`. They have no row ids, so that
        row 0 of one is taken for row 0 of the other, where lengths and labels agree.

    See Also
    --------
    PretrainedGAP : Gives the same columns in a pipeline.

    Notes
    -----
    An HDF5 file holds the datasets `train` (features) and `label`, and attributes such as
    `row_ids` and `class_names`. Nothing in it is unpickled, and links to other files are refused.

    Examples
    --------
    >>> import os, tempfile
    >>> import h5py
    >>> import numpy as np
    >>> from skfusion import load_features
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "gap_mine.h5")
    >>> with h5py.File(path, "w") as file:  # as another program may have written it
    ...     file["train"], file["label"] = np.eye(3, 2), [0, 1, 1]
    >>> X, y = load_features([path])
    >>> X.shape, y
    ((3, 2), array([0, 1, 1]))
    >>> folder.cleanup()
    """
    files = [_read(path) for path in _expand(paths)]
    first = files[0]
    _refuse_one_name(files)
    blocks = [first.features] + [_aligned(first, other) for other in files[1:]]
    X = np.hstack([block.astype(np.float32, copy=False) for block in blocks])
    names = [name for file in files for name in indexed(file.prefix, file.features.shape[1])]
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


def _expand(paths):
    """The files that are meant."""
    if not isinstance(paths, (list, tuple)):
        paths = [paths]
    files = []
    for path in paths:
        path = os.path.expanduser(os.fsdecode(path))
        if os.path.isdir(path):
            inside = sorted(name for name in os.listdir(path) if name.lower().endswith(_ENDINGS))
            if not inside:
                raise FileNotFoundError(f"No file of features (.h5, .parquet) in {path!r}.")
            files += [os.path.join(path, name) for name in inside]
        elif os.path.exists(path):
            files.append(path)
        else:
            raise FileNotFoundError(f"No such file: {path!r}.")
    if not files:
        raise ValueError("paths is empty; name at least one file of features.")
    return files


def _read(path):
    with open(path, "rb") as file:
        head = file.read(len(HDF5_MAGIC))
    if head == HDF5_MAGIC:
        return read_hdf5(path)
    if head.startswith(PARQUET_MAGIC):
        return read_parquet(path)
    raise ValueError(f"{path!r} is neither an HDF5 nor a Parquet file.")


def _refuse_one_name(files):
    for attribute in ("name", "prefix"):
        seen = {}
        for file in files:
            value = getattr(file, attribute)
            other = seen.setdefault(value, file)
            if other is file:
                continue
            digests = (other.fingerprint, file.fingerprint)
            how = "the same" if digests[0] == digests[1] else "by different extractors ({}, {})"
            raise ValueError(
                f"{other.path!r} and {file.path!r} both hold features called {value!r}, "
                f"{how.format(*digests)}. Take one of them; to have both, compute one again under "
                "another name (--suffix)."
            )


def _aligned(first, other):
    """The other file's features in the row order of the first; ValueError if they differ."""

    def refuse(what):
        raise ValueError(
            f"{other.path!r} does not belong to {first.path!r}: {what}. Compute both from the same "
            "images and table."
        )

    order = _order_of(first, other, refuse)
    if (first.labels is None) != (other.labels is None):
        refuse("one of them has labels, the other has none")
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
    """Which labels differ; NaN is like NaN."""
    return (labels != others) & ~((labels != labels) & (others != others))


def _order_of(first, other, refuse):
    """For each row of the first file, where it stands in the other."""
    if first.ids is None or other.ids is None:
        if first.n_rows != other.n_rows:
            refuse(f"it has {other.n_rows} rows, not {first.n_rows}")
        bare = first.path if first.ids is None else other.path
        warnings.warn(
            f"{bare!r} has no row ids (skfusion did not write it): its rows are taken to stand in "
            "the order of the other file's.",
            stacklevel=caller_stacklevel(),
        )
        return np.arange(first.n_rows)
    place = {each: i for i, each in enumerate(other.ids)}
    missing = [each for each in first.ids if each not in place]
    if missing:
        refuse(f"it lacks {len(missing)} of {first.n_rows} rows ({join_names(missing)})")
    if other.n_rows > first.n_rows:
        more = sorted(set(other.ids) - set(first.ids))
        refuse(f"it has {len(more)} rows more ({join_names(more)})")
    return np.array([place[each] for each in first.ids], dtype=np.intp)
