"""The parameter runtime: the same features from Keras, ONNX Runtime and OpenVINO."""

import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import (
    ExtraNotFoundError,
    FeatureStore,
    ImagePreprocessing,
    PretrainedGAP,
    list_cut_layers,
    trusted_types,
)
from tests.networks_for_tests import tiny_cnn, tiny_maps
from tests.processes import run_python

pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")

PHOTOS = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
NEEDS_OPENVINO = pytest.mark.skipif(find_spec("openvino") is None, reason="needs OpenVINO")
CONVERTED = ["onnx", pytest.param("openvino", marks=NEEDS_OPENVINO)]


@pytest.fixture(scope="module")
def maps_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "maps.keras"
    tiny_maps((8, 8, 3)).save(path)
    return path


def features(backbone, runtime, images=PHOTOS, **parameters):
    gap = PretrainedGAP(backbone, runtime=runtime, image_size=(8, 8), **parameters)
    return gap.fit_transform(images)


def assert_same(result, expected):
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("runtime", CONVERTED)
@pytest.mark.parametrize(
    "parameters", [{}, {"pooling": "max"}, {"pooling": None}, {"batch_size": 2}]
)
def test_features_are_the_same(maps_file, runtime, parameters):
    expected = features(maps_file, "keras", **parameters)
    np.testing.assert_array_equal(features(maps_file, None, **parameters), expected)
    assert_same(features(maps_file, runtime, **parameters), expected)


@pytest.mark.parametrize("runtime", CONVERTED)
def test_of_a_function(runtime):
    assert_same(features(tiny_cnn, runtime), features(tiny_cnn, "keras"))


def test_an_unknown_runtime():
    with pytest.raises(ValueError, match="'runtime' parameter of PretrainedGAP must be"):
        features(tiny_cnn, "tflite")


SERVE = """
import sys
for name in ("keras", "tensorflow", "onnx", "tf2onnx"):
    sys.modules[name] = None  # as if they were not installed
import pickle
import numpy as np
model = pickle.load(open(sys.argv[1], "rb"))
np.save(sys.argv[3], model.transform(np.load(sys.argv[2])))
print("done")
"""


@pytest.mark.parametrize("runtime", CONVERTED)
def test_a_bare_process_loads_a_pickle(tmp_path, maps_file, runtime):
    gap = PretrainedGAP(str(maps_file), runtime=runtime, image_size=(8, 8))
    expected = gap.fit_transform(PHOTOS)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(gap))
    np.save(tmp_path / "photos.npy", PHOTOS)
    paths = [tmp_path / name for name in ("model.pickle", "photos.npy", "features.npy")]
    assert run_python(SERVE, *paths) == "done"
    np.testing.assert_array_equal(np.load(paths[2]), expected)


@pytest.mark.parametrize("runtime", CONVERTED)
def test_skops_loads_a_saved_model(maps_file, runtime):
    skops_io = pytest.importorskip("skops.io")
    gap = PretrainedGAP(str(maps_file), runtime=runtime, image_size=(8, 8))
    expected = gap.fit_transform(PHOTOS)
    copy = skops_io.loads(skops_io.dumps(gap), trusted=trusted_types())
    np.testing.assert_array_equal(copy.transform(PHOTOS), expected)


@NEEDS_OPENVINO
def test_each_runtime_has_its_own_cached_features(tmp_path, maps_file):
    store = FeatureStore(tmp_path / "store")
    counts = []
    for runtime in (None, "keras", "onnx", "openvino", "onnx"):
        features(maps_file, runtime, cache=store)
        counts.append(store.stats()["rows"])
    assert counts == [5, 5, 10, 15, 15]


@NEEDS_OPENVINO
@pytest.mark.parametrize("batch", ["n", 2])
def test_openvino_computes_onnx_files(tmp_path, batch):
    from tests.onnx_for_tests import save_torch_cnn

    file = save_torch_cnn(tmp_path / "net.onnx", (batch, 3, 8, 8))
    options = {"preprocessing": ImagePreprocessing(mean=0.5), "cut_layer": "/relu/Relu"}
    assert_same(features(file, "openvino", **options), features(file, "onnx", **options))


