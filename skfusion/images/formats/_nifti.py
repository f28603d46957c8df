"""NIfTI and Analyze volumes: slices in canonical orientation, read without the rest."""

import gzip
import io
import logging
import math
import os
from functools import partial

import nibabel
import numpy as np
from nibabel.nifti1 import Nifti1Header, Nifti1PairHeader
from nibabel.nifti2 import Nifti2Header, Nifti2PairHeader
from nibabel.spm2analyze import Spm2AnalyzeHeader

from skfusion.images._files import check_regular_file, files_of
from skfusion.images.formats._voxels import Voxels, ZippedVoxels
from skfusion.images.formats._window import Window, apply_window, normalize

_AXES = {"sagittal": 0, "coronal": 1, "axial": 2}
# For each: the anatomical axes along the slices, down the image, across it.
_LAYOUT = {0: (0, 2, 1), 1: (1, 2, 0), 2: (2, 1, 0)}
_CIFTI = range(3000, 3100)  # intents of files that hold matrices over the brain's surface
_HEADER = 540  # bytes, of the longer one
_GZIP = b"\x1f\x8b"
# nibabel prints what it finds in headers, unless it has a logger.
_LOGGER = logging.getLogger("skfusion.nifti")
_LOGGER.addHandler(logging.NullHandler())


def open_volume(source, max_pixels):
    """Read the header of a path, of bytes or of a nibabel image."""
    if isinstance(source, (str, os.PathLike)):
        return _open_files(files_of(source), max_pixels)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _open_bytes(bytes(source), max_pixels)
    return NiftiVolume(Voxels(source.dataobj, source.get_data_dtype()), source.affine, max_pixels)


class NiftiVolume:
    """One volume, of which slices are read on demand.

    Axes are turned and flipped to the nearest anatomical ones; nothing is resampled. Slices are
    counted from left (sagittal), posterior (coronal) or inferior (axial), and shown as radiologists
    see them: the patient's right on the viewer's left, anterior or superior up, and in sagittal
    slices anterior on the viewer's left.

    Parameters
    ----------
    voxels : Voxels or ZippedVoxels
        The voxels as they are stored.

    affine : ndarray of shape (4, 4)
        From voxels to millimeters, in nibabel's convention (RAS+).

    max_pixels : int
        As in ImageReader.
    """

    def __init__(self, voxels, affine, max_pixels):
        self._voxels, self._max_pixels = voxels, max_pixels
        orientation = nibabel.io_orientation(affine)
        if np.isnan(orientation).any():  # an affine that maps an axis to nothing
            orientation = nibabel.io_orientation(np.eye(4))
        axes = orientation[:, 0].astype(int).tolist()
        self._stored_axis = {canonical: stored for stored, canonical in enumerate(axes)}
        self._direction = orientation[:, 1].astype(int)  # of each stored axis

    def slices(self, plane):
        """Return the number of slices in a plane, and their shape (height, width, channels)."""
        along, down, across = self._axes(plane)
        shape = self._voxels.shape
        return shape[along], (shape[down], shape[across], self._voxels.channels)

    def read_slices(self, plane, indices, in_order=True):
        """Read slices one after the other, as floats.

        Parameters
        ----------
        plane : {"axial", "coronal", "sagittal"}
            The plane of the slices.

        indices : list of int
            Which slices.

        in_order : bool, default=True
            False yields them in the order that takes least memory.
        """
        along, down, across = self._axes(plane)
        if self._direction[along] < 0:
            indices = [self._voxels.shape[along] - 1 - i for i in indices]
        if not in_order:
            indices = sorted(indices)
        self._voxels.check(along, indices, self._max_pixels)
        for one in self._voxels.read(along, indices):
            turned = one if down < across else one.swapaxes(0, 1)
            # Up and left are the high ends of the anatomical axes: superior, anterior, right.
            yield turned[:: -self._direction[down], :: -self._direction[across]]

    def to_pixels(self, values, indices, window, percentiles):
        """Map values of shape (n, height, width[, 3]) to 0..255."""
        if self._voxels.channels == 3:
            return values
        if not isinstance(window, str):
            return apply_window(values, Window(*window, "LINEAR_EXACT"))
        return normalize(values, "percentile" if window == "auto" else window, percentiles)

    def _axes(self, plane):
        """Return the stored axes along the slices, down the image and across it."""
        normal = _AXES[plane]
        flat = [axis for axis, length in enumerate(self._voxels.shape) if length == 1]
        if len(flat) == 1:  # one image, which has a plane of its own
            normal = {stored: axis for axis, stored in self._stored_axis.items()}[flat[0]]
        return [self._stored_axis[axis] for axis in _LAYOUT[normal]]


