"""What a report holds, for each kind of model and input."""

import json
import time
from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import ExtraTreesClassifier, StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skfusion import (
    FusionClassifier,
    ImageDriftWarning,
    ImageReader,
    ImageReadError,
    ModelReport,
    PixelFlattener,
    __version__,
    explain,
    report,
)
from tests.reports.report_models import (
    EchoClassifier,
    make_classifier,
    make_columns,
    make_echo,
    make_regressor,
    make_rows,
)


@pytest.fixture(scope="module")
def rows():
    return make_rows()


@pytest.fixture(scope="module")
def found(rows):
    X, y = rows
    model = make_classifier().fit(X[:40], y[:40])
    return report(model, X[40:], y[40:], background=X[:40], random_state=0)


def test_it_is_data(found):
    assert isinstance(found, ModelReport)
    assert found.model["kind"] == "Pipeline"
    assert found.model["steps"] == ["ColumnTransformer", "LogisticRegression"]
    assert found.model["image_columns"] == ["image"]
    assert found.model["table_columns"] == ["age", "dose", "side"]
    assert found.model["n_rows"] == len(found.predictions) == 40
    assert found.versions["skfusion"] == __version__
    assert {"python", "scikit-learn", "keras", "numpy"} <= set(found.versions)
    assert {"predict", "scores", "drift", "explanations", "total"} <= set(found.timings)
    assert found.timings["total"] >= found.timings["explanations"] > 0
    assert datetime.fromisoformat(found.created).tzinfo is not None
    assert "passed" not in repr(found)
    assert repr(found).startswith("<ModelReport: Pipeline, 40 rows, 4 explained")


def test_the_dict_is_json(found):
    data = found.to_dict()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    accuracy = next(line for line in data["scores"] if line["score"] == "accuracy")
    assert accuracy["value"] == found.scores.loc["accuracy", "value"]
    assert data["confusion"]["counts"] == found.confusion.to_numpy().tolist()
    assert len(data["predictions"]) == 40
    one = data["explanations"][0]
    assert set(one["sources"]) == {"image", "table"}
    assert one["images"][0]["image"].startswith("data:image/jpeg;base64,")
    assert set(data) == {
        "title", "created", "model", "protocol", "scores", "confusion", "residuals",
        "calibration", "predictions", "sources", "explanations", "drift", "versions", "timings",
        "limits",
    }  # fmt: skip


def test_explained_rows_are_those_of_explain(rows, found):
    X, y = rows
    model = make_classifier().fit(X[:40], y[:40])
    places = [one.row for one in found.explanations]
    explanation = explain(
        model, X[40:], rows=places, background=X[:40], regions=False, n_background=40
    )
    probability = model.predict_proba(X[40:])[places, 1]
    for number, one in enumerate(found.explanations):
        assert one.prediction == pytest.approx(probability[number])
        assert one.sources.sum() == pytest.approx(one.prediction - one.base_value, abs=1e-6)
        assert one.table.sum() == pytest.approx(one.sources["table"], abs=1e-6)
        # The background has all 40 rows.
        expected = explanation.sources["image"].iloc[number]
        assert one.sources["image"] == pytest.approx(expected)
        assert one.output == "probability of 1"
        assert one.images[0].size == (8, 8)
        assert one.images[0].regions.startswith("data:image/jpeg;base64,")


def test_rows_are_chosen_for_a_reason(rows, found):
    _, y = rows
    predicted = found.predictions["prediction"].to_numpy()
    certainty = (found.predictions["probability_1"] - 0.5).abs()
    for one in found.explanations:
        is_wrong = predicted[one.row] != y[40:][one.row]
        assert is_wrong or not one.reason.startswith("wrong")
        assert one.y == y[40:][one.row]
    least = next(one.row for one in found.explanations if one.reason == "least certain")
    assert certainty[least] == certainty.min()
    right = next(one.row for one in found.explanations if one.reason == "right and certain")
    assert certainty[right] == certainty[predicted == y[40:]].max()


