"""Errors and warnings."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit
from sklearn.preprocessing import FunctionTransformer
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
        ({"scoring": "roc_auc_ov"}, r"similar: 'roc_auc_ov"),
        ({"embedder": LogisticRegression()}, "embedder"),
        ({"id_columns": ["scan"]}, r"id_columns names columns of images: \['scan'\]"),
    ],
)
def test_refused_with_a_remedy(rows, options, message):
    frame, y = rows
    with pytest.raises(ValueError, match=message):
        classifier().set_params(**options).fit(frame, y)


def test_a_table_transformer_that_leaves_gaps(rows):
    """Models of the user's may take them; those built in don't."""
    frame = rows[0].assign(age=rows[0]["age"].mask(np.arange(80) == 3))
    options = {"table_transformer": FunctionTransformer(), "image_columns": []}
    with pytest.raises(ValueError, match=r"NaN or infinity for 1 of 2[67] rows. Impute them"):
        classifier(estimators=None, **options).fit(frame[["age"]], rows[1])
    models = {"table": HistGradientBoostingClassifier(max_iter=5)}
    classifier(estimators=models, **options).fit(frame[["age"]], rows[1])


def test_a_score_of_two_classes_names_those_of_several(rows):
    with pytest.raises(ValueError, match=r"3 classes.*similar: 'roc_auc_ovo'.*'roc_auc_ovr'"):
        classifier(scoring="roc_auc").fit(rows[0], np.arange(80) % 3)


def test_no_column_to_learn_from(rows):
    frame = rows[0][["age"]]
    with pytest.raises(ValueError, match="no column to learn from"):
        classifier(id_columns="age", image_columns=[]).fit(frame, rows[1])
    with pytest.raises(ValueError, match="no column to learn from"):
        classifier(image_columns=[]).fit(frame[[]], rows[1])


def test_no_image_for_an_embedder_that_learns(rows):
    frame = rows[0].assign(scan=np.nan)
    lost = FunctionTransformer(lambda images: np.full((len(images), 2), np.nan))
    with pytest.raises(ValueError, match=r"No row has an image in \['scan'\]"):
        classifier(image_columns="scan").set_params(embedder=lost).fit(frame, rows[1])


def test_only_errors_of_images_say_which_columns_were_found(rows):
    frame, y = rows
    with pytest.raises(ValueError, match="smaller cv") as raised:
        classifier(cv=200).fit(frame, y)
    assert not hasattr(raised.value, "__notes__")
    frame["scan"] = frame["scan"].where(np.arange(80) < 2, None)
    with pytest.raises(ValueError, match="2 of 80 rows have an image") as raised:
        classifier().fit(frame, y)
    assert "['scan']" in raised.value.__notes__[0]


@pytest.mark.parametrize("unit", ["M8[D]", "m8[h]"])
def test_dates_are_no_numbers(rows, unit):
    with pytest.raises(ValueError, match=r"y holds d.*Pass days"):
        regressor().fit(rows[0], np.arange(80).astype(unit))


def test_decimals_are_numbers(rows):
    numbers = [Decimal(number) / 4 for number in range(80)]
    given = regressor().fit(rows[0], numbers).predict(rows[0])
    expected = regressor().fit(rows[0], np.arange(80) / 4).predict(rows[0])
    np.testing.assert_array_equal(given, expected)


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
    assert (
        "['scan', 'file']. If others are, name them in image_columns." in warned.value.__notes__[0]
    )
    with pytest.raises(ValueError, match="file") as warned:
        classifier(image_columns=["scan", "file"]).fit(frame, y)
    assert not hasattr(warned.value, "__notes__")
