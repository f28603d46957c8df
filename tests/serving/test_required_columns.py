"""required_columns: a table with these columns alone gets the same predictions."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.ensemble import (
    BaggingClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skfusion import (
    FusionClassifier,
    FusionRegressor,
    ImageAugmenter,
    MicroBatcher,
    PixelFlattener,
    TableEncoder,
    make_fusion_pipeline,
    required_columns,
)
from skfusion.datasets import make_image_table

N_ROWS = 40
IMAGE = make_image_table(N_ROWS, image_size=(4, 4), random_state=0)


@pytest.fixture(scope="module")
def table():
    """Return a table with columns that no model here uses: patient and sick."""
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "patient": [f"p{7919 * i % 1000:03d}" for i in range(N_ROWS)],
            "age": random.normal(50, 10, N_ROWS),
            "sex": random.choice(["f", "m"], N_ROWS),
            "bmi": random.normal(25, 3, N_ROWS),
            "scan": list(IMAGE.frame["image"]),
            "sick": IMAGE.target,
        }
    )


NUMBERS = ("numbers", StandardScaler(), ["bmi", "age"])
SCAN = ("scan", PixelFlattener(), ["scan"])


def columns(*transformers, **options):
    return ColumnTransformer(list(transformers), **options)


def classifier(*transformers, **options):
    return make_pipeline(columns(*transformers, **options), LogisticRegression(max_iter=2000))


def regressor(*transformers):
    return make_pipeline(columns(*transformers), LinearRegression())


ages = classifier(("age", StandardScaler(), ["age"]))
bmis = classifier(("bmi", StandardScaler(), ["bmi"]))
age_regressor = regressor(("age", StandardScaler(), ["age"]))
bmi_regressor = regressor(("bmi", StandardScaler(), ["bmi"]))

MODELS = {
    "lists": (classifier(NUMBERS, SCAN), ["age", "bmi", "scan"]),
    "one name": (classifier(("scan", PixelFlattener(), "scan")), ["scan"]),
    "places": (classifier(("numbers", StandardScaler(), [3, 1])), ["age", "bmi"]),
    "one place": (classifier(("numbers", StandardScaler(), [-3])), ["bmi"]),
    "slice of places": (classifier(("numbers", StandardScaler(), slice(3, 4))), ["bmi"]),
    "slice of names": (
        classifier(("both", OneHotEncoder(handle_unknown="ignore"), slice("age", "sex"))),
        ["age", "sex"],
    ),
    "mask": (
        classifier(("numbers", StandardScaler(), [False, True, False, False, False, False])),
        ["age"],
    ),
    "selector": (
        classifier(("numbers", StandardScaler(), make_column_selector(dtype_include=float))),
        ["age", "bmi"],
    ),
    "dropped": (classifier(NUMBERS, ("no", "drop", ["scan", "sex"])), ["age", "bmi"]),
    "no columns": (classifier(NUMBERS, ("none", PixelFlattener(), [])), ["age", "bmi"]),
    "passed through": (classifier(("some", "passthrough", ["age"])), ["age"]),
    "remainder": (
        classifier(("no", "drop", ["patient", "sex", "scan", "sick"]), remainder=StandardScaler()),
        ["age", "bmi"],
    ),
    "remainder passed through": (
        classifier(("no", "drop", ["patient", "sex", "scan", "sick"]), remainder="passthrough"),
        ["age", "bmi"],
    ),
    "column twice": (classifier(NUMBERS, ("age", StandardScaler(), ["age"])), ["age", "bmi"]),
    "nested": (
        classifier(("inner", columns(("age", StandardScaler(), ["age"])), ["age", "bmi"])),
        ["age", "bmi"],  # the outer one selects both
    ),
    "step left out": (
        Pipeline([("no", "passthrough"), ("none", None), *classifier(NUMBERS).steps]),
        ["age", "bmi"],
    ),
    "union": (
        make_pipeline(
            FeatureUnion(
                [
                    ("numbers", columns(("age", StandardScaler(), ["age"]))),
                    ("scan", columns(SCAN)),
                    ("no", "drop"),
                ]
            ),
            LogisticRegression(max_iter=2000),
        ),
        ["age", "scan"],
    ),
    "grid": (GridSearchCV(ages, {"logisticregression__C": [0.1, 1]}, cv=2), ["age"]),
    "random": (
        RandomizedSearchCV(ages, {"logisticregression__C": [0.1, 1]}, n_iter=1, cv=2),
        ["age"],
    ),
    "voting": (VotingClassifier([("a", ages), ("b", bmis)], voting="soft"), ["age", "bmi"]),
    "voting, one dropped": (VotingClassifier([("a", ages), ("b", "drop")]), ["age"]),
    "voting regressor": (VotingRegressor([("a", age_regressor)]), ["age"]),
    "stacking": (StackingClassifier([("a", ages), ("b", bmis)], cv=2), ["age", "bmi"]),
    "stacking regressor": (StackingRegressor([("b", bmi_regressor)], cv=2), ["bmi"]),
    "calibrated": (CalibratedClassifierCV(ages, cv=2), ["age"]),
    "calibrated once": (CalibratedClassifierCV(ages, cv=2, ensemble=False), ["age"]),
    "threshold": (FixedThresholdClassifier(ages, threshold=0.4), ["age"]),
    "tuned threshold": (TunedThresholdClassifierCV(ages, cv=2), ["age"]),
    "transformed target": (
        TransformedTargetRegressor(age_regressor, func=np.exp, inverse_func=np.log),
        ["age"],
    ),
    "one versus rest": (OneVsRestClassifier(ages), ["age"]),
    "fusion": (
        FusionClassifier(
            PixelFlattener(), strategy="early", cv=2, random_state=0, id_columns=["patient", "sick"]
        ),
        ["age", "sex", "bmi", "scan"],
    ),
    "fusion regressor": (
        FusionRegressor(
            PixelFlattener(),
            strategy="early",
            cv=2,
            random_state=0,
            target_transform=None,
            id_columns=["patient", "sick"],
        ),
        ["age", "sex", "bmi", "scan"],
    ),
    "fusion pipeline": (
        make_fusion_pipeline(
            LogisticRegression(max_iter=2000),
            embedder=PixelFlattener(),
            id_columns=["patient", "sick"],
        ),
        ["age", "sex", "bmi", "scan"],
    ),
}


def answers(model, X):
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    return getattr(model, method)(X)


@pytest.fixture(scope="module", params=MODELS)
def case(request, table):
    """Return a fitted model and the columns that it uses."""
    model, names = MODELS[request.param]
    return model.fit(table, table["sick"]), names


def test_a_table_with_these_columns_is_enough(table, case):
    model, expected = case
    names = required_columns(model)
    assert names == expected
    assert all(type(name) is str for name in names)
    np.testing.assert_array_equal(answers(model, table[names]), answers(model, table))
    np.testing.assert_array_equal(answers(model, table[names[::-1]]), answers(model, table))


def test_each_of_them_is_needed(table, case):
    model, expected = case
    for column in expected:
        with pytest.raises((ValueError, KeyError), match=column):
            answers(model, table.drop(columns=column))


ALL = ["age", "bmi"]
FALLBACK = {
    "estimator": LogisticRegression(),
    "bagging": BaggingClassifier(LogisticRegression(), n_estimators=2, random_state=0),
    "function": make_pipeline(FunctionTransformer(), classifier(("a", StandardScaler(), ["age"]))),
    "union": make_pipeline(FeatureUnion([("all", "passthrough")]), LogisticRegression()),
    "stacking": StackingClassifier([("a", ages)], cv=2, passthrough=True),
    "transformer": StandardScaler(),
}


@pytest.mark.parametrize("name", FALLBACK)
def test_others_need_all_columns_of_fit(table, name):
    model = FALLBACK[name].fit(table[ALL], table["sick"])
    assert required_columns(model) == ALL


def test_several_targets(table):
    targets = np.stack([table["sick"], 1 - table["sick"]], axis=1)
    for model in (MultiOutputClassifier(ages), MultiOutputRegressor(age_regressor)):
        assert required_columns(model.fit(table, targets)) == ["age"]
        np.testing.assert_array_equal(model.predict(table[["age"]]), model.predict(table))


def test_a_frozen_estimator(table):
    assert required_columns(FrozenEstimator(ages.fit(table, table["sick"]))) == ["age"]


def test_transformers_of_skfusion(table):
    assert required_columns(PixelFlattener().fit(table[["scan"]])) == ["scan"]
    assert required_columns(PixelFlattener().fit(table["scan"])) == ["scan"]
    encoder = TableEncoder(id_columns=["patient"]).fit(table.drop(columns="scan"))
    assert required_columns(encoder) == ["age", "sex", "bmi", "sick"]


def test_a_fusion_without_images_needs_the_table(table):
    model = FusionClassifier(image_columns=[], cv=2, random_state=0)
    model.fit(table[["sex", "age", "bmi"]], table["sick"])
    assert required_columns(model) == ["sex", "age", "bmi"]


def test_a_sampler_is_skipped(table):
    imblearn = pytest.importorskip("imblearn.pipeline")
    augmenter = ImageAugmenter(image_columns=["scan"], random_state=0)
    model = imblearn.Pipeline([("augment", augmenter), *classifier(SCAN).steps])
    model.fit(table[["patient", "scan"]], table["sick"])
    assert required_columns(model) == ["scan"]


def test_methods_and_batchers(table):
    model = ages.fit(table, table["sick"])
    with MicroBatcher(model.predict_proba) as batcher:
        assert required_columns(batcher) == ["age"]
    with MicroBatcher(partial(model.predict_proba)) as batcher:
        assert required_columns(batcher) == ["age"]
    assert required_columns(model.predict) == ["age"]


# Wrong use.


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        classifier(NUMBERS),
        GridSearchCV(classifier(NUMBERS), {"logisticregression__C": [1]}),
        FusionClassifier(),
    ],
    ids=["estimator", "pipeline", "search", "fusion"],
)
def test_an_unfitted_model_is_an_error(model):
    with pytest.raises(NotFittedError):
        required_columns(model)


def test_a_search_without_refit_is_an_error(table):
    search = GridSearchCV(clone(ages), {"logisticregression__C": [1]}, cv=2, refit=False)
    with pytest.raises(NotFittedError, match="refit=False"):
        required_columns(search.fit(table, table["sick"]))


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), LogisticRegression()),
        classifier(("first", StandardScaler(), [0])),
        FusionClassifier(image_columns=[], cv=2, random_state=0),
    ],
    ids=["pipeline", "column transformer", "fusion"],
)
def test_a_model_without_column_names_is_an_error(table, model):
    model.fit(table[ALL].to_numpy(), table["sick"])
    with pytest.raises(ValueError, match=r"was fitted without column names.*DataFrame"):
        required_columns(model)


@pytest.mark.parametrize(
    "thing", [None, "model", len, lambda X: X], ids=["None", "text", "builtin", "lambda"]
)
def test_what_is_no_model_is_an_error(thing):
    with pytest.raises(TypeError, match="needs a fitted estimator"):
        required_columns(thing)
