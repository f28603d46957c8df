"""Models of each feature set: those built in, those of the user, and the time they may take."""

import time

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from skfusion import JointFusionClassifier, PixelFlattener
from tests.fusion.conftest import CLASSIFIERS, classifier, make_rows, regressor
from tests.networks_for_tests import tiny_cnn

pytestmark = pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")


class FoundationModel(ClassifierMixin, BaseEstimator):
    """A model with the limits of foundation models for tables: classes, rows, columns, floats."""

    def __init__(self, max_classes=10, max_rows=1000, max_columns=100, wait=0.0):
        self.max_classes = max_classes
        self.max_rows = max_rows
        self.max_columns = max_columns
        self.wait = wait

    def fit(self, X, y):
        self.classes_, numbers = np.unique(y, return_inverse=True)
        for limit, value in [
            (self.max_classes, len(self.classes_)),
            (self.max_rows, X.shape[0]),
            (self.max_columns, X.shape[1]),
        ]:
            if value > limit:
                raise ValueError(f"{value} is more than the {limit} it was trained for\nmore text")
        if X.dtype.kind != "f" or numbers.max() + 1 != len(self.classes_):
            raise TypeError("floats, and classes from 0 on")
        time.sleep(self.wait)
        self.model_ = LogisticRegression().fit(X, y)
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


# The built-in models.


def names_of(fusion, start):
    names = [name for name in fusion.fit_report_.index if name.startswith(f"{start}, ")]
    return [name.removeprefix(f"{start}, ") for name in names]


@pytest.mark.parametrize(
    ("n_rows", "n_classes", "expected"),
    [
        (60, 2, ["linear 1", "linear 2", "forest"]),
        (300, 2, ["linear 1", "linear 2", "forest", "boosting"]),
        (300, 4, ["linear 1", "linear 2", "forest"]),
    ],
    ids=["few-rows", "more-rows", "more-classes"],
)
def test_rows_and_classes_decide_on_boosting(n_rows, n_classes, expected):
    frame, _ = make_rows(n_rows)
    y = np.arange(n_rows) % n_classes
    fusion = classifier(estimators=None, cv=2, image_columns=[], strategy="auto")
    assert names_of(fusion.fit(frame[["age"]], y), "table") == expected


def test_boosting_finds_what_is_not_linear():
    random = np.random.default_rng(0)
    frame, _ = make_rows(400)
    frame["size"] = random.normal(size=400)
    target = np.sign(frame["size"]) * frame["age"] + random.normal(size=400)
    fusion = regressor(estimators=None, cv=2, image_columns=[]).fit(frame[["age", "size"]], target)
    assert fusion.strategy_scores_.loc["table", "r2"] > 0.9
    assert names_of(fusion, "table") == ["linear 1", "forest", "boosting"]


def test_a_report_of_the_candidates(rows):
    report = classifier(strategy="late").fit(*rows).fit_report_
    assert report.columns.tolist() == ["status", "reason"]
    assert report["status"].to_dict() == {
        "image": "used",
        "table": "used",
        "table, LogisticRegression": "used",
        "image, LogisticRegression": "used",
        "table + image, LogisticRegression": "not used",
    }


# The user's models.


def test_several_models_compete():
    frame, y = make_rows(120, table=1.0)
    trees = ExtraTreesClassifier(20, random_state=0)
    models = {**CLASSIFIERS, "table": [trees, LogisticRegression(), LogisticRegression(C=0.01)]}
    fusion = classifier(estimators=models, strategy="late").fit(frame, y)
    expected = ["ExtraTreesClassifier", "LogisticRegression", "LogisticRegression 2"]
    assert names_of(fusion, "table") == expected
    assert fusion.score(frame, y) > 0.7


def test_a_model_beside_those_built_in(rows):
    models = {**CLASSIFIERS, "table": ["built-in", FoundationModel()]}
    fusion = classifier(estimators=models).fit(*rows)
    assert names_of(fusion, "table") == ["linear 1", "linear 2", "forest", "FoundationModel"]


@pytest.mark.parametrize(
    "limits",
    [{"max_rows": 50}, {"max_classes": 1}, {"max_columns": 1}],
    ids=["rows", "classes", "columns"],
)
def test_a_model_beyond_its_limits_is_left_out(rows, limits):
    models = {**CLASSIFIERS, "table": [LogisticRegression(), FoundationModel(**limits)]}
    with pytest.warns(UserWarning, match="failed and were left out.*more than the") as found:
        fusion = classifier(estimators=models).fit(*rows)
    assert len(found) == 1
    line = fusion.fit_report_.loc["table, FoundationModel"]
    assert line["status"] == "failed"
    assert line["reason"].endswith("it was trained for")
    plain = classifier().fit(*rows)
    np.testing.assert_array_equal(fusion.predict_proba(rows[0]), plain.predict_proba(rows[0]))


