"""ImageReader: one cell becomes one pixel array."""

import os
from collections.abc import Collection
from contextlib import contextmanager
from inspect import signature
from numbers import Integral, Real
from typing import Any

import numpy as np
from PIL import ImageColor
from sklearn.base import BaseEstimator, clone
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from skfusion._utils.doc_link import DocLinkMixin
from skfusion._utils.plain_data import plain_data
from skfusion._utils.typing import Cell, PathLike
from skfusion.images._pixels import RESAMPLING
from skfusion.images._read_options import ReadOptions
from skfusion.images._value_range import check_value_range
from skfusion.images.formats._pillow_opening import MAX_PIXELS
from skfusion.images.formats._reasons import one_line_reasons
from skfusion.images.formats._volume import VOLUME_MODES
from skfusion.images.formats._window import WINDOW_MODES, check_percentiles, check_window
from skfusion.images.remote._filesystem import check_filesystem
from skfusion.images.remote._remote_access import (
    MAX_BYTES,
    RETRIES,
    TIMEOUT,
    find_hosts,
    find_schemes,
)
from skfusion.images.sources._find_source import find_source

_PLANES = {"axial", "coronal", "sagittal"}


@plain_data
class ImageReader(DocLinkMixin, BaseEstimator):
    """Read cells as pixels: where files are, what is black and white, how to resize.

    A reader is the `reader` parameter of every transformer of images. It is an estimator
    without a fit, so that its options can be searched (``reader__resample``).

    Parameters
    ----------
    root : str, PathLike or None, default=None
        The folder that relative paths start from; None is the working directory. A leading ``~``
        is the home directory, here and in cells.

    strict_root : bool, default=False
        Whether files outside `root` are refused: absolute paths, ``..`` and links that leave it.
        Set it where paths come from people who may not read every file that this process may
        read, as in a service.

    value_range : tuple (low, high) or None, default=None
        The values that become black (0) and white (255), in arrays of any type but bool, in
        files of more than 8 bits and, with ``window="auto"``, in medical images. None finds the
        range as the Notes define. Values beyond by up to a quarter of the range are clipped;
        others are an error of that image.

    background : str, default="white"
        The color under transparent pixels, by any name of Pillow's ``ImageColor``.

    resample : {"nearest", "box", "bilinear", "bicubic", "lanczos"}, default="bilinear"
        The method of resizing; all but "nearest" are antialiased when they shrink an image.

    max_pixels : int, default=89478485
        The largest image, in pixels (height times width), that is decoded. Larger ones are
        refused by their header. The default is Pillow's own limit, a quarter of a gigabyte of
        24-bit color. In a volume, the slices that are read count.

    frame : int, default=0
        Which frame of an animation (GIF, APNG, WebP, AVIF) or page of a file (TIFF, MPO) is read,
        from 0, negative ones from the end. Images with one frame show that. PIL images are read
        at their current frame.

    icc : {"ignore", "srgb"}, default="ignore"
        The use of an embedded color profile: "ignore" reads the stored values, on which most
        networks were trained; "srgb" converts them to sRGB by LittleCMS. A profile that is
        broken, or for other colors than the image has, is an error then. Images of 16 or 32
        bits have their values kept.

    draft : bool, default=True
        Whether a JPEG file of a megapixel or more, and at least four times as high and wide as it
        will be after resizing, is decoded at a half, a quarter or an eighth of its size. That is
        several times faster, and gray levels differ by less than 2 on average. False decodes every
        pixel, as ``resample="nearest"`` and ``"box"`` always do.

    volume : {"middle", "max", "mean", "montage", "neighbors"} or int, default="middle"
        The part of a volume (NIfTI, or DICOM with several frames) that is shown: the middle
        slice; the maximum or the mean over all slices, of what was measured; up to 16 evenly
        spaced slices side by side; the middle slice and its two neighbors as the three channels
        (2.5-D); or the slice of that index, from 0, negative ones from the end. Images and files
        of one slice show that.

    plane : {"axial", "coronal", "sagittal"}, default="axial"
        The plane of the slices of a NIfTI volume. Frames of DICOM files are as they are stored.

    window : {"auto", "percentile", "zscore", "minmax"} or tuple (center, width), default="auto"
        Which measured values become black (0) and white (255) in medical images in gray:

        - "auto": `value_range`, if it is given; else the window or table of the DICOM file; where
          there is none, "percentile", but gray levels of 8 bits or fewer as they are;
        - (center, width): ``center - width / 2`` and ``center + width / 2``, in the unit of the
          file: Hounsfield units in CT. (40, 400) shows soft tissue;
        - "percentile": the `percentiles` of what is shown;
        - "zscore": three standard deviations below and above the mean, both over the mask of
          voxels that aren't 0, so that a z-score of 0 is 127.5;
        - "minmax": the smallest and the largest value of what is shown.

    percentiles : tuple (low, high), default=(1, 99)
        For ``window="percentile"``, in percent.

    remote : bool, str or collection of str, default=False
        The schemes of the URLs that are read: of "az", "file", "gs", "hf", "http", "https" and
        "s3". True is all but "http". False reads none, so that no text in a cell makes the process
        access the network. It needs the extra `remote`; see :doc:`/remote`.

    allow_local : bool, str or collection of str, default=False
        The names of hosts of http:// and https:// URLs whose address may be one of this machine or
        of a local network. True is all, False none; redirects count, too.

    timeout : float, default=60.0
        The time that one try of a download may take, in seconds.

    retries : int, default=4
        How often a download is tried again if the server is busy or fails, or does not answer.
        The pauses grow from 0.2 to 10 seconds.

    max_bytes : int, default=268435456
        The size of the largest file that is downloaded, in bytes.

    filesystem : fsspec.AbstractFileSystem or None, default=None
        A file system that reads the URLs of its own protocol, which are then allowed, in place of
        the one that is made from the environment: ``fsspec.filesystem("sftp", host="...")``. One
        whose options hold credentials is an error, since a saved model would show them. The digests
        of its files are not remembered from call to call.

    See Also
    --------
    check_images : Report what the images of a whole table are like.
    PixelFlattener : Pixels as columns.
    PretrainedGAP : Columns from a pretrained network.

    Notes
    -----
    **Cells.** A cell is a path, encoded bytes, a dict of `bytes` and `path` (as in Hugging Face's
    datasets; the path is read where there are no bytes), a binary file object, an array, a PIL
    image, a pydicom dataset or a nibabel image. A file object is read from its start; its
    position is restored, and it is not closed. URLs are read only if `remote` allows their scheme.

    **URLs.** Files are read whole into memory: http:// and https:// by urllib3, all others by
    fsspec. Up to 64 are downloaded at once, while earlier images are decoded, and each once per
    call of a transformer as long as they fit in memory. Credentials are those that fsspec and the
    libraries of the stores find in their configuration and environment; a reader, its pickle,
    messages and caches hold none. A URL with a user name or password is refused.

    **Values.** Pixels are in 0..255, always. 8-bit values are kept, booleans are 0 and 255, and
    unsigned integers are scaled by the range of their type, or by the bits that the file's
    header names. Floats and signed integers have no such range. For them, one range is found per
    column of images in `fit`, from the values of all arrays and files, and kept in the
    transformer's `value_ranges_`; `read` alone finds it from its one image. It is the first of
    these that holds all values:

    - 0..1, for floats of which most images have fractions up to 1; -1..1 if some are below -0.5;
    - 0..255, 0..4095 (12 bits), 0..65535 (16 bits), for values from 0 on;
    - the smallest (0 at most) and the largest value, for all others: Hounsfield units, for
      instance.

    A few values may lie a little beyond 0 and 1, or 255, as after resampling; they are clipped.
    Where `fit` saw only unsigned integers, floats and signed integers have the range of that
    type: whole numbers in 0..255 have the same pixels as bytes, whatever their type. An image of
    another scale is an error of its row: values beyond the range by more than a quarter (all of
    it, for a range that the values of `fit` ended), or fractions up to 1 where the range is at
    least 255 wide. Masked pixels (``numpy.ma``) and GDAL's value of no data are not read: they
    are black. NaN and infinite values are errors.

    **Files.** EXIF orientation is applied. CMYK, YCbCr, HSV, LAB and palettes become RGB.
    TIFF files of more than 8 bits are decoded by tifffile, and gray ones of which white is zero
    are inverted. HEIC needs the extra: ``pip install "skfusion[heif]"``.

    **Medical images** need the extra: ``pip install "skfusion[medical]"``. DICOM (with or without
    preamble) and NIfTI files (.nii, .nii.gz, .hdr with .img) are recognized by their content, in
    paths and in bytes. DICOM values are rescaled (slope and intercept, or table; a slope of 0
    counts as none), MONOCHROME1 is inverted, padding is black, colors are RGB, and bits that are
    not stored are ignored. NIfTI voxels are turned to the nearest anatomical axes, not resampled,
    and shown as radiologists see them: the patient's right on the viewer's left, anterior or
    superior up, anterior on the left in sagittal slices. Slices are counted from inferior,
    posterior and left. Of a fourth axis (time), the first entry is read.

    Uncompressed volumes are mapped into memory, and DICOM frames decoded one by one: one slice
    takes the memory of one slice. A gzipped volume is inflated slab by slab up to the last slice
    that is needed, at most 16 times `max_pixels` voxels; in planes across its slabs, all slices
    that are asked for are held as they are stored.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion import ImageReader
    >>> reader = ImageReader(resample="bicubic")
    >>> reader.read(np.array([[0.0, 1.0], [0.5, 0.25]]))[:, :, 0]
    array([[  0.  , 255.  ],
           [127.5 ,  63.75]], dtype=float32)
    >>> ImageReader(value_range=(-160, 240)).read(np.array([[40, 240]], dtype="int16"))[:, :, 0]
    array([[127.5, 255. ]], dtype=float32)
    """

    _parameter_constraints: dict[str, Any] = {
        "root": [str, os.PathLike, None],
        "strict_root": ["boolean"],
        "value_range": [tuple, list, None],
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
        "remote": ["boolean", str, tuple, list, set, frozenset],
        "allow_local": ["boolean", str, tuple, list, set, frozenset],
        "timeout": [Interval(Real, 0, None, closed="neither")],
        "retries": [Interval(Integral, 0, None, closed="left")],
        "max_bytes": [Interval(Integral, 1, None, closed="left")],
        "filesystem": [HasMethods(["cat_file", "info"]), None],
    }

    def __init__(
        self,
        root: PathLike | None = None,
        *,
        strict_root: bool = False,
        value_range: tuple[float, float] | None = None,
        background: str = "white",
        resample: str = "bilinear",
        max_pixels: int = MAX_PIXELS,
        frame: int = 0,
        icc: str = "ignore",
        draft: bool = True,
        volume: str | int = "middle",
        plane: str = "axial",
        window: str | tuple[float, float] = "auto",
        percentiles: tuple[float, float] = (1, 99),
        remote: bool | str | Collection[str] = False,
        allow_local: bool | str | Collection[str] = False,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
        max_bytes: int = MAX_BYTES,
        filesystem: Any = None,
    ) -> None:
        self.root = root
        self.strict_root = strict_root
        self.value_range = value_range
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
        self.remote = remote
        self.allow_local = allow_local
        self.timeout = timeout
        self.retries = retries
        self.max_bytes = max_bytes
        self.filesystem = filesystem

    def __getstate__(self):
        check_filesystem(self.filesystem)  # a pickle would hold its credentials
        return super().__getstate__()

    def __setstate__(self, state):
        # Readers that older versions saved lack the newer parameters.
        parameters = signature(ImageReader.__init__).parameters.values()
        super().__setstate__({p.name: p.default for p in parameters if p.name != "self"} | state)

    def read(
        self,
        cell: Cell,
        value_range: tuple[float, float] | None = None,
        size: tuple[int, int] | None = None,
    ) -> np.ndarray:
        """Read one cell.

        Parameters
        ----------
        cell : str, PathLike, bytes, dict, file object, ndarray, PIL image or medical image
            A path, an encoded file, or an image, as the Notes of the class list them.

        value_range : tuple (low, high) or None, default=None
            The values of black and white in floats and signed integers; transformers pass the
            range that they found in `fit`. None is the reader's own, or else found from this cell.

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
            If the cell is no image, or its values have another scale; the message has the reason.

        ExtraNotFoundError
            If the package that reads it isn't installed.
        """
        with self._open(cell, value_range, size) as image:
            return image.read()

    def probe(self, cell: Cell) -> tuple[int, int, int]:
        """Find the shape that `read` will give, without decoding.

        Parameters
        ----------
        cell : str, PathLike, bytes, dict, file object, ndarray, PIL image or medical image
            A path, an encoded file, or an image, as the Notes of the class list them.

        Returns
        -------
        shape : tuple (height, width, channels)
            Channels are 1 or 3.

        Raises
        ------
        ValueError
            If the cell is no image; the message has the reason.

        ExtraNotFoundError
            If the package that reads it isn't installed.
        """
        with self._open(cell) as image:
            return image.shape()

    def _validate_params(self):
        super()._validate_params()
        check_window(self.window)
        check_percentiles(self.percentiles)
        check_value_range(self.value_range)
        _check_background(self.background)
        find_schemes(self.remote)
        find_hosts(self.allow_local)
        check_filesystem(self.filesystem)

    @contextmanager
    def _open(self, cell, value_range=None, size=None):
        """Open a cell; what goes wrong, then or in the context, is a ValueError of one line."""
        options = ReadOptions.of(self, value_range, size)
        with one_line_reasons(), find_source(cell).open(options) as image:
            yield image


def _check_background(background):
    try:
        ImageColor.getrgb(background)
    except ValueError:
        raise ValueError(
            f"background={background!r} is not a color. Pass a name, such as 'white', or '#rrggbb'."
        ) from None


def check_reader(reader):
    """Return a copy of a reader whose parameters are valid; None gives the default reader."""
    reader = ImageReader() if reader is None else clone(reader)
    if hasattr(reader, "_validate_params"):
        reader._validate_params()
    return reader
