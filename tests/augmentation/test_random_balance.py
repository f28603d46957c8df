"""ImageAugmenter on random targets: how many copies, of which rows, and what they hold."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler

from skfusion import ImageAugmenter

SEEDS = range(4)
STRATEGIES = ["auto", "minority", "not minority", "not majority", "all"]


def make_rows(seed, n_classes=4):
    random = np.random.default_rng(seed)
    n_rows = int(random.integers(20, 60))
    shares = random.dirichlet(np.ones(n_classes))
    y = np.concatenate([np.arange(n_classes), random.choice(n_classes, n_rows, p=shares)])
    y = random.permutation(y)
    images = [np.full((3, 4), row % 256, dtype=np.uint8) for row in range(len(y))]
    frame = pd.DataFrame({"scan": pd.Series(images, dtype=object), "row": np.arange(len(y))})
    return frame, np.array(list("dacb"))[y]


def resample(strategy, frame, y, **options):
    augmenter = ImageAugmenter(strategy, **{"augmentation": {}, "random_state": 0, **options})
    more, y_more = augmenter.fit_resample(frame, y)
    return augmenter, more, y_more


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_classes_are_as_large_as_those_of_imbalanced_learn(seed, strategy):
    frame, y = make_rows(seed)
    augmenter, more, y_more = resample(strategy, frame, y)
    theirs = RandomOverSampler(sampling_strategy=strategy, random_state=0)
    _, expected = theirs.fit_resample(frame[["row"]], y)
    assert Counter(y_more) == Counter(expected)
    assert sum(augmenter.sampling_strategy_.values()) == len(more) - len(frame)


@pytest.mark.parametrize("seed", SEEDS)
def test_copies_are_spread_over_the_rows_of_their_class(seed):
    frame, y = make_rows(seed)
    augmenter, _, y_more = resample("auto", frame, y)
    origins = augmenter.sample_indices_
    np.testing.assert_array_equal(origins[: len(y)], np.arange(len(y)))
    np.testing.assert_array_equal(y_more, y[origins])
    for label in np.unique(y):
        per_row = np.bincount(origins, minlength=len(y))[y == label]
        assert np.ptp(per_row) <= 1  # each row as often, or once more
        assert per_row.sum() == Counter(y).most_common(1)[0][1]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("factor", [1, 2, 5])
def test_a_factor_is_the_number_of_rows_of_each_row(seed, factor):
    frame, y = make_rows(seed)
    augmenter, more, y_more = resample("auto", frame, y, factor=factor)
    assert np.bincount(augmenter.sample_indices_).tolist() == [factor] * len(y)
    assert augmenter.sampling_strategy_ is None
    assert Counter(y_more) == {label: factor * count for label, count in Counter(y).items()}
    assert len(more) == factor * len(frame)


@pytest.mark.parametrize("seed", SEEDS)
def test_copies_without_changes_are_their_originals(seed):
    frame, y = make_rows(seed)
    augmenter, more, _ = resample("all", frame, y)
    for row, origin in enumerate(augmenter.sample_indices_):
        np.testing.assert_array_equal(more["scan"][row], frame["scan"][origin])
        assert more["row"][row] == origin
    assert more["row"].dtype == frame["row"].dtype


@pytest.mark.parametrize("seed", SEEDS)
def test_a_flip_is_a_flip_or_nothing(seed):
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (30, 3, 4), dtype=np.uint8)
    frame = pd.DataFrame({"scan": pd.Series(list(images), dtype=object)})
    augmentation = {"horizontal_flip": True}
    augmenter, more, _ = resample("auto", frame, None, factor=3, augmentation=augmentation)
    flipped = 0
    for row in range(30, 90):
        original = images[augmenter.sample_indices_[row]]
        is_flipped = np.array_equal(more["scan"][row], original[:, ::-1])
        assert is_flipped or np.array_equal(more["scan"][row], original)
        flipped += is_flipped
    assert 15 <= flipped <= 45


@pytest.mark.parametrize("totals", [{"a": 60}, {"a": 60, "b": 70, "c": 61, "d": 99}])
def test_a_dict_has_the_number_of_rows_of_each_class(totals):
    frame, y = make_rows(0)
    _, _, y_more = resample(totals, frame, y)
    assert Counter(y_more) == {**Counter(y), **totals}
    _, _, by_function = resample(lambda y: totals, frame, y)
    assert Counter(by_function) == Counter(y_more)


@pytest.mark.parametrize("ratio", [0.3, 0.5, 0.77, 1.0])
@pytest.mark.parametrize("n_small", [2, 7])
def test_a_ratio_of_two_classes(ratio, n_small):
    frame = make_rows(0)[0].iloc[np.arange(32) % 20].reset_index(drop=True)
    y = np.array([0] * (32 - n_small) + [1] * n_small)
    if int((32 - n_small) * ratio) < n_small:
        with pytest.raises(ValueError, match=f"{ratio} would remove rows of class 1"):
            resample(ratio, frame, y)
        return
    _, _, y_more = resample(ratio, frame, y)
    assert (y_more == 1).sum() == int((32 - n_small) * ratio)


@pytest.mark.parametrize(
    "make",
    [list, pd.Series, pd.Categorical, lambda y: pd.DataFrame({"label": y}), lambda y: y[:, None]],
    ids=["list", "Series", "Categorical", "DataFrame", "column"],
)
def test_targets_of_every_container(make):
    frame, y = make_rows(1)
    augmenter, more, y_more = resample("auto", frame, make(y))
    expected = resample("auto", frame, y)
    np.testing.assert_array_equal(np.ravel(y_more), expected[2])
    np.testing.assert_array_equal(augmenter.sample_indices_, expected[0].sample_indices_)
    assert len(more) == len(y_more)


def test_indicators_of_classes():
    """A table with a single 1 in each row, as scikit-learn's label binarizer makes it."""
    frame, y = make_rows(2)
    labels = np.unique(y)
    indicators = (y[:, np.newaxis] == labels).astype(int)
    _, _, more = resample("auto", frame, indicators)
    assert more.sum(axis=0).tolist() == [Counter(y).most_common(1)[0][1]] * len(labels)
    assert (more.sum(axis=1) == 1).all()
