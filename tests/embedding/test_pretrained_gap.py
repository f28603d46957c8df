"""PretrainedGAP: any images in, named columns out, wherever and however it runs."""

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import keras
import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import (
    FeatureStore,
    ImageReader,
    ImageReadError,
    PretrainedGAP,
    UnreadableImageWarning,
)
from skfusion.networks.backbones import _building
from tests.encoded_images import encoded
from tests.networks_for_tests import tiny_cnn, tiny_maps

ROOT = Path(__file__).parents[2]
QUARTER = {"backbone_options": {"alpha": 0.25}, "weights": None, "image_size": (32, 32)}
REAL = {
    "mobilenet_2_5_224_tf_no_top.h5": ("MobileNet", 0.25),
    "mobilenet_7_5_224_tf_no_top.rebuilt.h5": ("MobileNet", 0.75),
    "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.rebuilt.h5": (
        "MobileNetV2",
        0.35,
    ),
}


@pytest.fixture(scope="module")
def insects(shared_data):
    """Six real photographs of different sizes, and the folder of weights."""
    files = sorted((shared_data / "data" / "hymenoptera" / "train").rglob("*.jpg"))[::50][:6]
    return pd.Series([str(file) for file in files], name="photo"), shared_data / "weights"


@pytest.fixture
def own_model(tmp_path):
    path = tmp_path / "My_Model.keras"
    tiny_maps((8, 8, 3)).save(path)
    return path


