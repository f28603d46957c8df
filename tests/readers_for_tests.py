"""Readers and checks of what they return."""

import numpy as np
import pytest

from skfusion import ImageReader

READ = []  # the cells that a CountingReader read


class CountingReader(ImageReader):
    """Notes each cell that it reads in `READ`."""

    def read(self, cell, value_range=None):
        READ.append(cell)
        return super().read(cell, value_range=value_range)


def read(cell, **options):
    """Return the pixels of a cell; their shape must be that of `probe`."""
    reader = ImageReader(**options)
    pixels = reader.read(cell)
    assert pixels.dtype in (np.uint8, np.float32)
    assert reader.probe(cell) == pixels.shape
    return pixels


def check_refused(cell, match, **options):
    """Check that `read` and `probe` raise the same error of one line."""
    reader = ImageReader(**options)
    for ask in (reader.read, reader.probe):
        with pytest.raises(ValueError, match=match) as info:
            ask(cell)
        assert type(info.value) is ValueError
        assert "\n" not in str(info.value)