def _open_files(paths, max_pixels):
    for path in paths:
        check_regular_file(path)
    head = _head_of(partial(open, paths[0], "rb"))
    header = _read_header(head)
    if _is_pair(header) and len(paths) == 1:
        raise ValueError("its voxels lie in another file, .img beside .hdr, which is missing")
    path = paths[-1] if _is_pair(header) else paths[0]
    data = partial(open, path, "rb")
    with data() as file:
        zipped = file.read(2) == _GZIP
    if zipped:
        return _volume(header, ZippedVoxels(data, header, _scaling(header)), max_pixels)
    _refuse_truncated(header, os.path.getsize(path))
    mapped = np.memmap(
        path, header.get_data_dtype(), "r", int(header.get_data_offset()), _shape(header), "F"
    )
    return _volume(header, Voxels(mapped, mapped.dtype, _scaling(header)), max_pixels)


def _open_bytes(content, max_pixels):
    stream = partial(io.BytesIO, content)
    header = _read_header(_head_of(stream))
    if _is_pair(header):
        raise ValueError("its voxels lie in another file (.img): give the path, not the bytes")
    if content[:2] == _GZIP:
        return _volume(header, ZippedVoxels(stream, header, _scaling(header)), max_pixels)
    _refuse_truncated(header, len(content))
    array = np.ndarray(
        _shape(header), header.get_data_dtype(), content, int(header.get_data_offset()), order="F"
    )
    return _volume(header, Voxels(array, array.dtype, _scaling(header)), max_pixels)


def _refuse_truncated(header, n_bytes):
    needed = math.prod(_shape(header)) * header.get_data_dtype().itemsize
    needed += int(header.get_data_offset())
    if n_bytes < needed:
        raise ValueError(f"the file is truncated: {n_bytes} of {needed} bytes")


def _volume(header, voxels, max_pixels):
    return NiftiVolume(voxels, header.get_best_affine(), max_pixels)


def _head_of(open_stream):
    """Return the first bytes of a stream, inflated where they are compressed."""
    with open_stream() as stream:
        head = stream.read(_HEADER)
        if head[:2] != _GZIP:
            return head
        stream.seek(0)
        with gzip.GzipFile(fileobj=stream) as inflated:
            return inflated.read(_HEADER)


def _read_header(head):
    """Read the header, in the class of its magic bytes."""
    by_magic = {b"n+1\0": Nifti1Header, b"ni1\0": Nifti1PairHeader}
    by_magic_2 = {b"n+2\0": Nifti2Header, b"ni2\0": Nifti2PairHeader}
    kind = by_magic.get(head[344:348]) or by_magic_2.get(head[4:8]) or Spm2AnalyzeHeader
    header = kind.from_fileobj(io.BytesIO(head), check=False)
    header.check_fix(logger=_LOGGER)
    if kind is not Spm2AnalyzeHeader and int(header["intent_code"]) in _CIFTI:
        raise ValueError("it is a CIFTI-2 file: values on the brain's surface, no image")
    return header


def _is_pair(header):
    return not getattr(header, "is_single", False)  # Analyze headers have no such attribute


def _shape(header):
    """Return the shape of the first volume; those after it are never read."""
    return tuple(int(length) for length in header.get_data_shape()[:3])


def _scaling(header):
    slope, intercept = header.get_slope_inter()
    slope, intercept = float(1 if slope is None else slope), float(intercept or 0)
    return None if (slope, intercept) == (1, 0) else (slope, intercept)
