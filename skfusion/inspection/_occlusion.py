"""Regions by occlusion: hide random blocks of the image and predict again."""

import numpy as np

from skfusion.images._pixels import resize_pixels
from skfusion.inspection._block_effects import block_effects
from skfusion.inspection._random_blocks import grid_of, random_blocks


def occlusion_grid(probe, n_passes, seed):
    """Find the amount of each place by hiding random blocks.

    Parameters
    ----------
    probe : RegionProbe
        Predicts the row with hidden parts.

    n_passes : int
        The number of predictions.

    seed : int
        Draws the blocks.

    Returns
    -------
    amounts : ndarray of shape (height, width)
        The amounts on the canvas of the probe: by how much the prediction falls, on average, if a
        block of such places is hidden beside others.
    """
    generator = np.random.default_rng(seed)
    hidden = random_blocks(n_passes, grid_of(probe.canvas), generator)
    effects = block_effects(hidden, probe.predict_hidden(hidden), generator)
    pixels = effects[..., np.newaxis].astype(np.float32)
    return resize_pixels(pixels, probe.canvas, "bilinear")[..., 0]
