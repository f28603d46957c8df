"""Rows that lack an image."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from skfusion import (
    ImageReadError,
)
from tests.fusion.conftest import classifier, make_rows, regressor


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
def test_rows_without_an_image_are_predicted_from_the_table(rows):
    frame, y = rows
    frame.loc[::3, "scan"] = None
    fusion = classifier(strategy="stacked").fit(frame, y)
    gone = frame.assign(scan=None)
    changed = frame.assign(scan=None, age=frame["age"] + 100)
    assert roc_auc_score(y, fusion.predict_proba(gone)[:, 1]) > 0.7
    assert not np.allclose(fusion.predict_proba(gone), fusion.predict_proba(changed))
    whole = fusion.predict_proba(frame)
    np.testing.assert_allclose(whole[::3], fusion.predict_proba(gone)[::3])
    assert not np.allclose(whole[1], fusion.predict_proba(gone)[1])


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
@pytest.mark.parametrize("strategy", ["auto", "early", "late", "stacked"])
@pytest.mark.parametrize("make", [classifier, regressor])
def test_rows_without_an_image_in_predict_alone(rows, make, strategy):
    """As in a service: what was learned from is complete."""
    frame, y = rows
    y = (y == "yes").astype(int)
    fusion = make(strategy=strategy).fit(frame, y)
    table = make(image_columns=[]).fit(frame.drop(columns="scan"), y)
    predict = "predict_proba" if make is classifier else "predict"
    given = getattr(fusion, predict)(frame.assign(scan=None))
    expected = getattr(table, predict)(frame.drop(columns="scan"))
    np.testing.assert_allclose(given, expected, atol=0.02)


def test_a_row_without_an_image_and_no_table(rows):
    frame, y = rows
    y = np.where(np.arange(80) < 20, "no", "yes")
    fusion = classifier().fit(frame[["scan"]], y)
    given = fusion.predict_proba(pd.DataFrame({"scan": [None, frame["scan"][0]]}))
    assert given[0] == pytest.approx([0.25, 0.75])


def test_one_of_two_images_missing(rows):
    frame, y = rows
    frame = frame.assign(other=frame["scan"].where(np.arange(80) % 4 > 0, None))
    fusion = classifier().fit(frame, y)
    assert np.isfinite(fusion.predict_proba(frame)).all()


def test_missing_images_can_be_refused(rows):
    frame, y = rows
    frame.loc[5, "scan"] = None
    fusion = classifier().set_params(embedder__missing="error")
    with pytest.raises(ImageReadError, match="row 5"):
        fusion.fit(frame, y)


def test_no_image_at_all(rows):
    frame, y = rows
    fusion = classifier(image_columns="scan").set_params(embedder__image_size=(4, 4))
    with pytest.raises(ValueError, match=r"No row has an image in \['scan'\].*image_columns=\[\]"):
        fusion.fit(frame.assign(scan=None), y)


def test_no_image_is_read_where_the_table_is_used_alone():
    frame, y = make_rows(120, table=1.2, image=0.0)
    fusion = classifier().fit(frame, y)
    assert fusion.strategy_ == "table"
    assert fusion.predict(frame.assign(scan="nowhere.png")).shape == (120,)


def test_images_of_one_class_only(rows):
    frame, y = rows
    frame["scan"] = frame["scan"].where(y == "yes", None)
    with pytest.raises(ValueError, match=r"are of class 'yes'.*image_columns=\[\]"):
        classifier().fit(frame, y)


@pytest.mark.parametrize("make", [classifier, regressor])
def test_too_few_images(rows, make):
    frame, y = rows
    y = (y == "yes").astype(int)
    frame["scan"] = frame["scan"].where(np.arange(80) < 4, None)
    with pytest.raises(ValueError, match=r"Only 4 of 80 rows have an image in \['scan'\]"):
        make().fit(frame, y)


def test_folds_whose_images_are_of_one_class(rows):
    frame, y = rows
    some = [*np.flatnonzero(y == "yes")[:9], np.flatnonzero(y == "no")[0]]
    frame["scan"] = frame["scan"].where(np.isin(np.arange(80), some), None)
    fusion = classifier(strategy="stacked").fit(frame, y)
    assert np.isfinite(fusion.predict_proba(frame)).all()
