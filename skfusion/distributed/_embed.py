"""Write the features of a table to sharded Parquet files, on one machine or on a cluster."""

import json
import os
import sys
from itertools import islice
from typing import Any

from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from skfusion._utils.decorators import validate_params
from skfusion._utils.fingerprint import digest_text
from skfusion._utils.messages import join_names, with_remedies
from skfusion._utils.shared_model import SharedModel
from skfusion._utils.typing import PathLike
from skfusion.base import ImageTransformer
from skfusion.distributed._base_worker import MODEL_PREFIX, model_name
from skfusion.distributed._content_worker import CONTENT_PREFIX, ContentWorker
from skfusion.distributed._features_fingerprint import features_fingerprint
from skfusion.distributed._shard_plan import PREFIX, gather_rows, plan_shards
from skfusion.distributed._shard_worker import ShardWorker
from skfusion.exceptions import ImageReadError
from skfusion.io._shard_folder import ShardFolder
from skfusion.io._shards import JOB, MANIFEST, VERSION, class_names


@validate_params(
    {
        "transformer": [ImageTransformer],
        "out": [str, os.PathLike],
        "by_content": ["boolean"],
        "overwrite": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def embed(
    X: Any,
    transformer: ImageTransformer,
    *,
    out: PathLike,
    column: str | list[str] | None = None,
    ids: str | ArrayLike | None = None,
    target: str | ArrayLike | None = None,
    rows_per_shard: int = 1024,
    by_content: bool = True,
    overwrite: bool = False,
    client: Any = None,
) -> str:
    """Compute the features of a table of images and write them to sharded Parquet files.

    Use it for more images than one process computes in reasonable time. Call it again after an
    interruption: shards that are complete are kept, and damaged or deleted ones are computed again.

    Parameters
    ----------
    X : list, Series or DataFrame of pandas or Dask
        Paths or URLs of images, which all workers can read. Of a Dask DataFrame the columns that
        are used are gathered in this process.

    transformer : ImageTransformer
        A fitted `PretrainedGAP`, `CNNEmbedder` or `ImageDescriptors`. Each worker process restores
        it once. Its `missing` and `corrupt` define rows without a readable image.

    out : str or PathLike
        A folder, or the URL of one in an object store, which all workers can write.

    column : str, list of str or None, default=None
        The columns of images; None is those that the transformer was fitted on, or all of X.

    ids : str, array-like of shape (n_rows,) or None, default=None
        A column of X or values, different in each row, which identify the rows. None is the index.

    target : str, array-like of shape (n_rows,) or None, default=None
        A column of X or numbers or text, which are written beside the features.

    rows_per_shard : int, default=1024
        The number of distinct rows of each file.

    by_content : bool, default=True
        Whether copies of an image under several names are computed once. To find them, each image
        is read once more, before the first features. False computes each path or URL once.

    overwrite : bool, default=False
        Whether to compute all shards again, and to replace a folder of other rows or features.

    client : distributed.Client or None, default=None
        The client of a Dask cluster. None is the current client or, without one, this process.

    Returns
    -------
    manifest : str
        The path or URL of the manifest, JSON with the names of features and, of each shard, name,
        number of rows and bytes, and digest. It is written last: a folder that has one is complete.

    Raises
    ------
    FileExistsError
        If the folder has features of other rows, or of another transformer.

    ImageReadError
        If images can't be read, after all other shards were written.

    ValueError
        If ids are not unique, or a cell is neither a path nor a URL.

    See Also
    --------
    load_features : Loads the folder.

    Notes
    -----
    A shard has the columns `row` (the position in X), `id`, `content` (a digest of the image),
    `label` with a target, and `features` (a list of fixed size, float32). Rows of the same image
    are in the same shard, so that it is computed once. Shards are written under another name
    first, and each holds a digest of its content.

    For workers, the transformer is saved in `out` as a pickle until the features are complete. It
    is loaded only if its digest is that which this process sent.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from PIL import Image
    >>> from skfusion import ImageDescriptors, distributed, load_features
    >>> folder = tempfile.TemporaryDirectory()
    >>> paths = [os.path.join(folder.name, f"{i}.png") for i in range(3)]
    >>> for i, path in enumerate(paths):
    ...     Image.fromarray(np.full((8, 8), 80 * i, dtype=np.uint8)).save(path)
    >>> descriptors = ImageDescriptors("intensity").fit(paths)
    >>> out = os.path.join(folder.name, "features")
    >>> manifest = distributed.embed(paths, descriptors, out=out)
    >>> X, _ = load_features(out)
    >>> bool((X == descriptors.transform(paths)).all())
    True
    >>> folder.cleanup()
    """
    fingerprint = _check_transformer(transformer, rows_per_shard)
    cells, ids, labels = gather_rows(X, _columns(X, transformer, column), ids, target)
    plan = cells, ids, labels, fingerprint, rows_per_shard
    tasks = plan_shards(*plan)
    folder = ShardFolder.of(out)
    about = {
        "version": VERSION,
        "job": digest_text([task.job for task in tasks], by_content),
        "fingerprint": fingerprint,
        "n_rows": len(ids),
        "feature_names": list(transformer.get_feature_names_out()),
        "classes": class_names(labels),
    }
    _start(folder, about, overwrite)
    client = _current_client() if client is None else client
    model = transformer if client is None else _send(folder, transformer)
    if by_content:
        found = _map(ContentWorker(folder, model, not overwrite), tasks, client)
        tasks = plan_shards(*plan, _in_order(found, len(ids)))
    entries = _entries(_map(ShardWorker(folder, model, not overwrite), tasks, client))
    _remove_others(folder, entries, by_content)
    shards = [entries[task.name] for task in tasks]
    _write_json(folder, MANIFEST, about | {"shards": shards})
    return folder.full_name(MANIFEST)


def _send(folder, transformer):
    """Write the transformer for workers, and return the digest of its file."""
    shared = SharedModel(transformer)
    folder.write(model_name(shared.digest), shared.content)
    return shared.digest


def _in_order(found, n_rows):
    """Return the digests of all rows, in order."""
    contents = [None] * n_rows
    for rows, digests in found:
        for row, digest in zip(rows, digests, strict=True):
            contents[row] = digest
    return contents


def _remove_others(folder, entries, by_content):
    """Remove what is not needed to read the features, or to compute damaged ones again."""
    for name in folder.names():
        is_old = name.startswith(PREFIX) and name not in entries
        is_old |= name.startswith(CONTENT_PREFIX) and not by_content
        if is_old or name.startswith(MODEL_PREFIX):
            folder.remove(name)
    folder.remove_unfinished()


def _entries(found):
    """Return the entries of all shards by name; ImageReadError if images can't be read."""
    entries, failures = {}, []
    for entry, failed in found:
        failures += failed
        if entry is not None:
            entries[entry["name"]] = entry
    if failures:
        failures.sort()
        rows = join_names(f"row {row} ({source}): {reason}" for row, source, reason in failures)
        raise ImageReadError(
            f"{len(failures)} images can't be read: {rows}. The features of all other shards are "
            "written. Repair the images and call embed again, or fit the transformer with "
            "corrupt='missing' and missing='nan'.",
            failures,
        )
    return entries


def _map(function, tasks, client):
    """Yield results of a function in any order; few tasks are sent ahead, so memory stays flat."""
    if client is None:
        yield from map(function, tasks)
        return
    from distributed import as_completed

    waiting = iter(tasks)
    n_ahead = 2 * max(1, sum(client.nthreads().values()))
    first = [client.submit(function, task, pure=False) for task in islice(waiting, n_ahead)]
    futures = as_completed(first)
    del first
    for future in futures:
        yield future.result()
        for task in islice(waiting, 1):
            futures.add(client.submit(function, task, pure=False))


def _start(folder, about, overwrite):
    """Refuse a folder of other features, and note which are computed."""
    text = folder.read(JOB)
    known = {} if text is None else json.loads(text)
    same = known.get("job") == about["job"]
    others = sorted(name for name in folder.names() if name.startswith(PREFIX))
    if not same and not overwrite and (known or others):
        same_kind = known.get("fingerprint") in (None, about["fingerprint"])
        other = "rows" if same_kind else "transformers"
        raise with_remedies(
            FileExistsError,
            f"{folder.shown!r} has features of other {other}.",
            {"file exists": "Pass overwrite=True to replace them, or another out."},
        )
    if (not same or overwrite) and MANIFEST in folder.names():
        folder.remove(MANIFEST)
    _write_json(folder, JOB, about)


def _write_json(folder, name, value):
    folder.write(name, json.dumps(value, indent=1).encode())


def _check_transformer(transformer, rows_per_shard):
    check_is_fitted(transformer)
    if rows_per_shard < 1:
        raise ValueError(f"rows_per_shard must be at least 1, got {rows_per_shard}.")
    fingerprint = features_fingerprint(transformer)
    if fingerprint is None:
        raise TypeError(
            f"The features of {type(transformer).__name__} have no fingerprint. Pass "
            "PretrainedGAP, CNNEmbedder or ImageDescriptors, with a reader of skfusion."
        )
    return fingerprint


def _columns(X, transformer, column):
    if column is not None:
        return [column] if isinstance(column, str) else column
    names = getattr(transformer, "feature_names_in_", None)
    return None if names is None else list(names)


def _current_client():
    """Return the client of Dask of this process; None without one. Dask is not imported."""
    if "distributed" not in sys.modules:
        return None
    from distributed import default_client

    try:
        return default_client()
    except ValueError:
        return None
