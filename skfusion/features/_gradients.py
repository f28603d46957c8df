"""Histograms of oriented gradients: the directions of edges, by position."""

import numpy as np

_CELLS = 4
_ORIENTATIONS = 9
_BLOCK = 2
_BLOCKS = _CELLS - _BLOCK + 1
# The limit of L2-Hys normalization, and the constant that keeps it from dividing by 0.
_LIMIT, _EPSILON = 0.2, 1e-5


def hog_names(options):
    """List running numbers: block by block, cell by cell, orientation by orientation."""
    return [f"{i:04d}" for i in range(_BLOCKS**2 * _BLOCK**2 * _ORIENTATIONS)]


def measure_hog(image):
    """Measure histograms of gradient directions in a grid of cells, normalized by blocks."""
    rows, columns = _strongest_gradient(image.levels)
    magnitude = np.sqrt(rows * rows + columns * columns)
    turns = np.arctan2(rows, columns) * np.float32(_ORIENTATIONS / np.pi)
    orientation = np.floor(turns).astype(np.intp) % _ORIENTATIONS
    cells = _cell_of(len(rows))[:, np.newaxis] * _CELLS + _cell_of(rows.shape[1])
    sums = np.bincount(
        (cells * _ORIENTATIONS + orientation).ravel(),
        weights=magnitude.ravel(),
        minlength=_CELLS**2 * _ORIENTATIONS,
    )
    areas = np.bincount(cells.ravel(), minlength=_CELLS**2)
    histograms = sums.reshape(_CELLS, _CELLS, -1) / areas.reshape(_CELLS, _CELLS, 1).clip(1)
    return _normalized_blocks(histograms).ravel()


def _strongest_gradient(levels):
    """Compute differences along rows and columns, of the channel where they are largest."""
    strongest = None
    for channel in range(levels.shape[2]):
        values = levels[..., channel].astype(np.float32)
        rows, columns = np.zeros_like(values), np.zeros_like(values)
        rows[1:-1] = values[2:] - values[:-2]
        columns[:, 1:-1] = values[:, 2:] - values[:, :-2]
        squares = rows * rows + columns * columns
        if strongest is None:
            strongest = rows, columns, squares
            continue
        larger = squares > strongest[2]
        for kept, new in zip(strongest, (rows, columns, squares), strict=True):
            np.copyto(kept, new, where=larger)
    return strongest[:2]


def _cell_of(length):
    """Find the cell of each of `length` pixels; fewer pixels than cells leave some cells empty."""
    return np.arange(length) * _CELLS // length


def _normalized_blocks(histograms):
    """Return blocks of cells of shape (n, n, 4, orientations), each scaled to length 1."""
    corners = [(row, column) for row in range(_BLOCK) for column in range(_BLOCK)]
    shifted = [histograms[r : r + _BLOCKS, c : c + _BLOCKS] for r, c in corners]
    blocks = np.stack(shifted, axis=2)
    return _unit_length(np.minimum(_unit_length(blocks), _LIMIT))


def _unit_length(blocks):
    squares = np.square(blocks).sum(axis=(2, 3), keepdims=True)
    return blocks / np.sqrt(squares + _EPSILON**2)
