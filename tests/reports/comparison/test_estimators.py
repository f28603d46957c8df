"""What may be compared: fusions, names of sources and strategies, estimators of the user."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, make_scorer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skfusion import (
    CNNEmbedder,
    FusionClassifier,
    FusionRegressor,
    ImageReadError,
    JointFusionClassifier,
    PixelFlattener,
    compare,
    make_fusion_pipeline,
)
from tests.fusion.conftest import classifier, make_rows, regressor

FAST = {"cv": 3, "n_repeats": 1, "random_state": 0}
NAMES = ["table", "image", "early", "late", "stacked", "auto", "concat"]


@pytest.fixture(scope="module")
def rows():
    return make_rows(60, table=0.8, image=0.4)


@pytest.fixture(scope="module")
def found(rows):
    return compare(classifier(), *rows, **FAST)


def test_a_fusion_stands_for_its_sources_and_strategies(found):
    assert list(found.scores.index) == NAMES
    assert found.scores["sources"].tolist() == ["table", "image", *["both"] * 5]
    assert found.reference == "stacked"
    assert found.protocol["scoring"] == "roc_auc"
    assert found.protocol["n_rows"] == 60
    assert found.protocol["n_without_image"] == 0


def test_models_by_name_are_those_of_fusions(rows, found):
    """The same scores as the fusions that a user would build of the columns."""
    X, y = rows
    table, image = X[["age", "sex"]], X[["scan"]]
    models = {
        "table": make_pipeline(_columns(table), classifier(image_columns=[], id_columns=[])),
        "image": make_pipeline(_columns(image), classifier(image_columns=["scan"])),
        "late": classifier(strategy="late", id_columns=[]),
    }
    own = compare(models, X, y, **FAST)
    for name in models:
        assert own.split_scores[name].tolist() == found.split_scores[name].tolist(), name


def _columns(frame):
    columns = make_column_transformer(("passthrough", list(frame)), verbose_feature_names_out=False)
    return columns.set_output(transform="pandas")


def test_concat_is_one_linear_model_of_all_columns(rows, found):
    X, y = rows
    sexes = pd.get_dummies(X["sex"], dtype=float)
    flat = np.stack(X["scan"].to_numpy()).reshape(60, -1)
    columns = np.hstack([X[["age"]], sexes, flat])
    plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    own = compare({"plain": plain, "constant": DummyClassifier()}, columns, y, **FAST)
    expected = found.split_scores["concat"].tolist()
    assert own.split_scores["plain"].tolist() == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("container", [list, dict], ids=["list", "dict"])
def test_concat_has_the_columns_of_all_embedders(rows, container):
    X, y = rows
    embedders = {"mean": PixelFlattener((1, 1)), "pixels": PixelFlattener((2, 2))}
    given = embedders if container is dict else list(embedders.values())
    fusion = FusionClassifier(given, image_columns=["scan"])
    own = compare(["concat", "constant"], X, y, fusion=fusion, **FAST)
    columns = make_column_transformer(
        (make_pipeline(PixelFlattener((1, 1))), ["scan"]), (PixelFlattener((2, 2)), ["scan"]),
        (StandardScaler(), ["age"]), (OneHotEncoder(), ["sex"]),
    )  # fmt: skip
    plain = make_pipeline(columns, StandardScaler(), LogisticRegression())
    expected = compare([plain, DummyClassifier()], X, y, **FAST).split_scores["pipeline"].tolist()
    assert own.split_scores["concat"].tolist() == pytest.approx(expected, abs=0.02)


def test_names_beside_estimators_of_the_user(rows):
    X, y = rows
    mine, pixels = (
        make_pipeline(make_column_transformer(columns), StandardScaler(), LogisticRegression())
        for columns in ((StandardScaler(), ["age"]), (PixelFlattener(), ["scan"]))
    )
    both = make_fusion_pipeline(LogisticRegression(), embedder=PixelFlattener())
    estimators = ["table", ("mine", mine), ("pixels", pixels), ("both", both), "constant"]
    own = compare(estimators, X, y, fusion=classifier(), **FAST)
    sources = {"table": "table", "mine": "table", "pixels": "image", "both": "both"}
    assert own.scores["sources"].to_dict() == {**sources, "constant": "none"}
    assert own.scores.loc["constant", "mean"] == 0.5
    assert own.reference == "both"


def test_a_name_may_have_another_label(rows):
    own = compare({"age and sex": "table", "scans": "image"}, *rows, fusion=classifier(), **FAST)
    assert list(own.scores.index) == ["age and sex", "scans"]


def test_unnamed_estimators_are_named_by_their_class(rows):
    X, y = rows
    models = [LogisticRegression(), LogisticRegression(C=0.1), DummyClassifier()]
    own = compare(models, X[["age"]], y, **FAST)
    assert list(own.scores.index) == [
        "logisticregression-1", "logisticregression-2", "dummyclassifier"
    ]  # fmt: skip


def test_numbers(rows):
    X, _ = rows
    y = X["age"] + np.random.default_rng(0).normal(size=60)
    own = compare(["table", "image", "concat"], X, y, fusion=regressor(), **FAST)
    assert own.protocol["scoring"] == "r2"
    assert own.scores.loc["table", "mean"] > 0.9
    assert own.scores.loc["image", "mean"] < 0.5
    assert "'table' has the highest mean R²" in own.verdict


@pytest.mark.parametrize("kind", ["classes", "fractions", "amounts"])
def test_the_kind_of_target_decides_what_names_stand_for(rows, kind, monkeypatch):
    X, y = rows
    if kind != "classes":
        y = X["age"].to_numpy() if kind == "fractions" else (1000 * X["age"]).round().astype(int)
    for cls in (FusionClassifier, FusionRegressor):
        defaults = (PixelFlattener(),)
        monkeypatch.setattr(cls.__init__, "__defaults__", defaults)
    own = compare(["concat", "constant"], X, y, **FAST)
    assert own.protocol["scoring"] == ("roc_auc" if kind == "classes" else "r2")


def test_several_classes(rows):
    X, _ = rows
    y = np.array(["a", "b", "c"])[np.arange(60) % 3]
    own = compare(["table", "concat"], X, y, fusion=classifier(), **FAST)
    assert own.protocol["scoring"] == "accuracy"
    assert own.scores["mean"].between(0, 1).all()


def test_scoring_by_name_and_by_function(rows):
    X, y = rows
    models = {"linear": LogisticRegression(), "constant": DummyClassifier()}
    scorer = make_scorer(balanced_accuracy_score)
    by_name = compare(models, X[["age"]], y, scoring="balanced_accuracy", **FAST)
    by_function = compare(models, X[["age"]], y, scoring=scorer, **FAST)
    assert by_function.protocol["scoring"] == "balanced_accuracy_score"
    assert by_function.split_scores.equals(by_name.split_scores)
    with pytest.raises(TypeError, match="call compare once for each"):
        compare(models, X[["age"]], y, scoring=["accuracy", "roc_auc"])
    with pytest.raises(ValueError, match="nothing"):
        compare(models, X[["age"]], y, scoring="nothing")


def test_forms_of_rows(rows, found):
    polars = pytest.importorskip("polars")
    X, y = rows
    frame = polars.DataFrame({"age": X["age"].to_numpy(), "sex": X["sex"].to_list()})
    own = compare(["table", "constant"], frame, y, fusion=classifier(image_columns=[]), **FAST)
    assert own.split_scores["table"].tolist() == found.split_scores["table"].tolist()
    array = X[["age", "scan", "sex"]].to_numpy(dtype=object)
    own = compare(["table", "image"], array, y.tolist(), fusion=classifier(), **FAST)
    assert own.split_scores.equals(found.split_scores[["table", "image"]])


def test_rows_without_an_image(rows):
    X, y = rows
    X = X.assign(scan=X["scan"].where(np.arange(60) % 5 > 0, None))
    own = compare(["table", "image", "late", "concat"], X, y, fusion=classifier(), **FAST)
    assert own.protocol["n_without_image"] == 12
    assert "60 rows (12 without an image)" in str(own)
    assert np.isfinite(own.split_scores.to_numpy()).all()


def test_the_estimators_of_the_user_stay_as_they_are(rows):
    X, y = rows
    fusion, mine = classifier(), LogisticRegression()
    before, columns = repr(fusion.get_params()), list(X)
    compare(["table", "concat", ("mine", make_fusion_pipeline(mine, embedder=PixelFlattener()))],
            X, y, fusion=fusion, **FAST)  # fmt: skip
    assert repr(fusion.get_params()) == before
    assert not hasattr(fusion, "classes_")
    assert not hasattr(mine, "classes_")
    assert list(X) == columns


class Broken(ClassifierMixin, BaseEstimator):
    """Fails with an error of a kind."""

    def __init__(self, error=None):
        self.error = error

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        raise self.error


@pytest.mark.parametrize(
    "error", [ValueError("no space"), RuntimeError("no space"), MemoryError("no space")],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_an_error_names_the_estimator_and_the_split(rows, error):
    X, y = rows
    models = {"good": DummyClassifier(), "bad": Broken(error)}
    with pytest.raises(type(error), match=r"^'bad' \(Broken\) failed in split 0 of 3: no space"):
        compare(models, X[["age"]], y, **FAST)


def test_an_error_with_other_arguments_has_a_note(rows):
    X, y = rows
    with pytest.raises(OSError, match="disk") as caught:
        compare([Broken(OSError(28, "disk")), DummyClassifier()], X[["age"]], y, **FAST)
    assert caught.value.errno == 28
    assert caught.value.__notes__ == ["'broken' (Broken) failed in split 0 of 3"]


def test_an_image_that_cannot_be_read_is_named_by_its_row_in_X(rows):
    X, y = rows
    X = X.assign(scan=[*X["scan"][:59], "nowhere.png"])
    with pytest.raises(ImageReadError, match=r"'image' \(FusionClassifier\) .*in X, row 59"):
        compare(["table", "image"], X, y, fusion=classifier(), **FAST)


def test_a_score_that_is_not_defined_names_the_estimator(rows):
    X, y = rows
    with pytest.raises(
        ValueError, match=r"'a' .* split 0 of 3: the score of its 20 test rows is nan"
    ):
        compare({"a": DummyClassifier(), "b": DummyClassifier()}, X[["age"]], y,
                scoring=lambda *_: np.nan, **FAST)  # fmt: skip


MODEL = LogisticRegression()
WRONG = {
    "an estimator": (MODEL, TypeError, "a dict, a list, a FusionClassifier"),
    "a joint network": (JointFusionClassifier(), TypeError, "got a JointFusionClassifier"),
    "one estimator": ([MODEL], ValueError, "at least 2 estimators, got 1"),
    "one name twice": (["table", "table"], ValueError, r"repeated: \['table'\]"),
    "an unknown name": (["table", "pictures"], ValueError, "'pictures' is no source or strategy"),
    "no estimator": ({"a": MODEL, "b": 3}, TypeError, r"'b' \(int\) is no classifier"),
    "a transformer": ({"a": MODEL, "b": PixelFlattener()}, TypeError, "'b' .PixelFlattener. is no"),
    "both kinds": ({"a": MODEL, "b": Ridge()}, ValueError, r"'a' .* and 'b' \(Ridge\)"),
    "a tuple of three": ([("a", MODEL, 1), MODEL], ValueError, r"must be \(name, estimator\)"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_estimators(rows, name):
    estimators, kind, message = WRONG[name]
    with pytest.raises(kind, match=message):
        compare(estimators, *rows)


def test_wrong_arguments(rows):
    X, y = rows
    models = [MODEL, DummyClassifier()]
    with pytest.raises(TypeError, match="fusion must be a FusionClassifier"):
        compare(["table", "image"], X, y, fusion=CNNEmbedder())
    with pytest.raises(TypeError, match=r"one entry for each row; pass X\['sex'\]"):
        compare(models, X, y, groups="sex")
    with pytest.raises(ValueError, match="'image' needs a column of images, and X has none"):
        compare(["table", "image"], X[["age", "sex"]], y, fusion=classifier(image_columns=[]))
    with pytest.raises(ValueError, match="'table' needs a column beside its images, and X has no"):
        compare(["table", "image"], X[["scan"]], y, fusion=classifier())
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        compare(models, X[["age"]], y[1:])
    with pytest.raises(ValueError, match="1 of 60 rows have no target: row 2"):
        compare(models, X[["age"]], [*y[:2], None, *y[3:]])
    with pytest.raises(ValueError, match=r"one value a row, got an array of shape \(60, 2\)"):
        compare([DummyRegressor(), Ridge()], X[["age"]], np.zeros((60, 2)))
    with pytest.raises(ValueError, match="n_repeats"):
        compare(models, X[["age"]], y, n_repeats=0)
