"""Permute a target: rows of a group keep one value, where a group has one."""

import numpy as np

# With many rows, permutations take long, and a p-value of 0.01 needs 99 only.
_MANY_ROWS, _FEWEST = 10_000, 99


def count_permutations(n_rows, most):
    """Return how many permutations are drawn."""
    return most if n_rows <= _MANY_ROWS else _FEWEST


def permuted_rows(values, groups, n_permutations, generator):
    """Return which row each row gets its value from, for several permutations.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        The values that are permuted.

    groups : ndarray of int of shape (n_rows,)
        The group of each row.

    n_permutations : int
        The number of permutations.

    generator : Generator
        Draws them.

    Returns
    -------
    sources : ndarray of int of shape (n_permutations, n_rows)
        Whole groups are permuted if at least nine in ten have one value only; else rows, since
        the value is no property of a group.
    """
    first = np.unique(groups, return_index=True)[1]
    codes = np.unique(groups, return_inverse=True)[1]
    same = np.ones(len(first), dtype=bool)
    np.logical_and.at(same, codes, values == values[first][codes])
    if same.mean() < 0.9:
        first = codes = np.arange(len(values))
    orders = np.array([generator.permutation(len(first)) for _ in range(n_permutations)])
    return first[orders][:, codes]


def corrected_p_values(observed, permuted):
    """Return p-values that count the number of tests: the largest statistic of all decides.

    Parameters
    ----------
    observed : ndarray of shape (n_tests,)
        The statistics.

    permuted : ndarray of shape (n_permutations, n_tests)
        The statistics of permuted values.

    Returns
    -------
    p_values : ndarray of shape (n_tests,)
        The share of permutations, the observed values included, whose largest statistic is as
        large (Westfall and Young's single-step maxT).
    """
    largest = permuted.max(axis=1)
    hits = (largest[:, np.newaxis] >= observed - 1e-12).sum(axis=0)
    return (hits + 1) / (len(permuted) + 1)
