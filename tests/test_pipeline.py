"""The main job: images beside a table, in scikit-learn's own machinery."""

import pickle
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skfusion import CNNEmbedder, EmbedderOptions, PixelFlattener, PretrainedGAP
from skfusion.datasets import make_image_table

NUMBERS = ["number_0", "number_1", "number_2"]
OPTIONS = EmbedderOptions(backbone_options={"filters": (4, 4), "dense_units": 8})
SMALL = {"options": OPTIONS, "random_state": 0}


@pytest.fixture(scope="module")
def table():
    data = make_image_table(48, image_size=(16, 16), noise=0.3, random_state=0)
    return data.frame, data.target


def fused(**options):
    embedder = CNNEmbedder(**{"cut_layer": "dense", "cv": None, "epochs": 3, **SMALL, **options})
    columns = ColumnTransformer(
        [("image", embedder, ["image"]), ("numbers", StandardScaler(), NUMBERS)]
    )
    return Pipeline([("features", columns), ("head", LogisticRegression())])


def test_fit_and_predict(table):
    X, y = table
    model = fused().fit(X[:36], y[:36])
    assert model.score(X[36:], y[36:]) > 0.7
    names = model[:-1].get_feature_names_out()
    assert names[0] == "image__image_dense_0000"
    assert names[-1] == "numbers__number_2"
    assert model[:-1].transform(X).shape == (48, 8 + 3)


def test_one_row(table):
    X, y = table
    model = fused().fit(X, y)
    np.testing.assert_allclose(
        model.predict_proba(X[:1]), model.predict_proba(X)[:1], rtol=1e-4, atol=1e-5
    )


def test_cross_val_score(table):
    X, y = table
    scores = cross_val_score(fused(cv=2), X, y, cv=3)
    assert scores.shape == (3,)
    assert np.isfinite(scores).all()


def test_grid_search_over_cut_layers_and_heads_in_two_processes(table):
    X, y = table
    grid = {
        "features__image__cut_layer": ["pool2", "dense"],
        "head": [LogisticRegression(), DecisionTreeClassifier(random_state=0)],
    }
    alone = GridSearchCV(fused(), grid, cv=2, error_score="raise").fit(X, y)
    search = GridSearchCV(fused(), grid, cv=2, n_jobs=2, error_score="raise").fit(X, y)
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )
    np.testing.assert_array_equal(search.predict_proba(X), alone.predict_proba(X))


def test_same_network_whatever_n_jobs(table):
    """Fitted in a worker process or here: the same bytes."""
    X, y = table
    embedder = fused()["features"].transformers[0][1]
    here = embedder.fit(X[["image"]], y)
    there = joblib.Parallel(n_jobs=2)(
        joblib.delayed(fit_embedder)(X[["image"]], y) for _ in range(2)
    )
    for other in there:
        for a, b in zip(here.networks_[0].weights, other.networks_[0].weights, strict=True):
            np.testing.assert_array_equal(a, b)


def fit_embedder(X, y):
    return fused()["features"].transformers[0][1].fit(X, y)


@pytest.mark.parametrize("library", [joblib, pickle], ids=["joblib", "pickle"])
def test_a_new_process_predicts_the_same(table, tmp_path, library):
    X, y = table
    gap = PretrainedGAP(
        "MobileNet", weights=None, backbone_options={"alpha": 0.25}, image_size=(32, 32)
    )
    columns = ColumnTransformer(
        [
            ("own", CNNEmbedder(cut_layer="dense", cv=None, epochs=1, **SMALL), ["image"]),
            ("gap", gap, ["image"]),
            ("numbers", StandardScaler(), NUMBERS),
        ]
    )
    model = Pipeline([("features", columns), ("head", LogisticRegression(max_iter=1000))])
    model.fit(X, y)
    expected = model.predict_proba(X)  # the live networks exist now; they must not be pickled
    with open(tmp_path / "model", "wb") as file:
        library.dump(model, file)
    X.to_pickle(tmp_path / "rows")
    script = f"""
import sys
import numpy as np, pandas as pd, {library.__name__}
with open("model", "rb") as file:
    model = {library.__name__}.load(file)
assert not {{"keras", "tensorflow"}} & set(sys.modules), "loading must not load Keras"
np.save("out.npy", model.predict_proba(pd.read_pickle("rows")))
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path, timeout=300)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)


def test_pandas_output(table):
    X, y = table
    X = X.set_index(pd.Index([f"patient{i}" for i in range(len(X))]))
    model = fused()[:-1].set_output(transform="pandas")
    frame = model.fit_transform(X, y)
    assert list(frame.index) == list(X.index)
    assert frame.columns[0] == "image__image_dense_0000"
    assert frame.dtypes.iloc[0] == np.float32
    pd.testing.assert_frame_equal(frame, model.transform(X))


def test_a_series_keeps_its_index_beside_a_table(table):
    """A column named by a string arrives as a Series; its rows must meet the table's."""
    X, y = table
    X = X.set_index(pd.Index(np.arange(len(X)) * 10 + 5))
    columns = ColumnTransformer(
        [("image", PixelFlattener(), "image"), ("numbers", "passthrough", NUMBERS)]
    ).set_output(transform="pandas")
    frame = columns.fit_transform(X, y)
    assert list(frame.index) == list(X.index)
    assert not frame.isna().any(axis=None)


def test_polars_in_and_out(table, tmp_path):
    from PIL import Image

    X, y = table
    paths = []
    for i, image in enumerate(X["image"]):
        paths.append(str(tmp_path / f"{i}.png"))
        Image.fromarray(image).save(paths[-1])
    frame = pl.DataFrame({"image": paths, "number_0": X["number_0"].to_numpy()})
    columns = ColumnTransformer(
        [
            ("image", CNNEmbedder(cut_layer="dense", cv=None, epochs=1, **SMALL), ["image"]),
            ("numbers", StandardScaler(), ["number_0"]),
        ]
    ).set_output(transform="polars")
    output = columns.fit_transform(frame, y)
    assert output.columns[0] == "image__image_dense_0000"
    assert output.dtypes[0] == pl.Float32
    arrays = columns.named_transformers_["image"].transform(X[["image"]])
    np.testing.assert_allclose(output.to_numpy()[:, :8], arrays, rtol=1e-5, atol=1e-6)


def test_column_selector(table):
    X, y = table
    columns = ColumnTransformer(
        [("image", PixelFlattener(), make_column_selector(dtype_include=object))],
        remainder="passthrough",
    )
    assert columns.fit_transform(X, y).shape == (48, 16 * 16 * 3 + 3)


def test_sample_weight_is_routed(table):
    X, y = table
    wrong = np.arange(48) % 4 >= 2
    labels = np.where(wrong, 1 - y, y)
    with config_context(enable_metadata_routing=True):
        embedder = CNNEmbedder(
            cut_layer="output", cv=None, epochs=40, validation_fraction=0, **SMALL
        )
        embedder.set_fit_request(sample_weight=True)
        head = LogisticRegression().set_fit_request(sample_weight=True)
        model = Pipeline([("image", embedder), ("head", head)])
        model.fit(X[["image"]], labels, sample_weight=(~wrong).astype(float))
        assert (model.predict(X[["image"]]) == y).mean() > 0.9
