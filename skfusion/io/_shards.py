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
        The folder, or the URL of one in an object store.

    Returns
    -------
    content : FeatureFile
        The features, in the row order of the table.

    Raises
    ------
    ValueError
        If a shard is missing or damaged, or the folder is not complete.
    """
    folder = ShardFolder.existing(path)
    about = read_manifest(folder)
    n_rows, names = about["n_rows"], about["feature_names"]
    features = np.empty((n_rows, len(names)), dtype=np.float32)
    ids, contents, labels = (np.empty(n_rows, dtype=object) for _ in range(3))
    for entry in about["shards"]:
        shard = read_shard(folder, entry)
        features[shard.rows], ids[shard.rows] = shard.features, shard.ids
        contents[shard.rows], labels[shard.rows] = shard.contents, shard.labels
    labels = None if all(label is None for label in labels) else labels.tolist()
    classes = class_names(labels)
    content = FeatureFile(
        name=os.path.basename(folder.path),
        features=features,
        labels=number_labels(labels, classes),
        class_names=classes,
        ids=ids,
        fingerprint=about["fingerprint"],
        prefix=names[0],
        path=folder.shown,
        images=digest_text(contents.tolist()),
        names=names,
    )
    content.check()
    return content


def read_manifest(folder):
    """Return the content of the manifest of a folder; ValueError without one."""
    text = folder.read(MANIFEST)
    if text is None:
        raise ValueError(
            f"{folder.shown!r} is not complete. Call skfusion.distributed.embed again."
        )
    about = json.loads(text)
    if about["version"] > VERSION:
        raise ValueError(f"{folder.shown!r} was written by a newer version of skfusion.")
    return about


def read_shard(folder, entry):
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


def class_names(labels):
    """Return the sorted names of classes if all labels are text, else None."""
    if labels and all(isinstance(label, str) for label in labels):
        return sorted(set(labels))
    return None


def number_labels(labels, classes):
    """Return labels as an array: the numbers of their classes, if these have names."""
    if labels is None:
        return None
    return np.array(labels) if classes is None else np.searchsorted(classes, labels)
