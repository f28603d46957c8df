"""FusionClassifier and FusionRegressor as users meet them."""

import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    ShuffleSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skfusion import (
    CNNEmbedder,
    FeatureStore,
    FusionClassifier,
    FusionRegressor,
    ImageDescriptors,
    ImageReadError,
    PixelFlattener,
)
from tests.fusion.conftest import CLASSIFIERS, classifier, make_rows, regressor
from tests.networks_for_tests import TinyCNN

STRATEGIES = ["early", "late", "stacked", "auto"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_classes_by_each_strategy(rows, strategy):
    frame, y = rows
    fusion = classifier(strategy=strategy).fit(frame[:60], y[:60])
    probabilities = fusion.predict_proba(frame[60:])
    assert fusion.image_columns_ == ["scan"]
    assert fusion.table_columns_ == ["age", "sex"]
    assert fusion.classes_.tolist() == ["no", "yes"]
    assert probabilities.shape == (20, 2)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert roc_auc_score(y[60:], probabilities[:, 1]) > 0.7
    assert set(fusion.predict(frame[60:])) <= {"no", "yes"}
    assert strategy in ("auto", fusion.strategy_)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_numbers_by_each_strategy(rows, strategy):
    frame, y = rows
    target = frame["age"] / 10 + 3 * (y == "yes")
    fusion = regressor(strategy=strategy).fit(frame[:60], target[:60])
    assert fusion.predict(frame[60:]).shape == (20,)
    assert fusion.score(frame[60:], target[60:]) > 0.5


def test_whole_numbers_are_numbers_to_a_regressor(rows):
    frame, y = rows
    target = (y == "yes").astype(int)
    predictions = regressor().fit(frame, target).predict(frame)
    assert len(np.unique(predictions)) > 10


def test_both_sources_are_better_than_each():
    frame, y = make_rows(240, table=0.6, image=0.25)
    scores = {}
    for name, options in {
        "table": {"image_columns": []},
        "both": {"strategy": "stacked"},
    }.items():
        part = frame.drop(columns="scan") if name == "table" else frame
        scores[name] = cross_val_score(classifier(**options), part, y, scoring="roc_auc").mean()
    scores["image"] = cross_val_score(classifier(), frame[["scan"]], y, scoring="roc_auc").mean()
    assert scores["both"] > max(scores["table"], scores["image"]) + 0.02


@pytest.mark.parametrize(("table", "image", "better"), [(2.0, 0.0, "table"), (0.0, 2.0, "image")])
def test_a_source_that_tells_nothing_does_no_harm(table, image, better):
    frame, y = make_rows(120, table=table, image=image)
    fusion = classifier().fit(frame, y)
    losses = fusion.strategy_scores_["loss"]
    assert losses[fusion.strategy_] <= losses[better] + 0.01
    other = {"table": "image", "image": "table"}[better]
    assert abs(fusion.source_importance_.loc[other, "permuted"]) < 0.02
    assert fusion.source_importance_.loc[better, "permuted"] > 0.3
    assert fusion.source_importance_.loc[better, "left_out"] > 0.3


def test_what_was_seen_is_kept(rows):
    fusion = classifier().fit(*rows)
    scores = fusion.strategy_scores_
    assert set(scores.index) == {"table", "image", "early", "late", "stacked"}
    assert scores["chosen"].sum() == 1
    assert scores.loc[fusion.strategy_, "chosen"]
    assert scores["difference"].min() == 0
    assert list(fusion.source_importance_.index) == ["table", "image"]


def test_the_built_in_models():
    frame, y = make_rows(60, table=1.0, image=0.5)
    fusion = classifier(estimators=None, cv=2).fit(frame, y)
    assert fusion.score(frame, y) > 0.8
    target = frame["age"] + np.where(y == "yes", 10.0, 0.0)
    assert regressor(estimators=None, cv=2).fit(frame, target).score(frame, target) > 0.6


# Sources


def test_a_table_alone(rows):
    frame, y = rows
    table = frame.drop(columns="scan")
    fusion = classifier(image_columns=[]).fit(table, y)
    assert fusion.strategy_ == "table"
    assert fusion.image_columns_ == []
    assert list(fusion.source_importance_.index) == ["table"]
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


def test_users_own_table_transformer(rows):
    frame, y = rows
    frame = frame.drop(columns="sex")
    fusion = classifier(table_transformer=StandardScaler()).fit(frame, y)
    assert fusion.predict(frame).shape == (80,)


# Missing images


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
def test_rows_without_an_image_are_the_tables(rows):
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
def test_the_first_rows_without_an_image_come_in_predict(rows, make, strategy):
    """As in a service: what was learned from is complete."""
    frame, y = rows
    y = (y == "yes").astype(int)
    fusion = make(strategy=strategy).fit(frame, y)
    table = make(image_columns=[]).fit(frame.drop(columns="scan"), y)
    predict = "predict_proba" if make is classifier else "predict"
    given = getattr(fusion, predict)(frame.assign(scan=None))
    expected = getattr(table, predict)(frame.drop(columns="scan"))
    np.testing.assert_allclose(given, expected, atol=0.02)


def test_images_alone_and_none_there(rows):
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


def test_no_image_is_read_where_the_table_serves_alone():
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
def test_hardly_any_image(rows, make):
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


@pytest.mark.parametrize("make", [classifier, regressor])
def test_a_table_that_tells_nothing(rows, make):
    """A constant column, and one that is constant in all folds but one."""
    frame, y = rows
    y = (y == "yes").astype(int)
    frame = frame[["scan"]].assign(hand="right", rare=[1] + [0] * 79)
    assert make().fit(frame, y).predict(frame).shape == (80,)
    frame = frame[["scan", "hand"]]
    assert make().fit(frame, y).predict(frame).shape == (80,)
    alone = make(image_columns=[]).fit(frame[["hand"]], y)
    assert len(np.unique(alone.predict(frame[["hand"]]))) == 1


def test_a_column_that_names_the_rows_is_told(rows):
    frame, y = rows
    frame["patient"] = [f"P-{number}" for number in range(80)]
    with pytest.warns(UserWarning, match="Column 'patient' holds another word in each row") as told:
        classifier().fit(frame, y)
    assert len(told) == 1
    assert told[0].filename == __file__


def test_numbers_written_as_text_are_told(rows):
    frame, y = rows
    frame["volume"] = [f"{number}.5" if number % 7 else "?" for number in range(80)]
    told = "Column 'volume' holds numbers as text in 68 rows, others such as '\\?'; it is used as"
    with pytest.warns(UserWarning, match=told):
        classifier().fit(frame, y)


@pytest.mark.parametrize(
    "cells",
    [
        [f"note {number}" for number in range(80)],
        pd.date_range("2020-01-01", periods=80).strftime("%Y-%m-%d"),
        [f"P-{number // 2}" for number in range(80)],
        [f"P-{number}" if number < 30 else None for number in range(80)],
        np.arange(80),
    ],
    ids=["words", "dates", "twice", "few", "numbers"],
)
def test_columns_that_may_tell_something(rows, cells):
    """Warnings are errors here."""
    frame, y = rows
    classifier().fit(frame.assign(patient=cells), y)


# Honesty


class Spy(TransformerMixin, BaseEstimator):
    """An embedder that learns from rows, and notes which."""

    seen = []

    def fit(self, X, y=None):
        Spy.seen.append((len(X), None if y is None else len(y)))
        return self

    def transform(self, X):
        return np.stack([np.asarray(cell, dtype=float).ravel() for cell in X.iloc[:, 0]])


def test_an_embedder_that_learns_is_fitted_in_each_fold(rows):
    frame, y = rows
    Spy.seen = []
    FusionClassifier(Spy(), cv=4, estimators=CLASSIFIERS, random_state=0).fit(frame, y)
    assert sorted(Spy.seen) == [(60, 60)] * 4 + [(80, 80)]


def test_a_frozen_embedder_computes_each_image_once(rows, tmp_path):
    frame, y = rows
    store = FeatureStore(tmp_path / "store")
    embedder = ImageDescriptors(("intensity",), image_size=(8, 8))
    fusion = FusionClassifier(embedder, cache=store, cv=3, estimators=CLASSIFIERS, random_state=0)
    fusion.fit(frame, y)
    assert store.stats()["misses"] == 80
    fusion.fit(frame, y).predict(frame)
    assert store.stats()["misses"] == 80
    assert fusion.embedder.cache is None


def test_an_embedder_in_a_pipeline_gets_the_cache(rows, tmp_path):
    frame, y = rows
    store = FeatureStore(tmp_path / "store")
    embedder = make_pipeline(ImageDescriptors(("intensity",), image_size=(8, 8)), StandardScaler())
    FusionClassifier(embedder, cache=store, cv=3, estimators=CLASSIFIERS, random_state=0).fit(
        frame, y
    )
    assert store.stats()["misses"] == 80


def test_a_network_is_cross_fitted_and_told_the_task(rows):
    frame, _ = rows
    embedder = CNNEmbedder(TinyCNN(), cut_layer="dense", epochs=1, early_stopping=False)
    fusion = FusionRegressor(embedder, cv=2, estimators={"joint": Ridge()}, random_state=0)
    fusion.fit(frame[:24], np.arange(24) % 3)
    fitted = fusion._sources.embedder
    assert fitted.cv == 2
    assert fitted.task == "regression"
    assert embedder.cv is None
    assert fusion.predict(frame[:2]).shape == (2,)


def test_no_labels_leak_from_noise():
    """Random labels: nothing is to be found, so rows not seen are guessed by chance."""
    frame, _ = make_rows(150, table=0, image=0, seed=3)
    y = np.random.default_rng(0).integers(2, size=150)
    fusion = classifier(strategy="stacked").fit(frame, y)
    assert fusion.strategy_scores_["loss"].min() > np.log(2) - 0.03
    chances = cross_val_predict(fusion, frame, y, method="predict_proba")[:, 1]
    assert roc_auc_score(y, chances) < 0.65


def test_groups_stay_together(rows):
    """Each patient has her own label and her own age: told apart only by having seen her."""
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 4)
    y = random.integers(2, size=30)[groups]
    frame = pd.DataFrame({"age": random.normal(size=30)[groups] + 0.001 * random.normal(size=120)})
    forest = {"table": RandomForestClassifier(random_state=0)}
    loose = classifier(image_columns=[], estimators=forest).fit(frame, y)
    strict = classifier(image_columns=[], estimators=forest).fit(frame, y, groups=groups)
    assert loose.strategy_scores_.loc["table", "loss"] < 0.3
    assert strict.strategy_scores_.loc["table", "loss"] > 0.6


