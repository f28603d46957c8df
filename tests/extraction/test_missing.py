"""Rows without an image: their features, the messages, and a whole Pipeline."""

import pickle
import re
import warnings
from functools import partial

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from PIL import Image
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import (
    CNNEmbedder,
    EmbedderOptions,
    ImageDescriptors,
    ImageReadError,
    PixelFlattener,
    PretrainedGAP,
    UnreadableImageWarning,
)
from skfusion.datasets import make_image_table
from tests.networks_for_tests import tiny_cnn
from tests.readers_for_tests import READ, CountingReader


@pytest.fixture(autouse=True)
def _nothing_read():
    READ.clear()


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (5, 3, 2), dtype=np.uint8)


@pytest.fixture
def paths(images, tmp_path):
    paths = [str(tmp_path / f"{number}.png") for number in range(5)]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    return paths


# The mean.


def mean_of(images, rows):
    return images[rows].reshape(len(rows), -1).mean(axis=0)


def test_mean_of_the_training_rows_with_an_image(images):
    X = pd.DataFrame({"photo": [images[0], None, images[1], images[1]]})
    flattener = PixelFlattener(missing="mean")
    features = flattener.fit_transform(X)
    expected = mean_of(images, [0, 1, 1])  # of rows, not of distinct images
    np.testing.assert_allclose(features[1], expected, rtol=1e-6)
    np.testing.assert_array_equal(features[[0, 2]], images[:2].reshape(2, -1))
    new = flattener.transform(pd.DataFrame({"photo": [None, images[4]]}))
    np.testing.assert_array_equal(new[0], features[1])
    np.testing.assert_array_equal(new[1], images[4].ravel())


def test_each_column_has_its_mean(images):
    X = pd.DataFrame({"a": [*images[:3], None], "b": [None, *images[2:]]})
    features = PixelFlattener(missing="mean").fit_transform(X)
    np.testing.assert_allclose(features[3, :6], mean_of(images, [0, 1, 2]), rtol=1e-6)
    np.testing.assert_allclose(features[0, 6:], mean_of(images, [2, 3, 4]), rtol=1e-6)


@pytest.mark.parametrize("combine", ["mean", "max"])
def test_mean_of_joined_images(images, combine):
    """Of the rows' lines: a row of three images counts like a row of one."""
    X = [list(images[:3]), [images[3]], [], [images[4], images[3]]]
    flattener = PixelFlattener(combine=combine, missing="mean")
    lines = flattener.fit_transform(X)
    np.testing.assert_allclose(lines[2], lines[[0, 1, 3]].mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("combine", [None, "mean", "max"])
def test_fit_alone_learns_what_fit_transform_learns(combine, monkeypatch):
    """Though it holds the features of a few images only, which rows may share."""
    monkeypatch.setattr("skfusion.extraction._feature_extraction._IMAGES_PER_MEAN", 7)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, 4, 4), dtype=np.uint8)
    counts = rng.integers(0, 2 if combine is None else 4, 90)
    X = [[images[i] for i in rng.integers(0, 40, count)] for count in counts]
    flattener = PixelFlattener(combine=combine, missing="mean", image_size=(4, 4))
    alone, together = clone(flattener).fit(X), clone(flattener)
    lines = together.fit_transform(X)
    np.testing.assert_array_equal(alone.transform(X), lines)
    assert joblib.hash(alone.__getstate__()) == joblib.hash(together.__getstate__())
    full = counts > 0
    np.testing.assert_allclose(lines[~full][0], lines[full].mean(axis=0), rtol=1e-5)


def test_fit_alone_holds_no_features(peak_memory):
    X = np.random.default_rng(0).integers(0, 256, (4000, 8, 8), dtype=np.uint8)
    flattener = PixelFlattener(image_size=(64, 64), missing="mean")
    _, peak = peak_memory(lambda: flattener.fit(X))
    assert peak < 0.7 * 4000 * 64 * 64 * 4
    assert len(flattener.transform(X[:1])) == 1


# Weights of rows.


def embedder_of_one_epoch(**options):
    options = EmbedderOptions(backbone_options={"filters": (2, 2), "dense_units": 3}, **options)
    return CNNEmbedder(
        cut_layer="dense", epochs=1, early_stopping=False, options=options, random_state=0
    )


