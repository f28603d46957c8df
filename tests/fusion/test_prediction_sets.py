"""Sets of classes that hold the class of a new row with a given probability, and abstention."""

import pickle

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from skfusion import FusionClassifier, PixelFlattener
from tests.fusion.conftest import classifier, make_rows

LEVELS = (0.8, 0.9)


def without_images(frame, share=1.0, seed=0):
    """Return rows of which a share has no image."""
    lost = np.random.default_rng(seed).random(len(frame)) < share
    return frame.assign(scan=frame["scan"].where(~lost, None))


def coverage_of(model, frame, y, level):
    members = model.predict_set(frame, level)
    return (members & (model.classes_ == y[:, None])).any(axis=1).mean()


@pytest.fixture(scope="module")
def model():
    return classifier().fit(*make_rows(1500, table=0.5, image=0.4))


@pytest.fixture(scope="module")
def new_rows():
    return make_rows(3000, table=0.5, image=0.4, seed=1)


@pytest.mark.parametrize("level", LEVELS)
def test_sets_hold_the_class_as_often_as_asked(model, new_rows, level):
    assert coverage_of(model, *new_rows, level) == pytest.approx(level, abs=0.02)


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
@pytest.mark.parametrize("level", LEVELS)
def test_without_images_though_no_image_was_missing_in_fit(model, new_rows, level):
    frame, y = new_rows
    frame = without_images(frame)
    assert coverage_of(model, frame, y, level) == pytest.approx(level, abs=0.02)


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
@pytest.mark.parametrize("level", LEVELS)
def test_rows_with_and_without_an_image_are_covered_alike(level):
    """Though rows without an image are harder here: what their table holds is noise."""
    frame, y = make_rows(3000, table=0.5, image=0.6)
    frame = without_images(frame, 0.5)
    lost = frame["scan"].isna().to_numpy()
    frame.loc[lost, "age"] = np.random.default_rng(0).permutation(frame.loc[lost, "age"])
    train, test = np.arange(1500), np.arange(1500, 3000)
    model = classifier().fit(frame.iloc[train], y[train])
    for group in (lost, ~lost):
        rows = test[group[test]]
        assert coverage_of(model, frame.iloc[rows], y[rows], level) == pytest.approx(
            level, abs=0.04
        )
    sizes = model.predict_set(frame.iloc[test], level).sum(axis=1)
    assert sizes[lost[test]].mean() > sizes[~lost[test]].mean() + 0.1


def test_a_higher_coverage_has_larger_sets(model, new_rows):
    frame, _ = new_rows
    small, large = (model.predict_set(frame[:200], level) for level in LEVELS)
    assert (small <= large).all()
    assert small.sum() < large.sum()


def test_a_set_has_the_most_probable_classes(model, new_rows):
    frame, _ = new_rows
    members, probabilities = model.predict_set(frame[:200]), model.predict_proba(frame[:200])
    assert members.shape == probabilities.shape
    assert members.dtype == bool
    assert probabilities[members].min() > probabilities[~members].max()


def test_the_set_of_a_row_does_not_depend_on_others(model, new_rows):
    frame, _ = new_rows
    together = model.predict_set(frame[:20])
    alone = [model.predict_set(frame[row : row + 1])[0] for row in range(20)]
    np.testing.assert_array_equal(together, alone)


def test_a_set_is_empty_where_no_class_is_likely_enough():
    frame, y = make_rows(600, table=3.0, image=3.0)
    model = classifier().fit(frame[:300], y[:300])
    assert model.score(frame[300:], y[300:]) > 0.95
    sizes = model.predict_set(frame[300:], 0.7).sum(axis=1)
    assert 0.05 < (sizes == 0).mean() < 0.36
    # The class of highest probability is an answer all the same.
    assert None not in model.predict_or_abstain(frame[300:], 0.7)


def test_few_rows_make_sets_of_all_classes():
    frame, y = make_rows(8, table=2.0)
    model = classifier(cv=2, image_columns=[]).fit(frame[["age"]], y)
    assert model.predict_set(frame, 0.9).all()
    assert not model.predict_set(frame, 0.5).all()


@pytest.mark.parametrize("coverage", [0.9, 0.97])
def test_abstaining_limits_the_wrong_answers(model, new_rows, coverage):
    frame, y = new_rows
    given = model.predict_or_abstain(frame, coverage)
    answered = given != np.array(None)
    wrong = answered & (given != y)
    assert 0.5 * (1 - coverage) < wrong.mean() < 1 - coverage + 0.02
    assert 0 < answered.mean() < 1
    np.testing.assert_array_equal(given[answered], model.predict(frame)[answered])
    members = model.predict_set(frame, coverage)
    np.testing.assert_array_equal(answered, members.sum(axis=1) <= 1)


