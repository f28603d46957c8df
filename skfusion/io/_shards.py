"""Read a folder of shards as a FeatureFile."""

import json
import os

import numpy as np

from skfusion._utils.fingerprint import digest_text
from skfusion.io._feature_file import FeatureFile
from skfusion.io._shard import Shard
from skfusion.io._shard_folder import ShardFolder

JOB, MANIFEST = "_job.json", "_manifest.json"
VERSION = 1


def read_shards(path):
    """Read the features that `distributed.embed` wrote.

    Parameters
    ----------
    path : str
        The folder.

    Returns
    -------
    content : FeatureFile
        The features, in the row order of the table.

    Raises
    ------
    ValueError
        If a shard is missing or damaged, or the folder is not complete.
    """
    folder = ShardFolder(os.path.abspath(path))
    text = folder.read(MANIFEST)
    if text is None:
        raise ValueError(f"{path!r} is not complete. Call skfusion.distributed.embed again.")
    about = json.loads(text)
    if about["version"] > VERSION:
        raise ValueError(f"{path!r} was written by a newer version of skfusion.")
    n_rows, names = about["n_rows"], about["feature_names"]
    features = np.empty((n_rows, len(names)), dtype=np.float32)
    ids, contents, labels = (np.empty(n_rows, dtype=object) for _ in range(3))
    for entry in about["shards"]:
        shard = _read(folder, entry)
        features[shard.rows], ids[shard.rows] = shard.features, shard.ids
        contents[shard.rows], labels[shard.rows] = shard.contents, shard.labels
    labels, classes = _numbers(labels)
    content = FeatureFile(
        name=os.path.basename(folder.path),
        features=features,
        labels=labels,
        class_names=classes,
        ids=ids,
        fingerprint=about["fingerprint"],
        prefix=names[0],
        path=path,
        images=digest_text(contents.tolist()),
        names=names,
    )
    content.check()
    return content


def _read(folder, entry):
    """Return the Shard of an entry of the manifest."""
    name = entry["name"]
    content = folder.read(name)
    shard = None if content is None else Shard.decode(content)
    if shard is None or len(shard.rows) != entry["n_rows"]:
        raise ValueError(
            f"{folder.full_name(name)!r} is {'missing' if content is None else 'damaged'}. Call "
            "skfusion.distributed.embed again, which computes it."
        )
    return shard


def _numbers(labels):
    """Return labels as numbers, and the names of classes if they are text."""
    if all(label is None for label in labels):
        return None, None
    if all(isinstance(label, str) for label in labels):
        names, numbers = np.unique(labels.astype(str), return_inverse=True)
        return numbers, names.tolist()
    return np.array(labels.tolist()), None
