"""Folds and validation rows."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold

from skfusion.training._folds import make_folds, validation_rows
from skfusion.training._target_encoding import TargetEncoding


def test_folds_are_shuffled_stratified_and_repeat():
    target = TargetEncoding([0] * 30 + [1] * 30, "auto")
    folds = make_folds(3, target.strata, 60, seed=0)
    for _, test in folds:
        assert np.bincount(target.values[test]).tolist() == [10, 10]
        assert (np.diff(test) != 1).any()
    again = make_folds(3, target.strata, 60, seed=0)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(folds, again, strict=True))
    assert not np.array_equal(folds[0][1], make_folds(3, target.strata, 60, seed=1)[0][1])
    assert make_folds(None, target.strata, 60, seed=0) == []


GROUPS = np.repeat(np.arange(12), 5)


@pytest.mark.parametrize(
    "y", [np.arange(60) % 2, np.linspace(0, 1, 60)], ids=["classes", "numbers"]
)
def test_groups_stay_in_one_fold(y):
    folds = make_folds(3, TargetEncoding(y, "auto").strata, 60, seed=0, groups=GROUPS)
    assert len(folds) == 3
    for train, test in folds:
        assert not set(GROUPS[train]) & set(GROUPS[test])


def test_a_splitter_is_given_the_groups():
    target = TargetEncoding(np.arange(60) % 2, "auto")
    for train, test in make_folds(GroupKFold(4), target.strata, 60, seed=0, groups=GROUPS):
        assert not set(GROUPS[train]) & set(GROUPS[test])


def test_folds_may_be_listed():
    target = TargetEncoding([0, 1] * 5, "auto")
    listed = [(np.arange(5), np.arange(5, 10))]
    ((train, test),) = make_folds(listed, target.strata, 10, seed=0)
    np.testing.assert_array_equal(train, np.arange(5))
    np.testing.assert_array_equal(test, np.arange(5, 10))


@pytest.mark.parametrize(
    ("y", "groups", "message"),
    [
        ([0, 0, 1, 1], None, "cv=3 folds need 3 rows in a class, there are 2.*cv=None"),
        ([0.1, 0.2], None, "cv=3 folds need 3 rows, there are 2"),
        ([0, 1] * 6, [0] * 6 + [1] * 6, "cv=3 folds need 3 groups, there are 2"),
    ],
)
def test_too_few_for_the_folds(y, groups, message):
    with pytest.raises(ValueError, match=message):
        make_folds(3, TargetEncoding(y, "auto").strata, len(y), seed=0, groups=groups)


def test_a_class_too_rare_for_the_folds_is_a_warning():
    target = TargetEncoding([7] + [0, 1] * 10, "auto")
    with pytest.warns(UserWarning, match="least populated class in y has only 1"):
        make_folds(2, target.strata, 21, seed=0)


def test_validation_rows_are_of_all_classes():
    strata = np.repeat([0, 1, 2], [60, 30, 10])
    rows = validation_rows(0.1, 100, seed=0, strata=strata)
    assert np.bincount(strata[rows]).tolist() == [6, 3, 1]
    np.testing.assert_array_equal(rows, validation_rows(0.1, 100, seed=0, strata=strata))
    assert set(rows) != set(validation_rows(0.1, 100, seed=1, strata=strata))


def test_validation_keeps_groups_whole():
    rows = validation_rows(0.2, 60, seed=0, groups=GROUPS)
    assert 5 <= len(rows) <= 20
    assert not set(GROUPS[rows]) & set(np.delete(GROUPS, rows))


@pytest.mark.parametrize(
    ("fraction", "n_rows", "groups"), [(0.0, 50, None), (0.1, 4, None), (0.2, 10, [7] * 10)]
)
def test_no_validation_rows(fraction, n_rows, groups):
    groups = None if groups is None else np.array(groups)
    assert len(validation_rows(fraction, n_rows, seed=0, groups=groups)) == 0