WEIGHTED = {
    "pixels": lambda **options: PixelFlattener((4, 4), **options),
    "descriptors": lambda **options: ImageDescriptors("intensity", **options),
    "pretrained": lambda **options: PretrainedGAP(
        "small_cnn", weights=None, image_size=(12, 12), **options
    ),
}


@pytest.fixture(scope="module")
def some_missing():
    """Twelve rows, of which rows 3 and 7 have no image, and whole weights from 0 to 3."""
    rng = np.random.default_rng(0)
    cells = list(rng.integers(0, 256, (12, 12, 12), dtype=np.uint8))
    cells[3] = cells[7] = None
    return pd.DataFrame({"scan": cells}), rng.integers(0, 4, 12)


@pytest.mark.parametrize("combine", [None, "mean", "max"])
@pytest.mark.parametrize("name", WEIGHTED)
def test_whole_weights_equal_repeated_rows(name, combine, some_missing):
    X, weights = some_missing
    if combine is not None:
        X = X.assign(again=X["scan"].to_numpy()[::-1])
    make = partial(WEIGHTED[name], missing="mean", combine=combine, drift="ignore")
    plain = make().fit(X)
    weighted = make().fit(X, sample_weight=weights)
    lines = make().fit_transform(X, sample_weight=weights)
    repeated = make().fit(X.iloc[np.repeat(np.arange(12), weights)])
    gone = pd.DataFrame({column: [None] for column in X})
    np.testing.assert_array_equal(weighted.transform(X), lines)
    np.testing.assert_allclose(
        weighted.transform(gone), repeated.transform(gone), rtol=1e-5, atol=1e-6
    )
    assert not np.allclose(weighted.transform(gone), plain.transform(gone), rtol=1e-3)


def test_the_mean_of_a_trained_network_has_the_weights(some_missing):
    X, weights = some_missing
    y = np.arange(12) % 2
    for transform in (False, True):
        embedder = embedder_of_one_epoch().set_params(missing="mean")
        fit = embedder.fit_transform if transform else embedder.fit
        fit(X, y, sample_weight=weights)
        lines = embedder.transform(X)
        has_image = X["scan"].notna().to_numpy()
        expected = np.average(lines[has_image], axis=0, weights=weights[has_image])
        np.testing.assert_allclose(lines[3], expected, rtol=1e-5, atol=1e-6)
        assert not np.allclose(expected, lines[has_image].mean(axis=0), rtol=1e-3)


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_of_one_are_no_weights(name, some_missing):
    X, _ = some_missing
    make = partial(WEIGHTED[name], missing="mean")
    lines = make().fit_transform(X, sample_weight=np.full(12, 2.5))
    np.testing.assert_allclose(lines, make().fit_transform(X), rtol=1e-6)


def test_weights_of_zero_leave_no_mean(some_missing):
    X, _ = some_missing
    weights = X["scan"].isna().astype(float)
    with pytest.warns(UserWarning, match="No row with a weight above 0 has an image in column"):
        lines = PixelFlattener(missing="mean").fit_transform(X, sample_weight=weights)
    assert not lines[3].any()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (-np.ones(12), "sample_weight holds negative numbers"),
        (np.ones(11), "sample_weight.shape == .*expected"),
        (np.full(12, np.nan), "contains NaN"),
    ],
)
@pytest.mark.parametrize("missing", ["zero", "mean"])
def test_wrong_weights(missing, weights, message, some_missing):
    with pytest.raises(ValueError, match=message):
        PixelFlattener(missing=missing).fit(some_missing[0], sample_weight=weights)


def test_a_pipeline_passes_weights(some_missing):
    """Without routing by name, and with routing without a request by the user."""
    X, weights = some_missing
    y = np.arange(12) % 2
    expected = PixelFlattener(missing="mean").fit_transform(X, sample_weight=weights)
    pipeline = make_pipeline(PixelFlattener(missing="mean"), LogisticRegression())
    pipeline.fit(X, y, pixelflattener__sample_weight=weights)
    np.testing.assert_array_equal(pipeline[0].transform(X), expected)
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline[1].set_fit_request(sample_weight=False)
        pipeline.fit(X, y, sample_weight=weights)
        np.testing.assert_array_equal(pipeline[0].transform(X), expected)
        pipeline[0].set_fit_request(sample_weight=False)
        pipeline[1].set_fit_request(sample_weight=True)
        pipeline.fit(X, y, sample_weight=weights)
        plain = PixelFlattener(missing="mean").fit_transform(X)
        np.testing.assert_array_equal(pipeline[0].transform(X), plain)