def test_answers_are_right_more_often_than_predictions(model, new_rows):
    frame, y = new_rows
    given = model.predict_or_abstain(frame, 0.95)
    answered = given != np.array(None)
    assert (given[answered] == y[answered]).mean() > model.score(frame, y) + 0.05


def test_numbers_as_classes_stay_numbers():
    frame, y = make_rows(120, table=1.0)
    model = classifier().fit(frame, (y == "yes").astype(int))
    given = model.predict_or_abstain(frame)
    assert set(given) <= {0, 1, None}


@pytest.mark.parametrize("columns", [["age", "sex"], ["scan"]])
def test_one_source(columns):
    frame, y = make_rows(1200, table=0.6, image=0.4)
    images = [name for name in columns if name == "scan"]
    model = classifier(image_columns=images).fit(frame[:600][columns], y[:600])
    covered = coverage_of(model, frame[600:][columns], y[600:], 0.8)
    assert covered == pytest.approx(0.8, abs=0.04)


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
def test_without_a_table_a_row_without_an_image_gets_the_common_classes():
    frame, _ = make_rows(300)
    y = np.where(np.arange(300) < 285, "common", "rare")
    model = classifier().fit(frame[["scan"]], y)
    members = model.predict_set(without_images(frame[:2])[["scan"]])
    assert members.tolist() == [[True, False]] * 2


def test_many_classes():
    random = np.random.default_rng(0)
    numbers = random.integers(0, 6, 2000)
    frame, _ = make_rows(2000)
    frame["age"] = numbers + 0.7 * random.normal(size=2000)
    y = np.array(list("abcdef"))[numbers]
    model = classifier(image_columns=[]).fit(frame[["age"]][:1000], y[:1000])
    assert coverage_of(model, frame[["age"]][1000:], y[1000:], 0.9) == pytest.approx(0.9, abs=0.03)
    assert 1 < model.predict_set(frame[["age"]][1000:]).sum(axis=1).mean() < 4


def test_rows_of_weight_0_do_not_count():
    frame, y = make_rows(240, table=0.5)
    weights = (np.arange(240) < 160).astype(float)
    folds = [(np.arange(240)[np.arange(240) % 3 != k], np.arange(k, 240, 3)) for k in range(3)]
    whole = classifier(cv=folds).fit(frame, y, sample_weight=weights)
    folds = [(train[train < 160], test[test < 160]) for train, test in folds]
    part = classifier(cv=folds).fit(frame[:160], y[:160])
    np.testing.assert_array_equal(whole.predict_set(frame), part.predict_set(frame))


def test_rows_that_weigh_more_count_more():
    """Rows with a random class weigh most, so that sets have to be larger."""
    frame, y = make_rows(600, table=2.0)
    noisy = np.arange(600) < 200
    y = np.where(noisy, np.random.default_rng(0).permutation(y), y)
    sizes = {}
    for weight in (0.1, 5.0):
        model = classifier().fit(frame, y, sample_weight=np.where(noisy, weight, 1.0))
        sizes[weight] = model.predict_set(frame).sum()
    assert sizes[5.0] > 1.3 * sizes[0.1]


def test_a_pickle_has_the_same_sets(model, new_rows):
    frame, _ = new_rows
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict_set(frame[:50]), model.predict_set(frame[:50]))


@pytest.mark.parametrize("method", ["predict_set", "predict_or_abstain"])
def test_wrong_use(model, new_rows, method):
    frame, _ = new_rows
    for coverage in (0, 1, 1.5, -0.1):
        with pytest.raises(ValueError, match="coverage"):
            getattr(model, method)(frame, coverage)
    with pytest.raises(TypeError, match="coverage"):
        getattr(model, method)(frame, "0.9")
    with pytest.raises(NotFittedError):
        getattr(FusionClassifier(PixelFlattener()), method)(frame)


def test_the_image_is_not_needed_where_the_table_is_used_alone():
    frame, y = make_rows(300, table=2.0, image=0.0)
    model = classifier(estimators={"table": LogisticRegression()}).fit(frame, y)
    assert model.strategy_ == "table"
    members = model.predict_set(frame.drop(columns="scan"))
    np.testing.assert_array_equal(members, model.predict_set(frame))
