"""Columns of images that a network was not trained on, and the map between networks' axes."""

import numpy as np
import pytest

from skfusion.embedding.cross_fitting._cross_fit import average, mix_by_bernoulli, out_of_fold
from skfusion.embedding.cross_fitting._procrustes_map import ProcrustesMap, fit_procrustes

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


# The map between two networks' axes.


@pytest.mark.parametrize("shape", [(50, 4), (50, 200), (3, 40)], ids=str)
def test_it_undoes_turn_scale_and_shift(shape):
    rng = np.random.default_rng(0)
    target = rng.normal(size=shape)
    turn, _ = np.linalg.qr(rng.normal(size=(shape[1], shape[1])))
    source = (target - 3) @ turn * 0.2
    np.testing.assert_allclose(ProcrustesMap(source, target).apply(source), target, atol=1e-8)


def test_it_carries_to_new_rows():
    rng = np.random.default_rng(0)
    target = rng.normal(size=(60, 5))
    turn, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    source = target @ turn * 4 + 1
    axes = ProcrustesMap(source[:40], target[:40])
    np.testing.assert_allclose(axes.apply(source[40:]), target[40:], atol=1e-8)


def test_no_orthogonal_map_with_a_scale_fits_better():
    """Against random rotations: the solution is the least-squares one."""
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(30, 3)), rng.normal(size=(30, 3))
    best = np.sum((ProcrustesMap(source, target).apply(source) - target) ** 2)
    centered, aim = source - source.mean(axis=0), target - target.mean(axis=0)
    for _ in range(200):
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        for scale in (0.05, 0.1, 0.2, 0.5, 1.0):
            assert np.sum((scale * centered @ turn - aim) ** 2) >= best - 1e-9


def test_rows_that_are_all_alike():
    mapped = ProcrustesMap(np.ones((5, 3)), np.full((5, 3), 2.0)).apply(np.ones((2, 3)))
    np.testing.assert_allclose(mapped, 2)


def test_the_identity_where_rows_say_nothing():
    rng = np.random.default_rng(0)
    source = np.zeros((40, 100))
    source[:, :5] = rng.normal(size=(40, 5))
    turn, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    target = source.copy()
    target[:, :5] = 2 * source[:, :5] @ turn
    axes = ProcrustesMap(source, target)
    beyond = np.zeros((1, 100))
    beyond[0, 50] = 3.0
    expected = beyond * 2  # the scale is the same everywhere
    np.testing.assert_allclose(
        axes.apply(beyond) - axes.apply(np.zeros((1, 100))), expected, atol=1e-4
    )


def test_many_columns_few_rows():
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(120, 1600)), rng.normal(size=(120, 1600))
    axes = ProcrustesMap(source, target)
    assert axes.inner.shape[1] <= 240  # not 1600: the rank that the rows support
    # Orthogonal up to the scale: lengths are kept, also of rows that it has not seen.
    new = rng.normal(size=(10, 1600))
    lengths = np.linalg.norm(axes.apply(new) - axes.apply(np.zeros((1, 1600))), axis=1)
    np.testing.assert_allclose(lengths, axes.scale * np.linalg.norm(new, axis=1), rtol=1e-6)


def test_maps_of_channels_serve_at_each_position():
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    target = rng.normal(size=(20, 25 * 8))
    source = (target.reshape(-1, 8) @ turn * 0.5 + 1).reshape(20, -1)
    axes = ProcrustesMap(source[:10], target[:10], channels=8)
    np.testing.assert_allclose(axes.apply(source[10:]), target[10:], atol=1e-4)
    # Ten rows could not have distinguished 200 axes.
    wide = ProcrustesMap(source[:10], target[:10])
    assert np.abs(wide.apply(source[10:]) - target[10:]).max() > 0.5


def test_held_out_rows_choose_the_pull():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 40))
    near = rows + rng.normal(scale=1.0, size=rows.shape)  # the same axes, with noise
    train, test = np.arange(30), np.arange(30, 60)
    chosen = fit_procrustes(near, rows, train, test)
    assert chosen.pull > 0
    free = ProcrustesMap(near[train], rows[train])

    def error(axes):
        return np.sum((axes.apply(near[test]) - rows[test]) ** 2)

    assert error(chosen) < error(free)
    turn, _ = np.linalg.qr(rng.normal(size=(40, 40)))
    assert fit_procrustes(rows @ turn, rows, train, test).pull < chosen.pull
