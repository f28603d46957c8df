"""deep_cnn: its shape, and the images that it takes."""

import numpy as np
import pytest

from skfusion import CNNEmbedder, EmbedderOptions, PretrainedGAP, list_cut_layers


def deep_cnn(height, width, **options):
    """Return the number of columns, with the last feature maps flattened."""
    gap = PretrainedGAP(
        "deep_cnn", weights=None, pooling=None, image_size=(height, width), **options
    )
    return gap.fit(np.zeros((1, height, width, 3), dtype=np.uint8)).n_features_out_


def test_each_block_halves_the_image():
    assert deep_cnn(80, 64) == 5 * 4 * 128
    assert deep_cnn(16, 16, backbone_options={"filters": (4, 8)}) == 4 * 4 * 8


def test_its_layers():
    names = list_cut_layers("deep_cnn", image_size=(64, 64))
    assert names[:4] == ["conv1", "norm1", "relu1", "pool1"]
    assert names[-4:] == ["pool4", "gap", "dense", "output"]


def test_batch_normalization_settles_within_few_steps():
    """Outputs in training and in use must agree after a short training."""
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
    probabilities = embedder.fit_transform(X.clip(0, 255).astype(np.uint8), y)
    assert (probabilities.argmax(axis=1) == y).mean() > 0.9


def test_small_images_are_refused():
    with pytest.raises(ValueError, match="too small for deep_cnn with 4 blocks, which needs 32"):
        deep_cnn(28, 28)
    with pytest.raises(ValueError, match="too small for deep_cnn, which needs 4 x 4"):
        deep_cnn(3, 8)


def test_there_are_no_imagenet_weights():
    with pytest.raises(ValueError, match="no ImageNet weights for 'deep_cnn'"):
        PretrainedGAP("deep_cnn").fit(np.zeros((1, 32, 32, 3), dtype=np.uint8))
