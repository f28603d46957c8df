"""What each source adds to the other, in words and numbers."""

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from skfusion import FusionClassifier, FusionVerdict, PixelFlattener
from tests.fusion.conftest import CLASSIFIERS, classifier, make_rows, regressor


@pytest.fixture(scope="module")
def both():
    """Return a fusion of two sources that hold different information."""
    return classifier().fit(*make_rows(300, table=0.7, image=0.4))


def test_two_sources_that_add(both):
    verdict = both.verdict_
    assert isinstance(verdict, FusionVerdict)
    assert verdict.sources.index.tolist() == ["table", "image"]
    assert (verdict.sources["low"] > 0).all()
    first, table, images = str(verdict).splitlines()
    assert both.strategy_ in first
    assert "300 rows with an image" in first
    assert table.startswith("The table adds information: without it (images alone), the log loss")
    assert images.startswith("The images add information: without them (table alone)")


def test_the_words_have_the_numbers(both):
    row = both.verdict_.sources.loc["image"]
    (line,) = [line for line in both.verdict_.text.splitlines() if "The images" in line]
    moved = "rises" if row["gain"] >= 0 else "falls"
    assert f"the log loss {moved} by {abs(row['gain']):.3g} (95 % interval of the change" in line
    assert f"of the change {row['low']:+.3g} to {row['high']:+.3g})" in line
    assert f"accuracy {row['accuracy_with']:.3f} with them" in line
    assert f"{row['accuracy_without']:.3f} without." in line


@pytest.mark.parametrize("strategy", ["early", "late", "stacked"])
def test_gains_are_differences_of_the_scores(strategy):
    fusion = classifier(strategy=strategy).fit(*make_rows(120, table=0.7, image=0.4))
    gains, scores = fusion.verdict_.sources, fusion.strategy_scores_
    for source, other in (("table", "image"), ("image", "table")):
        gain = scores.loc[other, "loss"] - scores.loc[strategy, "loss"]
        assert gains.loc[source, "gain"] == pytest.approx(gain)
        assert gains.loc[source, "accuracy_without"] == scores.loc[other, "accuracy"]
        assert gains.loc[source, "accuracy_with"] == scores.loc[strategy, "accuracy"]
    assert (gains["low"] < gains["gain"]).all()
    np.testing.assert_allclose(gains["high"] - gains["gain"], gains["gain"] - gains["low"])


def test_images_of_noise_add_nothing():
    shown = 0
    for seed in range(5):
        fusion = classifier().fit(*make_rows(100, table=2.0, image=0.0, seed=seed))
        gains = fusion.verdict_.sources
        assert gains.loc["table", "low"] > 0
        shown += gains.loc["image", "low"] > 0
        if gains.loc["image", "low"] <= 0 <= gains.loc["image", "high"]:
            assert "The images add nothing that these 100 rows can show" in fusion.verdict_.text
    assert shown == 0


def test_where_the_table_is_used_alone_the_images_are_compared_all_the_same():
    fusion = classifier().fit(*make_rows(300, table=2.0, image=0.0))
    assert fusion.strategy_ == "table"
    scores = fusion.strategy_scores_["loss"]
    gain = fusion.verdict_.sources.loc["image", "gain"]
    assert gain == pytest.approx(scores["table"] - scores["stacked"])
    assert fusion.verdict_.text.startswith("Strategy in use: table.")


def test_images_that_do_harm():
    """Side by side with many columns of noise, neighbors are found by the noise."""
    frame, y = make_rows(300, table=2.0, image=0.0)
    models = {**CLASSIFIERS, "joint": KNeighborsClassifier(5)}
    fusion = classifier(estimators=models, strategy="early", n_components=None).fit(frame, y)
    assert fusion.verdict_.sources.loc["image", "high"] < 0
    assert "The images do harm: without them (table alone), the log loss" in fusion.verdict_.text


def test_sources_that_hold_the_same():
    frame, y = make_rows(200, table=0.0, image=0.0)
    value = np.random.default_rng(0).normal(size=200) + 1.5 * (y == "yes")
    shades = (128 + 25 * value).clip(0, 255).astype(np.uint8)
    frame = frame.assign(age=shades.astype(float), scan=[np.full((4, 4), s) for s in shades])
    verdict = classifier().fit(frame, y).verdict_
    assert (verdict.sources["low"] <= 0).all()
    assert verdict.text.endswith("One of them alone may predict as well as both together.")


