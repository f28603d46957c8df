"""Dask DataFrames given to transformers and models: lazy, by name, equal to one process."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skfusion import (
    DenseClassifier,
    DenseRegressor,
    FusionClassifier,
    ImageDescriptors,
    PixelFlattener,
    distributed,
)
from tests import readers_for_tests

dask = pytest.importorskip("dask", reason="the extra dask is not installed")
dd = pytest.importorskip("dask.dataframe")


# Dask's reader of Parquet files calls pandas in a way that will go away.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")


@pytest.fixture(autouse=True)
def in_this_process():
    with dask.config.set(scheduler="sync"):
        yield


@pytest.fixture
def table(paths):
    frame = pd.DataFrame({"photo": paths, "age": np.arange(12.0), "sex": list("mf") * 6})
    return frame.set_index(pd.Index(np.arange(100, 112), name="patient"))


def split(table, npartitions=4):
    """Return a Dask DataFrame with its columns in another order, and one more."""
    return dd.from_pandas(table.assign(more=1)[["more", *table.columns[::-1]]], npartitions)


def by_partition(method, table):
    """Return the results of three rows at a time; linear algebra rounds by their number."""
    return np.concatenate([method(table[i : i + 3]) for i in range(0, 12, 3)])


def test_transform_is_lazy_and_equal(table):
    reader = readers_for_tests.CountingReader()
    descriptors = ImageDescriptors("intensity", None, reader=reader).fit(table[["photo"]])
    readers_for_tests.READ.clear()
    lazy = descriptors.transform(split(table))
    assert not readers_for_tests.READ
    assert lazy.npartitions == 4
    assert list(lazy.columns) == list(descriptors.get_feature_names_out())
    assert set(lazy.dtypes) == {np.dtype("float32")}
    found = lazy.compute()
    assert sorted(readers_for_tests.READ) == sorted(table["photo"])
    expected = descriptors.set_output(transform="pandas").transform(table[["photo"]])
    pd.testing.assert_frame_equal(found, expected)
    assert distributed.transform(split(table), descriptors).compute().equals(found)


def test_a_series(table):
    flattener = PixelFlattener((4, 4)).fit(table["photo"])
    lazy = flattener.transform(dd.from_pandas(table["photo"], npartitions=3))
    assert (lazy.compute().to_numpy() == flattener.transform(table["photo"])).all()


def test_columns_are_found_by_name(paths):
    table = pd.DataFrame({"front": paths[:4], "back": paths[4:8]})
    flattener = PixelFlattener((4, 4)).fit(table)
    lazy = flattener.transform(split(table, 2))
    assert (lazy.compute().to_numpy() == flattener.transform(table)).all()
    with pytest.raises(ValueError, match="X has no column 'back'"):
        flattener.transform(split(table[["front"]]))


def test_empty_partitions(table):
    rows = split(table)
    few = rows[rows["age"] > 9]
    flattener = PixelFlattener((4, 4)).fit(table[["photo"]])
    assert few.map_partitions(len).compute().tolist() == [0, 0, 0, 2]
    found = flattener.transform(few).compute()
    assert (found.to_numpy() == flattener.transform(table[["photo"]][10:])).all()


def columns(sparse_output=False):
    return ColumnTransformer(
        [
            ("photo", PixelFlattener((4, 4)), ["photo"]),
            ("age", StandardScaler(), ["age"]),
            ("sex", OneHotEncoder(sparse_output=sparse_output), ["sex"]),
        ],
        sparse_threshold=float(sparse_output),
    )


@pytest.mark.parametrize("sparse_output", [False, True])
def test_column_transformers(table, sparse_output):
    transformer = columns(sparse_output).fit(table)
    lazy = distributed.transform(split(table), transformer)
    expected = transformer.transform(table)
    expected = expected.toarray() if sparse_output else expected
    assert np.abs(lazy.compute().to_numpy() - expected).max() == 0
    assert list(lazy.columns) == list(transformer.get_feature_names_out())
    assert set(lazy.dtypes) == {np.dtype("float64")}


@pytest.mark.parametrize("classes", [["sick", "well"], [3, 7], [False, True], ["a", "b", "c"]])
def test_classifiers(table, classes):
    y = np.resize(np.array(classes), 12)
    model = make_pipeline(columns(), LogisticRegression()).fit(table, y)
    labels = distributed.predict(split(table), model)
    assert labels.dtype == pd.Series(y).dtype
    pd.testing.assert_series_equal(
        labels.compute(), pd.Series(model.predict(table), table.index, name="prediction")
    )
    shares = distributed.predict(split(table), model, method="predict_proba")
    assert list(shares.columns) == sorted(classes)
    assert np.abs(shares.compute().to_numpy() - by_partition(model.predict_proba, table)).max() == 0
    margins = distributed.predict(split(table), model, method="decision_function")
    assert margins.ndim == (2 if len(classes) == 3 else 1)
    assert (
        np.abs(margins.compute().to_numpy() - by_partition(model.decision_function, table)).max()
        == 0
    )


def test_regressors_and_fusion(table):
    model = make_pipeline(columns(), LinearRegression()).fit(table, table["age"] ** 2)
    found = distributed.predict(split(table), model)
    assert found.dtype == np.float64
    assert np.abs(found.compute().to_numpy() - by_partition(model.predict, table)).max() == 0
    with pytest.raises(ValueError, match="Pipeline has no method 'predict_proba'"):
        distributed.predict(split(table), model, method="predict_proba")
    fusion = FusionClassifier(
        PixelFlattener((4, 4)),
        image_columns=["photo"],
        id_columns=[],
        strategy="early",
        estimators={"joint": LogisticRegression()},
        cv=2,
    ).fit(table, np.arange(12) % 2)
    for found in (distributed.predict(split(table), fusion), fusion.predict(split(table))):
        assert found.npartitions == 4
        assert found.compute().tolist() == fusion.predict(table).tolist()
    shares = fusion.predict_proba(split(table))
    assert shares.columns.tolist() == [0, 1]
    expected = by_partition(fusion.predict_proba, table)
    assert np.abs(shares.compute().to_numpy() - expected).max() == 0


def test_heads_take_a_dask_dataframe(table):
    X, y = table[["age"]].astype("float32"), table["sex"]
    head = DenseClassifier(epochs=1, random_state=0).fit(X, y)
    assert head.predict(split(X)).compute().tolist() == head.predict(X).tolist()
    with pytest.raises(NotFittedError):
        DenseClassifier().predict(split(X))
    dense = DenseRegressor(epochs=1, random_state=0).fit(X, X["age"])
    found = dense.predict(X=split(X)).compute().to_numpy()
    np.testing.assert_allclose(found, dense.predict(X), rtol=1e-6)


def test_several_targets_are_refused(table):
    X, y = table[["age"]], np.arange(24).reshape(12, 2) % 2
    lazy = distributed.predict(split(table), LinearRegression().fit(X, y))
    with pytest.raises(ValueError, match="The model predicts 2 targets"):
        lazy.compute()
    with pytest.raises(ValueError, match="The model predicts 2 targets"):
        distributed.predict(split(table), DummyClassifier().fit(X, y))


def test_many_models_at_once(table):
    models = [LinearRegression().fit(table[["age"]], table["age"] * i) for i in range(5)]
    lazy = [distributed.predict(split(table), model) for model in models]
    for number, (model, found) in enumerate(zip(models, dask.compute(*lazy), strict=True)):
        expected = by_partition(model.predict, table[["age"]])
        assert (found.to_numpy() == expected).all(), number


def test_a_later_fit_changes_nothing(table):
    scaler = StandardScaler().fit(table[["age"]])
    lazy, expected = distributed.transform(split(table), scaler), scaler.transform(table[["age"]])
    scaler.fit(table[["age"]] * 3)
    assert np.abs(lazy.compute().to_numpy() - expected).max() == 0


def test_data_in_memory_is_refused(table):
    scaler = StandardScaler().fit(table[["age"]])
    with pytest.raises(TypeError, match="X is DataFrame, not a DataFrame or Series of Dask"):
        distributed.transform(table, scaler)
    with pytest.raises(TypeError, match="X is list"):
        distributed.predict([[1]], LinearRegression().fit([[1]], [1]))


def test_embedding_a_dask_dataframe(table, tmp_path):
    descriptors = ImageDescriptors("intensity", None).fit(table[["photo"]])
    distributed.embed(split(table), descriptors, out=tmp_path / "out", target="sex")
    read = dd.read_parquet(tmp_path / "out").compute().sort_values("row")
    assert (np.stack(read["features"]) == descriptors.transform(table[["photo"]])).all()
    assert read["id"].tolist() == [str(i) for i in range(100, 112)]
    assert read["label"].tolist() == table["sex"].tolist()
    twice = dd.concat([split(table), split(table)])
    with pytest.raises(ValueError, match=r"Some ids name several rows \(100; 101"):
        distributed.embed(twice, descriptors, out=tmp_path / "twice")


@pytest.mark.parametrize("how", ["pandas", "polars", "everywhere"])
def test_an_output_container_would_compute_at_once(table, how):
    """scikit-learn would return a DataFrame in memory, and lose the index."""
    descriptors = ImageDescriptors("intensity").fit(table[["photo"]])
    expected = np.asarray(descriptors.transform(table[["photo"]]))
    rows = split(table)
    if how != "everywhere":
        descriptors.set_output(transform=how)
    with config_context(transform_output="pandas" if how == "everywhere" else None):
        with pytest.raises(ValueError, match=r"set_output.*skfusion\.distributed\.transform"):
            descriptors.transform(rows)
        features = distributed.transform(rows, descriptors)
    assert type(features).__module__.startswith("dask")
    found = features.compute()
    assert found.index.tolist() == list(range(100, 112))
    np.testing.assert_array_equal(found.to_numpy(), expected)


def test_a_table_of_dask_is_refused_where_it_would_be_fitted(table):
    fusion = FusionClassifier(
        PixelFlattener(), image_columns="photo", id_columns=[], cv=2, random_state=0
    )
    with pytest.raises(TypeError, match=r"one of Dask\. Pass X\.compute\(\)\.$"):
        fusion.fit(split(table), table["sex"])
    fusion.fit(table[["photo", "age"]], table["sex"])
    lazy = fusion.predict_proba(split(table))
    np.testing.assert_allclose(lazy.compute(), fusion.predict_proba(table), rtol=1e-6)
    with pytest.raises(TypeError, match=r"or call skfusion\.distributed\.predict"):
        fusion.predict_set(split(table))
