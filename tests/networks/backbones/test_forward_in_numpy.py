"""The networks of skfusion, layer by layer, against the same computed by NumPy and SciPy."""

import numpy as np
import pytest
from scipy.signal import correlate

from skfusion import CNNEmbedder, EmbedderOptions, PretrainedGAP, list_cut_layers

FILTERS, UNITS, SHAPE = (3, 4), 5, (13, 12)
SMALL = {"filters": FILTERS, "dense_units": UNITS}
COLOR = np.random.default_rng(0).integers(0, 256, (4, *SHAPE, 3), dtype=np.uint8)
POOL = {
    "avg": lambda maps: maps.mean(axis=(1, 2)),
    "max": lambda maps: maps.max(axis=(1, 2)),
    None: lambda maps: maps.reshape(len(maps), -1),
}


def convolve(images, kernel, bias, padding="valid"):
    """Convolve images (n, height, width, channels) as networks do, which flip no kernel."""
    if padding == "same":
        images = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)])
    maps = [
        [
            correlate(image, kernel[..., number], mode="valid")[..., 0]
            for number in range(kernel.shape[-1])
        ]
        for image in images
    ]
    return np.moveaxis(np.array(maps), 1, -1) + bias


def halve(maps):
    """Return the largest of each 2 x 2 values; an odd row or column is left out."""
    n, height, width, channels = maps.shape
    blocks = maps[:, : height // 2 * 2, : width // 2 * 2]
    return blocks.reshape(n, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))


def relu(values):
    return np.maximum(values, 0)


def softmax(values):
    exponentials = np.exp(values - values.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def small_cnn(pixels, weights):
    """Return the outputs of all layers of small_cnn by name."""
    weights = [np.asarray(array, dtype=float) for array in weights]
    outputs = {"conv1": relu(convolve(pixels / 255, *weights[:2]))}
    outputs["pool1"] = halve(outputs["conv1"])
    outputs["conv2"] = relu(convolve(outputs["pool1"], *weights[2:4]))
    outputs["pool2"] = halve(outputs["conv2"])
    outputs["flatten"] = outputs["pool2"].reshape(len(pixels), -1)
    outputs["dense"] = relu(outputs["flatten"] @ weights[4] + weights[5])
    if len(weights) > 6:
        outputs["output"] = softmax(outputs["dense"] @ weights[6] + weights[7])
    return outputs


def gap(cut_layer=None, pixels=COLOR, **options):
    settings = {"weights": None, "image_size": SHAPE, "backbone_options": SMALL, **options}
    return PretrainedGAP("small_cnn", cut_layer=cut_layer, **settings).fit(pixels)


def assert_close(given, expected):
    assert given.shape == expected.shape
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(given / scale, expected / scale, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def whole():
    """All weights of small_cnn, and the outputs of its layers."""
    model = gap("dense")
    weights = model.networks_[0].to_model().get_weights()
    return weights, small_cnn(COLOR, weights)


# small_cnn.


@pytest.mark.parametrize("pooling", [None, "avg", "max"])
@pytest.mark.parametrize("layer", ["conv1", "pool1", "conv2", "pool2"])
def test_feature_maps(whole, layer, pooling):
    model = gap(layer, pooling=pooling)
    assert_close(model.transform(COLOR), POOL[pooling](whole[1][layer]))


@pytest.mark.parametrize("layer", ["flatten", "dense"])
def test_vectors(whole, layer):
    assert_close(gap(layer).transform(COLOR), whole[1][layer])


@pytest.mark.parametrize("position", [-1, -2, -3, -4, -5, -6])
def test_layers_by_their_position_from_the_end(whole, position):
    names = list(whole[1])
    assert list_cut_layers("small_cnn", backbone_options=SMALL, image_size=SHAPE)[:6] == names
    given = gap(position, pooling=None).transform(COLOR)
    assert_close(given, whole[1][names[position]].reshape(4, -1))


@pytest.mark.parametrize("shape", [(10, 10), (11, 17), (24, 13)])
def test_sizes_of_images_that_are_odd_or_not_square(shape):
    pixels = np.random.default_rng(1).integers(0, 256, (3, *shape, 3), dtype=np.uint8)
    model = gap("dense", pixels, image_size=shape)
    weights = model.networks_[0].to_model().get_weights()
    assert_close(model.transform(pixels), small_cnn(pixels, weights)["dense"])


def test_gray_images_become_three_equal_channels():
    gray = COLOR[..., 0]
    model = gap("dense", gray)
    weights = model.networks_[0].to_model().get_weights()
    assert_close(model.transform(gray), small_cnn(np.stack([gray] * 3, axis=-1), weights)["dense"])


@pytest.mark.parametrize("n_rows", [1, 3, 33])
def test_any_number_of_rows(whole, n_rows):
    rows = COLOR[np.arange(n_rows) % 4]
    assert_close(gap("dense").transform(rows), whole[1]["dense"][np.arange(n_rows) % 4])


def test_biases_start_at_zero_and_kernels_are_drawn_by_their_size(whole):
    weights, _ = whole
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        assert not bias.any()
        fan_in, fan_out = np.prod(kernel.shape[:-1]), np.prod(kernel.shape[:-2]) * kernel.shape[-1]
        limit = np.sqrt(6 / (fan_in + fan_out))  # Glorot and Bengio 2010
        assert 0.7 * limit < np.abs(kernel).max() <= limit


# A trained network.


@pytest.fixture(scope="module")
def trained():
    """A network after an epoch, and its classes."""
    y = np.arange(12) % 3
    pixels = np.random.default_rng(2).integers(0, 256, (12, *SHAPE, 1), dtype=np.uint8)
    embedder = CNNEmbedder(
        cut_layer="output",
        epochs=1,
        early_stopping=False,
        random_state=0,
        options=EmbedderOptions(backbone_options=SMALL),
    )
    return embedder.fit(pixels, y), pixels


def test_the_output_layer_has_probabilities(trained):
    embedder, pixels = trained
    (network,) = embedder.networks_
    expected = small_cnn(pixels, network.to_model().get_weights())["output"]
    given = embedder.transform(pixels)
    np.testing.assert_allclose(given, expected, atol=1e-4)
    np.testing.assert_allclose(given.sum(axis=1), 1, rtol=1e-5)


# deep_cnn.


@pytest.mark.parametrize("layer", ["conv1", "norm1", "relu1", "pool1", "conv2", "relu2", "pool2"])
def test_blocks_of_deep_cnn(layer):
    """With the statistics of a new network, batch normalization divides by the root of 1.001."""
    model = PretrainedGAP(
        "deep_cnn",
        weights=None,
        cut_layer=layer,
        pooling=None,
        image_size=SHAPE,
        backbone_options={"filters": (3, 2)},
    ).fit(COLOR)
    network = model.networks_[0]
    kernels = [array for array in network.to_model().get_weights() if array.ndim == 4]
    maps, outputs = np.asarray(network.prepare(COLOR), dtype=float), {}
    for number, kernel in enumerate(kernels, start=1):
        maps = outputs[f"conv{number}"] = convolve(maps, kernel, 0, padding="same")
        maps = outputs[f"norm{number}"] = maps / np.sqrt(1.001)
        maps = outputs[f"relu{number}"] = relu(maps)
        maps = outputs[f"pool{number}"] = halve(maps)
    assert_close(model.transform(COLOR), outputs[layer].reshape(4, -1))