def test_a_model_that_fails_on_all_rows_alone(rows):
    """There are 53 or 54 rows in the folds, and 80 in all."""
    models = {**CLASSIFIERS, "table": [LogisticRegression(), FoundationModel(max_rows=60)]}
    with pytest.warns(UserWarning, match="failed and were left out"):
        fusion = classifier(estimators=models, strategy="late").fit(*rows)
    assert fusion.predict_proba(rows[0]).shape == (80, 2)


def test_a_model_that_fails_in_a_fold_alone(rows):
    frame, y = rows
    model = FoundationModel(max_rows=53)  # one of three folds has 54 rows to learn from
    models = {**CLASSIFIERS, "table": [LogisticRegression(), model]}
    with pytest.warns(UserWarning, match="failed and were left out"):
        fusion = classifier(estimators=models, strategy="late").fit(frame, y)
    plain = classifier(strategy="late").fit(frame, y)
    np.testing.assert_array_equal(fusion.predict_proba(frame), plain.predict_proba(frame))


def out_of_range(X):
    return np.full((len(X), 2), 0.7)


def one_column(X):
    return np.full(len(X), 0.5)


def missing(X):
    return np.full((len(X), 2), np.nan)


def failing(X):
    raise RuntimeError("out of memory")


@pytest.mark.parametrize(
    ("predict_proba", "reason"),
    [
        (missing, "predicts NaN or infinity for"),
        (out_of_range, "predicts no probabilities for"),
        (one_column, "shape mismatch"),
        (failing, "out of memory"),
    ],
)
def test_a_model_that_fails_to_predict_is_left_out(rows, predict_proba, reason):
    class Wrong(FoundationModel):
        def predict_proba(self, X):
            return predict_proba(X)

    models = {**CLASSIFIERS, "table": [LogisticRegression(), Wrong()]}
    with pytest.warns(UserWarning, match="failed and were left out"):
        fusion = classifier(estimators=models).fit(*rows)
    assert reason in fusion.fit_report_.loc["table, Wrong", "reason"]
    plain = classifier().fit(*rows)
    np.testing.assert_array_equal(fusion.predict_proba(rows[0]), plain.predict_proba(rows[0]))
    with pytest.raises((ValueError, RuntimeError), match=reason):
        classifier(estimators={**CLASSIFIERS, "table": Wrong()}).fit(*rows)


@pytest.mark.parametrize("n_models", [1, 2])
def test_the_only_models_fail(rows, n_models):
    models = {**CLASSIFIERS, "table": [FoundationModel(max_rows=5)] * n_models}
    with pytest.raises(ValueError, match="it was trained for") as raised:
        classifier(estimators=models).fit(*rows)
    assert "estimators['table']" in raised.value.__notes__[0]
    assert "built-in" in raised.value.__notes__[0]


def test_models_that_fail_in_one_fold_each(rows):
    class Moody(FoundationModel):
        def fit(self, X, y):
            if (len(y) == 54) == (self.wait == 0):
                raise RuntimeError("not in the mood")
            return super().fit(X, y)

    models = {**CLASSIFIERS, "table": [Moody(), Moody(wait=1e-3)]}
    with pytest.raises(ValueError, match=r"No model of estimators\['table'\].*not in the mood"):
        classifier(estimators=models).fit(*rows)