def test_groups_by_splitter(rows):
    frame, y = rows
    groups = np.arange(80) // 4
    fusion = classifier(cv=GroupKFold(3)).fit(frame, y, groups=groups)
    assert fusion.predict(frame).shape == (80,)


# scikit-learn's ways


def test_equal_seeds_equal_models(rows):
    frame, y = rows
    first, second = (classifier(n_jobs=n_jobs).fit(frame, y) for n_jobs in (None, 2))
    np.testing.assert_array_equal(first.predict_proba(frame), second.predict_proba(frame))
    pd.testing.assert_frame_equal(first.source_importance_, second.source_importance_)


def test_pickle_and_clone(rows, tmp_path):
    frame, y = rows
    fusion = classifier(strategy="stacked").fit(frame, y)
    path = tmp_path / "model.joblib"
    joblib.dump(fusion, path)
    expected = fusion.predict_proba(frame)
    np.testing.assert_array_equal(joblib.load(path).predict_proba(frame), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fusion)).predict_proba(frame), expected)
    again = clone(fusion).fit(frame, y)
    np.testing.assert_array_equal(again.predict_proba(frame), expected)


def test_search(rows):
    frame, y = rows
    grid = {"strategy": ["early", "late"], "embedder__image_size": [None, (2, 2)]}
    search = GridSearchCV(classifier(cv=2), grid, cv=2).fit(frame, y)
    assert search.best_params_["strategy"] in ("early", "late")