def images(n_rows=3, side=32, channels=3, seed=0):
    shape = (n_rows, side, side, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def quarter(backbone="MobileNet", **options):
    return PretrainedGAP(backbone, **{**QUARTER, **options})


def assert_close(actual, expected):
    assert actual.shape == expected.shape
    scale = np.abs(expected).max()
    np.testing.assert_allclose(actual / scale, expected / scale, rtol=1e-5, atol=1e-5)


# Real weights on real images.


def keras_features(backbone, weights, photos, alpha, size=(224, 224)):
    """What keras.applications gives for the files."""
    pixels = [
        np.asarray(Image.open(file).convert("RGB").resize(size[::-1], Image.Resampling.BILINEAR))
        for file in photos
    ]
    model = getattr(keras.applications, backbone)(
        include_top=False, pooling="avg", weights=weights, alpha=alpha, input_shape=(*size, 3)
    )
    module = {"MobileNet": "mobilenet", "MobileNetV2": "mobilenet_v2"}[backbone]
    preprocess_input = getattr(keras.applications, module).preprocess_input
    inputs = preprocess_input(np.stack(pixels).astype(np.float32))
    return keras.ops.convert_to_numpy(model(inputs, training=False))


@pytest.mark.parametrize(("file", "backbone", "alpha"), [(f, *REAL[f]) for f in REAL])
def test_real_features_are_those_of_keras(insects, file, backbone, alpha):
    photos, folder = insects
    gap = PretrainedGAP(backbone, weights=folder / file, backbone_options={"alpha": alpha})
    features = gap.fit_transform(photos)
    assert_close(features, keras_features(backbone, folder / file, photos, alpha))
    assert features.std(axis=0).max() > 0.1


def test_real_features_at_another_size(insects):
    photos, folder = insects
    file = next(iter(REAL))
    gap = quarter(weights=folder / file, image_size=(96, 128))
    expected = keras_features("MobileNet", folder / file, photos, 0.25, size=(96, 128))
    assert_close(gap.fit_transform(photos), expected)


def test_a_dict_gives_each_backbone_its_weights(insects):
    photos, folder = insects
    weights = {"MobileNet": folder / next(iter(REAL)), "MobileNetV2": None}
    gap = quarter(["MobileNetV2", "MobileNet"], weights=weights, image_size=(64, 64))
    features = gap.fit_transform(photos)
    alone = [
        quarter(name, weights=weights[name], image_size=(64, 64)).fit_transform(photos)
        for name in gap.backbone
    ]
    np.testing.assert_array_equal(features, np.hstack(alone))


def test_every_kind_of_cell_gives_the_same(insects):
    photos, folder = insects
    gap = quarter(weights=folder / next(iter(REAL)), image_size=(64, 64)).fit(photos)
    expected = gap.transform(photos)
    arrays = np.empty(len(photos), dtype=object)
    arrays[:] = [np.asarray(Image.open(file)) for file in photos]
    for cells in (
        [Path(file) for file in photos],
        [Path(file).read_bytes() for file in photos],
        [Image.open(file) for file in photos],
        arrays,
    ):
        np.testing.assert_array_equal(gap.transform(pd.Series(cells, name="photo")), expected)
    root = Path(photos[0]).parents[2]
    relative = [str(Path(file).relative_to(root)) for file in photos]
    rooted = clone(gap).set_params(reader=ImageReader(root=root)).fit_transform(relative)
    np.testing.assert_array_equal(rooted, expected)


# Several backbones.


def test_backbones_stand_side_by_side_in_order():
    photos = pd.DataFrame({"front": list(images(3)), "back": list(images(3, seed=1))})
    both = quarter(["MobileNetV2", "MobileNet"]).fit(photos)
    singles = [quarter(name).fit(photos) for name in ("MobileNetV2", "MobileNet")]
    widths = [single.n_features_out_ // 2 for single in singles]
    assert widths == [1280, 256]
    features = both.transform(photos)
    blocks = [single.transform(photos) for single in singles]
    expected = [
        block[:, i * width : (i + 1) * width]
        for i in (0, 1)
        for block, width in zip(blocks, widths, strict=True)
    ]
    np.testing.assert_array_equal(features, np.hstack(expected))
    names = both.get_feature_names_out()
    assert len(names) == len(set(names)) == features.shape[1] == both.n_features_out_
    assert names[0] == "front_mobilenetv2_0000"
    assert names[1280] == "front_mobilenet_0000"
    assert names[1536] == "back_mobilenetv2_0000"
    assert names[-1] == "back_mobilenet_0255"


def test_backbones_of_different_sizes(own_model):
    gap = PretrainedGAP([own_model, "small_cnn", tiny_cnn], weights=None, image_size=(12, 14))
    gap.fit(images(2))
    shapes = [network.input_shape for network in gap.networks_]
    assert shapes == [(8, 8, 3), (12, 14, 3), (12, 14, 3)]
    features = gap.transform(images(2))
    assert features.shape == (2, 3 + 256 + 4)
    alone = PretrainedGAP(own_model).fit_transform(images(2))
    np.testing.assert_array_equal(features[:, :3], alone)


def test_the_same_backbone_twice_has_names_of_its_own(tmp_path):
    path = tmp_path / "mobilenet2.keras"
    tiny_maps((8, 8, 3)).save(path)
    gap = quarter(["MobileNet", "MobileNet", path]).fit(images())
    names = gap.get_feature_names_out()
    assert len(names) == len(set(names))
    assert names[256] == "x0_mobilenet2_0000"
    features = gap.transform(images())
    np.testing.assert_array_equal(features[:, :256], features[:, 256:512])


# Users' own models.


@pytest.mark.parametrize("kind", [str, Path])
def test_keras_file(own_model, kind):
    photos = images(3, side=8)
    gap = PretrainedGAP(kind(own_model)).fit(photos)
    maps = keras.models.load_model(own_model)(photos.astype(np.float32))
    assert_close(gap.transform(photos), keras.ops.convert_to_numpy(maps).mean(axis=(1, 2)))
    assert gap.get_feature_names_out()[0] == "x0_my_model_0000"


def test_keras_file_keeps_its_own_size(own_model):
    gap = PretrainedGAP(own_model, image_size=(32, 32)).fit(images())
    assert gap.networks_[0].input_shape == (8, 8, 3)
    assert gap.transform(images()).shape == (3, 3)


def test_keras_file_keeps_its_own_size_with_a_cache(own_model, tmp_path):
    expected = PretrainedGAP(own_model).fit_transform(images())
    for _ in range(2):
        gap = PretrainedGAP(own_model, cache=tmp_path / "store")
        assert_close(gap.fit_transform(images()), expected)
        assert gap.networks_[0].input_shape == (8, 8, 3)
    assert FeatureStore(tmp_path / "store").stats()["hits"] == 3


def test_keras_file_for_gray_images(tmp_path):
    path = tmp_path / "gray.keras"
    tiny_maps((8, 8, 1)).save(path)
    gray = images(2, side=8, channels=1)
    gap = PretrainedGAP(path).fit(gray)
    maps = keras.models.load_model(path)(gray.astype(np.float32))
    assert_close(gap.transform(gray), keras.ops.convert_to_numpy(maps).mean(axis=(1, 2)))


def test_keras_file_with_code_is_refused(tmp_path):
    path = tmp_path / "code.keras"
    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.Lambda(lambda x: x * 2, output_shape=(8, 8, 3))(inputs)
    keras.Model(inputs, outputs).save(path)
    with pytest.raises(ValueError, match=r"code\.keras' can't be loaded: .*Lambda"):
        PretrainedGAP(path).fit(images(side=8))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_file_that_is_no_model(tmp_path, suffix):
    path = tmp_path / f"notes{suffix}"
    path.write_text("no model")
    with pytest.raises(ValueError, match=rf"notes\{suffix}' can't be loaded"):
        PretrainedGAP(path).fit(images())


def test_function():
    photos, weights = images(3, side=12), []

    def backbone(input_shape):
        model = tiny_maps(input_shape)
        weights.append(model.get_weights())
        return model

    gap = PretrainedGAP(backbone, image_size=(12, 12), pooling="max").fit(photos)
    model = tiny_maps((12, 12, 3))
    model.set_weights(weights[-1])
    maps = keras.ops.convert_to_numpy(model(photos.astype(np.float32)))
    assert_close(gap.transform(photos), maps.max(axis=(1, 2)))
    assert gap.get_feature_names_out()[0] == "x0_backbone_0000"


def test_function_gets_options_and_224_pixels():
    asked = []

    def backbone(input_shape, filters):
        asked.append((input_shape, filters))
        return tiny_maps(input_shape)

    PretrainedGAP(backbone, backbone_options={"filters": 3}).fit(images(1, side=8))
    assert asked == [((224, 224, 3), 3)]


def test_function_with_weights_leaves_the_model_it_gave(tmp_path):
    model = tiny_maps((8, 8, 3))
    kept = [array.copy() for array in model.get_weights()]
    path = tmp_path / "other.weights.h5"
    tiny_maps((8, 8, 3)).save_weights(path)
    gap = PretrainedGAP(lambda input_shape: model, weights=path).fit(images())
    for before, after, loaded in zip(
        kept, model.get_weights(), gap.networks_[0].weights, strict=True
    ):
        np.testing.assert_array_equal(before, after)
        assert before.ndim == 1 or not np.array_equal(loaded, after)


class Subclassed(keras.Model):
    """A model without a graph of layers."""

    def call(self, inputs):
        return inputs


@pytest.mark.parametrize(
    ("backbone", "error", "message"),
    [
        (lambda input_shape: 3, TypeError, "must be a keras.Model, got builtins.int"),
        (lambda: None, TypeError, r"must take the shape of an image, f\(input_shape\)"),
        (lambda input_shape: Subclassed(), ValueError, "functional.*this Subclassed has no"),
        (lambda input_shape: keras.Sequential(), ValueError, "functional.*this Sequential has no"),
        ([], ValueError, "empty list"),
    ],
)
def test_what_is_no_backbone(backbone, error, message):
    with pytest.raises(error, match=message):
        PretrainedGAP(backbone, image_size=(8, 8)).fit(images(side=8))


# Images.


def test_missing_rows():
    photos = pd.Series([*images(2), None, np.nan, images(1, seed=3)[0]], name="photo")
    with pytest.raises(ImageReadError, match="2 of 5 images of column 'photo' are missing"):
        quarter().fit(photos)
    present = quarter().fit_transform(photos[[0, 1, 4]])
    for missing, fill in (("nan", np.nan), ("zero", 0)):
        features = quarter(missing=missing).fit_transform(photos)
        np.testing.assert_array_equal(features[[2, 3]], np.full((2, 256), fill))
        assert_close(features[[0, 1, 4]], present)


def test_corrupt_rows(tmp_path):
    path = tmp_path / "torn.jpg"
    path.write_bytes(b"no image")
    photos = pd.Series([*images(2), str(path)], name="photo")
    with pytest.raises(ImageReadError, match=r"1 of 3 images .* row 2 \(.*torn.jpg\)"):
        quarter().fit_transform(photos)
    gap = quarter(corrupt="missing", missing="nan").fit(photos)
    with pytest.warns(UnreadableImageWarning, match=r"row 2 \(.*torn.jpg\)"):
        features = gap.transform(photos)
    assert np.isnan(features[2]).all()
    assert_close(features[:2], gap.transform(photos[:2]))


def test_a_column_without_any_image():
    gap = quarter(["MobileNet", "MobileNetV2"], missing="zero").fit(pd.Series([None, None]))
    np.testing.assert_array_equal(gap.transform(pd.Series([None])), np.zeros((1, 256 + 1280)))


def test_gray_images_get_three_equal_channels():
    gray = images(3, channels=1)
    expected = quarter().fit_transform(np.repeat(gray, 3, axis=3))
    np.testing.assert_array_equal(quarter().fit_transform(gray), expected)
    np.testing.assert_array_equal(quarter().fit_transform(gray[..., 0]), expected)
    opened = [Image.fromarray(image[..., 0]) for image in gray]
    np.testing.assert_array_equal(quarter().fit_transform(opened), expected)


def test_color_mode_grayscale_drops_the_color():
    photos = images(3)
    luma = np.stack([np.asarray(Image.fromarray(photo).convert("L")) for photo in photos])
    features = quarter(color_mode="grayscale").fit_transform(photos)
    np.testing.assert_array_equal(features, quarter().fit_transform(luma))
    assert np.abs(features - quarter().fit_transform(photos)).max() > 0.01 * features.max()


@pytest.mark.parametrize("side", [32, 40])
def test_scales_of_floats_agree(side):
    photos = images(4, side=side)
    photos[0, 0, 0, 0] = 255
    floats = photos.astype(np.float64)
    whole = quarter().fit_transform(photos)
    assert_close(quarter().fit_transform(floats), whole)
    assert_close(quarter().fit_transform(photos.astype(np.int32)), whole)
    fractions = quarter().fit_transform(floats / 255)
    assert_close(quarter().fit_transform(photos.astype(np.uint16) * 257), fractions)
    if side == 32:  # resized bytes are rounded, resized floats are not
        assert_close(fractions, whole)


def test_flattened_images():
    photos = images(3)
    gap = quarter(image_shape=(32, -1, 3)).fit(photos.reshape(3, -1))
    assert_close(gap.transform(photos.reshape(3, -1)), quarter().fit_transform(photos))
    assert gap.get_feature_names_out()[0] == "image_mobilenet_0000"


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_inputs_stay_as_they_are(dtype):
    photos = images(3).astype(dtype)
    cells = pd.DataFrame({"photo": list(photos)})
    kept = photos.copy()
    for X in (photos, cells, list(photos)):
        quarter(["MobileNet", "VGG16"], backbone_options=None).fit_transform(X)
        np.testing.assert_array_equal(photos, kept)


def test_equal_images_are_computed_once(monkeypatch):
    gap = quarter().fit(images())
    lengths = []
    real = type(gap.networks_[0]).compute
    monkeypatch.setattr(
        type(gap.networks_[0]),
        "compute",
        lambda self, inputs, size: lengths.append(len(inputs)) or real(self, inputs, size),
    )
    features = gap.transform(images(2)[[0, 1, 0, 0, 1]])
    assert sum(lengths) == 2
    np.testing.assert_array_equal(features[[0, 1]][[0, 1, 0, 0, 1]], features)


# Parameters.


def test_set_params_then_fit_is_a_fresh_fit():
    photos = images()
    gap = quarter().fit(photos)
    gap.transform(photos)
    steps = [
        {"backbone": "MobileNetV2"},
        {"cut_layer": 5, "pooling": "max"},
        {"backbone": tiny_cnn, "cut_layer": "conv1", "backbone_options": None},
        {"image_size": (16, 16), "pooling": None},
        {"random_state": 5},
        {"backbone": ["small_cnn", tiny_maps], "cut_layer": None},
    ]
    for step in steps:
        fresh = clone(gap.set_params(**step)).fit(photos)
        gap.fit(photos)
        np.testing.assert_array_equal(gap.transform(photos), fresh.transform(photos))
        assert list(gap.get_feature_names_out()) == list(fresh.get_feature_names_out())


def test_set_params_changes_nothing_before_the_next_fit():
    photos = images(side=40)
    gap = quarter().fit(photos)
    features, names = gap.transform(photos), gap.get_feature_names_out()
    gap.set_params(backbone="VGG16", cut_layer="nowhere", image_size=(99, 99), pooling="max")
    np.testing.assert_array_equal(gap.transform(photos), features)
    np.testing.assert_array_equal(gap.get_feature_names_out(), names)


def test_random_weights_follow_random_state():
    photos = images()
    default = quarter().fit_transform(photos)
    _building.RECENT.get().clear()
    np.testing.assert_array_equal(quarter(random_state=0).fit_transform(photos), default)
    assert not np.allclose(
        quarter(random_state=1).fit_transform(photos), default, rtol=1e-2, atol=0
    )


def test_batch_size_changes_nothing():
    photos = images(9)
    expected = quarter().fit_transform(photos)
    for batch_size in (1, 4, 9):
        assert_close(quarter(batch_size=batch_size).fit_transform(photos), expected)


# In scikit-learn.


@pytest.fixture(scope="module")
def table():
    """Dark and bright images beside two columns of noise."""
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    photos = [
        image // 3 + np.uint8(120 * label) for image, label in zip(images(24), y, strict=True)
    ]
    frame = pd.DataFrame({"age": rng.normal(size=24), "photo": photos, "dose": rng.random(24)})
    return frame.set_index(np.arange(100, 124)), y


def fused(**options):
    columns = ColumnTransformer(
        [
            ("photo", quarter(cut_layer="conv_pw_3_relu", **options), ["photo"]),
            ("numbers", StandardScaler(), ["age", "dose"]),
        ]
    )
    return make_pipeline(columns, StandardScaler(), LogisticRegression())


def test_cross_validation_of_a_pipeline(table):
    assert cross_val_score(fused(), *table, cv=3).mean() > 0.9


def test_grid_search_over_backbones_and_layers(table):
    X, y = table
    model = Pipeline(
        [("embed", quarter()), ("scale", StandardScaler()), ("head", LogisticRegression())]
    )
    grid = [
        {"embed__backbone": ["MobileNet", "MobileNetV2"], "embed__cut_layer": [None, -2]},
        {
            "embed__backbone": [tiny_cnn],
            "embed__backbone_options": [None],
            "embed__cut_layer": ["conv1", "dense"],
        },
    ]
    search = GridSearchCV(model, grid, cv=2, n_jobs=2, error_score="raise").fit(X[["photo"]], y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len(search.cv_results_["params"]) == 6
    assert search.best_score_ > 0.9
    assert search.predict(X[["photo"]]).shape == (24,)


@pytest.mark.parametrize("container", [pd.DataFrame, pl.DataFrame])
def test_output_containers(container):
    files = [encoded(image) for image in images(3)]
    name = "pandas" if container is pd.DataFrame else "polars"
    X = container({"front": files, "back": files[::-1]})
    if name == "pandas":
        X.index = ["a", "b", "c"]
    gap = quarter().set_output(transform=name).fit(X)
    features = gap.transform(X)
    assert isinstance(features, container)
    assert list(features.columns) == list(gap.get_feature_names_out())
    assert features.columns[0] == "front_mobilenet_0000"
    assert features.shape == (3, 512)
    if name == "pandas":
        assert list(features.index) == ["a", "b", "c"]
        assert set(features.dtypes) == {np.dtype("float32")}
    else:
        assert set(features.dtypes) == {pl.Float32}
    plain = clone(gap).set_output(transform="default").fit_transform(X)
    assert plain.dtype == np.float32
    np.testing.assert_array_equal(features.to_numpy(), plain)


def test_output_of_a_series_keeps_its_index():
    photos = pd.Series(list(images(3)), index=[7, 5, 7], name="photo")
    features = quarter().set_output(transform="pandas").fit_transform(photos)
    assert list(features.index) == [7, 5, 7]
    assert features.columns[-1] == "photo_mobilenet_0255"


# Speed.


def test_one_row_alone():
    photos = images(5)
    gap = quarter().fit(photos)
    expected = gap.transform(photos)
    for row in range(5):
        assert_close(gap.transform(photos[row : row + 1]), expected[row : row + 1])
    frame = pd.DataFrame({"photo": list(photos)})
    gap.fit(frame)
    assert_close(gap.transform(frame[2:3]), expected[2:3])


def test_any_number_of_rows_needs_few_shapes(shapes):
    photos = images(70, side=8)
    gap = PretrainedGAP(tiny_maps, image_size=(8, 8)).fit(photos)
    for n_rows in range(1, 71):
        assert gap.transform(photos[:n_rows]).shape == (n_rows, 3)
    assert len(set(shapes)) <= 6


def test_threads_get_the_same():
    photos = images(40)
    gap = quarter().fit(photos)
    pickled = pickle.dumps(gap)
    expected = gap.transform(photos)
    cold = pickle.loads(pickled)
    with ThreadPoolExecutor(8) as pool:
        parts = list(pool.map(lambda i: cold.transform(photos[i % 4 :]), range(16)))
    for i, part in enumerate(parts):
        assert_close(part, expected[i % 4 :])


# Pickles.


NEW_PROCESS = """
import sys
import joblib, pickle

pipeline_file, table_file, output_file = sys.argv[1:]
with open(pipeline_file, "rb") as file:
    model = joblib.load(file) if pipeline_file.endswith("joblib") else pickle.load(file)
X = joblib.load(table_file)
repr(model), model[:-1].get_feature_names_out(), model[0].networks_[0].fingerprint
assert not {"keras", "tensorflow", "jax", "torch"} & set(sys.modules), "loaded too early"
joblib.dump([model.predict_proba(X), model[:-1].transform(X)], output_file)
"""


@pytest.mark.parametrize("how", ["joblib", "pickle"])
def test_a_pickle_needs_nothing_else(table, tmp_path, own_model, how):
    X, y = table
    weights = tmp_path / "quarter.weights.h5"
    keras.applications.MobileNet(
        include_top=False, weights=None, alpha=0.25, input_shape=(32, 32, 3)
    ).save_weights(weights)
    gap = quarter(["MobileNet", own_model], weights={"MobileNet": weights})
    model = make_pipeline(gap, StandardScaler(), LogisticRegression()).fit(X[["photo"]], y)
    files = [tmp_path / name for name in (f"model.{how}", "table.joblib", "output.joblib")]
    if how == "joblib":
        joblib.dump(model, files[0])
    else:
        files[0].write_bytes(pickle.dumps(model))
    joblib.dump(X[["photo"]], files[1])
    weights.unlink()
    own_model.unlink()
    done = subprocess.run(
        [sys.executable, "-c", NEW_PROCESS, *map(str, files)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    probabilities, features = joblib.load(files[2])
    np.testing.assert_array_equal(probabilities, model.predict_proba(X[["photo"]]))
    np.testing.assert_array_equal(features, model[:-1].transform(X[["photo"]]))
