"""Images are computed once, and costs are those without a cache."""

import tempfile
import time
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skfusion import FeatureStore, FusionClassifier, PretrainedGAP, compare
from tests.fusion.conftest import CLASSIFIERS, make_rows
from tests.networks_for_tests import tiny_cnn

N_ROWS = 24
FAST = {"cv": 2, "n_repeats": 2, "random_state": 0}
ONCE = FAST | {"n_repeats": 1}


@pytest.fixture
def rows():
    return make_rows(N_ROWS, table=1.0, image=1.0)


@pytest.fixture
def temporary(monkeypatch, tmp_path):
    """The folder of temporary folders."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def gap(**options):
    return PretrainedGAP(tiny_cnn, image_size=(8, 8), pooling=None, **options)


def fusion(**options):
    return FusionClassifier(gap(), cv=2, random_state=0, estimators=CLASSIFIERS, **options)


def pipeline(**options):
    """A pipeline of the user with the same network."""
    columns = make_column_transformer((gap(**options), ["scan"]))
    return make_pipeline(columns, LogisticRegression())


def test_an_image_is_computed_once_over_all_splits_and_estimators(rows, computed_images, temporary):
    found = compare(
        ["image", "stacked", "concat", ("mine", pipeline())], *rows, fusion=fusion(), **ONCE
    )
    assert computed_images == [N_ROWS]
    assert len(found.split_scores) == 2
    assert list(temporary.iterdir()) == []


def test_the_cache_of_the_user_is_used(rows, computed_images, tmp_path):
    store = FeatureStore(tmp_path / "store")
    names, options = ["image", "concat"], {"fusion": fusion(), **ONCE}
    first = compare(names, *rows, cache=store, **options)
    again = compare(names, *rows, cache=tmp_path / "store", **options)
    own = {"mine": pipeline(cache=store), "fusion": fusion(cache=str(tmp_path / "store"))}
    compare(own, *rows, **ONCE)
    assert computed_images == [N_ROWS]
    assert again.split_scores.equals(first.split_scores)
    assert store.stats()["rows"] == N_ROWS


@pytest.fixture
def slow_network(monkeypatch):
    """Let each image take 5 ms in networks."""
    from skfusion.networks._network import Network

    real = Network.compute

    def compute(network, inputs, *more, **options):
        time.sleep(0.005 * len(inputs))
        return real(network, inputs, *more, **options)

    monkeypatch.setattr(Network, "compute", compute)


def test_costs_are_those_without_a_cache(rows, slow_network):
    found = compare(["table", "image", ("mine", pipeline())], *rows, fusion=fusion(), **FAST)
    costs = found.scores[["fit_seconds", "predict_milliseconds"]]
    for name in ("image", "mine"):  # each fits on 12 rows and predicts 12
        assert costs.loc[name, "fit_seconds"] >= 12 * 0.005
        assert costs.loc[name, "predict_milliseconds"] >= 5
    assert costs.loc["table", "predict_milliseconds"] < 5
    assert "To predict a row takes" not in found.verdict  # no model of both


class Slow(ClassifierMixin, BaseEstimator):
    """Takes time to fit."""

    def fit(self, X, y):
        time.sleep(0.02)
        self.classes_ = sorted(set(y))
        if self.classes_ == ["stop"]:
            raise KeyboardInterrupt
        return self

    def predict(self, X):
        time.sleep(0.02)
        return [self.classes_[0]] * len(X)


def test_the_time_of_fits_and_predictions():
    X, y = [[0]] * 20, ["a", "b"] * 10
    found = compare([("slow", Slow()), ("model", LogisticRegression())], X, y, scoring="accuracy")
    assert found.scores.loc["slow", "fit_seconds"] >= 0.02
    assert found.scores.loc["slow", "predict_milliseconds"] >= 20 / 4  # 4 rows in a split
    assert found.scores.loc["model", "fit_seconds"] < 0.02


class SlowOnce(ClassifierMixin, BaseEstimator):
    """Takes time in the first fit, as estimators that build a network or read images."""

    FITS = [0]

    def fit(self, X, y):
        self.classes_ = sorted(set(y))
        self.FITS[0] += 1
        time.sleep(0.2 if self.FITS == [1] else 0)
        return self

    def predict(self, X):
        return [self.classes_[0]] * len(X)


def test_the_first_split_does_not_count_in_costs():
    X, y = [[0]] * 20, ["a", "b"] * 10
    models = [("once", SlowOnce()), ("model", LogisticRegression())]
    found = compare(models, X, y, scoring="accuracy", n_repeats=1)
    assert SlowOnce.FITS == [5]
    assert found.scores.loc["once", "fit_seconds"] < 0.1


def test_a_stop_leaves_nothing(temporary):
    with pytest.raises(KeyboardInterrupt):
        compare([Slow(), Slow()], [[0]] * 10, ["stop"] * 10, scoring="accuracy",
                path=temporary / "page.html")  # fmt: skip
    assert list(Path(temporary).iterdir()) == []


def test_a_progress_bar(capsys):
    X, y = [[0], [1]] * 10, [0, 1] * 10
    models = [LogisticRegression(), LogisticRegression(C=0.1)]
    compare(models, X, y, cv=2, n_repeats=1)
    assert capsys.readouterr().err == ""
    compare(models, X, y, cv=2, n_repeats=1, verbose=1)
    assert "compare: 100%" in capsys.readouterr().err
