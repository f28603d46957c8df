"""Regions of the feature map that a network averages: leave out one cell at a time."""

import numpy as np

from skfusion.extraction._image_decoder import ImageDecoder
from skfusion.inspection._given_features import GivenFeatures
from skfusion.inspection._heat_map import resize_grid
from skfusion.networks._base_network import BaseNetwork
from skfusion.networks._feature_map import find_feature_map


def pooled_grid(probe, n_passes, seed):
    """Find the amount of each cell of the feature maps.

    The features of the row without a cell are the average less that cell's part of it, so that
    for a linear head the amounts are the class activation map.

    Parameters
    ----------
    probe : RegionProbe
        Predicts the row with other features.

    n_passes, seed : int
        Not used: one pass is enough, and nothing is drawn.

    Returns
    -------
    grid : ndarray of shape (n_down, n_across)
        The amounts; of several networks, their sum on the grid of the finest map.

    Raises
    ------
    ValueError
        If no network of the column averages its feature map.
    """
    grids = [
        _grid_of(probe, transformer, feature_map, extractor, position, start)
        for transformer, position in probe.source.readers
        for extractor, start in _placed_extractors(transformer, position)
        for feature_map in _feature_maps(extractor)
    ]
    if not grids:
        raise ValueError(
            "method='pooled' needs a Keras network that averages its feature map "
            f"(pooling='avg'), and column {probe.source.name!r} has none. Pass "
            "method='occlusion', which works for any model."
        )
    finest = max((grid.shape for grid in grids), key=np.prod)
    # A cell of a coarser map is several of the finest.
    return sum(resize_grid(grid, finest) * (grid.size / np.prod(finest)) for grid in grids)


def _feature_maps(extractor):
    network = getattr(extractor, "network", None)
    found = find_feature_map(network) if isinstance(network, BaseNetwork) else None
    return [] if found is None else [found]


def _placed_extractors(transformer, position):
    """Return the extractors of an image column, and where their features start in a row."""
    start = 0
    for place in range(position):
        start += sum(extractor.width for extractor in transformer._extractors(place))
    placed = []
    for extractor in transformer._extractors(position):
        placed.append((extractor, start))
        start += extractor.width
    return placed


def _grid_of(probe, transformer, feature_map, extractor, position, start):
    """Return the amount of each cell of the map of one network."""
    cells = _compute_cells(probe, transformer, feature_map, extractor, position)
    height, width, channels = cells.shape
    n_images = probe.n_images_of(transformer)
    parts = cells.reshape(-1, channels) / (height * width * n_images)
    whole = probe.features(transformer)
    without = np.repeat(whole[np.newaxis], len(parts), axis=0)
    without[:, start : start + channels] -= parts
    given = [GivenFeatures(probe.cell, transformer, features) for features in without]
    return (probe.base - probe.predict(given)).reshape(height, width)


def _compute_cells(probe, transformer, feature_map, extractor, position):
    columns = transformer._columns
    conversion = extractor.conversion
    decoder = ImageDecoder(columns.reader, columns.value_ranges[position], conversion.decode_size)
    probe.model.twin(transformer).n_images += 1
    return feature_map.compute(conversion.apply(decoder.decode(probe.item)))
