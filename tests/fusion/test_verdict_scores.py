"""What each source adds by the score of the user."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold

from skfusion import PixelFlattener
from tests.fusion.conftest import classifier, make_rows, regressor


@pytest.fixture(scope="module")
def many():
    return make_rows(150, table=0.7, image=0.4)


def test_gains_are_differences_of_scores(many):
    fusion = classifier(scoring="roc_auc", strategy="late").fit(*many)
    gains, scores = fusion.verdict_.sources, fusion.strategy_scores_["score"]
    for source, other in (("table", "image"), ("image", "table")):
        assert gains.loc[source, "score_with"] == scores["late"]
        assert gains.loc[source, "score_without"] == scores[other]
        assert gains.loc[source, "gain"] == pytest.approx(scores["late"] - scores[other])
    np.testing.assert_allclose(gains["high"] - gains["gain"], gains["gain"] - gains["low"])
    assert gains["n_rows"].tolist() == [150, 150]
    assert gains["n_rows"].dtype.kind == "i"
    first, table, _ = fusion.verdict_.text.splitlines()[:3]
    assert "Compared by roc_auc on 150 rows with an image" in first
    assert f"without it (images alone), the roc_auc falls by {gains['gain'].iloc[0]:.3g}" in table
    change = f"{-gains['high'].iloc[0]:+.3g} to {-gains['low'].iloc[0]:+.3g}"
    assert f"interval of the change {change}); {scores['late']:.4g} with it" in table
    assert fusion.set_params(scoring=None).verdict_.text.startswith(first)


def test_the_log_loss_as_a_score_has_about_the_interval_of_the_loss(many):
    """The interval over blocks of rows differs from that over rows by chance alone."""
    score, loss = (
        classifier(scoring=scoring, strategy="late").fit(*many).verdict_.sources
        for scoring in ("neg_log_loss", None)
    )
    np.testing.assert_allclose(score["gain"], loss["gain"], rtol=1e-4)
    for end in ("low", "high"):
        margins = [(each[end] - each["gain"]) for each in (score, loss)]
        np.testing.assert_allclose(*margins, rtol=0.35)


def test_numbers():
    frame, y = make_rows(150, table=0.0, image=0.5)
    fusion = regressor(scoring="neg_mean_absolute_error")
    verdict = fusion.fit(frame, frame["age"] + 20.0 * (y == "yes")).verdict_
    assert (verdict.sources["low"] > 0).all()
    assert (verdict.sources["score_with"] > verdict.sources["score_without"]).all()
    assert "The images add information: without them (table alone), the neg_mean" in verdict.text


def test_weights_count(many):
    frame, y = many
    weights = np.where(np.arange(150) % 3 == 0, 3.0, 0.5)
    fusion = classifier(scoring="accuracy", image_columns=[])
    row = fusion.fit(frame[["age"]], y, sample_weight=weights).verdict_.sources.loc["table"]
    assert row["score_with"] == pytest.approx(row["accuracy_with"])
    assert row["gain"] == pytest.approx(row["accuracy_with"] - row["accuracy_without"])
    plain = fusion.fit(frame[["age"]], y).verdict_.sources.loc["table"]
    assert row["score_with"] != pytest.approx(plain["score_with"])


def test_one_source_is_compared_with_a_constant(many):
    frame, y = many
    verdict = classifier(scoring="roc_auc", image_columns=[]).fit(frame[["age"]], y).verdict_
    row = verdict.sources.loc["table"]
    assert row["score_without"] == 0.5
    assert row["gain"] == pytest.approx(row["score_with"] - 0.5)
    assert 0 < row["low"] < row["gain"]
    assert "The table adds information: without it (a constant alone), the roc_auc" in verdict.text


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
def test_rows_without_an_image_are_not_scored(many):
    frame, y = many
    has_image = np.arange(150) % 3 > 0
    frame = frame.assign(scan=frame["scan"].where(has_image, None))
    seen = []

    def score(model, X, y_true):
        value = roc_auc_score(y_true, model.predict_proba(X)[:, 1])
        if len(X) == 100:
            seen.append((set(X), value))
        return value

    fusion = classifier(scoring=score, strategy="late").fit(frame, y)
    gains = fusion.verdict_.sources
    assert gains["n_rows"].tolist() == [100, 100]
    assert {frozenset(rows) for rows, _ in seen} == {frozenset(np.flatnonzero(has_image))}
    assert gains.loc["image", "score_with"] in [value for _, value in seen]
    assert "the score falls by" in fusion.verdict_.text


def test_rows_of_a_group_are_one_unit():
    """Copies of rows hold no information."""
    frame, y = make_rows(60, table=0.8, image=0.3)
    copies, labels = pd.concat([frame] * 4, ignore_index=True), np.tile(y, 4)
    groups = np.tile(np.arange(60), 4)
    model, copies = classifier(scoring="roc_auc", image_columns=[]), copies[["age"]]
    wide = model.fit(copies, labels, groups=groups).verdict_.sources
    narrow = model.fit(copies, labels).verdict_.sources
    lengths = [(each["high"] - each["low"])["table"] for each in (wide, narrow)]
    assert lengths[0] > 1.3 * lengths[1]


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
def test_rows_with_an_image_that_lack_a_class(rows):
    frame, y = rows[0], rows[1].astype(object)
    y[:2] = "rare"
    frame = frame.assign(scan=frame["scan"].where(np.arange(80) > 1, None))
    verdict = classifier(scoring="roc_auc_ovr").fit(frame, y).verdict_
    assert "The table can't be compared: roc_auc_ovr can't score these 78 rows." in verdict.text
    assert verdict.sources["gain"].isna().all()
    assert verdict.sources["accuracy_with"].notna().all()


def test_a_scorer_without_weights_and_folds_that_are_repeated(rows):
    frame, y = rows
    numbers = set()

    def score(model, X, y_true):
        numbers.update(X)
        return roc_auc_score(y_true, model.predict_proba(X)[:, 1])

    cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    fusion = classifier(scoring=score, cv=cv).fit(frame, y)
    assert fusion.verdict_.sources["n_rows"].tolist() == [80, 80]
    assert numbers == set(range(80))


def test_embedders_are_described_by_the_score(rows):
    embedders = [PixelFlattener((size, size), missing="nan") for size in (2, 4)]
    fusion = classifier(scoring="roc_auc").set_params(embedder=embedders).fit(*rows)
    scores = fusion.embedder_scores_
    assert scores.columns.tolist() == ["loss", "accuracy", "score", "weight"]
    assert f"image: pixels: roc_auc {scores['score'].iloc[0]:.3g}, weight" in fusion.verdict_.text
