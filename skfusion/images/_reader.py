"""ImageReader: one cell becomes one pixel array."""

import os
import threading
from contextlib import closing, contextmanager
from numbers import Integral
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions

from skfusion._typing import Cell, PathLike
from skfusion.images._arrays import RESAMPLING, array_shape, array_to_pixels
from skfusion.images._medical import find_opener
from skfusion.images._pillow import (
    READ_ERRORS,
    check_size,
    image_to_pixels,
    open_image,
    probe_image,
)
from skfusion.images._volume import VOLUME_MODES, VolumeOptions, probe_volume, volume_to_pixels
from skfusion.images._window import WINDOW_MODES, check_percentiles, check_window

_PLANES = {"axial", "coronal", "sagittal"}
# Pillow decodes an opened image when it is first used, which is not safe in several threads. A
# prime number of locks, so that different images seldom wait for one another.
_GUARDS = [threading.Lock() for _ in range(31)]


class ImageReader(BaseEstimator):
    """How cells become pixels: where files lie, what is under transparency, how to resize.

    A reader is the `reader` parameter of every transformer that takes pictures. It is an
    estimator without a fit, so that its options can be searched (``reader__resample``).

    Parameters
    ----------
    root : str, PathLike or None, default=None
        The folder that relative paths start from; None is the working directory.

    background : str, default="white"
        The colour under transparent pixels, by any name that Pillow's ``ImageColor`` knows.

    resample : {"nearest", "box", "bilinear", "bicubic", "lanczos"}, default="bilinear"
        The method of resizing; all but "nearest" are antialiased when they shrink a picture.

    max_pixels : int, default=89478485
        The largest picture, in pixels (height times width), that is decoded. Larger ones are
        refused by their header. The default is Pillow's own limit, a quarter of a gigabyte of
        24-bit colour. In a volume it is the slices that are read which count.

    volume : {"middle", "max", "mean", "montage", "neighbours"} or int, default="middle"
        What is shown of a volume (NIfTI, or DICOM with several frames): the middle slice; the
        maximum or the mean over all slices; up to 16 evenly spaced slices side by side; the
        middle slice and its two neighbours as the three channels (2.5-D); or the slice of that
        index, from 0, negative ones from the end. Pictures and files of one slice show that.

    plane : {"axial", "coronal", "sagittal"}, default="axial"
        The plane of the slices of a NIfTI volume. Frames of DICOM files are as they are stored.

    window : {"auto", "percentile", "zscore", "minmax"} or tuple (center, width), default="auto"
        Which measured values become black (0) and white (255) in medical pictures in grey:

        - "auto": the window or table of the DICOM file; where there is none, "percentile", but
          grey levels of 8 bits or fewer as they are;
        - (center, width): ``center - width / 2`` and ``center + width / 2``, in the unit of the
          file: Hounsfield units in CT. (40, 400) shows soft tissue;
        - "percentile": the `percentiles` of what is shown;
        - "zscore": three standard deviations below and above the mean, both over the mask of
          voxels that aren't 0, so that a z-score of 0 is 127.5;
        - "minmax": the smallest and the largest value of what is shown.

    percentiles : tuple (low, high), default=(1, 99)
        For ``window="percentile"``, in percent.

    See Also
    --------
    PixelFlattener : Pixels as columns.
    PretrainedGAP : Columns from a pretrained network.

    Notes
    -----
    Pixels are in 0..255: 8-bit values as they are, booleans and unsigned integers scaled by the
    range of their type. For floats and signed integers in arrays a transformer decides at `fit`,
    over all pictures, which value is white: 1 if none is larger, else 255, 4095 (12 bits), 65535,
    or the largest. Files of 32-bit floats are scaled one by one in the same way; files of 32-bit
    integers too, where they don't fit into 16 bits, whose range they have else. EXIF orientation
    is applied. CMYK, YCbCr, HSV, LAB and palettes become RGB.

    Medical pictures need the extra: ``pip install "skfusion[medical]"``. DICOM (with or without
    preamble) and NIfTI files (.nii, .nii.gz, .hdr with .img) are known by their content, in paths
    and in bytes; pydicom datasets and nibabel images are cells too. DICOM values are rescaled
    (slope and intercept, or table), MONOCHROME1 is inverted, padding is black, colours are RGB.
    NIfTI voxels are turned to the nearest anatomical axes, not resampled, and shown as
    radiologists see them: the patient's right on the viewer's left, anterior or superior up,
    anterior on the left in sagittal slices. Slices are counted from inferior, posterior and left.
    Of a fourth axis (time) the first entry counts.

    Uncompressed volumes are mapped into memory, and DICOM frames decoded one by one: one slice
    takes the memory of one slice. A gzipped volume is inflated slab by slab up to the wanted
    slice, at most 16 times `max_pixels` voxels; in planes across its slabs, all slices that are
    asked for are held as they are stored.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion import ImageReader
    >>> reader = ImageReader(resample="bicubic")
    >>> reader.read(np.array([[0.0, 1.0], [0.5, 0.25]]))[:, :, 0]
    array([[  0.  , 255.  ],
           [127.5 ,  63.75]], dtype=float32)
    """

    _parameter_constraints: dict = {
        "root": [str, os.PathLike, None],
        "background": [str],
        "resample": [StrOptions(set(RESAMPLING))],
        "max_pixels": [Interval(Integral, 1, None, closed="left")],
        "volume": [StrOptions(set(VOLUME_MODES)), Integral],
        "plane": [StrOptions(_PLANES)],
        "window": [StrOptions(set(WINDOW_MODES)), tuple, list],
        "percentiles": [tuple, list],
    }

    def __init__(
        self,
        root: PathLike | None = None,
        *,
        background: str = "white",
        resample: str = "bilinear",
        max_pixels: int = 89478485,
        volume: str | int = "middle",
        plane: str = "axial",
        window: str | tuple[float, float] = "auto",
        percentiles: tuple[float, float] = (1, 99),
    ):
        self.root = root
        self.background = background
        self.resample = resample
        self.max_pixels = max_pixels
        self.volume = volume
        self.plane = plane
        self.window = window
        self.percentiles = percentiles

    def read(self, cell: Cell, white: float | None = None) -> np.ndarray:
        """Read one cell.

        Parameters
        ----------
        cell : str, PathLike, bytes, PIL image, ndarray, pydicom Dataset or nibabel image
            A path, an encoded file, or a picture.

        white : float or None, default=None
            The value that is white in arrays of floats or signed integers; None guesses it from
            this cell.

        Returns
        -------
        pixels : ndarray of shape (height, width, 1 or 3), uint8 or float32
            Values in 0..255.

        Raises
        ------
        ValueError
            If the cell is no picture; the message says why.

        ExtraNotFoundError
            If it is a medical picture, and the package that reads it isn't installed.
        """
        background = ImageColor.getrgb(self.background)[:3]
        try:
            if isinstance(cell, np.ndarray):
                return array_to_pixels(cell, white=white, background=background)
            opener = self._medical_opener(cell)
            if opener is not None:
                return self._medical(opener, cell, volume_to_pixels)
            with _in_use(self._open(cell), cell) as image:
                return image_to_pixels(image, background)
        except READ_ERRORS as error:
            raise ValueError(_reason(error)) from error

    def probe(self, cell: Cell) -> tuple[int, int, int]:
        """Find the shape that `read` will give, without decoding.

        Parameters
        ----------
        cell : str, PathLike, bytes, PIL image, ndarray, pydicom Dataset or nibabel image
            A path, an encoded file, or a picture.

        Returns
        -------
        shape : tuple (height, width, channels)
            Channels are 1 or 3.

        Raises
        ------
        ValueError
            If the cell is no picture; the message says why.

        ExtraNotFoundError
            If it is a medical picture, and the package that reads it isn't installed.
        """
        try:
            if isinstance(cell, np.ndarray):
                height, width, channels = array_shape(cell)
                return height, width, 1 if channels < 3 else 3
            opener = self._medical_opener(cell)
            if opener is not None:
                return self._medical(opener, cell, probe_volume)
            with _in_use(self._open(cell), cell) as image:
                return probe_image(image)
        except READ_ERRORS as error:
            raise ValueError(_reason(error)) from error

    def _validate_params(self):
        super()._validate_params()
        check_window(self.window)
        check_percentiles(self.percentiles)

    def _path(self, cell):
        """Where the file of a cell lies; None for a cell that is no path."""
        if not isinstance(cell, (str, os.PathLike)):
            return None
        return cell if self.root is None else Path(self.root) / cell

    def _medical_opener(self, cell):
        return find_opener(cell, self._path(cell))

    def _medical(self, open_volume, cell, function):
        """Call `volume_to_pixels` or `probe_volume` on a medical cell."""
        check_window(self.window)
        check_percentiles(self.percentiles)
        options = VolumeOptions(
            self.volume, self.plane, self.window, self.percentiles, self.max_pixels
        )
        path = self._path(cell)
        try:
            opened = open_volume(cell if path is None else path, self.max_pixels)
            return function(opened, options)
        except Exception as error:  # pydicom and nibabel raise nearly anything on odd files
            raise ValueError(_reason(error)) from error

    def _open(self, cell):
        if isinstance(cell, Image.Image):
            check_size(cell, self.max_pixels)
            return cell
        if isinstance(cell, (bytes, bytearray, memoryview)):
            return open_image(bytes(cell), self.max_pixels)
        if not isinstance(cell, (str, os.PathLike)):
            raise ValueError(f"a cell of type {type(cell).__name__} is no picture")
        return open_image(self._path(cell), self.max_pixels)


@contextmanager
def _in_use(image, cell):
    """Close what we opened; leave a PIL image that the caller owns open, and guard it."""
    if image is not cell:
        with closing(image):
            yield image
    else:
        with _GUARDS[id(image) % len(_GUARDS)]:
            yield image


def _reason(error):
    """One line that says why a cell could not be read."""
    text = " ".join(str(error).split())
    return text if text else type(error).__name__
