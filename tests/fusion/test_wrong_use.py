"""Errors and warnings."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    ShuffleSplit,
)
from sklearn.svm import LinearSVC

from tests.fusion.conftest import classifier, regressor


def test_amounts_given_to_a_classifier_warn_once(rows):
    frame, _ = rows
    with pytest.warns(UserWarning, match="FusionRegressor") as warned:
        classifier(cv=2, image_columns=[]).fit(frame[["age"]], np.arange(80) // 1.5 // 1)
    assert len(warned) == 1


def test_y_is_needed(rows):
    with pytest.raises(ValueError, match="requires y to be passed"):
        classifier().fit(rows[0], None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strategy": "best"}, "strategy"),
        ({"image_columns": "photo"}, r"image_columns names \['photo'\].*'age', 'scan', 'sex'"),
        ({"image_columns": ["scan", "scan"]}, "twice"),
        ({"estimators": {"photo": LogisticRegression()}}, "no place for 'photo'"),
        ({"estimators": {"image": LinearSVC()}}, r"no predict_proba.*CalibratedClassifierCV"),
        ({"n_components": 0}, "n_components"),
        ({"cv": 200}, "cv=200 folds need 200 rows in a class.*Pass a smaller cv"),
        ({"cv": ShuffleSplit(1, random_state=0)}, "rows out in fewer than 2 folds"),
        ({"cv": [([0, 1, 2], [2, 3])] * 2}, "row 2 in the training and in the test part of fold 0"),
        ({"scoring": "auc"}, "'auc' is not a scorer.*'roc_auc'.*get_scorer_names"),
        ({"scoring": "r2"}, "can't score predictions of 2 classes.*Pass a scorer that can"),
        ({"embedder": LogisticRegression()}, "embedder"),
    ],
)
def test_refused_with_a_remedy(rows, options, message):
    frame, y = rows
    with pytest.raises(ValueError, match=message):
        classifier().set_params(**options).fit(frame, y)


def test_one_class_only(rows):
    with pytest.raises(ValueError, match="1 class only"):
        classifier().fit(rows[0], np.full(80, "yes"))


def test_text_is_no_number(rows):
    frame, y = rows
    with pytest.raises(ValueError, match="y holds strings, but a regression needs numbers"):
        regressor().fit(frame, y)


def test_unequal_lengths(rows):
    frame, y = rows
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        classifier().fit(frame, y[:-1])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        classifier().fit(frame, y, groups=np.zeros(7))


@pytest.mark.parametrize(
    "cells",
    [[*["yes", "no"] * 39, None, "no"], [*[1.0, 0.0] * 39, np.nan, 0.0], ["a", *[None] * 79]],
)
@pytest.mark.parametrize("make", [classifier, regressor])
def test_targets_that_are_missing(rows, make, cells):
    with pytest.raises(ValueError, match=r"Input y contains NaN or None in \d+ of 80 rows"):
        make().fit(rows[0], pd.Series(cells))


def test_groups_that_are_missing(rows):
    groups = np.where(np.arange(80) == 3, np.nan, np.arange(80) // 4)
    with pytest.raises(ValueError, match="groups is missing in 1 rows \\(the first is row 3"):
        classifier().fit(*rows, groups=groups)


@pytest.mark.parametrize(("dtype", "kind"), [("Int64", "i"), ("boolean", "b")])
def test_targets_of_pandas_own_types(rows, dtype, kind):
    frame, y = rows
    fusion = classifier().fit(frame, pd.Series(y == "yes").astype(dtype))
    assert fusion.classes_.dtype.kind == kind


def test_errors_name_the_columns_found_to_hold_images(rows):
    frame, y = rows
    frame["file"] = [f"scan{number}.png" for number in range(80)]
    with pytest.raises(ValueError, match="file") as warned:
        classifier().fit(frame, y)
    assert "['scan', 'file']. Name those that are in image_columns." in warned.value.__notes__[0]
    with pytest.raises(ValueError, match="file") as warned:
        classifier(image_columns=["scan", "file"]).fit(frame, y)
    assert not hasattr(warned.value, "__notes__")
