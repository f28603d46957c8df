"""Regions by occlusion: hide windows of the image and predict again, coarse to fine."""

import numpy as np


def occlusion_grid(probe, n_passes):
    """Find the amount of each cell of a grid by hiding windows.

    Parameters
    ----------
    probe : RegionProbe
        Predicts the row with hidden parts.

    n_passes : int
        The largest number of predictions.

    Returns
    -------
    grid : ndarray of shape (n_down, n_across)
        The amounts.
    """
    height, width = probe.canvas
    steps = max(1, min(10, int(np.sqrt(n_passes)) - 1))
    masks = []
    for down in range(steps):
        for across in range(steps):
            mask = np.zeros((height, width), dtype=np.float32)
            mask[
                down * height // steps : (down + 2) * height // steps,
                across * width // steps : (across + 2) * width // steps,
            ] = 1
            masks.append(mask)
    masks = np.stack(masks)
    changes = probe.changes(masks)
    weight = masks.sum(axis=0)
    return np.tensordot(changes, masks, axes=1) / weight