def test_each_image_is_read_once(paths):
    X = pd.DataFrame({"photo": [paths[0], None, *paths, paths[1]]})
    PixelFlattener(missing="mean", reader=CountingReader()).fit_transform(X)
    assert sorted(READ) == paths
    READ.clear()
    PixelFlattener(missing="mean", reader=CountingReader()).fit(X)
    assert sorted(READ) == paths


@pytest.mark.parametrize("missing", ["nan", "zero"])
def test_fit_reads_no_image_unless_a_mean_is_wanted(paths, missing):
    PixelFlattener(missing=missing, reader=CountingReader()).fit(paths)
    assert READ == []


def test_the_mean_comes_from_a_store(paths, tmp_path):
    options = {"missing": "mean", "cache": tmp_path / "store", "reader": CountingReader()}
    X = pd.Series([*paths, None])
    first = ImageDescriptors("intensity", **options).fit(X)
    assert len(READ) == 5
    second = ImageDescriptors("intensity", **options).fit(X)
    assert len(READ) == 5
    np.testing.assert_array_equal(first.transform(X), second.transform(X))


def test_corrupt_images_are_no_part_of_the_mean(paths, images, tmp_path):
    X = pd.Series([paths[0], str(tmp_path / "gone.png"), paths[1], None])
    flattener = PixelFlattener(missing="mean", corrupt="missing")
    with pytest.warns(UnreadableImageWarning, match="1 of 4") as caught:
        flattener.fit(X)
    assert len(caught) == 1
    lines = flattener.transform([None])
    np.testing.assert_allclose(lines[0], mean_of(images, [0, 1]), rtol=1e-6)


def test_nothing_to_take_a_mean_of():
    flattener = PixelFlattener((2, 2), missing="mean", color_mode="grayscale")
    text = "No row has an image in column 'photo', .* get 0"
    for method in (flattener.fit, flattener.fit_transform):
        with pytest.warns(UserWarning, match=text) as caught:
            method(pd.DataFrame({"photo": [None, None]}))
        assert caught[0].filename == __file__
        np.testing.assert_array_equal(
            flattener.transform(pd.DataFrame({"photo": [None]})), np.zeros((1, 4))
        )


def test_flattened_images_have_a_mean():
    X = np.arange(12.0).reshape(3, 4)
    X[1, 2] = np.nan
    lines = PixelFlattener(image_shape=(2, 2), missing="mean").fit_transform(X)
    np.testing.assert_allclose(lines[1], X[[0, 2]].mean(axis=0))


# The indicator.


@pytest.mark.parametrize("missing", ["nan", "zero", "mean"])
def test_indicators_are_the_last_columns(missing, images):
    X = pd.DataFrame({"a": [*images[:2], None], "b": [None, None, images[2]]})
    flattener = PixelFlattener(missing=missing, add_indicator=True)
    features = flattener.set_output(transform="pandas").fit_transform(X)
    assert features.columns[-2:].tolist() == ["a_missing", "b_missing"]
    assert flattener.n_features_out_ == features.shape[1] == 14
    assert features["a_missing"].tolist() == [0, 0, 1]
    assert features["b_missing"].tolist() == [1, 1, 0]
    assert set(features.dtypes) == {np.dtype("float32")}


def test_indicators_do_not_depend_on_what_was_missing_in_fit(images):
    flattener = PixelFlattener(missing="zero", add_indicator=True)
    assert flattener.fit_transform(images)[:, -1].tolist() == [0] * 5
    assert flattener.transform([None, images[0]])[:, -1].tolist() == [1, 0]


def test_indicators_of_flattened_images():
    X = np.array([[1.0, 2.0], [np.nan, 2.0]])
    flattener = PixelFlattener(image_shape=(1, 2), missing="zero", add_indicator=True)
    assert flattener.fit_transform(X).tolist() == [[1, 2, 0], [0, 0, 1]]
    assert flattener.get_feature_names_out()[-1] == "image_missing"


# Messages.


def test_equal_reasons_are_told_once(tmp_path):
    cells = [str(tmp_path / f"{name}.png") for name in "abcd"]
    text = tmp_path / "text.png"
    text.write_text("no image")
    with pytest.raises(ImageReadError) as info:
        PixelFlattener((2, 2)).fit_transform([*cells, str(text)])
    message = str(info.value)
    assert message.count("no such file") == 1
    assert f"row 0 ({cells[0]}), row 1 ({cells[1]}), and 2 more: no such file; row 4 (" in message
    assert len(info.value.failures) == 5


