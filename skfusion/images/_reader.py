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
from skfusion.images._pillow import (
    READ_ERRORS,
    check_size,
    image_to_pixels,
    open_image,
    probe_image,
)

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
        24-bit colour.

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
    }

    def __init__(
        self,
        root: PathLike | None = None,
        *,
        background: str = "white",
        resample: str = "bilinear",
        max_pixels: int = 89478485,
    ):
        self.root = root
        self.background = background
        self.resample = resample
        self.max_pixels = max_pixels

    def read(self, cell: Cell, white: float | None = None) -> np.ndarray:
        """Read one cell.

        Parameters
        ----------
        cell : str, PathLike, bytes, PIL image or ndarray
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
        """
        background = ImageColor.getrgb(self.background)[:3]
        try:
            if isinstance(cell, np.ndarray):
                return array_to_pixels(cell, white=white, background=background)
            with _in_use(self._open(cell), cell) as image:
                return image_to_pixels(image, background)
        except READ_ERRORS as error:
            raise ValueError(_reason(error)) from error

    def probe(self, cell: Cell) -> tuple[int, int, int]:
        """Find the shape that `read` will give, without decoding.

        Parameters
        ----------
        cell : str, PathLike, bytes, PIL image or ndarray
            A path, an encoded file, or a picture.

        Returns
        -------
        shape : tuple (height, width, channels)
            Channels are 1 or 3.

        Raises
        ------
        ValueError
            If the cell is no picture; the message says why.
        """
        try:
            if isinstance(cell, np.ndarray):
                height, width, channels = array_shape(cell)
                return height, width, 1 if channels < 3 else 3
            with _in_use(self._open(cell), cell) as image:
                return probe_image(image)
        except READ_ERRORS as error:
            raise ValueError(_reason(error)) from error

    def _open(self, cell):
        if isinstance(cell, Image.Image):
            check_size(cell, self.max_pixels)
            return cell
        if isinstance(cell, (bytes, bytearray, memoryview)):
            return open_image(bytes(cell), self.max_pixels)
        if not isinstance(cell, (str, os.PathLike)):
            raise ValueError(f"a cell of type {type(cell).__name__} is no picture")
        path = cell if self.root is None else Path(self.root) / cell
        return open_image(path, self.max_pixels)


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
