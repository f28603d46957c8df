"""Comparison of features of networks with random weights."""

import numpy as np


def assert_close(actual, expected, tolerance=1e-4):
    """Check that features agree, relative to the largest: some networks make them of 1e-18."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    scale = np.nanmax(np.abs(expected))
    assert scale > 0
    np.testing.assert_allclose(actual / scale, expected / scale, rtol=tolerance, atol=tolerance)


def are_close(actual, expected, tolerance=1e-4):
    """Return whether features agree, as in `assert_close`."""
    try:
        assert_close(actual, expected, tolerance)
    except AssertionError:
        return False
    return True
