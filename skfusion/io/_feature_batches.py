"""FeatureBatches: features of a folder of shards, some rows at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from skfusion._utils.package_of_extra import import_extra
from skfusion.io._shard_folder import ShardFolder
from skfusion.io._shards import number_labels, read_manifest, read_shard


class FeatureBatches:
    """Batches of features and target, one shard in memory at a time.

    Iterate over it as often as needed. It is what ``load_features(..., batch_rows=...)`` returns.

    Parameters
    ----------
    path : str
        The folder of `distributed.embed`, or its URL.

    batch_rows : int
        The largest number of rows of a batch.

    as_frame : bool
        Whether features are DataFrames with row ids as index.

    Attributes
    ----------
    shape : tuple (n_rows, n_features)
        The shape of all features.

    feature_names : list of str
        The names of the columns.

    classes : ndarray or None
        The class numbers, for `partial_fit`; None if the target is not text.

    target_names : list of str or None
        The names of the classes.
    """

    def __init__(self, path: str, batch_rows: int, as_frame: bool = False) -> None:
        self._folder = ShardFolder.existing(path)
        self._about = read_manifest(self._folder)
        self._batch_rows, self._as_frame = batch_rows, as_frame
        self.feature_names = self._about["feature_names"]
        self.shape = self._about["n_rows"], len(self.feature_names)
        self.target_names = self._about.get("classes")
        names = self.target_names
        self.classes = None if names is None else np.arange(len(names))

    def __iter__(self) -> Iterator[tuple[Any, np.ndarray | None]]:
        """Yield X and y, in the order of the shards."""
        for entry in self._about["shards"]:
            shard = read_shard(self._folder, entry)
            y = number_labels(shard.labels, self.target_names)
            for start in range(0, len(shard.rows), self._batch_rows):
                rows = slice(start, start + self._batch_rows)
                X = shard.features[rows]
                if self._as_frame:
                    X = pd.DataFrame(X, index=shard.ids[rows], columns=self.feature_names)
                yield X, None if y is None else y[rows]

    def to_dask(self) -> tuple[Any, Any]:
        """Return X and y as Dask arrays with a chunk per shard; nothing is read yet.

        Returns
        -------
        X : dask.array.Array of shape (n_rows, n_features), float32
            The features, in the order of the shards.

        y : dask.array.Array of shape (n_rows,) or None
            The target; None if there is none.
        """
        array = import_extra("dask.array", "dask", "Dask arrays")
        delayed = import_extra("dask", "dask", "Dask arrays").delayed
        first = read_shard(self._folder, self._about["shards"][0])
        y = number_labels(first.labels, self.target_names)
        parts = []
        for entry in self._about["shards"]:
            pair = delayed(_read_pair, nout=2)(self._folder, entry, self.target_names)
            parts.append((*pair, entry["n_rows"]))
        width = self.shape[1]
        X = [array.from_delayed(part, (n, width), np.float32) for part, _, n in parts]
        if y is None:
            return array.concatenate(X), None
        targets = [array.from_delayed(part, (n,), y.dtype) for _, part, n in parts]
        return array.concatenate(X), array.concatenate(targets)


def _read_pair(folder, entry, classes):
    shard = read_shard(folder, entry)
    return shard.features, number_labels(shard.labels, classes)
