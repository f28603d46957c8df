"""BaseWorker: the base class of workers on shards."""

from dataclasses import dataclass
from typing import Any

from skfusion._utils.shared_model import find_or_restore
from skfusion.io._shard_folder import ShardFolder

MODEL_PREFIX = "_model-"


@dataclass(frozen=True)
class BaseWorker:
    """Base class of the functions that a cluster calls with a `ShardTask`.

    Parameters
    ----------
    folder : ShardFolder
        The folder of the results, and of the model.

    transformer : ImageTransformer or str
        Has the reader and computes the features; or the digest of the file that it is in.

    keep : bool
        Whether complete results of the same rows are kept.
    """

    folder: ShardFolder
    transformer: Any
    keep: bool

    def restore_transformer(self):
        """Return the transformer, from its file if only the digest is given."""
        if not isinstance(self.transformer, str):
            return self.transformer
        name = model_name(self.transformer)
        return find_or_restore(self.transformer, lambda: self.folder.read(name)).model


def model_name(digest):
    """Return the name of the file of a transformer."""
    return f"{MODEL_PREFIX}{digest}.pickle"
