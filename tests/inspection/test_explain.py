"""explain: shares of sources and table columns."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import (
    FusionClassifier,
    ImageDescriptors,
    ImageReadError,
    PixelFlattener,
    PretrainedGAP,
    explain,
)
from skfusion.datasets import make_image_table

NUMBERS = ["number_0", "number_1", "number_2"]


def make_rows(n_rows=60, **options):
    settings = {"image_size": (12, 12), "n_columns": 3, "noise": 0.3, "random_state": 0}
    return make_image_table(n_rows, **(settings | options))


def logistic():
    return LogisticRegression(max_iter=2000)


def with_head(head, pixels=None, columns=("image",)):
    pixels = PixelFlattener((6, 6)) if pixels is None else pixels
    parts = [("images", pixels, list(columns)), ("numbers", StandardScaler(), NUMBERS)]
    return make_pipeline(ColumnTransformer(parts), head)


def assert_sums(explanation):
    total = explanation.sources.sum(axis=1).to_numpy()
    np.testing.assert_allclose(total, explanation.prediction - explanation.base_value, atol=1e-6)
    if explanation.table.shape[1]:
        table = explanation.table.sum(axis=1).to_numpy()
        np.testing.assert_allclose(table, explanation.sources["table"], atol=1e-6)


MODELS = {
    "logistic": lambda: with_head(logistic()),
    "forest": lambda: with_head(RandomForestClassifier(20, random_state=0)),
    "boosting": lambda: with_head(HistGradientBoostingClassifier(max_iter=10)),
    "search": lambda: GridSearchCV(
        with_head(logistic()), {"logisticregression__C": [0.1, 1.0]}, cv=2
    ),
    "stacking": lambda: StackingClassifier(
        [("a", with_head(logistic())), ("b", with_head(RandomForestClassifier(10)))], cv=2
    ),
    "fusion": lambda: FusionClassifier(
        PixelFlattener((6, 6)), cv=2, random_state=0, strategy="stacked"
    ),
    "network": lambda: with_head(
        logistic(),
        PretrainedGAP("small_cnn", weights=None, image_size=(12, 12), cut_layer="pool2"),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_sums(name):
    data = make_rows()
    model = MODELS[name]().fit(data.frame, data.target)
    before = model.predict_proba(data.frame)
    explanation = explain(model, data.frame, regions=False, n_background=8, random_state=0)
    assert_sums(explanation)
    np.testing.assert_allclose(explanation.prediction, before[:, 1])
    np.testing.assert_array_equal(model.predict_proba(data.frame), before)
    assert list(explanation.sources) == ["image", "table"]
    assert set(explanation.table) == set(NUMBERS)
    assert explanation.regions == {}


def test_equals_closed_form_of_additive_model():
    data = make_rows()
    model = with_head(Ridge()).fit(data.frame, data.target)
    background = data.frame[:20]
    explanation = explain(model, data.frame, background=background, regions=False, random_state=0)
    features = model[0].transform(data.frame)
    parts = (features - features[:20].mean(axis=0)) * model[1].coef_
    np.testing.assert_allclose(explanation.sources["image"], parts[:, :-3].sum(axis=1), atol=1e-6)
    np.testing.assert_allclose(explanation.table[NUMBERS], parts[:, -3:], atol=1e-6)
    assert explanation.base_value == pytest.approx(model.predict(background).mean())


@pytest.mark.parametrize("head", [logistic, lambda: RandomForestClassifier(10, random_state=0)])
def test_errors_include_the_choice_of_the_background(head):
    data = make_rows(300)
    model = with_head(head()).fit(data.frame[:150], data.target[:150])
    options = {"background": data.frame, "rows": [200, 201, 202], "regions": False}
    true = explain(model, data.frame, n_background=300, random_state=0, **options)
    inside = []
    for seed in range(30):
        drawn = explain(model, data.frame, n_background=32, random_state=seed, **options)
        inside.append(abs(drawn.base_value - true.base_value) <= 2 * drawn.base_value_error)
        for name in ("sources", "table"):
            away = (getattr(drawn, name) - getattr(true, name)).abs()
            inside += (away <= 2 * getattr(drawn, f"{name}_error")).to_numpy().ravel().tolist()
    assert np.mean(inside) >= 0.9


def test_error_of_the_base_value():
    data = make_rows(40)
    model = with_head(logistic()).fit(data.frame, data.target)
    one = explain(model, data.frame, rows=[3], regions=False, random_state=0)
    outputs = model.predict_proba(data.frame)[:, 1]
    assert one.base_value_error >= outputs.std(ddof=1) / np.sqrt(40)
    assert f"± {one.base_value_error:.2g}" in one.describe()
    alone = explain(model, data.frame, n_background=1, regions=False, random_state=0)
    assert np.isnan(alone.base_value_error)
    assert "±" not in alone.describe()
    each = explain(model, data.frame, target="predicted", regions=False, random_state=0)
    assert each.base_value_error.shape == (40,)


@pytest.mark.parametrize(("regions", "expected"), [(False, 129), (True, 80)])
def test_number_of_background_rows(regions, expected):
    data = make_rows(200)
    model = with_head(logistic()).fit(data.frame, data.target)
    options = {"rows": [0], "regions": regions, "max_passes": 80, "random_state": 0}
    explanation = explain(model, data.frame, background=data.frame[1:], **options)
    assert explanation.n_passes == expected


def test_standard_errors_shrink_with_background():
    data = make_rows(200)
    model = with_head(logistic()).fit(data.frame, data.target)
    few, many = (
        explain(model, data.frame, rows=[0], regions=False, n_background=n, random_state=0)
        for n in (8, 128)
    )
    assert (many.sources_error["image"] < few.sources_error["image"]).all()
    assert (many.table_error > 0).all(axis=None)


def test_small_network_without_a_part_in_the_labels():
    generator = np.random.default_rng(0)
    frame = make_rows(400).frame
    frame["image"] = list(generator.integers(0, 256, (400, 12, 12), dtype="uint8"))
    y = (frame["number_0"] > frame["number_0"].median()).astype(int)
    network = PretrainedGAP("small_cnn", weights=None, image_size=(12, 12), cut_layer="pool2")
    model = with_head(logistic(), make_pipeline(network, StandardScaler()))
    model.fit(frame[:200], y[:200])
    explained = explain(model, frame[200:], background=frame[:200], regions=False, random_state=0)
    summary = explained.summary()
    assert abs(summary.loc["image", "mean"]) <= summary.loc["image", "error"]
    assert summary.loc["table", "mean_absolute"] > 2 * summary.loc["image", "mean_absolute"]


def test_shares_of_table_labels():
    generator = np.random.default_rng(0)
    frame = make_rows(300).frame
    frame["image"] = list(generator.integers(0, 256, (300, 12, 12), dtype="uint8"))
    y = (frame["number_0"] > frame["number_0"].median()).astype(int)
    model = with_head(RandomForestClassifier(50, random_state=0), PixelFlattener((2, 2)))
    model.fit(frame[:150], y[:150])
    explanation = explain(model, frame[150:], background=frame[:150], regions=False, random_state=0)
    summary = explanation.summary()
    assert abs(summary.loc["image", "mean"]) <= summary.loc["image", "error"]
    assert summary.loc["table", "mean_absolute"] > 5 * summary.loc["image", "mean_absolute"]


def test_duplicated_source_splits_its_share():
    data = make_rows()
    frame = data.frame.assign(copy=data.frame["image"])
    one = with_head(Ridge()).fit(frame, data.target)
    two = with_head(Ridge(), columns=("image", "copy")).fit(frame, data.target)
    single = explain(one, frame, regions=False, random_state=0).sources
    double = explain(two, frame, regions=False, random_state=0).sources
    np.testing.assert_allclose(double["image"], double["copy"], atol=1e-6)
    assert np.corrcoef(double["image"] * 2, single["image"])[0, 1] > 0.99


def test_same_seed_same_result():
    data = make_rows(40)
    model = with_head(RandomForestClassifier(10, random_state=0)).fit(data.frame, data.target)
    first, second = (
        explain(model, data.frame, rows=[0, 5], n_background=8, max_passes=40, random_state=3)
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.table, second.table)
    np.testing.assert_array_equal(first.regions["image"][1], second.regions["image"][1])


def test_each_image_is_computed_once(tmp_path):
    data = make_rows(40)
    pixels = PretrainedGAP(
        "small_cnn", weights=None, image_size=(12, 12), cut_layer="pool2", cache=tmp_path
    )
    model = with_head(logistic(), pixels).fit(data.frame, data.target)
    written = model[0].named_transformers_["images"].cache
    explanation = explain(model, data.frame, regions=False, random_state=0)
    assert explanation.n_passes == 40
    assert written == tmp_path


def test_one_row_costs_at_most_150_passes(capsys):
    data = make_rows(100)
    model = with_head(logistic()).fit(data.frame, data.target)
    explanation = explain(model, data.frame, rows=[7], random_state=0, verbose=1)
    assert explanation.n_passes <= 150
    assert "passes" in capsys.readouterr().err


def test_rows_keep_their_index():
    data = make_rows(20)
    frame = data.frame.set_index(np.array([f"p{i}" for i in range(20)]))
    model = with_head(logistic()).fit(frame, data.target)
    explanation = explain(model, frame, rows=[3, 19], regions=False, random_state=0)
    assert list(explanation.sources.index) == ["p3", "p19"]


def test_array_and_series():
    images = np.stack(list(make_rows(30).frame["image"]))
    y = np.arange(30) % 2
    model = make_pipeline(PixelFlattener((6, 6)), logistic()).fit(images, y)
    explanation = explain(model, images, regions=False, random_state=0)
    assert_sums(explanation)
    assert (explanation.sources["table"] == 0).all()
    series = pd.Series(list(images), name="scan")
    model = make_pipeline(PixelFlattener((6, 6)), logistic()).fit(series, y)
    assert list(explain(model, series, regions=False).sources) == ["scan", "table"]


def test_polars():
    polars = pytest.importorskip("polars")
    data = make_rows(30)
    model = with_head(logistic()).fit(data.frame, data.target)
    frame = polars.DataFrame(
        {
            name: polars.Series(name, list(data.frame[name]), dtype=polars.Object)
            if name == "image"
            else data.frame[name].to_numpy()
            for name in data.frame
        }
    )
    expected = explain(model, data.frame, regions=False, random_state=0)
    found = explain(model, frame, regions=False, random_state=0)
    np.testing.assert_allclose(found.sources, expected.sources)


def test_missing_image():
    data = make_rows(30)
    frame = data.frame.copy()
    frame.loc[4, "image"] = None
    model = with_head(logistic(), PixelFlattener((6, 6), missing="zero"))
    model.fit(frame, data.target)
    explanation = explain(model, frame, rows=[4, 5], n_background=4, max_passes=20, random_state=0)
    assert_sums(explanation)
    assert explanation.regions["image"][0] is None
    assert explanation.regions["image"][1].shape == (12, 12)
    assert explanation.image("image", 0) is None


def test_missing_image_that_the_model_refuses():
    data = make_rows(30)
    model = with_head(logistic()).fit(data.frame, data.target)
    frame = data.frame.copy()
    frame.loc[4, "image"] = None
    with pytest.raises(ImageReadError, match="1 of 2 images of X can't be used: row 4") as error:
        explain(model, frame, rows=[7, 4], random_state=0)
    assert error.value.failures[0][0] == 4
    with pytest.raises(ImageReadError, match="images of X can't be used: row 4"):
        explain(model, frame, rows=[7], random_state=0)
    with pytest.raises(ImageReadError, match="1 of 1 images of background can't be used: row 0"):
        explain(model, data.frame, background=frame[4:5], random_state=0)


def test_several_classes():
    data = make_rows(60)
    y = np.array(["a", "b", "c"])[np.arange(60) % 3]
    model = with_head(logistic()).fit(data.frame, y)
    with pytest.raises(ValueError, match="'a', 'b', 'c'"):
        explain(model, data.frame)
    with pytest.raises(ValueError, match="no class 'd'"):
        explain(model, data.frame, target="d")
    explanation = explain(model, data.frame, target="b", regions=False, random_state=0)
    assert_sums(explanation)
    np.testing.assert_allclose(explanation.prediction, model.predict_proba(data.frame)[:, 1])
    predicted = explain(model, data.frame, target="predicted", regions=False, random_state=0)
    assert_sums(predicted)
    np.testing.assert_allclose(predicted.prediction, model.predict_proba(data.frame).max(axis=1))
    assert predicted.names[0] == f"probability of {str(model.predict(data.frame)[0])!r}"


def test_several_outputs():
    data = make_rows(40)
    y = np.column_stack([data.target, data.frame["number_0"]])
    model = with_head(RandomForestRegressor(10, random_state=0)).fit(data.frame, y)
    with pytest.raises(ValueError, match="2 outputs"):
        explain(model, data.frame)
    explanation = explain(model, data.frame, target=1, regions=False, random_state=0)
    assert_sums(explanation)
    np.testing.assert_allclose(explanation.prediction, model.predict(data.frame)[:, 1])


def test_several_outputs_of_a_classifier():
    data = make_rows(40)
    y = np.column_stack([data.target, 1 - data.target])
    model = MultiOutputClassifier(with_head(logistic())).fit(data.frame, y)
    with pytest.raises(ValueError, match="number of the output"):
        explain(model, data.frame)
    explanation = explain(model, data.frame, target=(1, 0), regions=False, random_state=0)
    np.testing.assert_allclose(explanation.prediction, model.predict_proba(data.frame)[1][:, 0])


def test_decisions():
    data = make_rows(40)
    model = with_head(RidgeClassifier()).fit(data.frame, data.target)
    explanation = explain(model, data.frame, regions=False, random_state=0)
    assert_sums(explanation)
    np.testing.assert_allclose(explanation.prediction, model.decision_function(data.frame))
    assert explanation.names[0] == "decision of 1"


def test_several_transformers_of_one_column():
    data = make_rows(40)
    parts = [
        ("pixels", PixelFlattener((6, 6)), ["image"]),
        ("measures", ImageDescriptors("intensity"), "image"),
        ("numbers", "passthrough", make_column_selector("number")),
    ]
    model = make_pipeline(ColumnTransformer(parts), StandardScaler(), logistic())
    model.fit(data.frame, data.target)
    explanation = explain(
        model, data.frame, rows=[0], n_background=4, max_passes=20, random_state=0
    )
    assert_sums(explanation)
    assert explanation.regions["image"][0].shape == (12, 12)


def fitted():
    data = make_rows(30)
    return with_head(logistic()).fit(data.frame, data.target), data.frame


def test_no_image_column():
    data = make_rows(30)
    numbers = data.frame[NUMBERS]
    model = logistic().fit(numbers, data.target)
    with pytest.raises(ValueError, match="no image column"):
        explain(model, numbers)
    model, frame = fitted()
    with pytest.raises(ValueError, match="no column 'image'"):
        explain(model, frame[NUMBERS])
    with pytest.raises(ValueError, match=r"a single row as X\.iloc\[\[0\]\]"):
        explain(model, frame.iloc[0])


def test_not_fitted():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        explain(with_head(logistic()), make_rows(5).frame)


def test_not_a_predictor():
    data = make_rows(20)
    with pytest.raises(TypeError, match="no predict"):
        explain(PixelFlattener().fit(data.frame[["image"]]), data.frame[["image"]])
    with pytest.raises(TypeError, match="fitted estimator"):
        explain(len, data.frame)


@pytest.mark.parametrize("row", [30, -1, [0, 30]])
def test_row_does_not_exist(row):
    model, frame = fitted()
    with pytest.raises(ValueError, match="does not exist: X has 30 rows, 0 to 29"):
        explain(model, frame, rows=row)
    with pytest.raises(ValueError, match="Row 1 does not exist: X has one row, row 0"):
        explain(model, frame[:1], rows=1, background=frame)
    explanation = explain(model, frame, rows=[4], regions=False, random_state=0)
    for wrong in (1, -2):
        with pytest.raises(ValueError, match="the explanation has one row, row 0"):
            explanation.describe(wrong)


def test_rows_are_positions():
    model, frame = fitted()
    with pytest.raises(ValueError, match="positions"):
        explain(model, frame, rows=["p1"])


def test_background():
    model, frame = fitted()
    with pytest.raises(ValueError, match="background has no rows"):
        explain(model, frame, background=frame[:0])
    with pytest.raises(ValueError, match="Pass rows of the training data as background"):
        explain(model, frame[:1])
    with pytest.raises(ValueError, match="background has no column 'number_1'"):
        explain(model, frame, background=frame[["image", "number_0", "number_2"]])
    with pytest.raises(ValueError, match="X has no rows"):
        explain(model, frame[:0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "gradients"}, "method must be one of"),
        ({"fill": "black"}, "fill must be one of"),
        ({"n_background": 0}, "n_background"),
        ({"max_passes": 2}, "max_passes"),
        ({"n_background": 18, "max_passes": 20}, "max_passes"),
        ({"target": 7}, "no class 7"),
    ],
)
def test_bad_options(options, message):
    model, frame = fitted()
    with pytest.raises(ValueError, match=message):
        explain(model, frame, **options)


def test_flattened_images():
    X = np.random.default_rng(0).random((20, 16))
    model = make_pipeline(PixelFlattener(image_shape=(4, 4)), LinearRegression())
    model.fit(X, np.arange(20))
    with pytest.raises(ValueError, match="flattened images"):
        explain(model, pd.DataFrame(X, columns=[f"p{i}" for i in range(16)]))


def test_constant_model():
    data = make_rows(20)
    model = with_head(DummyClassifier()).fit(data.frame, data.target)
    explanation = explain(
        model, data.frame, rows=[0], n_background=4, max_passes=20, random_state=0
    )
    assert (explanation.sources == 0).all(axis=None)
    assert not explanation.regions["image"][0].any()
