"""ShardWorker: compute one shard, in any process."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pandas as pd

from skfusion.distributed._base_worker import BaseWorker
from skfusion.distributed._row_digests import digest_rows, held_cells
from skfusion.exceptions import ImageReadError
from skfusion.io._shard import Shard


@dataclass(frozen=True)
class ShardWorker(BaseWorker):
    """Compute shards and write their files."""

    def __call__(self, task):
        """Return the entry of a shard in the manifest, or the images that can't be read.

        Parameters
        ----------
        task : ShardTask
            The rows.

        Returns
        -------
        entry : dict or None
            `name`, `n_rows`, `n_bytes`, `digest`, and `computed`: False if the file existed.

        failures : list of tuple (int, str, str)
            Row position in the table, source and reason of each failure.
        """
        if self.keep:
            content = self.folder.read(task.name)
            if content is not None and Shard.decode(content, task.job) is not None:
                return _entry(task, content, computed=False), []
        cells = held_cells(task.cells)
        transformer = self.restore_transformer()
        contents = digest_rows(transformer, cells)
        first, numbers = _first_of_each(contents)
        try:
            distinct = _input(transformer, cells.iloc[first])
            features = np.asarray(transformer.transform(distinct), np.float32)
        except ImageReadError as error:
            return None, [(int(task.rows[first[row]]), *more) for row, *more in error.failures]
        shard = Shard(task.rows, task.ids, contents, features[numbers], task.labels)
        content = shard.encode(task.job)
        self.folder.write(task.name, content)
        return _entry(task, content, computed=True), []


def _input(transformer, cells):
    """Return cells with the names of columns only if the transformer was fitted with names."""
    return cells if hasattr(transformer, "feature_names_in_") else cells.to_numpy()


def _first_of_each(contents):
    """Return the first place of each content, and the position of each row's among these.

    Rows without a digest are all kept, so that an error names each of them.
    """
    keys = [number if content is None else content for number, content in enumerate(contents)]
    numbers, _ = pd.factorize(np.array(keys, dtype=object))
    return np.unique(numbers, return_index=True)[1], numbers


def _entry(task, content, computed):
    digest = blake2b(content, digest_size=16).hexdigest()
    return {
        "name": task.name,
        "n_rows": len(task.rows),
        "n_bytes": len(content),
        "digest": digest,
        "computed": computed,
    }
