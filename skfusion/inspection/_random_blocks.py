"""Random sets of blocks of an image, which are hidden together."""

import numpy as np

# The cells along the longer side of an image, the side of a block as a part of it, and the chance
# that a block is hidden: more than a half, since a part of a region is often enough for a model.
_CELLS, _BLOCK, _CHANCE = 20, 0.25, 0.6


def grid_of(canvas):
    """Return the numbers of cells (n_down, n_across) over a canvas; cells are about square."""
    cell = max(1.0, max(canvas) / _CELLS)
    return tuple(max(1, round(side / cell)) for side in canvas)


def block_side(grid):
    """Return the side of a block in cells of a grid."""
    return max(1, round(_BLOCK * max(grid)))


def random_blocks(n, grid, generator):
    """Draw sets of blocks: each block of a checkered plane is hidden or not.

    Parameters
    ----------
    n : int
        The number of sets.

    grid : tuple (n_down, n_across)
        The cells over the image.

    generator : Generator
        Draws the sets, and where the blocks of each set start.

    Returns
    -------
    hidden : ndarray of shape (n, n_down, n_across), float32
        1 in hidden cells, 0 in the others.
    """
    side = block_side(grid)
    hidden = np.empty((n, *grid), dtype=np.float32)
    for one in hidden:
        blocks = generator.random([length // side + 2 for length in grid]) < _CHANCE
        cells = blocks.repeat(side, axis=0).repeat(side, axis=1)
        down, across = generator.integers(0, side, 2)
        one[:] = cells[down : down + grid[0], across : across + grid[1]]
    return hidden