def test_rows_that_are_asked_for(rows):
    X, y = rows
    model = make_classifier().fit(X, y)
    found = report(model, X, y, rows=[5, 79], regions=False, random_state=0)
    assert [one.row for one in found.explanations] == [5, 79]
    assert found.explanations[0].images[0].regions is None
    assert report(model, X, y, rows=[]).explanations == []
    for wrong, message in (
        ([80], "Row 80 does not exist: X has 80 rows, 0 to 79"),
        ([5, -1], "Row -1 does not exist"),
        (["a"], "positions"),
    ):
        with pytest.raises(ValueError, match=message):
            report(model, X, y, rows=wrong)


def test_loading_is_not_part_of_the_time_of_a_row(rows):
    class SlowAtFirst(EchoClassifier):
        n_calls = 0

        def predict_proba(self, X):
            time.sleep(0.5 if self.n_calls == 0 else 0)
            self.n_calls += 1
            return super().predict_proba(X)

    model, X = make_echo(SlowAtFirst(), np.tile([0.25, 0.75], (4, 1)), [0, 1, 0, 1])
    model[-1].n_calls = 0
    found = report(model, X, rows=[])
    assert found.timings["predict"] > 0.5
    assert found.timings["milliseconds_per_row"] < 100


def test_later_predictions_still_warn_of_drift(rows):
    X, y = rows
    images = PixelFlattener(image_size=(8, 8))
    columns = make_column_transformer((images, ["image"]), ("passthrough", ["age"]))
    model = make_pipeline(columns, LogisticRegression(C=1e-4, max_iter=1000)).fit(X, y)
    images = model[0].named_transformers_["pixelflattener"]
    large = X.assign(image=[np.kron(image, np.ones((4, 4, 1), "uint8")) for image in X["image"]])
    report(model, large, y, rows=[0], random_state=0)
    assert images.drift_counts()["image"]["images"] == 0
    with pytest.warns(ImageDriftWarning, match="twice as large"):
        model.predict(large)


def test_sources(found):
    assert set(found.sources.index) == {"image", "table"}
    assert found.sources["part"].sum() == pytest.approx(1)
    assert found.sources["share"].is_monotonic_decreasing


def test_without_a_target(rows):
    X, y = rows
    found = report(make_classifier().fit(X, y), X, random_state=0, regions=False)
    assert found.scores is found.confusion is found.residuals is found.calibration is None
    assert len(found.explanations) == 4
    assert "y" not in found.predictions
    assert not found.drift.empty
    assert "Scores" not in str(found)
    assert any("no scores" in one for one in found.limits)


def test_numbers(rows):
    X, y = rows
    found = report(make_regressor().fit(X, y), X, X["age"], regions=False, random_state=0)
    assert found.confusion is None
    assert len(found.residuals) == 80
    assert found.model["task"] == "regression"
    assert [one.reason for one in found.explanations] == [
        "largest error", "largest error", "median error", "smallest error",
    ]  # fmt: skip
    assert "quantiles" in str(found)
    without = report(make_regressor().fit(X, y), X, regions=False, random_state=0)
    assert [one.reason for one in without.explanations] == [
        "highest prediction", "lowest prediction", "median prediction",
    ]  # fmt: skip


def test_several_classes():
    X, y = make_rows(n_classes=4)
    labels = np.array(["a", "b", "c", "d"])[y]
    found = report(make_classifier().fit(X, labels), X, labels, random_state=0, regions=False)
    assert found.confusion.shape == (4, 4)
    for one in found.explanations:
        assert one.output == f"probability of {one.predicted!r}"
        probability = found.predictions.loc[one.row, f"probability_{one.predicted}"]
        assert one.prediction == pytest.approx(probability)


