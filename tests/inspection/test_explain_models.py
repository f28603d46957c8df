"""What `explain` keeps for models of every kind."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skfusion import explain, report, required_columns
from tests.models_for_tests import MODELS, answers, fit_model, make_table

every_model = pytest.mark.parametrize("name", MODELS)
OPTIONS = {"regions": False, "random_state": 0, "n_background": 6}
CLOSE = {"rtol": 1e-3, "atol": 1e-4}


def predictions_of(name):
    """Return what is explained: the probability of the second class, or the number."""
    _, _, expected = fit_model(name)
    return expected[:, 1] if expected.ndim == 2 else expected


@every_model
def test_shares_sum_to_the_prediction(name):
    model, rows, _ = fit_model(name)
    explanation = explain(model, rows, rows=[0, 5, 23], **OPTIONS)
    np.testing.assert_allclose(explanation.prediction, predictions_of(name)[[0, 5, 23]], **CLOSE)
    np.testing.assert_allclose(
        explanation.base_value + explanation.sources.sum(axis=1), explanation.prediction, **CLOSE
    )
    assert list(explanation.sources.columns) == ["image", "table"]
    np.testing.assert_allclose(explanation.table.sum(axis=1), explanation.sources["table"], **CLOSE)


@every_model
def test_columns_are_those_that_the_model_uses(name):
    model, rows, _ = fit_model(name)
    explanation = explain(model, rows, rows=[0], **OPTIONS)
    used = [column for column in required_columns(model) if column != "image"]
    assert sorted(explanation.table.columns) == sorted(used)
    more = explain(model, rows.assign(comment="new"), rows=[0], **OPTIONS)
    pd.testing.assert_frame_equal(more.sources, explanation.sources)


@every_model
def test_the_base_value_is_the_mean_prediction_of_the_background(name):
    model, rows, _ = fit_model(name)
    explanation = explain(model, rows[10:12], background=rows[:5], **OPTIONS)
    assert explanation.base_value == pytest.approx(predictions_of(name)[:5].mean(), abs=1e-4)
    assert explanation.n_rows == 2


@every_model
def test_a_row_is_not_moved_from_itself(name):
    model, rows, _ = fit_model(name)
    explanation = explain(model, rows[4:5], background=rows[4:5], **OPTIONS)
    np.testing.assert_allclose(explanation.sources, 0, atol=1e-5)
    np.testing.assert_allclose(explanation.table, 0, atol=1e-5)


@every_model
def test_a_source_that_is_equal_in_the_background_has_no_share(name):
    model, rows, _ = fit_model(name)
    row, other = rows[4:5], rows[5:6]
    other_image = row.assign(image=pd.Series(list(other["image"]), index=row.index, dtype=object))
    other_table = other.assign(image=pd.Series(list(row["image"]), index=other.index, dtype=object))
    by_image = explain(model, row, background=other_image, **OPTIONS)
    np.testing.assert_allclose(by_image.sources["table"], 0, atol=1e-5)
    by_table = explain(model, row, background=other_table, **OPTIONS)
    np.testing.assert_allclose(by_table.sources["image"], 0, atol=1e-5)
    one = answers(model, row) - answers(model, other_image)
    np.testing.assert_allclose(
        by_image.sources["image"].iloc[0], np.ravel(one)[-1], rtol=1e-3, atol=1e-4
    )


@every_model
def test_it_repeats_and_leaves_the_model_and_the_rows(name):
    model, rows, _ = fit_model(name)
    answers(model, rows)
    before, cells = pickle.dumps(model), list(rows["image"])
    one, other = (explain(model, rows, rows=[3, 8], **OPTIONS) for _ in range(2))
    pd.testing.assert_frame_equal(one.sources, other.sources)
    pd.testing.assert_frame_equal(one.table, other.table)
    assert pickle.dumps(model) == before
    assert all(cell is mine for cell, mine in zip(rows["image"], cells, strict=True))


@every_model
def test_rows_of_polars(name):
    model, rows, _ = fit_model(name)
    frame = pl.DataFrame(
        [
            pl.Series(column, list(cells), dtype=pl.Object if column == "image" else None)
            for column, cells in rows.items()
        ]
    )
    given = explain(model, frame, rows=[2], **OPTIONS)
    expected = explain(model, rows, rows=[2], **OPTIONS)
    np.testing.assert_allclose(given.sources, expected.sources, **CLOSE)


@every_model
def test_words(name):
    model, rows, _ = fit_model(name)
    explanation = explain(model, rows, rows=[0], **OPTIONS)
    text = explanation.describe(0)
    assert ("probability of" in text) == hasattr(model, "predict_proba")
    assert "the average of" in text
    assert explanation.image("image", 0).shape[:2] == (12, 12)
    with pytest.raises(ValueError, match="Row 1 does not exist"):
        explanation.describe(1)
    with pytest.raises(ValueError, match="no image column 'side'"):
        explanation.image("side")


@pytest.mark.parametrize("name", ["pixels", "pretrained", "fusion_classifier"])
def test_regions_have_the_size_of_the_image(name):
    model, rows, _ = fit_model(name)
    explanation = explain(model, rows, rows=[0, 1], n_background=4, max_passes=30, random_state=0)
    for region in explanation.regions["image"]:
        assert region.shape == (12, 12)
        assert np.isfinite(region).all()
    assert explain(model, rows, rows=[0], **OPTIONS).regions == {}


@pytest.mark.parametrize(
    "classes",
    [[False, True], [0, 1], [-1.0, 1.0], ["no", "yes"], ["0", "1"]],
    ids=["booleans", "whole numbers", "floats", "text", "digits as text"],
)
def test_classes_of_any_type(classes):
    rows, y = make_table()
    model = MODELS["pixels"]().fit(rows, np.array(classes)[y])
    explanation = explain(model, rows, rows=[0], **OPTIONS)
    assert explanation.names == [f"probability of {classes[1]!r}"]
    for position, label in enumerate(classes):
        for target in (label, model.classes_[position]):
            given = explain(model, rows, rows=[0], target=target, **OPTIONS)
            expected = model.predict_proba(rows[:1])[0, position]
            assert given.prediction[0] == pytest.approx(expected, rel=1e-4)
    found = report(model, rows, np.array(classes)[y], rows=[0], regions=False, random_state=0)
    assert found.explanations[0].row == 0
    assert found.scores.loc["accuracy", "value"] <= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": [24]}, "24"),
        ({"target": "neither"}, "neither"),
        ({"method": "gradient"}, "method must be one of"),
        ({"n_background": 0}, "n_background must be at least 1"),
        ({"regions": True, "n_background": 10, "max_passes": 11}, "max_passes larger than"),
    ],
)
def test_wrong_use(options, message):
    model, rows, _ = fit_model("pixels")
    with pytest.raises((ValueError, IndexError), match=message):
        explain(model, rows, **{"regions": False, **options})


def test_a_fusion_that_uses_the_table_alone_is_named():
    X, y = make_table(90)
    rng = np.random.default_rng(0)
    noise = list(rng.integers(0, 256, (len(y), 12, 12, 3), dtype=np.uint8))
    X = X.assign(image=noise, number_0=y + 0.1 * rng.normal(size=len(y)))
    model = MODELS["fusion_classifier"]().set_params(strategy="auto").fit(X, y)
    assert model.strategy_ == "table"
    with pytest.raises(ValueError, match=r"uses the table alone \(strategy_='table'\).*verdict_"):
        explain(model, X)
