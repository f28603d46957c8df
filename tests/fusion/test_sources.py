"""Tables, images, and both, in all forms that X may have."""

import numpy as np
import polars as pl
import pytest
from sklearn.preprocessing import StandardScaler

from tests.fusion.conftest import classifier, regressor

STRATEGIES = ["early", "late", "stacked", "auto"]


def test_a_table_alone(rows):
    frame, y = rows
    table = frame.drop(columns="scan")
    fusion = classifier(image_columns=[]).fit(table, y)
    assert fusion.strategy_ == "table"
    assert fusion.image_columns_ == []
    assert list(fusion.source_importance_.index) == ["table (all columns)", "age", "sex"]
    assert fusion.predict(table[:1]).shape == (1,)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_images_alone(rows, strategy):
    frame, y = rows
    fusion = classifier(strategy=strategy).fit(frame[["scan"]], y)
    assert fusion.strategy_ == "image"
    assert fusion.table_columns_ == []


def test_a_series_of_images(rows):
    frame, y = rows
    fusion = classifier().fit(frame["scan"], y)
    assert fusion.strategy_ == "image"
    expected = classifier().fit(frame[["scan"]], y).predict_proba(frame[["scan"]])
    np.testing.assert_allclose(fusion.predict_proba(frame["scan"]), expected)


def test_an_array_of_images(rows):
    frame, y = rows
    images = np.stack(frame["scan"])
    fusion = classifier().fit(images, y)
    expected = classifier().fit(frame["scan"], y).predict_proba(frame["scan"])
    np.testing.assert_allclose(fusion.predict_proba(images), expected)


def test_paths_are_found_and_read(tmp_path, rows):
    from PIL import Image

    frame, y = rows
    paths = [str(tmp_path / f"{i}.png") for i in range(len(frame))]
    for path, pixels in zip(paths, frame["scan"], strict=True):
        Image.fromarray(pixels).save(path)
    fusion = classifier().fit(frame.assign(scan=paths), y)
    assert fusion.image_columns_ == ["scan"]
    expected = classifier().fit(frame, y).predict_proba(frame)
    np.testing.assert_allclose(fusion.predict_proba(frame.assign(scan=paths)), expected)


def test_polars_gives_the_same(rows):
    frame, y = rows
    theirs = pl.DataFrame(
        {
            "age": frame["age"].to_list(),
            "scan": pl.Series(frame["scan"].to_list(), dtype=pl.Object),
            "sex": frame["sex"].to_list(),
        }
    )
    fusion = classifier().fit(theirs, y)
    expected = classifier().fit(frame, y).predict_proba(frame)
    np.testing.assert_allclose(fusion.predict_proba(theirs), expected)


def test_columns_can_be_named(rows):
    frame, y = rows
    frame = frame.assign(face=frame["scan"])
    assert classifier().fit(frame, y).image_columns_ == ["scan", "face"]
    fusion = classifier(image_columns="face").fit(frame.drop(columns="scan"), y)
    assert fusion.image_columns_ == ["face"]


def test_a_table_transformer_of_the_user(rows):
    frame, y = rows
    frame = frame.drop(columns="sex")
    fusion = classifier(table_transformer=StandardScaler()).fit(frame, y)
    assert fusion.predict(frame).shape == (80,)


@pytest.mark.parametrize("make", [classifier, regressor])
def test_a_constant_table(rows, make):
    """A constant column, and one that is constant in all folds but one."""
    frame, y = rows
    y = (y == "yes").astype(int)
    frame = frame[["scan"]].assign(hand="right", rare=[1] + [0] * 79)
    assert make().fit(frame, y).predict(frame).shape == (80,)
    frame = frame[["scan", "hand"]]
    assert make().fit(frame, y).predict(frame).shape == (80,)
    alone = make(image_columns=[]).fit(frame[["hand"]], y)
    assert len(np.unique(alone.predict(frame[["hand"]]))) == 1
