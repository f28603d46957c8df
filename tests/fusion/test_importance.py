"""How much each column gives to a fusion, and what is shown of a fit."""

import numpy as np
import pandas as pd
import pytest

from skfusion import FusionClassifier, PixelFlattener
from tests.fusion.conftest import CLASSIFIERS, classifier, make_rows, regressor


@pytest.fixture
def two_image_columns():
    """The column "scan" holds what there is to learn, "scan_b" and "noise" hold nothing."""
    frame, y = make_rows(120, table=0.7, image=0.4)
    random = np.random.default_rng(1)
    noise = list(random.integers(0, 255, (120, 4, 4)).astype(np.uint8))
    return frame.assign(scan_b=noise, noise=random.normal(size=120)), y


@pytest.mark.parametrize("strategy", ["late", "stacked", "early"])
def test_each_column_has_its_importance(two_image_columns, strategy):
    frame, y = two_image_columns
    fusion = classifier(strategy=strategy).fit(frame, y)
    importance = fusion.source_importance_
    columns = ["table (all columns)", "age", "sex", "noise", "images (all columns)"]
    assert importance.index.tolist() == [*columns, "scan", "scan_b"]
    assert importance["source"].tolist() == ["table"] * 4 + ["image"] * 3
    assert importance.loc["scan", "permuted"] > 0.1
    assert importance.loc["scan", "permuted"] > 5 * abs(importance.loc["scan_b", "permuted"])
    assert importance.loc["age", "permuted"] > importance.loc["noise", "permuted"]
    whole = importance.loc["images (all columns)", "permuted"]
    assert whole == pytest.approx(importance.loc["scan", "permuted"], rel=0.3)
    assert importance["left_out"].notna().tolist() == [
        True,
        False,
        False,
        False,
        True,
        False,
        False,
    ]


def test_columns_of_numbers(two_image_columns):
    frame, y = two_image_columns
    fusion = regressor(strategy="early").fit(frame, frame["age"] + 10.0 * (y == "yes"))
    importance = fusion.source_importance_["permuted"]
    assert importance["age"] > importance["scan"] > abs(importance["noise"])


def test_features_of_several_columns_have_one_importance(two_image_columns):
    frame, y = two_image_columns
    embedder = PixelFlattener(combine="mean", missing="nan")
    fusion = FusionClassifier(embedder, cv=3, estimators=CLASSIFIERS, random_state=0).fit(frame, y)
    images = fusion.source_importance_.query("source == 'image'")
    assert images.index.tolist() == ["images (all columns)"]


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
def test_rows_without_an_image_keep_their_places(two_image_columns):
    frame, y = two_image_columns
    frame["scan"] = frame["scan"].where(np.arange(120) % 3 > 0, None)
    frame["scan_b"] = frame["scan_b"].where(np.arange(120) % 3 > 0, None)
    importance = classifier(strategy="late").fit(frame, y).source_importance_["permuted"]
    assert importance["scan"] > 0.05
    assert importance["age"] > 0


def test_an_unused_source_has_none():
    frame, y = make_rows(120, table=1.2, image=0.0)
    importance = classifier().fit(frame, y).source_importance_
    assert importance.loc["scan", ["permuted", "permuted_std"]].tolist() == [0, 0]
    assert importance.loc["age", "permuted"] > 0.1


def test_many_columns():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(40, 70))).add_prefix("x")
    fusion = classifier(image_columns=[], cv=2).fit(frame, frame["x3"] > 0)
    assert fusion.source_importance_["permuted"].idxmax() in ("x3", "table (all columns)")
    assert len(fusion.source_importance_) == 71


def test_importance_survives_a_pickle(two_image_columns):
    import pickle

    fusion = classifier().fit(*two_image_columns)
    loaded = pickle.loads(pickle.dumps(fusion))
    pd.testing.assert_frame_equal(loaded.source_importance_, fusion.source_importance_)
    pd.testing.assert_frame_equal(loaded.strategy_scores_, fusion.strategy_scores_)


def test_the_display_names_columns_and_units(two_image_columns):
    pytest.importorskip("matplotlib")
    from skfusion import SourceImportanceDisplay

    fusion = classifier().fit(*two_image_columns)
    axes = SourceImportanceDisplay.from_estimator(fusion).ax_
    shown = [label.get_text() for label in axes.get_yticklabels()]
    assert shown == fusion.source_importance_.index.tolist()
    assert "log loss" in axes.get_xlabel()
    assert "nats per row" in axes.get_xlabel()


@pytest.mark.parametrize(("make", "score"), [(classifier, "accuracy"), (regressor, "r2")])
def test_verbose_shows_progress_and_scores(rows, capsys, monkeypatch, make, score):
    monkeypatch.setenv("COLUMNS", "250")  # tqdm cuts longer lines
    monkeypatch.setenv("LINES", "50")
    frame, y = rows
    target = y if make is classifier else frame["age"]
    make(verbose=1).fit(frame, target).predict(frame)
    shown = capsys.readouterr().err
    assert "PixelFlattener scan: 100%" in shown
    assert f"{make.__name__}".capitalize() in shown.replace("Fusion", "")
    assert "4/4" in shown  # three inner folds and the fit on all rows
    assert f"{score}=" in shown
    assert "strategy=" in shown
    assert shown.count("PixelFlattener scan: 100%") == 1  # predict shows none


def test_nothing_is_shown_by_default(rows, capsys):
    classifier().fit(*rows)
    assert capsys.readouterr().err == ""