def test_three_classes_of_which_folds_lack_one():
    frame, y = make_rows(60, table=1.0, image=1.0)
    y = y.astype(object)
    y[:2] = "rare"
    fusion = classifier(cv=3).fit(frame, y)
    given = fusion.predict_proba(frame)
    assert given.shape == (60, 3)
    assert given.sum(axis=1) == pytest.approx(1)


def test_one_row_and_another_order_of_columns(rows):
    frame, y = rows
    fusion = classifier().fit(frame, y)
    np.testing.assert_allclose(
        fusion.predict_proba(frame[3:4]), fusion.predict_proba(frame)[3:4], rtol=1e-6
    )
    with pytest.raises(ValueError, match="feature names"):
        fusion.predict(frame[["scan", "age", "sex"]])


def test_the_index_plays_no_part(rows):
    frame, y = rows
    moved = frame.set_index(np.arange(1000, 1080)[::-1])
    target = pd.Series(y, index=np.arange(80) + 7)
    expected = classifier().fit(frame, y).predict_proba(frame)
    np.testing.assert_array_equal(classifier().fit(moved, target).predict_proba(moved), expected)


def test_new_values_of_a_category(rows):
    frame, y = rows
    fusion = classifier().fit(frame, y)
    assert fusion.predict(frame.assign(sex="x")).shape == (80,)


