"""Write the features of the images of a folder or table, one file per backbone."""

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from skfusion._utils.fingerprint import digest_text
from skfusion._utils.messages import with_remedies
from skfusion._utils.progress import log
from skfusion.images._image_digests import ImageDigests
from skfusion.images._image_reader import ImageReader
from skfusion.images._image_size import check_size_param
from skfusion.images.remote._remote_access import RemoteAccess
from skfusion.io._embed_job import EmbedJob, file_stem
from skfusion.io._embed_rows import read_rows
from skfusion.networks.backbones._registry import find_family, find_spec
from skfusion.networks.runtimes._keras import import_keras
from skfusion.store._as_store import as_store

STORE = ".skfusion_store"


class Written(NamedTuple):
    """A file of features.

    Parameters
    ----------
    path : str
        The path of the file.

    shape : tuple (n_rows, n_features)
        The shape of the features.

    there : bool
        Whether the file existed before and was kept.
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
    runtime=None,
    unreadable="error",
    remote=False,
    allow_local=False,
    cache=None,
    overwrite=False,
    verbose=0,
):
    """Run networks over images and write their features, one file per backbone.

    Each file is written atomically. An interrupted run continues after the last batch that it
    computed, because finished batches are kept in a store.

    Parameters
    ----------
    source : str or PathLike
        A folder with one folder per class, by path or URL, or a table. `read_rows` describes it,
        and also `image`, `target`, `row_id` and `classes`.

    backbones : list of Backbone
        The networks.

    out : str or PathLike
        The folder of the files, ``gap_<backbone><suffix>``; created if it does not exist.

    image, target, row_id : str or None, default=None
        Columns of the table.

    classes : {"first", "last", "path"} or None, default="first"
        The folder that names the class. None: there are no classes.

    file_format : {"h5", "parquet"}, default="h5"
        The format of the files.

    suffix : str, default=""
        A suffix for the names of files and features, so that one backbone can be written twice.

    image_size : tuple (height, width) or None, default=None
        As in `PretrainedGAP`; None is the size of each backbone.

    batch_size : int, default=32
        Images per call of a network.

    runtime : {"keras", "onnx", "openvino"} or None, default=None
        As in `PretrainedGAP`.

    unreadable : {"error", "nan"}, default="error"
        The result for missing and unreadable images: an error, or rows of NaN.

    remote, allow_local : object, default=False
        Which URLs are read, as in `ImageReader`.

    cache : str, PathLike, FeatureStore or None, default=None
        The store; None is a store in `out`.

    overwrite : bool, default=False
        Whether to replace files of other images, rows or networks.

    verbose : int, default=0
        1 shows progress bars.

    Yields
    ------
    written : Written
        Each file, after it is written.

    Raises
    ------
    FileExistsError
        If a file exists with other content. It is raised before anything is computed.

    ImageReadError
        If images can't be read.
    """
    out = Path(os.path.expanduser(os.fsdecode(out)))
    columns = {"image": image, "target": target, "row_id": row_id}
    source = os.path.expanduser(os.fsdecode(source))
    rows = read_rows(source, **columns, classes=classes, remote=remote, allow_local=allow_local)
    _check_names(backbones, suffix)
    if image_size is not None:
        image_size = check_size_param(image_size, "The image size")
    if batch_size < 1:
        raise ValueError(f"The batch size must be at least 1, got {batch_size}.")
    out.mkdir(parents=True, exist_ok=True)
    if any(find_family(backbone.name).runtime == "keras" for backbone in backbones):
        import_keras()  # after the checks that don't need it; TensorFlow prints before other lines
    left_out = "".join(f"; left out: {n} ({reason})" for reason, n in rows.skipped.items())
    log(verbose, f"{len(rows.ids)} images{left_out}")
    options = {"image_size": image_size, "batch_size": batch_size, "runtime": runtime}
    options["verbose"] = verbose
    options["cache"] = as_store(out / STORE if cache is None else cache)
    if unreadable == "nan":
        options |= {"missing": "nan", "corrupt": "missing"}
    images = _digest(rows, options["cache"])
    jobs = [
        EmbedJob(backbone, rows, out, suffix, file_format, options, images)
        for backbone in backbones
    ]
    existing = [job.read_existing(overwrite) for job in jobs]  # before hours of computing
    for i, (job, content) in enumerate(zip(jobs, existing, strict=True), start=1):
        log(verbose, f"{job.path.stem} ({i} of {len(jobs)})")
        known = content is not None
        content = content if known else job.compute()
        yield Written(str(job.path), content.features.shape, known)


def _digest(rows, store):
    """Return a digest of the content of all images, unreadable ones included."""
    cells = rows.frame.iloc[:, 0].tolist()
    access = RemoteAccess.of(ImageReader(rows.root, **rows.remote))
    return digest_text(ImageDigests(store.path_memo).identities(cells, rows.root, remote=access))


def _check_names(backbones, suffix):
    if not re.fullmatch(r"[\w.-]*", suffix):
        raise ValueError(
            f"The suffix {suffix!r} must consist of letters, digits, '_', '-' and '.'."
        )
    for backbone in backbones:
        find_spec(backbone.name)
    stems = [file_stem(backbone.name) for backbone in backbones]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        remedy = "Call embed_files once for each, with another suffix."
        raise with_remedies(
            ValueError, f"The backbone {twice[0]!r} is named twice.", {"named twice": remedy}
        )