def test_one_report_for_all_columns(paths, tmp_path):
    gone = str(tmp_path / "gone.png")
    X = pd.DataFrame({"a": [gone, paths[0], paths[1]], "b": [paths[0], gone, gone]})
    text = r"1 of 3 images of column 'a' .*: no such file\. 2 of 3 images of column 'b' .*"
    with pytest.raises(ImageReadError, match=text + r"Pass corrupt='missing'") as info:
        PixelFlattener((2, 2)).fit_transform(X)
    assert [row for row, _, _ in info.value.failures] == [0, 1, 2]
    lenient = PixelFlattener((2, 2), missing="mean", corrupt="missing")
    for method in (lenient.fit, lenient.fit_transform, lenient.transform):
        with pytest.warns(UnreadableImageWarning, match=text + "They count as missing") as caught:
            method(X)
        assert len(caught) == 1
        assert caught[0].filename == __file__


def test_one_report_for_all_columns_of_an_embedder(paths, tmp_path):
    gone = str(tmp_path / "gone.png")
    X = pd.DataFrame({"a": [gone, *paths[:4]], "b": [*paths[:3], gone, gone]})
    y = [0, 1, 0, 1, 0]
    embedder = small(missing="zero", corrupt="missing", epochs=1)
    text = r"1 of 5 images of column 'a' .* 2 of 5 images of column 'b' .*"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UnreadableImageWarning)
        embedder.fit(X, y)
    assert len(caught) == 1
    assert re.match(text, str(caught[0].message))
    with pytest.raises(ImageReadError, match=text):
        embedder.set_params(corrupt="error").fit(X, y)


# Networks.


def small(**options):
    defaults = {"cut_layer": "dense", "early_stopping": False, "epochs": 3, "random_state": 0}
    return CNNEmbedder(tiny_cnn, **{**defaults, **options})


@pytest.fixture(scope="module")
def table():
    """48 rows, of which 30 % have no image."""
    data = make_image_table(48, image_size=(8, 8), noise=0.3, random_state=0)
    X = data.frame
    gone = np.random.default_rng(0).permutation(48)[:14]
    X["image"] = X["image"].astype(object)
    X.iloc[gone, X.columns.get_loc("image")] = None
    return X, data.target


@pytest.mark.parametrize(("cv", "cross_fit"), [(None, "auto"), (3, "average"), (3, 1.0), (3, 0.5)])
def test_rows_without_an_image_get_the_mean_of_what_transform_gives(table, cv, cross_fit):
    """Training has the same values, so that the head has seen them."""
    X, y = table
    X = X[["image"]]
    gone = X["image"].isna().to_numpy()
    embedder = small(
        cv=cv, options=EmbedderOptions(cross_fit=cross_fit, add_indicator=True), missing="mean"
    )
    training = embedder.fit_transform(X, y)
    new = embedder.transform(X)
    dead = np.ptp(training[~gone], axis=0) == 0
    assert dead.sum() < 4  # the indicator is one of them
    expected = np.where(dead, training[~gone][0], new[~gone].mean(axis=0))[:-1]
    np.testing.assert_allclose(new[gone, :-1], np.tile(expected, (14, 1)), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(training[gone], new[gone])
    np.testing.assert_array_equal(training[:, -1], gone)


def test_fit_and_fit_transform_of_an_embedder_agree(table):
    X, y = table
    one, other = small(missing="mean").fit(X[["image"]], y), small(missing="mean")
    other.fit_transform(X[["image"]], y)
    np.testing.assert_array_equal(one.transform(X[["image"]]), other.transform(X[["image"]]))


def test_one_class_among_the_rows_with_an_image(table):
    X, _ = table
    X = X[["image"]]
    y = np.where(X["image"].isna(), "ill", "well")
    text = (
        r"The 34 of 48 rows that have an image in column 'image' hold one class only \('well'\); "
        r"a network needs at least two to learn from\."
    )
    with pytest.raises(ValueError, match=text):
        small(missing="zero").fit(X, y)
    labels = np.column_stack([y == "ill", y == "well"]).astype(int)
    with pytest.raises(ValueError, match=r"34 of 48 rows .* hold the same labels"):
        small(missing="zero").fit(X, labels)


def test_folds_without_an_image_to_train_on(table):
    X, y = table
    gone = np.flatnonzero(X["image"].isna())
    rest = np.setdiff1d(np.arange(48), gone)
    with pytest.raises(ValueError, match=r"Fold 0 of cv has no image of column 'image' to train"):
        small(
            missing="zero", cv=[(gone, rest)], options=EmbedderOptions(cross_fit=1.0)
        ).fit_transform(X[["image"]], y)


# Whole pipelines.


def fused(transformer, head):
    columns = ColumnTransformer(
        [("image", transformer, ["image"]), ("numbers", "passthrough", ["number_0", "number_1"])]
    )
    return make_pipeline(columns, *head)


LINEAR = (StandardScaler(), LogisticRegression(max_iter=1000))
BOOSTED = (HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=3, random_state=0),)
HEADS = {"nan": BOOSTED, "zero": LINEAR, "mean": LINEAR}
TRANSFORMERS = {
    "pixels": PixelFlattener(),
    "descriptors": ImageDescriptors("intensity"),
    "network": small(epochs=1),
    "cross-fitted network": small(epochs=1, cv=2, options=EmbedderOptions(cross_fit="average")),
}


