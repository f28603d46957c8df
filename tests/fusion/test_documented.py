"""What docs/fusion.rst says, beyond what the other tests here check."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import BaseCrossValidator, GroupKFold, StratifiedKFold, cross_val_score

from skfusion import (
    CNNEmbedder,
    EmbedderOptions,
    FeatureStore,
    FusionClassifier,
    ImageDescriptors,
)
from tests.fusion.conftest import classifier, make_rows, regressor

TINY = EmbedderOptions(backbone_options={"filters": (2, 2), "dense_units": 3})


def linear(model):
    return {name: model for name in ("table", "image", "joint")}


# Columns.


def test_what_was_found_in_the_columns(rows):
    frame, y = rows
    frame = frame.assign(patient_id=np.arange(80), visit=1)
    with pytest.warns(UserWarning, match="patient_id"):
        fusion = classifier().fit(frame, y)
    assert fusion.image_columns_ == ["scan"]
    assert fusion.id_columns_ == ["patient_id"]
    assert list(fusion.feature_names_in_) == list(frame.columns)


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("patient_id", lambda n: np.arange(n)),
        ("houseId", lambda n: np.random.default_rng(0).permutation(n) + 5000),
        ("Unnamed: 0", lambda n: np.arange(n)),
        ("zip", lambda n: np.random.default_rng(0).integers(10000, 99999, n)),
        ("count", lambda n: np.arange(n) + 17),
        ("file", lambda n: [f"scan{i:03d}x" for i in range(n)]),
    ],
)
def test_identifiers_change_no_prediction(rows, name, cells):
    frame, y = rows
    plain = classifier().fit(frame, y)
    with pytest.warns(UserWarning, match=name.split(":")[0]):
        fusion = classifier().fit(frame.assign(**{name: cells(80)}), y)
    assert fusion.id_columns_ == [name]
    np.testing.assert_allclose(fusion.predict_proba(frame), plain.predict_proba(frame))


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("ward_id", lambda n: np.arange(n) % 4),  # codes of categories
        ("zip", lambda n: [f"{10000 + i % 7}" for i in range(n)]),  # as text
    ],
)
def test_columns_like_identifiers_that_are_kept(rows, name, cells):
    frame, y = rows
    fusion = classifier().fit(frame.assign(**{name: cells(80)}), y)
    assert fusion.id_columns_ == []


# Strategies.


@pytest.mark.parametrize("strategy", ["early", "late", "stacked", "auto"])
def test_the_scores_name_the_strategy_in_use(rows, strategy):
    fusion = classifier(strategy=strategy).fit(*rows)
    scores = fusion.strategy_scores_
    (chosen,) = scores.index[scores["chosen"]]
    assert chosen == fusion.strategy_
    if strategy != "auto":
        assert chosen == strategy
    assert {"table", "image"} <= set(scores.index)
    assert (scores["loss"] > 0).all()
    assert scores["accuracy"].between(0, 1).all()


def test_a_source_of_noise_alone_is_left_out_or_does_no_harm():
    frame, y = make_rows(160, table=2.0, image=0.0)
    fusion = classifier(cv=4).fit(frame, y)
    new, labels = make_rows(200, table=2.0, image=0.0, seed=1)
    alone = LogisticRegression().fit(frame[["age"]], y).score(new[["age"]], labels)
    assert fusion.score(new, labels) > alone - 0.05


@pytest.mark.parametrize("strategy", ["early", "late", "stacked", "auto"])
def test_predictions_stay_between_the_targets_of_fit(rows, strategy):
    """Though a linear model on a column that grows would leave them."""
    frame, _ = rows
    frame = frame.assign(year=np.linspace(1900, 2000, 80))
    target = frame["year"] - 1950 + np.random.default_rng(0).normal(size=80)
    fusion = regressor(strategy=strategy).fit(frame, target)
    later = frame.assign(year=frame["year"] + 500)
    for new in (later, frame.assign(year=frame["year"] - 500)):
        given = fusion.predict(new)
        assert given.min() >= target.min()
        assert given.max() <= target.max()


# Leakage.


@pytest.mark.parametrize("cv", [2, 3])
def test_the_number_of_networks_that_a_trained_embedder_takes(tmp_path, cv):
    """Each inner fold fits a cross-fitted embedder, and so does the final fit."""
    random = np.random.default_rng(0)
    y = np.arange(36) % 2
    images = random.integers(0, 200, (36, 12, 12)) + 40 * y[:, None, None]
    frame = pd.DataFrame({"age": random.normal(size=36), "scan": list(images.astype(np.uint8))})
    store = FeatureStore(tmp_path / "store")
    embedder = CNNEmbedder(
        cut_layer="dense", cv=cv, epochs=1, early_stopping=False, options=TINY, missing="nan"
    )
    fusion = FusionClassifier(
        embedder,
        cv=cv,
        strategy="late",
        estimators=linear(LogisticRegression()),
        cache=store,
        random_state=0,
    )
    fusion.fit(frame, y)
    assert store.stats()["trainings"] == cv * (cv + 1) + cv + 1


class Recording(BaseCrossValidator):
    """Folds of groups that record the groups they are made of."""

    seen: list = []

    def get_n_splits(self, X=None, y=None, groups=None):
        return 2

    def split(self, X, y=None, groups=None):
        self.seen.append(np.asarray(groups))
        yield from GroupKFold(2).split(X, y, groups)


def test_groups_reach_the_inner_folds_of_an_outer_cross_validation(rows):
    frame, y = rows
    groups = np.arange(80) // 4
    Recording.seen.clear()
    scores = cross_val_score(
        classifier(cv=Recording()),
        frame,
        y,
        groups=groups,
        params={"groups": groups},
        cv=GroupKFold(2),
        error_score="raise",
    )
    assert len(scores) == 2
    assert [len(inner) for inner in Recording.seen] == [40, 40]
    assert not set(Recording.seen[0]) & set(Recording.seen[1])


def test_images_of_a_frozen_embedder_are_embedded_once_across_fits(rows, tmp_path):
    frame, y = rows
    store = FeatureStore(tmp_path / "store")
    fusion = classifier(cache=store).set_params(
        embedder=ImageDescriptors("intensity", missing="nan")
    )
    cross_val_score(fusion, frame, y, cv=StratifiedKFold(3), error_score="raise")
    stats = store.stats()
    assert stats["misses"] == stats["rows"] == 80
    assert stats["hits"] > 80


# Rows without an image, and without a table.


def test_rows_without_any_source_get_the_share_of_the_classes():
    frame, y = make_rows(90)
    y = np.where(np.arange(90) < 60, "common", "rare")
    fusion = classifier().fit(frame[["scan"]], y)
    given = fusion.predict_proba(pd.DataFrame({"scan": [None, None]}))
    np.testing.assert_allclose(given, [[2 / 3, 1 / 3]] * 2, atol=0.01)


def test_numbers_without_any_source_are_the_mean():
    frame, _ = make_rows(90)
    target = np.linspace(0, 1, 90) ** 2
    fusion = regressor(target_transform=None).fit(frame[["scan"]], target)
    given = fusion.predict(pd.DataFrame({"scan": [None]}))
    np.testing.assert_allclose(given, target.mean(), atol=0.01)


# Importance.


def test_the_importance_has_a_row_a_column_and_one_for_each_source_of_several(rows):
    frame, y = rows
    frame = frame.assign(other=frame["scan"].to_numpy()[::-1])
    importance = classifier().fit(frame, y).source_importance_
    assert set(importance["source"]) == {"table", "image"}
    names = importance.index.tolist() if "column" not in importance else importance["column"]
    assert {"age", "sex", "scan", "other"} <= set(names)
    assert sum(str(name).endswith("(all columns)") for name in names) == 2
