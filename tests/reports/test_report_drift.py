"""Drift of a report: what differs from the training data is found, and chance is not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OrdinalEncoder

from skfusion import CNNEmbedder, EmbedderOptions, FusionClassifier, PixelFlattener, report
from tests.reports.report_models import make_classifier, make_columns, make_rows


@pytest.fixture(scope="module")
def rows():
    return make_rows(160)


@pytest.fixture(scope="module")
def model(rows):
    X, y = rows
    return make_classifier().fit(X[:80], y[:80])


def drift_of(model, X, background=None):
    return report(model, X, rows=[], background=background).drift.set_index(["column", "what"])


def differing(drift):
    return set(drift.index[drift["differs"]])


@pytest.mark.parametrize("with_background", [False, True])
def test_rows_of_the_same_kind_do_not_differ(model, rows, with_background):
    X, _ = rows
    drift = drift_of(model, X[80:], X[:80] if with_background else None)
    assert differing(drift) == set()
    expected = {("image", "size"), ("image", "channels"), ("image", "missing"), ("age", "mean")}
    assert expected <= set(drift.index)
    assert ("side", "values") in drift.index
    for only in (("age", "range"), ("image", "content")):
        assert (only in drift.index) == with_background


@pytest.mark.parametrize("with_background", [False, True])
def test_what_differs_is_found(model, rows, with_background):
    X, _ = rows
    here = X[80:].copy()
    here["age"] += 2 * X["age"].std()
    here["side"] = np.where(np.arange(80) % 4 == 0, "<up>", here["side"])
    here["image"] = [np.zeros((8, 8), dtype="uint8")] * 40 + [None] * 40
    drift = drift_of(model, here, X[:80] if with_background else None)
    expected = {("image", "channels"), ("image", "missing"), ("age", "mean"), ("side", "values")}
    assert expected <= differing(drift)
    shift = drift.loc[("age", "mean"), "shift"]
    assert shift == pytest.approx(2, abs=0.6)
    assert drift.loc[("side", "values"), "here"] == "1 new: <up>"
    assert drift.loc[("side", "values"), "shift"] == pytest.approx(0.25)
    assert drift.loc[("image", "missing"), "here"] == "50.0% of rows"


def test_content(model, rows):
    X, _ = rows
    dark = X[80:].assign(image=[image // 3 for image in X["image"][80:]])
    drift = drift_of(model, dark, X[:80])
    assert differing(drift) == {("image", "content")}
    assert drift.loc[("image", "content"), "shift"] > 0.5
    few = drift_of(model, dark[:9], X[:80])
    assert ("image", "content") not in few.index


def test_the_content_of_a_trained_network_is_not_compared(rows):
    X, y = rows
    embedder = CNNEmbedder(
        image_size=(12, 12),
        epochs=1,
        random_state=0,
        options=EmbedderOptions(backbone_options={"filters": (2, 3), "dense_units": 4}),
    )
    columns = make_column_transformer((embedder, ["image"]), ("passthrough", ["age"]))
    model = make_pipeline(columns, LogisticRegression(max_iter=1000)).fit(X, y)
    drift = drift_of(model, X, X)
    assert ("image", "size") in drift.index
    assert ("image", "content") not in drift.index


def test_sizes():
    generator = np.random.default_rng(0)
    images = [generator.integers(0, 256, (16, 16, 3), dtype="uint8") for _ in range(60)]
    X = pd.DataFrame({"photo": images, "age": generator.normal(size=60)})
    columns = make_column_transformer(
        (PixelFlattener(image_size=(8, 8), drift="ignore"), ["photo"]), ("passthrough", ["age"])
    )
    y = np.arange(60) % 2
    model = make_pipeline(columns, LogisticRegression(C=1e-6)).fit(X, y)
    large = X.assign(photo=[np.kron(image, np.ones((4, 4, 1), "uint8")) for image in images])
    drift = drift_of(model, large, X)
    assert differing(drift) == {("photo", "size")}
    assert drift.loc[("photo", "size"), "here"] == "64 × 64 pixels"
    assert drift_of(model, large).empty  # with drift="ignore", fit recorded nothing


def test_images_that_cannot_be_read(rows, tmp_path):
    X, y = rows
    columns = make_column_transformer(
        (PixelFlattener(missing="zero", corrupt="missing"), ["image"]), ("passthrough", ["age"])
    )
    model = make_pipeline(columns, LogisticRegression(C=1e-4, max_iter=1000)).fit(X, y)
    here = X.copy()
    here.loc[0, "image"] = str(tmp_path / "nowhere.png")
    with pytest.warns(UserWarning, match="could not be read"):
        drift = drift_of(model, here)
    assert ("image", "unreadable") in differing(drift)


def test_what_other_encoders_record(rows):
    X, y = rows
    X = X.assign(code=np.arange(160) % 3)
    columns = make_column_transformer(
        (PixelFlattener(), ["image"]),
        (MinMaxScaler(), ["age"]),
        (OrdinalEncoder(), ["code"]),
    )
    model = make_pipeline(columns, LogisticRegression(C=1e-4, max_iter=1000)).fit(X, y)
    same = drift_of(model, X.assign(code=X["code"].astype(float)))
    assert differing(same) == set()
    assert {("age", "range"), ("code", "values")} <= set(same.index)
    assert differing(drift_of(model, X.assign(age=X["age"] + 100))) == {("age", "range")}


def test_a_fusion(rows):
    X, y = rows
    model = FusionClassifier(
        PixelFlattener(image_size=(8, 8), missing="nan"),
        n_components=3,
        cv=2,
        random_state=0,
        strategy="stacked",
    ).fit(X[:80], y[:80])
    drift = drift_of(model, X[80:].assign(age=50.0))
    assert differing(drift) == {("age", "mean")}
    assert ("side", "values") in drift.index


def test_free_text_and_dates_have_no_values(rows):
    X, y = rows
    X = X.assign(
        note=[f"note {i}" for i in range(160)], day=pd.date_range("2020-01-01", periods=160)
    )
    columns = make_column_transformer(
        (PixelFlattener(), ["image"]), (OrdinalEncoder(), ["note", "day"])
    )
    model = make_pipeline(columns, LogisticRegression(C=1e-4, max_iter=1000)).fit(X, y)
    drift = drift_of(model, X, X)
    assert differing(drift) == set()
    assert ("note", "values") not in drift.index


def test_limits_name_what_was_compared(model, rows):
    X, _ = rows
    assert any("recorded in fit" in one for one in report(model, X, rows=[]).limits)
    with_background = report(model, X[80:], rows=[], background=X[:80])
    assert any("each column alone" in one for one in with_background.limits)


def test_rows_of_the_training_have_no_drift(model, rows):
    X, y = rows
    same = report(model, X[:80], rows=[], background=X[:80])
    assert any("probably the same rows" in one for one in same.limits)
    folds = report(model, X[:80], y[:80], cv=2, rows=[])
    assert folds.drift.empty
    assert any("rows are those of the training" in one for one in folds.limits)
    assert "see the limits" in folds.to_html()
    assert not report(model, X[80:], y[80:], background=X[:80], cv=2, rows=[]).drift.empty


def test_lines_of_drift_are_in_the_text(rows):
    X, y = rows
    plain = make_pipeline(make_columns(), LogisticRegression(C=1e-4, max_iter=1000)).fit(X, y)
    assert "Drift: 0 of" in str(report(plain, X, rows=[]))
