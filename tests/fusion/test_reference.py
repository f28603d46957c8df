"""Predictions and losses of a fusion against the same models, built of scikit-learn's parts.

A linear regression without a penalty depends on no scale or rotation of its columns, so that the
reference needs none of the fusion's scaling.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold, KFold
from sklearn.preprocessing import StandardScaler

from skfusion import FusionRegressor, PixelFlattener, TableEncoder, make_fusion_pipeline

N, N_NEW = 72, 15
LINEAR = {name: LinearRegression() for name in ("table", "image", "joint")}
WEIGHTS = np.random.default_rng(5).uniform(0.2, 3, N)


def make_rows(n_rows, seed, share_missing=0.0):
    random = np.random.default_rng(seed)
    images = list(random.integers(0, 256, (n_rows, 2, 4), dtype=np.uint8))
    frame = pd.DataFrame(
        {
            "age": random.normal(60, 9, n_rows),
            "scan": pd.Series(images, dtype=object),
            "sex": random.choice(["f", "m"], n_rows),
        }
    )
    brightness = np.array([image.mean() for image in images])
    y = frame["age"] / 9 + (frame["sex"] == "m") + brightness / 20 + random.normal(size=n_rows)
    frame.loc[random.random(n_rows) < share_missing, "scan"] = None
    return frame, y.to_numpy()


TRAIN, Y = make_rows(N, 0)
NEW, _ = make_rows(N_NEW, 1)


def fusion(strategy, **options):
    settings = {"cv": KFold(3), "estimators": LINEAR, "random_state": 0, **options}
    return FusionRegressor(
        PixelFlattener(missing="nan", drift="ignore"), strategy=strategy, **settings
    )


class Reference:
    """One model of the table, the images or both."""

    def __init__(self, name, n_components=None):
        self.name, self.n_components = name, n_components

    def fit(self, frame, y, weights=None):
        self.table = TableEncoder().fit(frame[["age", "sex"]], sample_weight=weights)
        self.pixels = StandardScaler().fit(pixels(frame))
        self.axes = PCA(self.n_components, svd_solver="full")
        self.axes.fit(self.pixels.transform(pixels(frame)))
        self.low, self.high = y.min(), y.max()
        self.model = LinearRegression().fit(self.columns(frame), y, sample_weight=weights)
        return self

    def columns(self, frame):
        parts = []
        if self.name != "image":
            parts.append(self.table.transform(frame[["age", "sex"]]))
        if self.name != "table":
            parts.append(self.axes.transform(self.pixels.transform(pixels(frame))))
        return np.hstack(parts)

    def predict(self, frame):
        """Return predictions; a fusion does not predict beyond the targets of its fit."""
        return self.model.predict(self.columns(frame)).clip(self.low, self.high)


def pixels(frame):
    return np.array([image.ravel() for image in frame["scan"]], dtype=float)


def out_of_fold(name, cv, n_components=None, groups=None):
    """Return the prediction of each row by the model that has not seen it."""
    predictions = np.empty(N)
    for train, test in cv.split(TRAIN, Y, groups):
        model = Reference(name, n_components).fit(TRAIN.iloc[train], Y[train])
        predictions[test] = model.predict(TRAIN.iloc[test])
    return predictions


# Predictions for new rows.


@pytest.mark.parametrize(
    ("n_components", "weights"),
    [(None, None), (30, None), (3, None), (1, None), (None, WEIGHTS)],  # weights turn the axes
    ids=["all", "30", "3", "1", "weighted"],
)
def test_early_is_one_model_of_all_columns(n_components, weights):
    model = fusion("early", n_components=n_components).fit(TRAIN, Y, sample_weight=weights)
    n_kept = None if n_components in (None, 30) else n_components  # there are 8 in all
    expected = Reference("joint", n_kept).fit(TRAIN, Y, weights).predict(NEW)
    np.testing.assert_allclose(model.predict(NEW), expected, rtol=1e-4)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["equal", "weighted"])
def test_late_is_an_average_of_the_sources(seed, weights):
    """With one weight for all rows, between 0 and 1."""
    frame, y = make_rows(N, seed)
    model = fusion("late", n_components=None).fit(frame, y, sample_weight=weights)
    table, images = (
        Reference(name).fit(frame, y, weights).predict(NEW) for name in ("table", "image")
    )
    share = (model.predict(NEW) - images) / (table - images)
    np.testing.assert_allclose(share, share[0], rtol=1e-3)
    assert 0 <= share[0] <= 1


def test_a_source_of_noise_gets_hardly_any_weight():
    y = 3 * TRAIN["age"].to_numpy()
    model = fusion("late", n_components=None).fit(TRAIN, y)
    np.testing.assert_allclose(
        model.predict(NEW), (3 * NEW["age"]).clip(y.min(), y.max()), atol=0.1
    )


@pytest.mark.parametrize("strategy", ["early", "late", "stacked"])
def test_rows_without_an_image_have_the_prediction_of_the_table(strategy):
    model = fusion(strategy).fit(TRAIN, Y)
    gone = NEW.assign(scan=pd.Series([None] * N_NEW, dtype=object))
    expected = Reference("table").fit(TRAIN, Y).predict(NEW)
    np.testing.assert_allclose(model.predict(gone), expected, rtol=1e-6)
    some = NEW.assign(scan=NEW["scan"].where(np.arange(N_NEW) % 2 == 0, None))
    whole = model.predict(NEW)
    np.testing.assert_allclose(
        model.predict(some), np.where(np.arange(N_NEW) % 2 == 0, whole, expected), rtol=1e-5
    )


def test_models_of_images_learn_from_the_rows_that_have_one():
    frame, y = make_rows(N, 3, share_missing=0.3)
    held = frame["scan"].notna().to_numpy()
    table = Reference("table").fit(frame.assign(scan=TRAIN["scan"]), y).predict(NEW)
    images = Reference("image").fit(frame[held], y[held])
    images.low, images.high = y.min(), y.max()  # the bounds are those of all rows
    images = images.predict(NEW)
    given = fusion("late", n_components=None).fit(frame, y).predict(NEW)
    share = (given - images) / (table - images)
    np.testing.assert_allclose(share, share[0], rtol=1e-3)


@pytest.mark.parametrize("columns", [["age", "sex"], ["scan"]], ids=["table", "images"])
def test_one_source_alone(columns):
    name = "table" if "age" in columns else "image"
    options = {"image_columns": []} if name == "table" else {}
    model = fusion("auto", n_components=None, **options).fit(TRAIN[columns], Y)
    assert model.strategy_ == name
    expected = Reference(name).fit(TRAIN, Y).predict(NEW)
    np.testing.assert_allclose(model.predict(NEW[columns]), expected, rtol=1e-4)


# The comparison of strategies.


@pytest.mark.parametrize(
    ("cv", "groups"),
    [(KFold(3), None), (KFold(8), None), (GroupKFold(4), np.arange(N) // 3)],
    ids=["3", "8", "groups"],
)
def test_losses_of_the_sources_are_those_of_left_out_rows(cv, groups):
    model = fusion("auto", cv=cv, n_components=None).fit(TRAIN, Y, groups=groups)
    scores = model.strategy_scores_
    assert set(scores.index) == {"table", "image", "late", "stacked", "early"}
    for strategy, name in (("table", "table"), ("image", "image"), ("early", "joint")):
        predictions = out_of_fold(name, cv, groups=groups)
        errors = (predictions - Y) ** 2
        assert scores.loc[strategy, "loss"] == pytest.approx(errors.mean(), rel=1e-3)
        assert scores.loc[strategy, "r2"] == pytest.approx(r2_score(Y, predictions), abs=1e-3)


def test_differences_are_to_the_best_and_their_errors_those_of_rows():
    scores = fusion("auto", n_components=None).fit(TRAIN, Y).strategy_scores_
    best = scores["loss"].idxmin()
    np.testing.assert_allclose(scores["difference"], scores["loss"] - scores.loc[best, "loss"])
    errors = {
        name: (out_of_fold({"early": "joint"}.get(name, name), KFold(3)) - Y) ** 2
        for name in ("table", "image", "early")
    }
    assert scores["chosen"].sum() == 1
    if best in errors:
        for name, losses in errors.items():
            expected = (losses - errors[best]).std() / np.sqrt(N)
            assert scores.loc[name, "standard_error"] == pytest.approx(expected, rel=1e-2, abs=1e-9)


@pytest.mark.parametrize("strategy", ["early", "late", "stacked"])
def test_a_strategy_that_is_asked_for_has_the_scores_of_auto(strategy):
    auto = fusion("auto").fit(TRAIN, Y).strategy_scores_
    scores = fusion(strategy).fit(TRAIN, Y).strategy_scores_
    for name in scores.index.intersection(auto.index):
        assert scores.loc[name, "loss"] == pytest.approx(auto.loc[name, "loss"])
    assert scores.index[scores["chosen"]].tolist() == [strategy]


# The plain pipeline.


@pytest.mark.parametrize("n_components", [None, 30, 5, 1])
def test_the_pipeline_is_one_model_of_all_columns(n_components):
    pipeline = make_fusion_pipeline(
        LinearRegression(), embedder=PixelFlattener(), n_components=n_components
    )
    n_kept = None if n_components in (None, 30) else n_components
    reference = Reference("joint", n_kept).fit(TRAIN, Y)
    expected = reference.model.predict(reference.columns(NEW))
    np.testing.assert_allclose(pipeline.fit(TRAIN, Y).predict(NEW), expected, rtol=1e-4)
