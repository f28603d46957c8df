"""deep_cnn: its shape, and what it takes."""

import numpy as np
import pytest

from skfusion import CNNEmbedder, EmbedderOptions, list_cut_layers
from skfusion.networks.backbones._building import build_network


def test_each_block_halves_the_image():
    network = build_network("deep_cnn", input_shape=(80, 64, 3))
    assert network.output_shape == (5, 4, 128)
    options = {"filters": (4, 8)}
    assert build_network("deep_cnn", input_shape=(16, 16, 1), options=options).output_shape == (
        4,
        4,
        8,
    )


def test_its_layers():
    names = list_cut_layers("deep_cnn", image_size=(64, 64))
    assert names[:4] == ["conv1", "norm1", "relu1", "pool1"]
    assert names[-4:] == ["pool4", "gap", "dense", "output"]


def test_batch_normalization_settles_within_few_steps():
    """What it gives in training and in use must agree after a short training."""
    rng = np.random.default_rng(0)
    y = np.arange(64) % 2
    X = rng.normal(110, 30, (64, 32, 32)) + 40 * y[:, np.newaxis, np.newaxis]
    embedder = CNNEmbedder(
        "deep_cnn",
        options=EmbedderOptions(backbone_options={"filters": (8, 8)}),
        cut_layer="output",
        epochs=15,
        early_stopping=False,
        random_state=0,
    )
    chances = embedder.fit_transform(X.clip(0, 255).astype(np.uint8), y)
    assert (chances.argmax(axis=1) == y).mean() > 0.9


def test_small_images_are_refused():
    with pytest.raises(ValueError, match="too small for deep_cnn with 4 blocks, which needs 32"):
        build_network("deep_cnn", input_shape=(28, 28, 1))