@pytest.mark.parametrize("runtime", CONVERTED)
def test_threads_compute_the_same(maps_file, runtime):
    gap = PretrainedGAP(maps_file, runtime=runtime, image_size=(8, 8)).fit(PHOTOS)
    expected = gap.transform(PHOTOS)
    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(lambda _: gap.transform(PHOTOS), range(8)):
            np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(
    ("runtime", "package", "extra"),
    [
        ("onnx", "tf2onnx", "onnx-export"),
        ("onnx", "onnxruntime", "onnx"),
        ("openvino", "openvino", "openvino"),
    ],
)
def test_without_a_package_an_error_names_the_extra(monkeypatch, runtime, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ExtraNotFoundError, match=rf"skfusion\[{extra}\]"):
        features(tiny_cnn, runtime)


# Real networks.


@pytest.fixture(scope="module")
def insects(shared_data):
    """Photographs of ants and bees, and what they show."""
    folder = shared_data / "data" / "hymenoptera"
    files = {part: sorted((folder / part).rglob("*.jpg")) for part in ("train", "val")}
    X = {part: pd.DataFrame({"photo": list(map(str, some))}) for part, some in files.items()}
    y = {part: [file.parent.name for file in some] for part, some in files.items()}
    return X, y


@pytest.fixture(scope="module")
def mobilenet(shared_data):
    weights = shared_data / "weights" / "mobilenet_2_5_224_tf_no_top.h5"
    return {"weights": str(weights), "backbone_options": {"alpha": 0.25}}


@pytest.fixture(scope="module")
def exported(mobilenet, tmp_path_factory):
    """Export MobileNet by Keras itself, as its users do."""
    path = tmp_path_factory.mktemp("exported") / "mobilenet.onnx"
    model = keras.applications.MobileNet(
        include_top=False,
        alpha=0.25,
        weights=mobilenet["weights"],
        input_shape=(224, 224, 3),
    )
    model(np.zeros((1, 224, 224, 3), dtype=np.float32))
    model.export(path, format="onnx", verbose=False)
    return path


@pytest.mark.filterwarnings("ignore:In the future `np.object`:FutureWarning")  # Keras's export
def test_a_network_that_keras_exported(insects, mobilenet, exported):
    X, y = insects
    scores, columns = [], []
    for gap in (
        PretrainedGAP("MobileNet", **mobilenet),
        PretrainedGAP(exported, preprocessing=ImagePreprocessing(scale=1 / 127.5, mean=1)),
    ):
        head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        head.fit(gap.fit_transform(X["train"]), y["train"])
        columns.append(gap.transform(X["val"]))
        scores.append(roc_auc_score(y["val"], head.predict_proba(columns[-1])[:, 1]))
    assert_same(columns[1], columns[0])
    assert scores[1] == pytest.approx(scores[0], abs=1e-4)
    assert scores[0] > 0.9
    assert list_cut_layers(exported, shapes=True)["Identity:0"] == (7, 7, 256)


@NEEDS_OPENVINO
def test_real_photographs(insects, mobilenet):
    photos = insects[0]["val"][:8]
    expected = PretrainedGAP("MobileNet", **mobilenet).fit_transform(photos)
    for runtime in ("onnx", "openvino"):
        gap = PretrainedGAP("MobileNet", runtime=runtime, **mobilenet)
        assert_same(gap.fit_transform(photos), expected)


@pytest.fixture
def text_direction():
    """The file of a small classifier of text direction, which Paddle trained and exported."""
    spec = find_spec("rapidocr_onnxruntime")
    if spec is None:
        pytest.skip(
            "rapidocr_onnxruntime is not installed: it needs OpenCV, its file alone doesn't"
        )
    folder = Path(spec.submodule_search_locations[0], "models")
    return folder / "ch_ppocr_mobile_v2.0_cls_infer.onnx"


def test_a_network_that_paddle_exported(text_direction):
    from tests.onnx_for_tests import run_file

    texts = np.random.default_rng(0).integers(0, 256, (3, 48, 192, 3), dtype=np.uint8)
    preprocessing = ImagePreprocessing((48, 192), mean=0.5, std=0.5, channels="bgr")
    inputs = {"x": (texts[..., ::-1] / 127.5 - 1).astype(np.float32).transpose(0, 3, 1, 2)}
    result = PretrainedGAP(text_direction, preprocessing=preprocessing).fit_transform(texts)
    np.testing.assert_allclose(result, run_file(text_direction, inputs), atol=1e-5)
    shapes = list_cut_layers(text_direction, shapes=True, image_size=(48, 192))
    assert shapes["Conv@0"] == (8, 24, 96)
    maps = PretrainedGAP(text_direction, preprocessing=preprocessing, cut_layer="Conv@0")
    assert maps.fit_transform(texts).shape == (3, 8)
