"""explain: regions of images."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import (
    CNNEmbedder,
    EmbedderOptions,
    FeatureStore,
    ImageDescriptors,
    ImageReader,
    PixelFlattener,
    PretrainedGAP,
    explain,
    to_onnx,
)

SIZE, SIDE = 40, 12
TINY = {"filters": (4, 6), "dense_units": 8}


def plant(n_images=120, seed=0):
    """Noise, in half of which a patch is at a random place."""
    generator = np.random.default_rng(seed)
    images = generator.integers(90, 130, (n_images, SIZE, SIZE, 1)).astype(np.uint8)
    boxes = generator.integers(0, SIZE - SIDE + 1, (n_images, 2))
    y = np.arange(n_images) % 2
    for image, (top, left) in zip(images[1::2], boxes[1::2], strict=True):
        image[top : top + SIDE, left : left + SIDE] = 250
    return images, y, boxes


def inside(heat, box):
    """Return the share of the positive amounts, and of the strongest pixels, in the patch."""
    mask = np.zeros(heat.shape, dtype=bool)
    mask[box[0] : box[0] + SIDE, box[1] : box[1] + SIDE] = True
    positive = np.maximum(heat, 0)
    strongest = np.argsort(-heat.ravel(), kind="stable")[: round(0.05 * heat.size)]
    return positive[mask].sum() / positive.sum(), mask.ravel()[strongest].mean()


def network(**options):
    settings = {"weights": None, "image_size": (SIZE, SIZE), "cut_layer": "pool2"}
    return PretrainedGAP("small_cnn", backbone_options=TINY, **(settings | options))


def logistic(C=0.1):
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=1000))


CASES = {
    "linear head, network": lambda: make_pipeline(network(), logistic()),
    "linear head, flattened cut": lambda: make_pipeline(network(pooling=None), logistic()),
    "forest, network": lambda: make_pipeline(
        network(), RandomForestClassifier(100, random_state=0)
    ),
    "boosting, network": lambda: make_pipeline(
        network(), HistGradientBoostingClassifier(max_iter=30)
    ),
    "linear head, pixels": lambda: make_pipeline(PixelFlattener((10, 10)), logistic()),
    "forest, descriptors": lambda: make_pipeline(
        ImageDescriptors("intensity"), RandomForestClassifier(100, random_state=0)
    ),
    "boosting, descriptors": lambda: make_pipeline(
        ImageDescriptors("intensity"), HistGradientBoostingClassifier(max_iter=30)
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_finds_planted_patch(case):
    images, y, boxes = plant(240)
    frame = pd.DataFrame({"scan": list(images)})
    model = CASES[case]().fit(frame[:200], y[:200])
    assert model.score(frame[200:], y[200:]) >= 0.95
    rows = [201, 203, 205, 207]
    explanation = explain(model, frame, background=frame[:200], rows=rows, random_state=0)
    found = [
        inside(heat, boxes[row])
        for row, heat in zip(rows, explanation.regions["scan"], strict=True)
    ]
    share, strongest = np.mean(found, axis=0)
    assert share >= 0.85
    assert strongest >= 0.9
    assert explanation.n_passes <= 48 + len(rows) * 103


def test_amounts_are_those_of_a_block():
    """Without noise, the amounts of a patch sum to the change of the prediction without it."""
    image = np.zeros((40, 40, 1), dtype=np.uint8)
    image[10:20, 10:20] = 200
    frame = pd.DataFrame({"scan": [image, *np.zeros((20, 40, 40, 1), dtype=np.uint8)]})
    y = np.array([1.0, *np.zeros(20)])
    model = make_pipeline(PixelFlattener((40, 40)), Ridge(100.0)).fit(frame, y)
    explanation = explain(model, frame, background=frame[1:], rows=[0], random_state=0)
    heat = explanation.regions["scan"][0]
    assert heat[10:20, 10:20].max() == pytest.approx(heat.max())
    assert heat.sum() / 100 == pytest.approx(1, abs=0.15)  # a block has 10 × 10 pixels
    nothing = explain(model, frame, background=frame[1:], rows=[5], random_state=0)
    assert not nothing.regions["scan"][0].any()


def test_sign():
    images, y, _ = plant()
    frame = pd.DataFrame({"scan": list(images)})
    model = make_pipeline(PixelFlattener((10, 10)), logistic()).fit(frame[:100], y[:100])
    rows = {"rows": [101], "background": frame[:100], "random_state": 0}
    positive = explain(model, frame, **rows).regions["scan"][0]
    negative = explain(model, frame, target=0, **rows).regions["scan"][0]
    np.testing.assert_allclose(positive, -negative, atol=1e-7)
    assert positive.max() > -positive.min()


def test_pooled_equals_class_activation_map():
    images, y, _ = plant(40)
    frame = pd.DataFrame({"scan": list(images)})
    embedder = network()
    model = make_pipeline(embedder, StandardScaler(), Ridge()).fit(frame, y)
    explanation = explain(model, frame, rows=[1], method="pooled", random_state=0)
    cells = network(pooling=None).fit(frame).transform(frame[1:2]).reshape(-1, TINY["filters"][1])
    weights = model[-1].coef_ / model[-2].scale_
    side = int(np.sqrt(len(cells)))
    expected = (cells @ weights / len(cells)).reshape(side, side)
    found = explanation.regions["scan"][0]
    assert found.shape == (SIZE, SIZE)
    centers = (np.arange(side) * 2 + 1) * SIZE // (2 * side)
    np.testing.assert_allclose(found[np.ix_(centers, centers)], expected, atol=1e-5)
    assert explanation.n_passes == 41  # 40 images of the background and of the row, and its map


def test_pooled_averages_mirror_images():
    images, y, _ = plant(40)
    frame = pd.DataFrame({"scan": list(images)})
    options = EmbedderOptions(backbone_options=TINY, tta="horizontal")
    embedder = CNNEmbedder(
        cut_layer="pool2", pooling="avg", epochs=1, random_state=0, options=options
    )
    model = make_pipeline(embedder, Ridge()).fit(frame, y)
    heat = explain(model, frame, rows=[1], method="pooled", random_state=0).regions["scan"][0]
    mirrored = frame.copy()
    mirrored["scan"] = [images[0], images[1][:, ::-1], *images[2:]]
    other = explain(model, mirrored, rows=[1], method="pooled", random_state=0)
    # The pooling layers of the network drop a column of odd maps, so the mirror isn't exact.
    assert np.corrcoef(heat[:, ::-1].ravel(), other.regions["scan"][0].ravel())[0, 1] > 0.9


def test_pooled_needs_an_averaged_map():
    images, y, _ = plant(20)
    frame = pd.DataFrame({"scan": list(images)})
    model = make_pipeline(PixelFlattener((10, 10)), Ridge()).fit(frame, y)
    with pytest.raises(ValueError, match="method='occlusion'"):
        explain(model, frame, rows=[1], method="pooled")


def test_onnx():
    pytest.importorskip("tf2onnx")
    images, y, _ = plant(60)
    frame = pd.DataFrame({"scan": list(images)})
    model = make_pipeline(network(), logistic()).fit(frame, y)
    options = {"rows": [1], "n_background": 8, "random_state": 0}
    keras = explain(model, frame, **options)
    onnx = explain(to_onnx(model), frame, **options)
    np.testing.assert_allclose(onnx.sources, keras.sources, atol=1e-4)
    np.testing.assert_allclose(onnx.regions["scan"][0], keras.regions["scan"][0], atol=1e-3)
    with pytest.raises(ValueError, match="method='occlusion'"):
        explain(to_onnx(model), frame, method="pooled", **options)


def explain_files(tmp_path, cells, y, reader=None, **options):
    model = make_pipeline(PixelFlattener((10, 10), reader=reader), logistic())
    frame = pd.DataFrame({"scan": cells})
    model.fit(frame, y)
    return explain(model, frame, rows=[1], n_background=8, random_state=0, **options)


def test_turned_by_exif(tmp_path):
    images, y, boxes = plant(40)
    cells = []
    for i, image in enumerate(images):
        tall = np.concatenate([image, np.full_like(image[:20], 110)])[..., 0]
        stored = Image.fromarray(np.ascontiguousarray(np.rot90(tall)))
        exif = Image.Exif()
        exif[0x0112] = 6
        stored.save(tmp_path / f"{i}.png", exif=exif)
        cells.append(str(tmp_path / f"{i}.png"))
    explanation = explain_files(tmp_path, cells, y)
    heat = explanation.regions["scan"][0]
    assert heat.shape == ImageReader().read(cells[1]).shape[:2] == (SIZE + 20, SIZE)
    top, left = boxes[1]
    assert np.unravel_index(heat.argmax(), heat.shape)[0] in range(top - 4, top + SIDE + 4)
    assert np.unravel_index(heat.argmax(), heat.shape)[1] in range(left - 4, left + SIDE + 4)
    np.testing.assert_array_equal(
        explanation.image("scan", 0), np.rint(ImageReader().read(cells[1])).astype("uint8")
    )


def test_values_keep_their_meaning():
    """Images of floats and of 16 bits have the same regions as the bytes that they show."""
    # Bytes are rounded where they are hidden.
    images, y, _ = plant(40)
    regions = []
    for convert in (
        lambda image: image,
        lambda image: image / np.float32(255),
        lambda image: image.astype("int16") * 10 - 1000,
    ):
        reader = ImageReader(value_range=(-1000, 1550)) if len(regions) == 2 else None
        cells = [convert(image) for image in images]
        regions.append(explain_files(None, cells, y, reader=reader).regions["scan"][0])
    np.testing.assert_allclose(regions[1], regions[0], atol=0.01)
    np.testing.assert_allclose(regions[2], regions[1], atol=1e-4)


def test_slice_of_a_volume(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    images, y, _ = plant(30)
    cells = []
    for i, image in enumerate(images):
        volume = np.zeros((SIZE, SIZE + 8, 3), dtype=np.int16)
        volume[:, :SIZE, 1] = image[..., 0]
        path = tmp_path / f"{i}.nii"
        nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), path)
        cells.append(str(path))
    explanation = explain_files(tmp_path, cells, y)
    assert explanation.regions["scan"][0].shape == ImageReader().read(cells[1]).shape[:2]


def test_several_images_of_a_row():
    images, y, _ = plant(40)
    cells = [[image, np.full((20, 30), 110, dtype="uint8")] for image in images]
    model = make_pipeline(network(combine="mean"), logistic())
    frame = pd.DataFrame({"scan": pd.Series(cells, dtype=object)}).fillna(0)
    model.fit(frame, y)
    for method in ("occlusion", "pooled"):
        explanation = explain(model, frame, rows=[1], n_background=8, method=method, random_state=0)
        first, second = explanation.regions["scan"][0]
        assert first.shape == (SIZE, SIZE)
        assert second.shape == (20, 30)


def test_user_cache_holds_no_hidden_images(tmp_path):
    images, y, _ = plant(30)
    paths = []
    for i, image in enumerate(images):
        Image.fromarray(image[..., 0]).save(tmp_path / f"{i}.png")
        paths.append(str(tmp_path / f"{i}.png"))
    frame = pd.DataFrame({"scan": paths})
    embedder = network(cache=tmp_path / "store")
    model = make_pipeline(embedder, logistic()).fit(frame, y)
    before = FeatureStore(tmp_path / "store").stats()
    explain(model, frame, rows=[1], n_background=8, random_state=0)
    after = FeatureStore(tmp_path / "store").stats()
    assert after["rows"] == before["rows"]


def test_threads_give_the_same():
    images, y, _ = plant(30)
    frame = pd.DataFrame({"scan": list(images)})
    model = make_pipeline(PixelFlattener((10, 10)), logistic()).fit(frame, y)
    one, two = (
        explain(model, frame, rows=[1, 2, 3], n_background=8, n_jobs=n, random_state=0)
        for n in (None, 2)
    )
    for row in range(3):
        np.testing.assert_array_equal(one.regions["scan"][row], two.regions["scan"][row])


@pytest.mark.parametrize("max_passes", [11, 12, 30, 60, 80, 300])
def test_any_number_of_passes(max_passes):
    images, y, _ = plant(30)
    frame = pd.DataFrame({"scan": list(images)})
    model = make_pipeline(PixelFlattener((10, 10)), logistic()).fit(frame, y)
    explanation = explain(
        model, frame, rows=[1], n_background=8, max_passes=max_passes, random_state=0
    )
    assert explanation.n_passes <= max_passes
    assert explanation.regions["scan"][0].shape == (SIZE, SIZE)
