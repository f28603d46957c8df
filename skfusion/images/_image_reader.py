"""ImageReader: one cell becomes one pixel array."""

import io
import os
from contextlib import closing, contextmanager
from numbers import Integral
from typing import Any

import numpy as np
from PIL import Image, ImageColor
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions

from skfusion._utils.typing import Cell, PathLike
from skfusion.images.formats._medical_signature import kind_of_opened, kind_of_value
from skfusion.images.formats._pillow import (
    READ_ERRORS,
    decode_at_scale,
    image_to_pixels,
    probe_image,
)
from skfusion.images.formats._pillow_opening import check_size, guard_of, open_image, select_frame
from skfusion.images.formats._quiet import silenced_libraries
from skfusion.images.formats._volume import (
    VOLUME_MODES,
    VolumeOptions,
    probe_volume,
    volume_to_pixels,
)
from skfusion.images.formats._window import WINDOW_MODES, check_percentiles, check_window
from skfusion.images.sources._arrays import RESAMPLING, array_shape, array_to_pixels
from skfusion.images.sources._files import locate, open_file
from skfusion.images.sources._medical import find_opener

_PLANES = {"axial", "coronal", "sagittal"}


class ImageReader(BaseEstimator):
    """How cells become pixels: where files lie, what is under transparency, how to resize.

    A reader is the `reader` parameter of every transformer that takes images. It is an
    estimator without a fit, so that its options can be searched (``reader__resample``).

    Parameters
    ----------
    root : str, PathLike or None, default=None
        The folder that relative paths start from; None is the working directory.

    strict_root : bool, default=False
        Whether files outside `root` are refused: absolute paths, ``..`` and links that lead out of
        it. Set it where paths come from people who may not read every file that this process may
        read, as in a service.

    background : str, default="white"
        The color under transparent pixels, by any name that Pillow's ``ImageColor`` knows.

    resample : {"nearest", "box", "bilinear", "bicubic", "lanczos"}, default="bilinear"
        The method of resizing; all but "nearest" are antialiased when they shrink an image.

    max_pixels : int, default=89478485
        The largest image, in pixels (height times width), that is decoded. Larger ones are
        refused by their header. The default is Pillow's own limit, a quarter of a gigabyte of
        24-bit color. In a volume it is the slices that are read which count.

    frame : int, default=0
        Which frame of an animation (GIF, APNG, WebP, AVIF) or page of a file (TIFF, MPO) is read,
        from 0, negative ones from the end. Images with one frame show that. PIL images are read
        at the frame that they stand at.

    icc : {"ignore", "srgb"}, default="ignore"
        What is done with an embedded color profile: "ignore" takes the stored values, as most
        networks were trained on; "srgb" converts them to sRGB by LittleCMS. A profile that is
        broken, or for other colors than the image has, is an error then. Images of 16 or 32
        bits have their values kept.

    draft : bool, default=True
        Whether a JPEG file of a megapixel or more, and at least four times as high and wide as it
        will be after resizing, is decoded at a half, a quarter or an eighth of its size. That is
        several times faster, and gray levels differ by less than 2 on average. False decodes every
        pixel, as ``resample="nearest"`` and ``"box"`` always do.

    volume : {"middle", "max", "mean", "montage", "neighbors"} or int, default="middle"
        What is shown of a volume (NIfTI, or DICOM with several frames): the middle slice; the
        maximum or the mean over all slices; up to 16 evenly spaced slices side by side; the
        middle slice and its two neighbors as the three channels (2.5-D); or the slice of that
        index, from 0, negative ones from the end. Images and files of one slice show that.

    plane : {"axial", "coronal", "sagittal"}, default="axial"
        The plane of the slices of a NIfTI volume. Frames of DICOM files are as they are stored.

    window : {"auto", "percentile", "zscore", "minmax"} or tuple (center, width), default="auto"
        Which measured values become black (0) and white (255) in medical images in gray:

        - "auto": the window or table of the DICOM file; where there is none, "percentile", but
          gray levels of 8 bits or fewer as they are;
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
    check_images : What the images of a whole table are like.
    PixelFlattener : Pixels as columns.
    PretrainedGAP : Columns from a pretrained network.

    Notes
    -----
    Pixels are in 0..255: 8-bit values as they are, booleans and unsigned integers scaled by the
    range of their type. For floats and signed integers in arrays a transformer decides at `fit`,
    over all images, which value is white: 1 if none is larger, else 255, 4095 (12 bits), 65535,
    or the largest. Files of 32-bit floats are scaled one by one in the same way; files of 32-bit
    integers too, where they don't fit into 16 bits, whose range they have else. EXIF orientation
    is applied. CMYK, YCbCr, HSV, LAB and palettes become RGB.

    Medical images need the extra: ``pip install "skfusion[medical]"``. DICOM (with or without
    preamble) and NIfTI files (.nii, .nii.gz, .hdr with .img) are known by their content, in paths
    and in bytes; pydicom datasets and nibabel images are cells too. DICOM values are rescaled
    (slope and intercept, or table), MONOCHROME1 is inverted, padding is black, colors are RGB.
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

    _parameter_constraints: dict[str, Any] = {
        "root": [str, os.PathLike, None],
        "strict_root": ["boolean"],
        "background": [str],
        "resample": [StrOptions(set(RESAMPLING))],
        "max_pixels": [Interval(Integral, 1, None, closed="left")],
        "frame": [Integral],
        "icc": [StrOptions({"ignore", "srgb"})],
        "draft": ["boolean"],
        "volume": [StrOptions(set(VOLUME_MODES)), Integral],
        "plane": [StrOptions(_PLANES)],
        "window": [StrOptions(set(WINDOW_MODES)), tuple, list],
        "percentiles": [tuple, list],
    }

    def __init__(
        self,
        root: PathLike | None = None,
        *,
        strict_root: bool = False,
        background: str = "white",
        resample: str = "bilinear",
        max_pixels: int = 89478485,
        frame: int = 0,
        icc: str = "ignore",
        draft: bool = True,
        volume: str | int = "middle",
        plane: str = "axial",
        window: str | tuple[float, float] = "auto",
        percentiles: tuple[float, float] = (1, 99),
    ) -> None:
        self.root = root
        self.strict_root = strict_root
        self.background = background
        self.resample = resample
        self.max_pixels = max_pixels
        self.frame = frame
        self.icc = icc
        self.draft = draft
        self.volume = volume
        self.plane = plane
        self.window = window
        self.percentiles = percentiles

    def read(
        self,
        cell: Cell,
        white: float | None = None,
        size: tuple[int, int] | None = None,
    ) -> np.ndarray:
        """Read one cell.

        Parameters
        ----------
        cell : str, PathLike, bytes, PIL image, ndarray, pydicom Dataset or nibabel image
            A path, an encoded file, or an image.

        white : float or None, default=None
            The value that is white in arrays of floats or signed integers; None guesses it from
            this cell.

        size : tuple (height, width) or None, default=None
            The size that the caller will resize the image to. With `draft`, a large JPEG file is
            decoded at a reduced scale, to at least twice this size.

        Returns
        -------
        pixels : ndarray of shape (height, width, 1 or 3), uint8 or float32
            Values in 0..255.

        Raises
        ------
        ValueError
            If the cell is no image; the message says why.

        ExtraNotFoundError
            If it is a medical image, and the package that reads it isn't installed.
        """
        background = ImageColor.getrgb(self.background)[:3]

        def decode(image):
            if size is not None and image is not cell and self._may_shrink():
                image = decode_at_scale(image, size)
            return image_to_pixels(image, background, self.icc)

        with self._reasons():
            if isinstance(cell, np.ndarray):
                return array_to_pixels(cell, white=white, background=background)
            return self._ask(cell, decode, volume_to_pixels)

    def probe(self, cell: Cell) -> tuple[int, int, int]:
        """Find the shape that `read` will give, without decoding.

        Parameters
        ----------
        cell : str, PathLike, bytes, PIL image, ndarray, pydicom Dataset or nibabel image
            A path, an encoded file, or an image.

        Returns
        -------
        shape : tuple (height, width, channels)
            Channels are 1 or 3.

        Raises
        ------
        ValueError
            If the cell is no image; the message says why.

        ExtraNotFoundError
            If it is a medical image, and the package that reads it isn't installed.
        """
        with self._reasons():
            if isinstance(cell, np.ndarray):
                height, width, channels = array_shape(cell)
                return height, width, 1 if channels < 3 else 3
            return self._ask(cell, probe_image, probe_volume)

    def _validate_params(self):
        super()._validate_params()
        check_window(self.window)
        check_percentiles(self.percentiles)

    def _may_shrink(self):
        # The others have hard edges, which fall elsewhere among the pixels of a smaller image.
        return self.draft and self.resample in ("bilinear", "bicubic", "lanczos")

    @contextmanager
    def _reasons(self):
        """Whatever goes wrong with a cell is a ValueError of one line, and nothing else is said."""
        try:
            with silenced_libraries:
                yield
        except READ_ERRORS as error:
            raise ValueError(_reason(error)) from error

    def _ask(self, cell, ask_image, ask_volume):
        """Open a cell, and ask a question of the image that it holds."""
        if isinstance(cell, Image.Image):
            check_size(cell, self.max_pixels)
            with guard_of(cell):
                return ask_image(cell)
        source, kind = cell, None
        if isinstance(cell, (str, os.PathLike)):
            source = locate(cell, self.root, self.strict_root)
            with open_file(source) as file:
                kind = kind_of_opened(file, source)
                if kind is None:
                    return self._ask_file(file, ask_image)
        elif isinstance(cell, (bytes, bytearray, memoryview)):
            kind = kind_of_value(cell)
            if kind is None:
                if not cell:
                    raise ValueError("no bytes")
                return self._ask_file(io.BytesIO(bytes(cell)), ask_image)
        else:
            kind = kind_of_value(cell)
        if kind is None:
            raise ValueError(f"a cell of type {type(cell).__name__} is no image")
        return self._ask_medical(find_opener(kind, cell), source, ask_volume)

    def _ask_file(self, file, ask_image):
        with closing(open_image(file, self.max_pixels)) as image:
            select_frame(image, self.frame, self.max_pixels)
            return ask_image(image)

    def _ask_medical(self, open_volume, source, ask_volume):
        check_window(self.window)
        check_percentiles(self.percentiles)
        options = VolumeOptions(
            self.volume, self.plane, self.window, self.percentiles, self.max_pixels
        )
        try:
            return ask_volume(open_volume(source, self.max_pixels), options)
        except Exception as error:  # pydicom and nibabel raise nearly anything on odd files
            raise ValueError(_reason(error)) from error


def _reason(error):
    """One line that says why a cell could not be read."""
    text = " ".join(str(error).split())
    return text if text else type(error).__name__