def test_a_class_that_a_fold_lacks(rows):
    """Some models refuse classes with a gap."""
    frame, y = rows
    y = np.where(np.arange(80) == 3, "none", y)  # the class between "no" and "yes"
    fusion = classifier(estimators={view: FoundationModel() for view in CLASSIFIERS})
    probabilities = fusion.fit(frame, y).predict_proba(frame)
    assert probabilities.shape == (80, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@pytest.mark.parametrize(
    ("models", "match"),
    [
        ({"table": []}, "empty list"),
        ({"table": [LogisticRegression(), LinearSVC()]}, "no predict_proba"),
        ({"table": "built-in"}, "holds 'built-in', which is no model.*in a list"),
        ({"table": ["builtin"]}, "holds 'builtin', which is no model"),
        ({"image": JointFusionClassifier()}, "Pass it as 'network'"),
    ],
    ids=["empty", "no-probabilities", "built-in-alone", "misspelled", "joint"],
)
def test_wrong_models(rows, models, match):
    with pytest.raises(ValueError, match=match):
        classifier(estimators=models).fit(*rows)


def test_weights_need_models_that_take_them(rows):
    models = {"table": ["built-in", FoundationModel()]}
    with pytest.raises(ValueError, match="FoundationModel, has no sample_weight"):
        classifier(estimators=models).fit(*rows, sample_weight=np.arange(80))


# A network of both sources.


def make_xor(n_rows, seed=0):
    random = np.random.default_rng(seed)
    of_table, of_image = random.integers(0, 2, (2, n_rows))
    frame, _ = make_rows(n_rows, table=0, image=0, seed=seed)
    frame["age"] = of_table + 0.1 * random.normal(size=n_rows)
    frame["scan"] = [
        image // 2 + 100 * bit for image, bit in zip(frame["scan"], of_image, strict=True)
    ]
    return frame[["age", "scan"]], of_table ^ of_image


def test_a_network_finds_what_no_stacking_can():
    frame, y = make_xor(160)
    new = make_xor(200, seed=1)
    fusion = classifier(strategy="joint", cv=2).fit(frame, y)
    assert fusion.strategy_ == "joint"
    assert fusion.score(*new) >= 0.95
    assert fusion.strategy_scores_.loc["joint", "accuracy"] >= 0.95
    assert fusion.strategy_scores_.loc["stacked", "accuracy"] < 0.65
    assert classifier(strategy="stacked", cv=2).fit(frame, y).score(*new) < 0.65
    importance = fusion.source_importance_
    assert importance.loc[["age", "scan"], "permuted"].min() > 1
    given = fusion.predict_proba(frame.assign(scan=None))  # the table holds nothing of it
    assert given.min() > 0.3


def test_a_network_for_numbers():
    frame, y = make_xor(120)
    fusion = regressor(strategy="joint", cv=2).fit(frame, 100 + 20.0 * y)
    assert fusion.strategy_scores_.loc["joint", "r2"] > 0.7
    assert fusion.strategy_scores_.loc["stacked", "r2"] < 0.2


def test_auto_tries_a_network_with_many_rows_alone(monkeypatch):
    frame, y = make_xor(100)
    fusion = classifier(strategy="auto", cv=2).fit(frame, y)
    assert "joint" not in fusion.strategy_scores_.index
    monkeypatch.setattr("skfusion.fusion._base_fusion.JOINT_ROWS", 100)  # 2,000 take too long
    assert clone(fusion).fit(frame, y).strategy_ == "joint"


def test_an_end_to_end_network_of_the_users():
    frame, y = make_xor(90)
    network = JointFusionClassifier(tiny_cnn, epochs=3, n_units=8)
    models = {**CLASSIFIERS, "network": network}
    fusion = classifier(strategy="joint", estimators=models, cv=2).fit(frame, y)
    given = fusion.predict_proba(frame)
    assert given.shape == (90, 2)
    assert fusion.fit_report_.loc["network, JointFusionClassifier", "status"] == "used"
    lacking = frame.assign(scan=None)
    np.testing.assert_allclose(fusion.predict_proba(lacking)[0].sum(), 1)
    assert not hasattr(network, "network_")  # it was cloned


# The time.


def test_a_candidate_for_which_there_is_no_time_is_left_out(rows):
    models = {**CLASSIFIERS, "table": [LogisticRegression(), FoundationModel(wait=2.0)]}
    start = time.perf_counter()
    fusion = classifier(estimators=models, max_time=6).fit(*rows)
    assert time.perf_counter() - start < 6 * 1.2
    report = fusion.fit_report_
    assert report.loc["table, FoundationModel", ["status", "reason"]].tolist() == [
        "no time",
        "max_time",
    ]
    assert report.loc["table, FoundationModel", "seconds"] >= 2.0
    plain = classifier().fit(*rows)
    np.testing.assert_array_equal(fusion.predict_proba(rows[0]), plain.predict_proba(rows[0]))


def test_with_little_time_each_embedder_has_a_model(rows):
    """The quick model of the second embedder comes before the slow one of the first."""
    models = {**CLASSIFIERS, "image": [LogisticRegression(), FoundationModel(wait=2.0)]}
    fusion = classifier(estimators=models, max_time=6, cv=2)
    report = fusion.set_params(embedder=[PixelFlattener(), PixelFlattener()]).fit(*rows).fit_report_
    seconds = report.loc[report.index.str.fullmatch("image: .*, LogisticRegression"), "seconds"]
    assert len(seconds) == 2
    assert (seconds > 0).all()


def test_with_enough_time_all_is_as_without_a_limit(rows):
    frame, y = rows[0].drop(columns="scan"), rows[1]
    options = {"estimators": None, "image_columns": [], "cv": 2}
    expected = classifier(**options).fit(frame, y).predict_proba(frame)
    fusion = classifier(max_time=300, **options).fit(frame, y)
    np.testing.assert_array_equal(fusion.predict_proba(frame), expected)
    assert set(fusion.fit_report_["status"]) <= {"used", "not used"}


def test_the_first_model_of_each_is_fitted_whatever_it_takes(rows):
    fusion = classifier(estimators=None, max_time=1e-3).fit(*rows)
    report = fusion.fit_report_
    assert report.index[report["status"] == "no time"].str.contains("forest").any()
    assert "linear 1" in names_of(fusion, "table")
    assert fusion.predict(rows[0]).shape == (80,)
    assert fusion.source_importance_["permuted"].isna().all()
    assert fusion.source_importance_.loc["scan", "left_out"] is not None