MODELS = {
    "search": lambda: GridSearchCV(
        make_classifier(), {"logisticregression__C": [1e-5, 1e-4]}, cv=2
    ),
    "trees": lambda: make_pipeline(make_columns(), ExtraTreesClassifier(10, random_state=0)),
    "stacking": lambda: StackingClassifier(
        [("one", make_classifier()), ("other", make_classifier(class_weight="balanced"))], cv=2
    ),
    "fusion": lambda: FusionClassifier(
        PixelFlattener(image_size=(8, 8)), n_components=3, cv=2, random_state=0, strategy="stacked"
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_kinds_of_models(rows, name):
    X, y = rows
    model = MODELS[name]().fit(X, y)
    found = report(model, X, y, random_state=0, regions=False, rows=[0])
    expected = model.predict_proba(X)
    assert found.predictions["probability_1"].to_numpy() == pytest.approx(expected[:, 1])
    assert found.predictions["prediction"].tolist() == model.predict(X).tolist()
    assert found.explanations[0].prediction == pytest.approx(expected[0, 1])


def test_a_fusion_that_uses_the_table_alone(rows):
    X, y = rows
    X = X.assign(age=10.0 * y + X["age"] / X["age"].max())
    model = MODELS["fusion"]().set_params(strategy="auto").fit(X, y)
    assert model.strategy_ == "table"
    found = report(model, X, y, random_state=0)
    assert found.scores.loc["accuracy", "value"] == 1
    assert found.explanations == []
    assert found.sources is None
    assert found.limits[0].startswith("No row is explained: the model uses the table alone")
    assert "table alone" in str(found)
    assert "table alone" in found.to_html()


def test_a_model_without_probabilities(rows):
    X, y = rows
    model = make_pipeline(make_columns(), LinearSVC(C=1e-6)).fit(X, y)
    found = report(model, X, y, random_state=0, regions=False)
    assert "roc_auc" in found.scores.index
    assert "log_loss" not in found.scores.index
    assert found.calibration is None
    assert len(found.explanations) == 4
    cross = report(
        make_pipeline(make_columns(), RidgeClassifier(1e6)).fit(X, y), X, y, cv=2, rows=[]
    )
    assert 0 <= cross.scores.loc["roc_auc", "value"] <= 1


def test_polars_and_one_column_of_images(rows):
    X, y = rows
    images = list(X["image"])
    model = make_pipeline(PixelFlattener(), LogisticRegression(C=1e-4, max_iter=1000))
    model.fit(images, y)
    found = report(model, images, y, random_state=0, regions=False)
    assert found.model["table_columns"] == []
    assert len(found.explanations) == 4
    frame = pl.DataFrame({"age": X["age"], "scan": [f"{i}.png" for i in range(80)]})
    with pytest.raises(ValueError, match="no image column"):
        report(make_pipeline(StandardScaler(), LogisticRegression()).fit(frame[["age"]], y), frame)


def test_missing_images(rows):
    X, y = rows
    X = X.copy()
    X.loc[[0, 7], "image"] = None
    model = make_classifier().fit(X, y)
    found = report(model, X, y, rows=[0, 1], random_state=0)
    missing, held = found.explanations
    assert missing.images[0].image is None
    assert missing.images[0].note == "no image in this row"
    assert held.images[0].image is not None
    assert "No image" in found.to_html()
    strict = make_pipeline(make_columns("error"), LogisticRegression(C=1e-4, max_iter=1000))
    strict.fit(X.drop(index=[0, 7]), np.delete(y, [0, 7]))
    with pytest.raises(ImageReadError, match="row 0; row 7"):
        report(strict, X, y)


def test_one_row(rows):
    X, y = rows
    model = make_classifier().fit(X, y)
    alone = report(model, X[:1], y[:1])
    assert alone.explanations == []
    assert alone.limits[0].startswith("Explanations compare a row with others")
    compared = report(model, X[:1], y[:1], background=X, regions=False)
    assert [one.row for one in compared.explanations] == [0]
    assert "Scores" in str(compared)
    assert "<h2" in compared.to_html()


def test_large_images_are_bounded(tmp_path):
    generator = np.random.default_rng(0)
    images = list(generator.integers(0, 256, (4, 1500, 2000, 3), dtype="uint8"))
    X = pd.DataFrame({"photo": images, "age": [1.0, 2.0, 3.0, 4.0]})
    columns = make_column_transformer(
        (PixelFlattener(image_size=(8, 8)), ["photo"]), ("passthrough", ["age"])
    )
    model = make_pipeline(columns, LogisticRegression(C=1e-6)).fit(X, [0, 1, 0, 1])
    path = tmp_path / "report.html"
    found = report(model, X, [0, 1, 0, 1], rows=[0, 1], path=path, random_state=0)
    assert found.explanations[0].images[0].size == (1500, 2000)
    assert path.stat().st_size < 600_000


def test_what_is_refused(rows):
    X, y = rows
    fitted = make_classifier().fit(X, y)
    with pytest.raises(NotFittedError):
        report(make_classifier(), X, y)
    with pytest.raises(TypeError, match="needs a fitted classifier or regressor, got a PixelFl"):
        report(PixelFlattener().fit(X["image"]), X["image"])
    grid = {"logisticregression__C": [1e-4]}
    search = GridSearchCV(make_classifier(), grid, cv=2, refit=False).fit(X, y)
    with pytest.raises(ValueError, match="refit=False"):
        report(search, X, y)
    with pytest.raises(ValueError, match="uses no image column"):
        report(LinearRegression().fit(X[["age"]], y), X, y)
    with pytest.raises(ValueError, match="X has no rows"):
        report(fitted, X[:0], y[:0])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        report(fitted, X, y[:5])
    with pytest.raises(ValueError, match="2 of 80 rows have no target: row 1; row 2"):
        report(fitted, X, np.where(np.isin(np.arange(80), [1, 2]), np.nan, y))
    with pytest.raises(ValueError, match=r"one value a row, got an array of shape \(80, 2\)"):
        report(fitted, X, np.column_stack([y, y]))
    with pytest.raises(ValueError, match=r"first one is 7 in row 0\. Its classes are 0; 1"):
        report(fitted, X, np.where(np.arange(80) == 0, 7, y))
    with pytest.raises(ValueError, match="background has no column 'dose'"):
        report(fitted, X, y, background=X.drop(columns="dose"))


def test_several_targets(rows):
    X, y = rows
    several = MultiOutputClassifier(make_classifier()).fit(X, np.column_stack([y, 1 - y]))
    with pytest.raises(ValueError, match="one target; this model predicts 2"):
        report(several, X, np.column_stack([y, y]))
    numbers = make_regressor().fit(X, np.column_stack([y, y]))
    with pytest.raises(ValueError, match="one target; this model predicts 2"):
        report(numbers, X)


def test_the_model_and_the_rows_are_not_changed(rows):
    X, y = rows
    model = make_classifier().fit(X, y)
    before, columns = X.copy(), list(X.columns)
    expected = model.predict_proba(X)
    report(model, X, y, regions=False, random_state=0)
    assert list(X.columns) == columns
    assert X.drop(columns="image").equals(before.drop(columns="image"))
    assert (model.predict_proba(X) == expected).all()


def test_a_reader_with_a_root(rows, tmp_path):
    from PIL import Image

    X, y = rows
    for row, pixels in enumerate(X["image"]):
        Image.fromarray(pixels).save(tmp_path / f"{row}.png")
    files = X.assign(image=[f"{row}.png" for row in range(80)])
    columns = make_column_transformer(
        (PixelFlattener(reader=ImageReader(root=tmp_path)), ["image"]), ("passthrough", ["age"])
    )
    model = make_pipeline(columns, LogisticRegression(C=1e-4, max_iter=1000)).fit(files, y)
    found = report(model, files, y, rows=[3], random_state=0)
    assert found.explanations[0].images[0].source == "3.png"
