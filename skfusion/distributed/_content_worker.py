"""ContentWorker: digests of the images of some rows, in any process."""

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd

from skfusion._utils.shared_model import find_or_restore
from skfusion.extraction._image_decoder import ImageDecoder
from skfusion.images._hashing import combine_digests
from skfusion.images._image_digests import ImageDigests
from skfusion.images.remote._held_url import hold
from skfusion.io._shard_folder import ShardFolder

MODEL_PREFIX, CONTENT_PREFIX = "_model-", "_contents-"


@dataclass(frozen=True)
class ContentWorker:
    """Find copies of images before features are computed.

    Parameters
    ----------
    folder : ShardFolder
        The folder of the digests, and of the model.

    transformer : ImageTransformer or str
        Has the reader; or the digest of the file that it is in.

    keep : bool
        Whether digests of the same rows are kept.
    """

    folder: ShardFolder
    transformer: Any
    keep: bool

    def __call__(self, task):
        """Return the rows of a task, and the digest of each; None where an image can't be read.

        Parameters
        ----------
        task : ShardTask
            The rows.
        """
        name = f"{CONTENT_PREFIX}{task.name.rpartition('-')[2].partition('.')[0]}.json"
        text = self.folder.read(name) if self.keep else None
        known = {} if text is None else json.loads(text)
        if known.get("job") != task.job:
            transformer = restore_transformer(self.folder, self.transformer)
            known = {"job": task.job, "contents": digest_rows(transformer, held_cells(task.cells))}
            self.folder.write(name, json.dumps(known).encode())
        return task.rows, known["contents"]


def restore_transformer(folder, transformer):
    """Return a transformer, or that of a digest from its file in a folder."""
    if not isinstance(transformer, str):
        return transformer
    name = f"{MODEL_PREFIX}{transformer}.pickle"
    return find_or_restore(transformer, lambda: folder.read(name)).model


def held_cells(cells):
    """Return a DataFrame of cells whose URLs are downloaded once as long as it exists."""
    # As objects: pandas would make plain text of URLs that hold their content.
    return pd.DataFrame({name: pd.Series(_held(cells[name]), dtype=object) for name in cells})


def digest_rows(transformer, cells):
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


def _held(cells):
    distinct = list(dict.fromkeys(cells))
    held = dict(zip(distinct, hold(distinct), strict=True))
    return [held[cell] for cell in cells]
