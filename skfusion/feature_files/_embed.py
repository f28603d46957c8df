"""embed_files: features of a folder's or a table's pictures, one file a backbone."""

import os
import re
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from skfusion._progress import tell
from skfusion.embedding._pretrained import PretrainedGAP
from skfusion.feature_files._feature_file import FORMATS, FeatureFile, write_whole
from skfusion.feature_files._hdf5 import read_hdf5, write_hdf5
from skfusion.feature_files._parquet import read_parquet, write_parquet
from skfusion.feature_files._rows import read_rows
from skfusion.images._medical import versions as medical_versions
from skfusion.images._reader import ImageReader
from skfusion.networks._building import backbone_slug, find_spec
from skfusion.store._stored_rows import digest_text

STORE = ".skfusion_store"
_WRITERS = {"h5": write_hdf5, "parquet": write_parquet}
_READERS = {"h5": read_hdf5, "parquet": read_parquet}


class Backbone(NamedTuple):
    """A backbone with what is its own.

    Parameters
    ----------
    name : str
        A name of `list_backbones`, or the path of a `.keras` file.

    weights : str or None, default="imagenet"
        As in `PretrainedGAP`.

    options : dict or None, default=None
        Arguments of its constructor.

    Examples
    --------
    >>> from skfusion.feature_files._embed import Backbone
    >>> Backbone("MobileNet", options={"alpha": 0.25}).weights
    'imagenet'
    """

    name: str
    weights: str | None = "imagenet"
    options: dict | None = None


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
    shape: tuple
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
    """Run networks over pictures and write what they give, one file a backbone.

    Each file appears when it is whole. A run that was stopped finds the batches that it had
    finished in a store, and goes on after them.

    Parameters
    ----------
    source : str or PathLike
        A folder, a class a folder, or a CSV file; see `read_rows` for it and for `image`,
        `target`, `row_id` and `classes`.

    backbones : list of Backbone
        Which networks.

    out : str or PathLike
        The folder of the files, ``gap_<backbone><suffix>``; made if it is missing.

    image, target, row_id : str or None, default=None
        Columns of the CSV file.

    classes : {"first", "last", "path"}, default="first"
        Which folder names the class.

    file_format : {"h5", "parquet"}, default="h5"
        The format of the files.

    suffix : str, default=""
        Goes to the names of files and features, so that one backbone may stand there twice.

    image_size : tuple (height, width) or None, default=None
        As in `PretrainedGAP`; None takes the size of each backbone.

    batch_size : int, default=32
        Pictures per call of a network.

    unreadable : {"error", "nan"}, default="error"
        What pictures that can't be read, or lack, get: an error, or rows of NaN.

    cache : str, PathLike, FeatureStore or None, default=None
        The store; None takes one in `out`.

    overwrite : bool, default=False
        Whether files of other rows or of another extractor are replaced.

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
        If pictures can't be read.

    ValueError
        If there is something wrong with rows or backbones.
    """
    out = Path(os.path.expanduser(os.fsdecode(out)))
    rows = read_rows(
        os.path.expanduser(os.fsdecode(source)),
        image=image,
        target=target,
        row_id=row_id,
        classes=classes,
    )
    _check_names(backbones, suffix)
    out.mkdir(parents=True, exist_ok=True)
    options = {"image_size": image_size, "batch_size": batch_size, "verbose": verbose}
    options["cache"] = out / STORE if cache is None else cache
    if unreadable == "nan":
        options |= {"missing": "nan", "corrupt": "missing"}
    jobs = [_Job(backbone, rows, out, suffix, file_format, options) for backbone in backbones]
    there = [job.read_what_is_there(overwrite) for job in jobs]  # before hours of computing
    for i, (job, content) in enumerate(zip(jobs, there, strict=True), start=1):
        tell(verbose, f"{job.path.stem} ({i} of {len(jobs)})")
        known = content is not None
        content = content if known else job.compute()
        yield Written(str(job.path), content.features.shape, known)


class _Job:
    """The features of all rows by one backbone, and their file."""

    def __init__(self, backbone, rows, out, suffix, file_format, options):
        self._rows, self._format = rows, file_format
        self._gap = PretrainedGAP(
            backbone.name,
            weights=backbone.weights,
            backbone_options=backbone.options,
            reader=ImageReader(root=rows.root),
            **options,
        ).fit(rows.frame)
        self._name = _file_stem(backbone.name) + suffix
        self.path = out / f"gap_{self._name}{FORMATS[file_format]}"
        column = rows.frame.columns[0]
        self._prefix = f"{column}_{backbone_slug(backbone.name)}{suffix}"

    def read_what_is_there(self, overwrite):
        """The file, if it holds what is asked for; FileExistsError if it holds something else."""
        if overwrite or not self.path.exists():
            return None
        content = _READERS[self._format](str(self.path))
        rows = self._rows
        same = {
            "pictures or ids": _equal(content.ids, rows.ids),
            "target": _equal(content.labels, rows.labels)
            and content.class_names == rows.class_names,
            "network, weights or versions": content.fingerprint == self._fingerprint(),
        }
        differ = [what for what, is_same in same.items() if not is_same]
        if differ:
            raise FileExistsError(
                f"{str(self.path)!r} is there and was made from other {', other '.join(differ)}. "
                "Replace it (--overwrite), or write under another name (--suffix) or to another "
                "folder (--out)."
            )
        return content

    def compute(self):
        """Compute the features, and write the file."""
        content = FeatureFile(
            self._name,
            self._gap.transform(self._rows.frame),
            self._rows.labels,
            self._rows.class_names,
            self._rows.ids,
            self._fingerprint(),
            self._prefix,
            str(self.path),
        )
        content.check()
        write_whole(str(self.path), lambda path: _WRITERS[self._format](path, content))
        return content

    def _fingerprint(self):
        """A digest of all that changes the features of a picture."""
        reader = self._gap.reader_.get_params()
        del reader["root"]
        (network,) = self._gap.networks_
        return digest_text(
            network.fingerprint, sorted(reader.items()), version("pillow"), medical_versions()
        )


def _check_names(backbones, suffix):
    if not re.fullmatch(r"[\w.-]*", suffix):
        raise ValueError(f"suffix {suffix!r}: letters, digits, '_', '-' and '.' make names.")
    for backbone in backbones:
        find_spec(backbone.name)
    stems = [_file_stem(backbone.name) for backbone in backbones]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise ValueError(
            f"The backbone {twice[0]!r} is named twice; run the command once for each, with "
            "another --suffix."
        )


def _file_stem(backbone):
    return backbone if find_spec(backbone) is not None else Path(backbone).stem


def _equal(one, other):
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)
