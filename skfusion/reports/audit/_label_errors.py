"""Find rows whose class is probably wrong, by out-of-fold probabilities."""

import numpy as np

_TEMPERATURES = np.geomspace(0.25, 20, 60)
_UNLIKELY = 0.15  # the largest probability of the given class, by that of the predicted one
_TINY = 1e-12


def probable_errors(probabilities, codes):
    """Return the rows whose class is probably wrong.

    Confident learning (Northcutt, Jiang and Chuang, arXiv 1911.00068), with calibrated
    probabilities: a row counts as one of the classes whose probability is at least the mean of the
    rows that have the class. Its own class must be far less probable than that.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_classes)
        Out-of-fold probabilities; no row is returned if they are none.

    codes : ndarray of int of shape (n_rows,)
        The given classes.

    Returns
    -------
    is_error : ndarray of bool of shape (n_rows,)
        The rows.
    """
    rows = np.arange(len(codes))
    if probabilities.min() < 0 or probabilities.max() > 1:
        return np.zeros(len(codes), dtype=bool)
    probabilities = _calibrate(probabilities, codes)
    own = probabilities[rows, codes]
    n_classes = probabilities.shape[1]
    sums = np.bincount(codes, own, minlength=n_classes)
    thresholds = sums / np.maximum(np.bincount(codes, minlength=n_classes), 1)
    best = probabilities.argmax(axis=1)
    is_confident = probabilities[rows, best] >= thresholds[best]
    return (best != codes) & is_confident & (own < _UNLIKELY * thresholds[best])


def _calibrate(probabilities, codes):
    """Return probabilities scaled by the temperature of the least log loss."""
    logs = np.log(np.maximum(probabilities, _TINY))
    rows, losses = np.arange(len(codes)), []
    for temperature in _TEMPERATURES:
        losses.append(-np.log(np.maximum(_softmax(logs / temperature)[rows, codes], _TINY)).mean())
    return _softmax(logs / _TEMPERATURES[int(np.argmin(losses))])


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