def in_polars(X, folder):
    """The same table, of paths."""
    paths = []
    for row, image in enumerate(X["image"]):
        paths.append(None if image is None else str(folder / f"{row}.png"))
        if image is not None:
            Image.fromarray(image).save(paths[-1])
    return pl.DataFrame({"image": paths, **{n: X[n].to_numpy() for n in ("number_0", "number_1")}})


@pytest.mark.parametrize("missing", ["nan", "zero", "mean"])
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_pipelines_bear_missing_images(name, missing, table, tmp_path):
    """30 % without an image in fit, all of a batch in predict."""
    X, y = table
    transformer = clone(TRANSFORMERS[name])
    prefix = "options__" if "network" in name else ""
    # The drift check would warn that more images are missing than in fit.
    options = {f"{prefix}add_indicator": True, f"{prefix}drift": "ignore"}
    transformer.set_params(missing=missing, **options)
    model = clone(fused(transformer, HEADS[missing]))
    for frame, none in [
        (X, X.assign(image=None)),
        (
            in_polars(X, tmp_path),
            in_polars(X, tmp_path).with_columns(image=pl.lit(None, dtype=pl.String)),
        ),
    ]:
        model.fit(frame, y)
        assert np.isfinite(model.predict_proba(frame)).all()
        probabilities = model.predict_proba(none)
        assert np.isfinite(probabilities).all()
        assert len(np.unique(probabilities[:, 0])) > 1  # the table still counts


def test_a_search_over_missing_in_two_processes(table):
    X, y = table
    model = fused(ImageDescriptors("intensity", missing="zero"), LINEAR)
    grid = {
        "columntransformer__image__missing": ["zero", "mean"],
        "columntransformer__image__add_indicator": [False, True],
    }
    alone = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y)
    search = GridSearchCV(model, grid, cv=2, n_jobs=2, error_score="raise").fit(X, y)
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )


def test_a_search_over_missing_with_a_network_in_two_processes(table):
    X, y = table
    model = fused(
        small(epochs=1, options=EmbedderOptions(add_indicator=True, drift="ignore")), LINEAR
    )
    grid = {"columntransformer__image__missing": ["zero", "mean"]}
    search = GridSearchCV(model, grid, cv=2, n_jobs=2, error_score="raise").fit(X, y)
    assert np.isfinite(search.predict_proba(X.assign(image=None))).all()


def test_set_params_then_fit_equals_a_fresh_fit(images):
    X = [*images, None]
    used = PixelFlattener(missing="mean", combine="max", add_indicator=True).fit(X)
    fresh = PixelFlattener(missing="zero").fit(X)
    used.set_params(missing="zero", combine=None, add_indicator=False).fit(X)
    assert pickle.dumps(used) == pickle.dumps(fresh)


def test_an_all_null_column_of_polars(images):
    flattener = PixelFlattener(missing="zero").fit(pl.Series("x", images).to_frame())
    for dtype in (pl.Null, pl.String, pl.Float64, pl.List(pl.String)):
        X = pl.DataFrame({"x": pl.Series([None, None], dtype=dtype)})
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            np.testing.assert_array_equal(flattener.transform(X), np.zeros((2, 6)))
