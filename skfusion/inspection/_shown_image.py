"""ShownImage: the image of one row, decoded as the model reads it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skfusion.extraction._image_decoder import ImageDecoder
from skfusion.images._multi_image_cells import is_list
from skfusion.images.sources._find_source import is_missing


@dataclass(frozen=True, eq=False)
class ShownImage:
    """The image of one row.

    Parameters
    ----------
    cell : object
        The cell: an image, a list of images, or a missing value.

    decoder : ImageDecoder
        Decodes it whole, with the reader and the value range of the fitted transformer.
    """

    cell: Any
    decoder: ImageDecoder

    @property
    def items(self):
        """List of object : The images of the cell: one, several, or none if it is missing."""
        return images_of(self.cell)

    def decode(self):
        """Return the pixels as uint8; a list for several images; None for none."""
        decoded = [_as_bytes(self.decoder.decode(item)) for item in self.items]
        if not decoded:
            return None
        return decoded if len(decoded) > 1 else decoded[0]


def images_of(cell):
    """Return the images of a cell: one, several, or none if it is missing."""
    if is_list(cell):
        return [item for item in cell if not is_missing(item)]
    return [] if is_missing(cell) else [cell]


def _as_bytes(pixels):
    return np.rint(pixels).astype(np.uint8)


def shown_images(source, cells):
    """Return a ShownImage of each cell of an image column.

    Parameters
    ----------
    source : ImageSource
        The column.

    cells : iterable
        Its cells.
    """
    transformer, position = source.readers[0]
    columns = transformer._columns
    decoder = ImageDecoder(columns.reader, columns.value_ranges[position])
    return [ShownImage(cell, decoder) for cell in cells]
