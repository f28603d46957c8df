"""embed_files: features of a folder's or a table's images, one file a backbone."""

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from skfusion._utils.fingerprint import digest_text
from skfusion._utils.progress import log
from skfusion.images._image_digests import ImageDigests
from skfusion.images._image_size import check_size_param
from skfusion.io._embed_job import EmbedJob, file_stem
from skfusion.io._embed_rows import read_rows
from skfusion.networks.backbones._registry import find_spec
from skfusion.networks.runtimes._keras import import_keras
from skfusion.store._feature_store import as_store

STORE = ".skfusion_store"


class Written(NamedTuple):
    """One file of features, as it is now.

    Parameters
    ----------
    path : str
        The file.

    shape : tuple (n_rows, n_features)
        Of the features.

    there : bool
        Whether it was there before.
    """

    path: str
    shape: tuple[Any, ...]
    there: bool


def embed_files(
    source,
    backbones,
    out,
    *,
    image=None,
    target=None,
    row_id=None,
    classes="first",
    file_format="h5",
    suffix="",
    image_size=None,
    batch_size=32,
    unreadable="error",
    cache=None,
    overwrite=False,
    verbose=0,
):
    """Run networks over images and write what they give, one file a backbone.

    Each file appears when it is whole. A run that was stopped finds the batches that it had
    finished in a store, and goes on after them.

    Parameters
    ----------
    source : str or PathLike
        A folder, a class a folder, or a table; see `read_rows` for it and for `image`,
        `target`, `row_id` and `classes`.

    backbones : list of Backbone
        Which networks.

    out : str or PathLike
        The folder of the files, ``gap_<backbone><suffix>``; made if it is missing.

    image, target, row_id : str or None, default=None
        Columns of the table.

    classes : {"first", "last", "path"} or None, default="first"
        Which folder names the class; None looks for no classes.

    file_format : {"h5", "parquet"}, default="h5"
        The format of the files.

    suffix : str, default=""
        Goes to the names of files and features, so that one backbone may stand there twice.

    image_size : tuple (height, width) or None, default=None
        As in `PretrainedGAP`; None takes the size of each backbone.

    batch_size : int, default=32
        Images per call of a network.

    unreadable : {"error", "nan"}, default="error"
        What images that can't be read, or lack, get: an error, or rows of NaN.

    cache : str, PathLike, FeatureStore or None, default=None
        The store; None takes one in `out`.

    overwrite : bool, default=False
        Whether files of other images, other rows or another extractor are replaced.

    verbose : int, default=0
        1 shows progress bars.

    Yields
    ------
    written : Written
        Each file, once it is there.

    Raises
    ------
    FileExistsError
        If a file holds something else; nothing is computed then.

    ImageReadError
        If images can't be read.
    """
    out = Path(os.path.expanduser(os.fsdecode(out)))
    columns = {"image": image, "target": target, "row_id": row_id}
    rows = read_rows(os.path.expanduser(os.fsdecode(source)), **columns, classes=classes)
    _check_names(backbones, suffix)
    image_size = None if image_size is None else check_size_param(image_size, "--image-size")
    if batch_size < 1:
        raise ValueError(f"--batch-size must be at least 1, got {batch_size}.")
    out.mkdir(parents=True, exist_ok=True)
    import_keras()  # after what can be wrong without it; TensorFlow's words come before ours
    left_out = "".join(f"; left out: {n} ({reason})" for reason, n in rows.skipped.items())
    log(verbose, f"{len(rows.ids)} images{left_out}")
    options = {"image_size": image_size, "batch_size": batch_size, "verbose": verbose}
    options["cache"] = as_store(out / STORE if cache is None else cache)
    if unreadable == "nan":
        options |= {"missing": "nan", "corrupt": "missing"}
    images = _digest(rows, options["cache"])
    jobs = [
        EmbedJob(backbone, rows, out, suffix, file_format, options, images)
        for backbone in backbones
    ]
    there = [job.read_what_is_there(overwrite) for job in jobs]  # before hours of computing
    for i, (job, content) in enumerate(zip(jobs, there, strict=True), start=1):
        log(verbose, f"{job.path.stem} ({i} of {len(jobs)})")
        known = content is not None
        content = content if known else job.compute()
        yield Written(str(job.path), content.features.shape, known)


def _digest(rows, store):
    """What all images hold, in short; those that can't be read count as well."""
    cells = rows.frame.iloc[:, 0].tolist()
    digests = ImageDigests(store.path_memo).of_many(cells, rows.root)
    return digest_text(digests)


def _check_names(backbones, suffix):
    if not re.fullmatch(r"[\w.-]*", suffix):
        raise ValueError(f"suffix {suffix!r}: letters, digits, '_', '-' and '.' make names.")
    for backbone in backbones:
        find_spec(backbone.name)
    stems = [file_stem(backbone.name) for backbone in backbones]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise ValueError(
            f"The backbone {twice[0]!r} is named twice; run the command once for each, with "
            "another --suffix."
        )
