"""Images in a graph: the pixels are those of the reader, bit by bit."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion import ImagePreprocessing, ImageReader, PixelFlattener, PretrainedGAP, to_onnx
from tests.graph_for_tests import feeds, metadata, need_graphs, run, session

need_graphs()

RANDOM = np.random.default_rng(0)
TINY = {"filters": (2, 3), "dense_units": 4}
# Sizes (height, width): smaller and larger in each direction, a single pixel, the size itself.
SIZES = [(30, 50), (9, 7), (64, 8), (8, 64), (90, 21), (16, 12), (1, 1), (200, 31)]


def images(n_channels=3, shape=(20, 20), n_rows=3):
    """Images of black, white and what is between, as a table."""
    shape = (n_rows, *shape, n_channels)
    soft = RANDOM.integers(0, 256, shape)
    hard = 255 * RANDOM.integers(0, 2, shape)
    cells = np.where(RANDOM.random(shape[:3])[..., np.newaxis] < 0.5, soft, hard).astype(np.uint8)
    return pd.DataFrame({"photo": list(cells[..., 0] if n_channels == 1 else cells)})


def assert_equal_pixels(flattener, graph, X):
    found = session(graph).run(None, feeds(graph, X))[0]
    np.testing.assert_array_equal(found, flattener.transform(X))


@pytest.mark.parametrize("resample", ["nearest", "box", "bilinear", "bicubic", "lanczos"])
def test_any_size_is_resized_as_pillow_does(resample):
    reader = ImageReader(resample=resample)
    flattener = PixelFlattener((16, 12), reader=reader, drift="ignore").fit(images())
    started = session(graph := to_onnx(flattener, "graph"))
    for size in SIZES:
        X = images(shape=size)
        found = started.run(None, feeds(graph, X))[0]
        np.testing.assert_array_equal(found, flattener.transform(X), err_msg=f"{size}")


@pytest.mark.parametrize("color_mode", ["auto", "rgb", "grayscale"])
@pytest.mark.parametrize("fitted_on", [1, 3])
def test_colors_gray_and_transparent_pixels(color_mode, fitted_on):
    reader = ImageReader(background="#4080c0")
    flattener = PixelFlattener((8, 6), color_mode, reader=reader, drift="ignore")
    flattener.fit(images(fitted_on))
    graph = to_onnx(flattener, "graph")
    for n_channels in (1, 2, 3, 4):
        assert_equal_pixels(flattener, graph, images(n_channels))


@pytest.mark.parametrize("scaling", ["unit", "standard"])
def test_scaled_pixels(scaling):
    X = images()
    X.loc[1, "photo"] = np.full((20, 20, 3), 7, dtype=np.uint8)
    flattener = PixelFlattener((4, 4), scaling=scaling).fit(X)
    found = run(to_onnx(flattener, "graph"), X)["features"]
    np.testing.assert_allclose(found, flattener.transform(X), atol=1e-6)


def test_images_that_are_not_resized_have_one_size():
    flattener = PixelFlattener().fit(images(shape=(5, 7)))
    graph = to_onnx(flattener, "graph")
    assert_equal_pixels(flattener, graph, images(shape=(5, 7)))
    assert [metadata(graph)["inputs"][0][side] for side in ("height", "width")] == [5, 7]
    with pytest.raises(Exception, match="Got: 8 Expected: 7"):
        run(graph, images(shape=(5, 8)))


@pytest.mark.parametrize("shape", [(40, 60), (61, 30), (9, 9), (33, 100)], ids=str)
def test_center_crop_and_preprocessing(shape):
    preprocessing = ImagePreprocessing(
        (12, 10),
        mean=(0.4, 0.5, 0.6),
        std=(0.2, 0.3, 0.4),
        channels="bgr",
        resize="crop",
        crop_fraction=0.8,
        resample="bicubic",
    )
    gap = PretrainedGAP(
        "small_cnn",
        weights=None,
        backbone_options=TINY,
        preprocessing=preprocessing,
        drift="ignore",
    ).fit(images())
    X = images(shape=shape)
    found = run(to_onnx(gap, "graph"), X)["features"]
    np.testing.assert_allclose(found, gap.transform(X), atol=1e-5)


def test_a_decoded_file_gives_the_features_of_the_file(tmp_path):
    X = images(shape=(50, 40))
    flattener = PixelFlattener((16, 12)).fit(X)
    for row, cell in enumerate(X["photo"]):
        Image.fromarray(cell).save(tmp_path / f"{row}.jpg")
    paths = pd.DataFrame({"photo": [str(tmp_path / f"{row}.jpg") for row in range(3)]})
    decoded = pd.DataFrame({"photo": [np.asarray(Image.open(path)) for path in paths["photo"]]})
    found = run(to_onnx(flattener, "graph"), decoded)["features"]
    np.testing.assert_array_equal(found, flattener.transform(paths))


def test_metadata_of_images():
    flattener = PixelFlattener((8, 6), missing="zero").fit(images())
    image, flag = metadata(to_onnx(flattener, "graph"))["inputs"]
    assert image == {
        "name": "photo",
        "kind": "image",
        "height": None,
        "width": None,
        "missing_input": "photo_missing",
        "value_range": None,
        "background": "white",
        "icc": "ignore",
        "max_pixels": 89478485,
        "preprocessing": [
            {
                "size": [8, 6],
                "color": "rgb",
                "resample": "bilinear",
                "resize": "stretch",
                "crop_fraction": None,
            }
        ],
    }
    assert flag == {"name": "photo_missing", "kind": "missing", "of": "photo"}


def test_the_range_of_floats_is_named():
    X = pd.DataFrame({"photo": list(RANDOM.random((3, 8, 8)))})
    graph = to_onnx(PixelFlattener().fit(X), "graph")
    assert metadata(graph)["inputs"][0]["value_range"] == [0.0, 1.0]
