"""Regions by occlusion: hide windows of the image and predict again, coarse to fine."""

import numpy as np

from skfusion.inspection._window_response import WindowResponse, make_windows, weaken_small

# The sizes of windows in parts of the side of the image: of the scan, of its refinement, which has
# at most so many pixels of the network's input, and of large ones.
_SCAN, _FINE, _MOST_PIXELS, _LARGE = 0.286, 0.2, 32, 0.5
# Windows that change the prediction by less than this part of what larger ones change it are too
# small: the rest of a region is enough for the model. So many are tried.
_RESPONSE, _TRIED = 0.3, 8
# Amounts below this part of the largest are mostly what overlapping windows blur; more of them
# where only windows that hold all of a region change anything.
_BLUR, _BLUR_OF_LARGE = 0.55, 0.8


def occlusion_grid(probe, n_passes):
    """Find the amount of each place by hiding windows.

    First, windows that overlap by half are hidden all over the image, then smaller ones where the
    prediction changed most. If a window changes little of what the whole image changes, because
    the rest of a region is enough for the model, larger ones are hidden, or shown alone. If
    smaller windows change little, those of the scan are moved in smaller steps.

    Parameters
    ----------
    probe : RegionProbe
        Predicts the row with hidden parts.

    n_passes : int
        The largest number of predictions.

    Returns
    -------
    grid : ndarray of shape (height, width)
        The amounts on the canvas of the probe: by how much windows around the place change the
        prediction.
    """
    canvas = probe.canvas
    whole = abs(probe.whole_change())
    size = _window_size(canvas, _SCAN)
    windows = _thinned(make_windows(canvas, size, 2), n_passes - 1)
    scan = WindowResponse(probe.hide(windows), windows, canvas)
    left = max(0, n_passes - 1 - len(windows))
    if scan.largest < _RESPONSE * whole:
        return weaken_small(*_with_other_windows(probe, scan, size, left))
    where, heat = np.abs(scan.heat()) + 1e-3 * np.abs(scan.heat(0.0)), scan.heat()
    fine = _window_size(canvas, _FINE, _MOST_PIXELS)
    windows = _hottest(make_windows(canvas, fine, 2), where)[:left]
    if not windows:
        return weaken_small(heat, _BLUR * np.abs(heat).max())
    tried = probe.hide(windows[:_TRIED])
    if np.abs(tried).max() < _RESPONSE * scan.largest:
        windows = _hottest(make_windows(canvas, size, 4), where)[: max(left - len(tried), 0)]
        if windows:
            heat = WindowResponse(probe.hide(windows), windows, canvas).over(heat)
        return weaken_small(heat, _BLUR_OF_LARGE * np.abs(heat).max())
    changes = np.concatenate([tried, probe.hide(windows[_TRIED:])])
    # Amounts are those of a small window: one of the scan has several of it.
    heat = WindowResponse(changes, windows, canvas).over(heat * np.prod(fine) / np.prod(size))
    return weaken_small(heat, _BLUR * np.abs(heat).max())


def _with_other_windows(probe, scan, size, n_passes):
    """Return the amounts and their limit, where the windows of the scan change nearly nothing.

    Large windows may hide all of a region, and a window that is shown alone may be enough.
    """
    canvas = probe.canvas
    large = _window_size(canvas, _LARGE)
    responses, left = [(scan, probe.hide, size, 2)], n_passes
    for change, of_size, steps in ((probe.show, size, 1), (probe.hide, large, 2)):
        windows = make_windows(canvas, of_size, steps)
        if len(windows) <= left:
            found = WindowResponse(change(windows), windows, canvas)
            responses.append((found, change, of_size, steps))
            left -= len(windows)
    best, change, of_size, steps = max(responses, key=lambda response: response[0].largest)
    heat = best.heat()
    windows = _hottest(make_windows(canvas, of_size, 2 * steps), np.abs(heat))[:left]
    if windows:
        heat = WindowResponse(change(windows), windows, canvas).over(heat)
    return heat, _BLUR_OF_LARGE * np.abs(heat).max()


def _window_size(canvas, share, most=np.inf):
    """Return the size of a window, which is a part of the canvas, in pixels of it."""
    return tuple(min(side, max(2.0, min(share * side, most))) for side in canvas)


def _thinned(windows, most):
    """Return every second window, or fewer, where there are too many."""
    return windows[:: -(-len(windows) // max(1, most))]


def _hottest(windows, heat):
    """Return windows in the order of the heat in them."""
    scores = np.array([heat[window].mean() for window in windows])
    return [windows[i] for i in np.argsort(-scores, kind="stable")]
