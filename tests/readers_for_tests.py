"""A reader that records what it was asked for."""

from skfusion import ImageReader

READ = []  # the cells that a CountingReader read


class CountingReader(ImageReader):
    """Notes each cell that it reads in `READ`."""

    def read(self, cell, value_range=None):
        READ.append(cell)
        return super().read(cell, value_range=value_range)