def test_columns_named_by_numbers(rows):
    frame, y = rows
    expected = classifier().fit(frame, y).predict_proba(frame)
    numbered = frame.set_axis([2, 0, 1], axis=1)
    fusion = classifier().fit(numbered, y)
    assert fusion.image_columns_ == ["0"]
    np.testing.assert_array_equal(fusion.predict_proba(numbered), expected)
    assert classifier(image_columns=[0]).fit(numbered, y).table_columns_ == ["2", "1"]


def test_rows_of_an_array_after_a_frame(rows):
    frame, y = rows
    fusion = classifier().fit(frame, y)
    with pytest.warns(UserWarning, match="valid feature names"):
        given = fusion.predict_proba(frame.to_numpy())
    np.testing.assert_allclose(given, fusion.predict_proba(frame))


# Wrong use


def test_no_column_of_images_is_told(rows):
    frame, y = rows
    with pytest.warns(UserWarning, match=r"No column of X looks like images.*'age', 'sex'"):
        fusion = classifier().fit(frame[["age", "sex"]], y)
    assert fusion.strategy_ == "table"


def test_amounts_given_to_a_classifier_are_told_once(rows):
    frame, _ = rows
    with pytest.warns(UserWarning, match="FusionRegressor") as told:
        classifier(cv=2, image_columns=[]).fit(frame[["age"]], np.arange(80) // 1.5 // 1)
    assert len(told) == 1


def test_a_row_as_a_series(rows):
    frame, y = rows
    with pytest.raises(ValueError, match=r"fitted on 3 columns.*X\.iloc\[\[0\]\]"):
        classifier().fit(frame, y).predict(frame.iloc[0])


def test_y_is_needed(rows):
    with pytest.raises(ValueError, match="requires y to be passed"):
        classifier().fit(rows[0], None)


def test_not_fitted(rows):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        classifier().predict(rows[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strategy": "best"}, "strategy"),
        ({"image_columns": "photo"}, r"image_columns names \['photo'\].*'age', 'scan', 'sex'"),
        ({"image_columns": ["scan", "scan"]}, "twice"),
        ({"estimators": {"image": LogisticRegression()}}, "no place for 'image'"),
        ({"estimators": {"image": LinearSVC()}}, r"no predict_proba.*CalibratedClassifierCV"),
        ({"n_components": 0}, "n_components"),
        ({"cv": 200}, "cv=200 folds need 200 rows in a class.*Pass a smaller cv"),
        ({"cv": ShuffleSplit(3, random_state=0)}, "leave each row out once"),
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
    with pytest.raises(ValueError, match=r"could not convert|Unable to convert|numeric"):
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


def test_folds_by_default(rows):
    fusion, five = classifier(cv=None).fit(*rows), classifier(cv=5).fit(*rows)
    np.testing.assert_array_equal(fusion.predict_proba(rows[0]), five.predict_proba(rows[0]))


def test_what_was_taken_for_images_is_told(rows):
    frame, y = rows
    frame["file"] = [f"scan{number}.png" for number in range(80)]
    with pytest.raises(ValueError, match="file") as told:
        classifier().fit(frame, y)
    assert "['scan', 'file']. Name those that are in image_columns." in told.value.__notes__[0]
    with pytest.raises(ValueError, match="file") as told:
        classifier(image_columns=["scan", "file"]).fit(frame, y)
    assert not hasattr(told.value, "__notes__")


def test_a_model_that_always_says_the_same(rows):
    frame, y = rows
    same = {view: DummyClassifier() for view in ("table", "image", "joint")}
    fusion = classifier(estimators=same).fit(frame, y)
    assert fusion.predict_proba(frame[:1])[0] == pytest.approx([0.5, 0.5], abs=0.01)


def test_the_callers_embedder_is_left_alone(rows):
    frame, y = rows
    embedder = PixelFlattener(missing="nan")
    FusionClassifier(embedder, cv=2, estimators=CLASSIFIERS).fit(frame, y)
    assert not hasattr(embedder, "n_features_in_")
