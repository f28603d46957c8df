"""Columns of images that a network was not trained on."""

import numpy as np
import pytest

from skfusion.embedding.cross_fitting._cross_fit import average, mix_by_bernoulli, out_of_fold
from skfusion.embedding.cross_fitting._procrustes_map import ProcrustesMap

FOLDS = [(np.array([2, 3, 4, 5]), np.array([0, 1])), (np.array([0, 1, 4, 5]), np.array([2, 3]))]


class Same:
    """A map that changes nothing."""

    def apply(self, rows):
        return rows


def test_each_row_comes_from_the_network_that_did_not_see_it():
    final = np.random.default_rng(0).normal(size=(6, 2))
    by_fold = [final + 10, final + 20]
    result = out_of_fold(final, by_fold, FOLDS, [Same(), Same()])
    np.testing.assert_allclose(result[:2], final[:2] + 10, rtol=1e-6)
    np.testing.assert_allclose(result[2:4], final[2:4] + 20, rtol=1e-6)
    np.testing.assert_allclose(result[4:], final[4:], rtol=1e-6)  # rows in no test set
    assert result.dtype == np.float32


def test_rows_tested_twice_get_the_mean():
    final = np.arange(8.0).reshape(4, 2)
    folds = [(np.array([0, 1, 2]), np.array([3]))] * 2
    result = out_of_fold(final, [final + 2, final + 4], folds, [Same(), Same()])
    np.testing.assert_allclose(result[3], final[3] + 3)


def test_dead_units_stay_exactly_constant():
    rng = np.random.default_rng(0)
    final = rng.normal(size=(30, 6)).astype(np.float32)
    final[:, [1, 4]] = 0.7
    folds = [(np.arange(15), np.arange(15, 30)), (np.arange(15, 30), np.arange(15))]
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    by_fold = [final @ turn] * 2
    axes = [ProcrustesMap(by_fold[0][train], final[train]) for train, _ in folds]
    result = out_of_fold(final, by_fold, folds, axes)
    np.testing.assert_array_equal(result[:, [1, 4]], np.float32(0.7))
    assert (result.std(axis=0)[[0, 2, 3, 5]] > 0.1).all()


@pytest.mark.parametrize(
    ("share", "low", "high"), [(0.0, 0, 0), (0.3, 230, 370), (1.0, 1000, 1000)]
)
def test_the_coin(share, low, high):
    own, unseen = np.zeros((1000, 2)), np.ones((1000, 2))
    tossed = mix_by_bernoulli(own, unseen, share, seed=0, rows=np.arange(1000))
    assert (tossed[:, 0] == tossed[:, 1]).all()  # whole rows
    assert low <= tossed[:, 0].sum() <= high
    np.testing.assert_array_equal(tossed, mix_by_bernoulli(own, unseen, share, 0, np.arange(1000)))


def test_images_of_a_row_go_with_its_coin():
    rows = np.repeat(np.arange(300), np.arange(300) % 4)
    own, unseen = np.zeros((len(rows), 1)), np.ones((len(rows), 1))
    tossed = mix_by_bernoulli(own, unseen, 0.5, 0, rows)[:, 0]
    by_row = [set(tossed[rows == row]) for row in np.unique(rows)]
    assert all(len(values) == 1 for values in by_row)
    assert {0.0, 1.0} == set().union(*by_row)


def test_what_the_averaged_networks_say():
    final = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
    result = average(final, [final + 3, final + 6], [Same(), Same()])
    np.testing.assert_allclose(result, final + 3, rtol=1e-6)
    assert result.dtype == np.float32


def test_dead_units_have_no_other_mean():
    """Else rows that are filled with it would be all that differs in their column."""
    final = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    final[:, 1] = 0.7
    result = average(final, [final + 3], [Same()])
    np.testing.assert_array_equal(result[:, 1], np.float32(0.7))
    np.testing.assert_allclose(result[:, [0, 2]], final[:, [0, 2]] + 1.5, rtol=1e-6)