@pytest.mark.parametrize(
    ("column", "name"), [("age", "The table adds"), ("scan", "The images add")]
)
def test_one_source_is_compared_with_a_constant(column, name):
    frame, y = make_rows(120, table=1.5, image=1.0)
    images = ["scan"] if column == "scan" else []
    fusion = classifier(image_columns=images).fit(frame[[column]], y)
    verdict = fusion.verdict_
    assert len(verdict.sources) == 1
    assert f"{name} information: without" in verdict.text
    assert "(a constant alone)" in verdict.text
    assert verdict.sources["accuracy_without"].iloc[0] == 0.5
    loss = fusion.strategy_scores_["loss"].iloc[0]
    assert verdict.sources["gain"].iloc[0] == pytest.approx(np.log(2) - loss)


def test_numbers():
    frame, y = make_rows(200, table=0.0, image=0.5)
    target = frame["age"] + 20.0 * (y == "yes")
    fusion = regressor().fit(frame, target)
    sources = fusion.verdict_.sources
    assert [name for name in sources if name.startswith("r2")] == ["r2_with", "r2_without"]
    assert (sources["low"] > 0).all()
    assert (sources["r2_with"] > sources["r2_without"]).all()
    assert "the squared error rises by " in fusion.verdict_.text
    assert "; R2 0." in fusion.verdict_.text
    expected = sources["gain"] / target.var(ddof=0)
    np.testing.assert_allclose(sources["r2_with"] - sources["r2_without"], expected)


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
def test_rows_without_an_image_are_not_compared():
    frame, y = make_rows(240, table=0.7, image=0.4)
    frame = frame.assign(scan=frame["scan"].where(np.arange(240) % 3 > 0, None))
    verdict = classifier().fit(frame, y).verdict_
    assert verdict.sources["n_rows"].tolist() == [160, 160]
    assert "160 rows with an image" in verdict.text


def interval_length(X, y, **arguments):
    gains = regressor(cv=4, image_columns=[]).fit(X, y, **arguments).verdict_.sources
    return float((gains["high"] - gains["low"]).iloc[0])


def test_groups_widen_the_interval():
    """Rows of one group are not independent: ten rows that are alike count as about one."""
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 10)
    frame = pd.DataFrame({"age": random.normal(size=40)[groups]})
    target = frame["age"] + random.normal(size=40)[groups]
    alike = interval_length(frame, target, groups=groups)
    each = interval_length(frame, target, groups=np.arange(400))
    assert 2.5 < alike / each < 4.5  # the square root of 10


def test_more_rows_narrow_the_interval():
    lengths = []
    for n_rows in (100, 1600):
        random = np.random.default_rng(0)
        frame = pd.DataFrame({"age": random.normal(size=n_rows)})
        target = frame["age"] + random.normal(size=n_rows)
        lengths.append(interval_length(frame, target))
    assert lengths[0] / lengths[1] == pytest.approx(4, rel=0.4)


def test_intervals_hold_the_gain_on_new_rows():
    new, labels = make_rows(1000, table=0.7, image=0.4, seed=99)
    numbers = (labels == "yes").astype(int)
    for seed in range(4):
        frame, y = make_rows(120, table=0.7, image=0.4, seed=seed)
        fusion = classifier(strategy="stacked").fit(frame, y)
        table = LogisticRegression().fit(frame[["age"]], y)
        both, alone = fusion.predict_proba(new), table.predict_proba(new[["age"]])
        gain = np.log(both / alone)[np.arange(1000), numbers].mean()
        low, high = fusion.verdict_.sources.loc["image", ["low", "high"]]
        assert low < gain < high


def test_rows_of_weight_0_do_not_count():
    frame, y = make_rows(150, table=0.7, image=0.4)
    rows = np.arange(150)
    folds = [(rows[rows % 3 != k], rows[rows % 3 == k]) for k in range(3)]
    whole = classifier(cv=folds).fit(frame, y, sample_weight=(rows < 120).astype(float))
    folds = [(train[train < 120], test[test < 120]) for train, test in folds]
    part = classifier(cv=folds).fit(frame[:120], y[:120])
    pd.testing.assert_frame_equal(whole.verdict_.sources, part.verdict_.sources)


def test_a_pickle_has_the_same_verdict(both):
    loaded = pickle.loads(pickle.dumps(both))
    assert loaded.verdict_.text == both.verdict_.text
    pd.testing.assert_frame_equal(loaded.verdict_.sources, both.verdict_.sources)


def test_a_verdict_cannot_be_changed(both):
    with pytest.raises(dataclasses.FrozenInstanceError):
        both.verdict_.text = "The images are all that counts."


def test_there_is_none_before_fit():
    fusion = FusionClassifier(PixelFlattener())
    assert not hasattr(fusion, "verdict_")
    with pytest.raises(NotFittedError):
        _ = fusion.verdict_


def test_words_are_no_target_of_a_regression():
    frame, _ = make_rows(20)
    with pytest.raises(ValueError, match=r"y holds strings.*use FusionClassifier"):
        regressor().fit(frame, ["a", "b"] * 10)
