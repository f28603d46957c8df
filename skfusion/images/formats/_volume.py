"""From the slices of a volume to one image."""

import math
from typing import NamedTuple

import numpy as np

VOLUME_MODES = ("middle", "max", "mean", "montage", "neighbors")
# What a montage shows at most: 4 x 4 slices, evenly spaced.
MONTAGE_SLICES = 16


class VolumeOptions(NamedTuple):
    """The parameters of ImageReader that medical images need."""

    volume: str | int
    plane: str
    window: str | tuple[float, float]
    percentiles: tuple[float, float]
    max_pixels: int


def probe_volume(opened, options):
    """Height, width and channels of the image, from the header."""
    return _plan(opened, options)[1]


def volume_to_pixels(opened, options):
    """Read the chosen slices of a volume and make one image of them.

    Parameters
    ----------
    opened : DicomVolume or NiftiVolume
        The volume.

    options : VolumeOptions
        What to read.

    Returns
    -------
    pixels : ndarray of shape (height, width, 1 or 3), uint8 or float32
        Values in 0..255.
    """
    indices, _ = _plan(opened, options)
    in_order = options.volume not in ("max", "mean")
    slices = opened.read_slices(options.plane, indices, in_order)
    values = combine(options.volume, slices)
    pixels = opened.to_pixels(values, indices, options.window, options.percentiles)
    if pixels.dtype != np.uint8:
        pixels = np.nan_to_num(pixels.astype(np.float32, copy=False), copy=False)
    if pixels.ndim == 3:
        pixels = pixels[..., np.newaxis]
    return arrange(options.volume, pixels)


def _plan(opened, options):
    """Which slices, and the image's shape; ValueError if they are too large."""
    n_slices, slice_shape = opened.slices(options.plane)
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


def choose_slices(volume, n_slices):
    """The slices that are read, in order.

    Parameters
    ----------
    volume : {"middle", "max", "mean", "montage", "neighbors"} or int
        As in ImageReader.

    n_slices : int
        How many there are. One alone is no volume: it is the image, whatever `volume` says.

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
    """Height, width and channels of the image that the chosen slices become."""
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
    """Stack the slices, or project them; shape (n, height, width[, 3]), n = 1 if projected."""
    slices = iter(slices)
    if volume not in ("max", "mean"):
        return np.stack(list(slices))
    result, n = np.array(next(slices)), 1
    for one in slices:  # one at a time: the volume may not fit into memory
        (np.fmax if volume == "max" else np.add)(result, one, out=result)
        n += 1
    if volume == "mean":
        result = result / result.dtype.type(n)
    return result[np.newaxis]


def arrange(volume, pixels):
    """From (n, height, width, channels) to one image (height, width, channels)."""
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
