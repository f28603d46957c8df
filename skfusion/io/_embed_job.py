"""EmbedJob computes the features of all rows with one backbone and writes their file."""

from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from skfusion._utils.atomic_write import write_atomically
from skfusion._utils.fingerprint import digest_text
from skfusion._utils.messages import with_remedies
from skfusion.embedding._pretrained_gap import PretrainedGAP
from skfusion.images._image_reader import ImageReader
from skfusion.images.formats._versions import decoder_versions
from skfusion.io._feature_file import FORMATS, FeatureFile
from skfusion.io._hdf5 import read_hdf5, write_hdf5
from skfusion.io._parquet import read_parquet, write_parquet
from skfusion.networks.backbones._registry import backbone_slug, find_family

WRITERS = {"h5": write_hdf5, "parquet": write_parquet}
# Where files are and how they are downloaded changes no features.
_NOT_IN_FINGERPRINT = ("root", "remote", "allow_local", "timeout", "retries", "max_bytes")
_READERS = {"h5": read_hdf5, "parquet": read_parquet}


class Backbone(NamedTuple):
    """A backbone with its weights and options.

    Parameters
    ----------
    name : str
        A name of `list_backbones`, or the path of a `.keras` or `.onnx` file.

    weights : str or None, default="imagenet"
        As in `PretrainedGAP`.

    options : dict or None, default=None
        Arguments of the constructor of the backbone.

    Examples
    --------
    >>> from skfusion.io._embed_job import Backbone
    >>> Backbone("MobileNet", options={"alpha": 0.25}).weights
    'imagenet'
    """

    name: str
    weights: str | None = "imagenet"
    options: dict[str, Any] | None = None


class EmbedJob:
    """The features of all rows by one backbone, and their file.

    Parameters
    ----------
    backbone : Backbone
        The network.

    rows : EmbedRows
        The images.

    out : Path
        The folder of the file.

    suffix : str
        For the names of the file and of the features.

    file_format : {"h5", "parquet"}
        The format of the file.

    options : dict
        Further arguments of `PretrainedGAP`.

    images : str
        A digest of the content of the images.
    """

    def __init__(self, backbone, rows, out, suffix, file_format, options, images):
        self._rows, self._format, self._images = rows, file_format, images
        self._gap = PretrainedGAP(
            backbone.name,
            weights=backbone.weights,
            backbone_options=backbone.options,
            reader=ImageReader(root=rows.root, **rows.remote),
            **options,
        ).fit(rows.frame)
        self._name = file_stem(backbone.name) + suffix
        self.path = out / f"gap_{self._name}{FORMATS[file_format]}"
        column = rows.frame.columns[0]
        self._prefix = f"{column}_{backbone_slug(backbone.name)}{suffix}"

    def read_existing(self, overwrite):
        """Return the existing file, or None; raise FileExistsError if its content differs."""
        if overwrite or not self.path.exists():
            return None
        content = _READERS[self._format](str(self.path))
        differences = self._differences(content)
        if differences:
            remedy = "Pass overwrite=True to replace it, another suffix, or another out."
            raise with_remedies(
                FileExistsError,
                f"{str(self.path)!r} exists and {' and '.join(differences)}.",
                {"file exists": remedy},
            )
        return content

    def _differences(self, content):
        """Describe how the content of a file differs from the requested features."""
        rows = self._rows
        same_ids = _equal(content.ids, rows.ids)
        same = {
            "images or ids": same_ids,
            "images under these names": not same_ids or content.images in (None, self._images),
            "target": _equal(content.labels, rows.labels)
            and content.class_names == rows.class_names,
            "network, weights or versions": content.fingerprint == self._fingerprint(),
        }
        differ = [what for what, is_same in same.items() if not is_same]
        reasons = [f"was made from other {', other '.join(differ)}"] if differ else []
        if content.images is None:
            reasons.append("does not record the content of its images")
        n_gone = int(np.isnan(content.features).all(axis=1).sum())
        if n_gone and self._gap.missing == "error":
            reasons.append(f"has rows of NaN for unreadable images ({n_gone} of {content.n_rows})")
        return reasons

    def compute(self):
        """Compute the features and write the file."""
        content = FeatureFile(
            self._name,
            self._gap.transform(self._rows.frame),
            self._rows.labels,
            self._rows.class_names,
            self._rows.ids,
            self._fingerprint(),
            self._prefix,
            str(self.path),
            self._images,
        )
        content.check()
        write_atomically(str(self.path), lambda path: WRITERS[self._format](path, content))
        return content

    def _fingerprint(self):
        """Return a digest of everything that changes the features of an image."""
        reader = self._gap.reader_.get_params()
        for name in _NOT_IN_FINGERPRINT:
            del reader[name]
        (network,) = self._gap.networks_
        return digest_text(
            network.fingerprint, sorted(reader.items()), version("pillow"), decoder_versions()
        )


def file_stem(backbone):
    """Return the name of a backbone in the name of its file."""
    return Path(backbone).stem if find_family(backbone).list_files(backbone) else backbone


def _equal(one, other):
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)
