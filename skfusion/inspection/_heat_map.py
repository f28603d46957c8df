"""HeatMap: signed amounts of the regions of one image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skfusion.images._pixels import resize_pixels


@dataclass(frozen=True, eq=False)
class HeatMap:
    """The amounts by which regions of an image move a prediction, on a grid over the image.

    Parameters
    ----------
    grid : ndarray of shape (n_down, n_across), float32
        The amount of each cell of the grid.

    shape : tuple (height, width)
        The size of the image, in pixels.
    """

    grid: np.ndarray
    shape: tuple[int, int]

    def to_pixels(self):
        """Return an array of the size of the image."""
        return resize_grid(self.grid, self.shape)


class HeatMaps(Sequence[Any]):
    """The regions of each row, as arrays of the size of its image that are made when needed.

    Parameters
    ----------
    maps : list of (HeatMap, list of HeatMap or None)
        One entry a row; a list where the row has several images; None where it has none.
    """

    def __init__(self, maps):
        self.maps = maps

    def __len__(self):
        return len(self.maps)

    def __repr__(self):
        return f"<regions of the images of {len(self.maps)} rows>"

    def __getitem__(self, row):
        if isinstance(row, slice):
            return [_to_pixels(one) for one in self.maps[row]]
        return _to_pixels(self.maps[row])


def _to_pixels(entry):
    if isinstance(entry, list):
        return [one.to_pixels() for one in entry]
    return None if entry is None else entry.to_pixels()


def resize_grid(grid, shape):
    """Resize a grid to (height, width); enlarged cells keep hard edges."""
    if shape[0] >= grid.shape[0] and shape[1] >= grid.shape[1]:
        down = np.arange(shape[0]) * grid.shape[0] // shape[0]
        across = np.arange(shape[1]) * grid.shape[1] // shape[1]
        return np.asarray(grid, dtype=np.float32)[down][:, across]
    pixels = np.asarray(grid, dtype=np.float32)[..., np.newaxis]
    return resize_pixels(pixels, shape, "box")[..., 0]
