"""Regions by occlusion: hide windows of the image and predict again, coarse to fine."""

import numpy as np

# The part of the passes that the first scan may use, and the least windows along a side.
_SCAN_SHARE, _LEAST = 0.55, 3
# A window of the second scan, in pixels of the network's input and in parts of the side.
_WINDOW, _WINDOW_SHARE = 32, 0.2
# A change of up to so many times the median change is that of hiding anything, but never more
# than this part of the largest: where all of the image matters, all changes are large.
_NOISE, _MOST_NOISE = 3.0, 0.3


def occlusion_grid(probe, n_passes):
    """Find the amount of each place by hiding windows.

    First, half-overlapping windows are hidden over the whole image. Then smaller ones are, where
    the prediction changed most. Changes are made smaller by the change that hiding anything has,
    which is found from their median, and set to 0 where they are not larger.

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
    noise = _noise(changes)
    coarse = _spread(_shrink(changes, noise), scan, canvas)
    sizes = [min(_WINDOW, _WINDOW_SHARE * side) for side in canvas]
    windows = _windows(canvas, [max(1.0, size / 2) for size in sizes])
    any_change = np.abs(_spread(changes, scan, canvas))
    # Where nothing is beyond the noise, the largest change decides.
    scores = [np.abs(coarse[w]).mean() + 1e-3 * any_change[w].mean() for w in windows]
    order = np.argsort(-np.array(scores), kind="stable")
    chosen = [windows[i] for i in order[: max(0, n_passes - len(scan))]]
    # Amounts are those of a small window: a large one has several of it.
    ratio = len(scan) / max(len(scan), len(windows))
    if not chosen:
        return coarse * ratio
    changes = probe.changes(chosen)
    fine = _spread(_shrink(changes, noise * np.sqrt(ratio)), chosen, canvas)
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


def _noise(changes):
    """Return the size of a change that windows have anywhere."""
    sizes = np.abs(changes)
    return min(_NOISE * float(np.median(sizes)), _MOST_NOISE * float(sizes.max()))


def _shrink(changes, noise):
    return np.sign(changes) * np.maximum(np.abs(changes) - noise, 0)


def _spread(changes, windows, canvas):
    """Return the mean change of the windows that cover each place, without the largest one.

    A window that touches a region from outside changes the prediction too. Without the largest
    change, a place is in the region only if most of its windows are.
    """
    rises = _trimmed_mean(np.maximum(changes, 0), windows, canvas)
    return rises - _trimmed_mean(np.maximum(-changes, 0), windows, canvas)


def _trimmed_mean(sizes, windows, canvas):
    """Return the mean of the sizes at each place, less the largest one; 0 where there is none."""
    total, largest, count = (np.zeros(canvas) for _ in range(3))
    for size, window in zip(sizes, windows, strict=True):
        total[window] += size
        count[window] += 1
        np.maximum(largest[window], size, out=largest[window])
    alone = count <= 1
    return np.where(alone, total, (total - largest) / np.maximum(count - 1, 1))
