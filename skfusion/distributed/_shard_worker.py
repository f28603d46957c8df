"""ShardWorker: compute one shard, in any process."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd

from skfusion._utils.shared_model import find_or_restore
from skfusion.exceptions import ImageReadError
from skfusion.extraction._image_decoder import ImageDecoder
from skfusion.images._hashing import combine_digests
from skfusion.images._image_digests import ImageDigests
from skfusion.images.remote._held_url import hold
from skfusion.io._shard import Shard
from skfusion.io._shard_folder import ShardFolder

MODEL_PREFIX = "_model-"


@dataclass(frozen=True)
class ShardWorker:
    """Compute shards and write their files.

    Parameters
    ----------
    folder : ShardFolder
        The folder of the files, and of the model.

    transformer : ImageTransformer or str
        Computes the features; or the digest of the file that it is in.

    keep : bool
        Whether a complete file of the same rows is kept.
    """

    folder: ShardFolder
    transformer: Any
    keep: bool

    def __call__(self, task):
        """Return what the manifest says of a shard, or the images that can't be read.

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
        # As objects: pandas would make plain text of URLs that hold their content.
        cells = pd.DataFrame(
            {name: pd.Series(_held(task.cells[name]), dtype=object) for name in task.cells}
        )
        transformer = self._transformer()
        contents = _digests(transformer, cells)
        try:
            features = np.asarray(transformer.transform(_input(transformer, cells)), np.float32)
        except ImageReadError as error:
            return None, [(int(task.rows[row]), *more) for row, *more in error.failures]
        shard = Shard(task.rows, task.ids, contents, features, task.labels)
        content = shard.encode(task.job)
        self.folder.write(task.name, content)
        return _entry(task, content, computed=True), []

    def _transformer(self):
        if not isinstance(self.transformer, str):
            return self.transformer
        name = f"{MODEL_PREFIX}{self.transformer}.pickle"
        return find_or_restore(self.transformer, lambda: self.folder.read(name)).model


def _held(cells):
    """Return cells whose URLs are downloaded once, for the digests and for the features."""
    distinct = list(dict.fromkeys(cells))
    held = dict(zip(distinct, hold(distinct), strict=True))
    return [held[cell] for cell in cells]


def _input(transformer, cells):
    """Return cells with the names of columns only if the transformer was fitted with names."""
    return cells if hasattr(transformer, "feature_names_in_") else cells.to_numpy()


def _digests(transformer, cells):
    """Return the digest of the images of each row; None where one can't be read."""
    where = ImageDecoder(transformer.reader_, None, None).location
    if where["max_pixels"] is None:
        del where["max_pixels"]
    columns = []
    for name in cells.columns:
        distinct = list(dict.fromkeys(cells[name]))
        found = dict(zip(distinct, ImageDigests().of_many(distinct, **where), strict=True))
        columns.append([found[cell] for cell in cells[name]])
    rows = zip(*columns, strict=True)
    return [None if None in row else combine_digests(list(row)).hex() for row in rows]


def _entry(task, content, computed):
    digest = blake2b(content, digest_size=16).hexdigest()
    return {
        "name": task.name,
        "n_rows": len(task.rows),
        "n_bytes": len(content),
        "digest": digest,
        "computed": computed,
    }
