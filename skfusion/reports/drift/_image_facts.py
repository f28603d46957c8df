"""ImageFacts: what the images of a column are like."""

from dataclasses import dataclass

import numpy as np

from skfusion.images.sources._find_source import is_missing
from skfusion.reports._check_images import check_images
from skfusion.reports._distinct_cells import images_of

_MOST_ROWS = 2000


@dataclass(frozen=True)
class ImageFacts:
    """Facts of the images of a column.

    Parameters
    ----------
    n_images : int
        The number of images whose size is known.

    sizes : ndarray of shape (n_images, 2)
        Their heights and widths; of the images of `fit`, the smallest and the largest ones.

    channels : set of int
        The numbers of channels.

    n_rows : float
        The number of rows.

    missing_share : float
        The share of rows without an image.

    n_broken : int, default=0
        The number of images that can't be read.
    """

    n_images: int
    sizes: np.ndarray
    channels: set[int]
    n_rows: float
    missing_share: float
    n_broken: int = 0

    @classmethod
    def of_guard(cls, guard):
        """Return what a DriftGuard recorded in `fit`; None if it recorded no image."""
        if not guard.n_learned:
            return None
        # The guard counts distinct images; rows are at least as many.
        n_rows = guard.n_learned / max(1 - guard.missing_share, 0.01)
        sizes = np.array([guard.smallest, guard.largest])
        return cls(guard.n_learned, sizes, set(guard.channels), n_rows, guard.missing_share)

    @classmethod
    def of_cells(cls, cells, reader):
        """Return the facts of cells, from the headers of their files.

        Of more than 2000 rows, evenly spaced ones are read.
        """
        some = np.unique(np.linspace(0, len(cells) - 1, min(len(cells), _MOST_ROWS)).astype(int))
        lines = check_images(cells.iloc[some].to_frame(), reader, decode=False).rows
        ok = lines[(lines["status"] == "ok") & lines["height"].notna()]
        channels = {int(number) for number in ok["channels"].dropna().unique()}
        sizes = ok[["height", "width"]].to_numpy(dtype=int)
        missing = float(np.mean([has_no_image(cell) for cell in cells]))
        n_broken = int((lines["status"] == "broken").sum())
        return cls(len(ok), sizes, channels, len(cells), missing, n_broken)

    @property
    def smallest(self):
        """ndarray of shape (2,) : The smallest height and the smallest width."""
        return self.sizes.min(axis=0)

    @property
    def largest(self):
        """ndarray of shape (2,) : The largest height and the largest width."""
        return self.sizes.max(axis=0)


def has_no_image(cell):
    """Return whether a cell, or each item of a list in it, is missing."""
    return all(is_missing(image) for image in images_of(cell))
