"""The map between two networks' axes, and columns out of fold."""

import numpy as np
import pytest

from skfusion.embedding._cross_fit import ProcrustesMap, make_folds, out_of_fold
from skfusion.embedding._target import TargetCoder


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
    centred, aim = source - source.mean(axis=0), target - target.mean(axis=0)
    for _ in range(200):
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        for scale in (0.05, 0.1, 0.2, 0.5, 1.0):
            assert np.sum((scale * centred @ turn - aim) ** 2) >= best - 1e-9


def test_different_widths():
    rng = np.random.default_rng(0)
    target = rng.normal(size=(20, 2))
    source = np.column_stack([target, np.zeros((20, 3))])
    np.testing.assert_allclose(ProcrustesMap(source, target).apply(source), target, atol=1e-8)


def test_rows_that_are_all_alike():
    mapped = ProcrustesMap(np.ones((5, 3)), np.full((5, 3), 2.0)).apply(np.ones((2, 3)))
    np.testing.assert_allclose(mapped, 2)


def test_each_row_comes_from_the_network_that_did_not_see_it():
    final = np.random.default_rng(0).normal(size=(6, 2))
    folds = [(np.array([2, 3, 4, 5]), np.array([0, 1])), (np.array([0, 1, 4, 5]), np.array([2, 3]))]
    asked = []

    def embed_fold(number, train, rows):
        asked.append((number, tuple(train), tuple(rows)))
        columns = final[rows].copy()
        columns[len(train) :] += 10  # the fold's network is off on what it did not see
        return columns

    result = out_of_fold(folds, final, embed_fold)
    assert asked == [(0, (2, 3, 4, 5), (2, 3, 4, 5, 0, 1)), (1, (0, 1, 4, 5), (0, 1, 4, 5, 2, 3))]
    np.testing.assert_allclose(result[:4], final[:4] + 10, rtol=1e-5)
    np.testing.assert_allclose(result[4:], final[4:], rtol=1e-6)  # rows in no test set
    assert result.dtype == np.float32


def test_rows_tested_twice_get_the_mean():
    final = np.arange(8.0).reshape(4, 2)
    folds = [(np.array([0, 1, 2]), np.array([3]))] * 2
    shift = iter([2.0, 4.0])

    def embed_fold(number, train, rows):
        columns = final[rows].copy()
        columns[len(train) :] += next(shift)
        return columns

    np.testing.assert_allclose(out_of_fold(folds, final, embed_fold)[3], final[3] + 3, rtol=1e-6)


def test_dead_units_stay_exactly_constant():
    rng = np.random.default_rng(0)
    final = rng.normal(size=(30, 6)).astype(np.float32)
    final[:, [1, 4]] = 0.7
    folds = [(np.arange(15), np.arange(15, 30)), (np.arange(15, 30), np.arange(15))]
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    result = out_of_fold(folds, final, lambda number, train, rows: final[rows] @ turn)
    np.testing.assert_array_equal(result[:, [1, 4]], np.float32(0.7))
    assert (result.std(axis=0)[[0, 2, 3, 5]] > 0.1).all()


def test_no_folds():
    final = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(out_of_fold([], final, None), final)


def test_folds_are_shuffled_stratified_and_repeat():
    target = TargetCoder([0] * 30 + [1] * 30, "auto")
    folds = make_folds(3, target, 60, seed=0)
    for _, test in folds:
        assert np.bincount(target.values[test]).tolist() == [10, 10]
        assert (np.diff(test) != 1).any()
    again = make_folds(3, target, 60, seed=0)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(folds, again, strict=True))
    assert not np.array_equal(folds[0][1], make_folds(3, target, 60, seed=1)[0][1])
    assert make_folds(None, target, 60, seed=0) == []


def test_many_columns_few_rows_is_fast_enough_to_run_here():
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(120, 1600)), rng.normal(size=(120, 1600))
    axes = ProcrustesMap(source, target)
    assert axes.rotation.shape == (119, 119)  # not 1600 x 1600: the rank that the rows support
