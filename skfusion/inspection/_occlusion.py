"""Regions by occlusion: hide windows of the image and predict again, coarse to fine."""

import numpy as np

# The part of the passes that the first scan may use, and the least windows along a side.
_SCAN_SHARE, _LEAST = 0.55, 3
# A window of the second scan, in pixels of the network's input and in parts of the side.
_WINDOW, _WINDOW_SHARE = 32, 0.2
# Changes that are not further from the median than so many standard deviations are noise.
_NOISE = 2.5
_DEVIATION = 1.4826  # of a normal distribution, for a median absolute deviation of 1


def occlusion_grid(probe, n_passes):
    """Find the amount of each place by hiding windows.

    First, half-overlapping windows are hidden over the whole image. Then smaller ones are, where
    the prediction changed most. The change that windows have anywhere, their median, is that of
    hiding as such; it is subtracted, and what remains within the noise is set to 0.

    Parameters
    ----------
    probe : RegionProbe
        Predicts the row with hidden parts.

    n_passes : int
        The largest number of predictions.

    Returns
    -------
    grid : ndarray of shape (height, width)
        The amounts on the canvas of the probe: by how much the prediction falls when a window of
        the second scan around the place is hidden.
    """
    canvas = probe.canvas
    count = max(_LEAST, int(np.sqrt(_SCAN_SHARE * n_passes)))
    scan = _windows(canvas, [side / (count - 1) for side in canvas])
    changes = probe.changes(scan)
    middle = float(np.median(changes))
    noise = _NOISE * _DEVIATION * float(np.median(np.abs(changes - middle)))
    coarse = _spread(_shrink(changes - middle, noise), scan, canvas)
    sizes = [min(_WINDOW, _WINDOW_SHARE * side) for side in canvas]
    windows = _windows(canvas, [max(1.0, size / 2) for size in sizes])
    any_change = np.abs(_spread(changes - middle, scan, canvas))
    # Where nothing is beyond the noise, the largest change decides.
    scores = [np.abs(coarse[w]).mean() + 1e-3 * any_change[w].mean() for w in windows]
    order = np.argsort(-np.array(scores), kind="stable")
    chosen = [windows[i] for i in order[: max(0, n_passes - len(scan))]]
    # Amounts are those of a small window: a large one has several of it.
    ratio = len(scan) / max(len(scan), len(windows))
    if not chosen:
        return coarse * ratio
    changes = probe.changes(chosen)
    part = np.sqrt(ratio)
    fine = _spread(_shrink(changes - middle * part, noise * part), chosen, canvas)
    seen = np.zeros(canvas, dtype=bool)
    for window in chosen:
        seen[window] = True
    return np.where(seen, fine, coarse * ratio)


def _windows(canvas, strides):
    """Return half-overlapping windows, twice as large as their strides, that cover the canvas."""
    slices = []
    for side, stride in zip(canvas, strides, strict=True):
        n = max(1, round(side / stride))
        ends = np.rint(np.arange(-1, n + 2) * side / n).astype(int).clip(0, side)
        slices.append([slice(a, b) for a, b in zip(ends[:-2], ends[2:], strict=True) if b > a])
    return [(down, across) for down in slices[0] for across in slices[1]]


def _shrink(changes, noise):
    return np.sign(changes) * np.maximum(np.abs(changes) - noise, 0)


def _spread(changes, windows, canvas):
    """Return the mean change of the windows that cover each place; 0 where none does."""
    total, count = np.zeros(canvas), np.zeros(canvas)
    for change, window in zip(changes, windows, strict=True):
        total[window] += change
        count[window] += 1
    return total / np.maximum(count, 1)
