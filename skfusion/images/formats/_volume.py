"""From the slices of a volume to one image."""

import math

import numpy as np

from skfusion.images.formats._opened_image import OpenedImage
from skfusion.images.formats._reasons import one_line_reasons
from skfusion.images.formats._window import check_percentiles, check_window

VOLUME_MODES = ("middle", "max", "mean", "montage", "neighbors")
# A montage shows 4 x 4 slices at most, evenly spaced.
MONTAGE_SLICES = 16


class VolumeImage(OpenedImage):
    """A volume, or the part of it that is shown as one image.

    Parameters
    ----------
    kind : {"DICOM", "NIfTI"}
        The format.

    open_volume : callable
        ``open_volume(source, max_pixels)`` gives a DicomVolume or a NiftiVolume.

    source : object
        A path, bytes, or an object of the format's package.

    options : ReadOptions
        Which part, and what is black and white.
    """

    def __init__(self, kind, open_volume, source, options):
        check_window(options.window)
        check_percentiles(options.percentiles)
        self._kind, self._options = kind, options
        with _any_error():
            self._volume = open_volume(source, options.max_pixels)

    def shape(self):
        """Return height, width and channels."""
        with _any_error():
            return self._plan()[1]

    def read(self):
        """Read the chosen slices and make one image of them."""
        with _any_error():
            return self._read()

    def facts(self):
        """Return the format, whether it has colors, and the number of slices."""
        with _any_error():
            n_slices, shape = self._volume.slices(self._options.plane)
        mode = "gray" if shape[2] == 1 else "color"
        return {"format": self._kind, "mode": mode, "frames": n_slices}

    def _read(self):
        options = self._options
        indices, _ = self._plan()
        in_order = options.volume not in ("max", "mean")
        slices = self._volume.read_slices(options.plane, indices, in_order)
        values = combine(options.volume, slices)
        pixels = self._volume.to_pixels(values, indices, self._window(), options.percentiles)
        if pixels.dtype != np.uint8:
            pixels = np.nan_to_num(pixels.astype(np.float32, copy=False), copy=False)
        if pixels.ndim == 3:
            pixels = pixels[..., np.newaxis]
        return arrange(options.volume, pixels)

    def _window(self):
        """Return the window; a range that was given to the reader is one, too."""
        given = self._options.given_range
        if given is None or self._options.window != "auto":
            return self._options.window
        return (given.low + given.high) / 2, given.high - given.low

    def _plan(self):
        """Return the slices to read and the shape of the image; ValueError if it is too large."""
        options = self._options
        n_slices, slice_shape = self._volume.slices(options.plane)
        indices = choose_slices(options.volume, n_slices)
        shape = image_shape(options.volume, len(indices), slice_shape)
        # Of a projection all slices are read, and a montage has empty places.
        n_pixels = max(len(indices) * slice_shape[0] * slice_shape[1], shape[0] * shape[1])
        if n_pixels > options.max_pixels:
            raise ValueError(
                f"{len(indices)} of {slice_shape[0]} x {slice_shape[1]} pixels are more than "
                f"max_pixels={options.max_pixels} of the reader"
            )
        return indices, shape


def _any_error():
    """Return a context for pydicom and nibabel, which raise nearly anything on odd files."""
    return one_line_reasons(Exception)


def choose_slices(volume, n_slices):
    """Return the slices that are read, in order.

    Parameters
    ----------
    volume : {"middle", "max", "mean", "montage", "neighbors"} or int
        As in ImageReader.

    n_slices : int
        The number of slices. One alone is no volume: it is the image, whatever `volume` is.

    Returns
    -------
    indices : list of int, or range
        Slices, some twice where a neighbor is missing.
    """
    middle = n_slices // 2
    if volume == "neighbors":
        return [min(max(i, 0), n_slices - 1) for i in (middle - 1, middle, middle + 1)]
    if n_slices == 1:
        return [0]
    if volume == "middle":
        return [middle]
    if volume in ("max", "mean"):
        return range(n_slices)  # as many as a header may claim
    if volume == "montage":
        shown = min(n_slices, MONTAGE_SLICES)
        return [(2 * i + 1) * n_slices // (2 * shown) for i in range(shown)]
    if not -n_slices <= volume < n_slices:
        raise ValueError(f"there is no slice {volume} in a volume of {n_slices} slices")
    return [volume % n_slices]


def image_shape(volume, n_chosen, slice_shape):
    """Return height, width and channels of the image that the chosen slices become."""
    height, width, channels = slice_shape
    if volume == "neighbors":
        if channels != 1:
            raise ValueError("volume='neighbors' makes channels of slices; these have colors")
        return height, width, 3
    if volume == "montage":
        rows, columns = _grid(n_chosen)
        return rows * height, columns * width, channels
    return height, width, channels


def combine(volume, slices):
    """Stack the slices, or project them: (n, height, width[, 3]), n = 1 if projected."""
    slices = iter(slices)
    if volume == "mean":
        return _mean(slices)[np.newaxis]
    if volume != "max":
        return np.stack(list(slices))
    result = np.array(next(slices))
    for one in slices:  # one at a time: the volume may not fit into memory
        np.fmax(result, one, out=result)
    return result[np.newaxis]


def _mean(slices):
    """Return the mean over slices of what was measured; NaN where that is nothing."""
    total, count = None, 0
    for one in slices:
        measured = ~np.isnan(one) if one.dtype.kind == "f" else True
        values = np.where(measured, one, one.dtype.type(0))
        if total is None:
            # Sums of many bytes need a wider type.
            total = values.astype(np.result_type(one.dtype, np.float32))
            count = np.zeros(one.shape, dtype=np.int64) + measured
        else:
            total += values
            count += measured
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, total / count.astype(total.dtype), total.dtype.type(np.nan))


def arrange(volume, pixels):
    """Make one image (height, width, channels) of (n, height, width, channels)."""
    if volume == "neighbors":
        return np.ascontiguousarray(np.moveaxis(pixels[..., 0], 0, 2))
    if volume != "montage":
        return pixels[0]
    n, height, width, channels = pixels.shape
    rows, columns = _grid(n)
    sheet = np.zeros((rows * columns, height, width, channels), dtype=pixels.dtype)
    sheet[:n] = pixels
    sheet = sheet.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return sheet.reshape(rows * height, columns * width, channels)


def _grid(n):
    columns = math.ceil(math.sqrt(n))
    return math.ceil(n / columns), columns
