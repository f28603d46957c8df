"""Networks on a GPU. `make test-gpu` runs these tests; without a GPU they are skipped."""

import os
import subprocess
import sys

import joblib
import keras
import numpy as np
import pytest

from skfusion import CNNEmbedder, EmbedderOptions, PretrainedGAP
from skfusion.datasets import make_image_table

pytestmark = pytest.mark.gpu

# GPUs multiply with fewer digits (TF32), and add in an order of their own.
TOLERANCE = 5e-3
TRANSFORM = "import sys, joblib; model, X, out = map(str, sys.argv[1:]); \
joblib.dump(joblib.load(model).transform(joblib.load(X)), out)"
LIMITED = """
import skfusion
skfusion.limit_resources(gpu_memory=1024)
skfusion.PretrainedGAP("small_cnn", weights=None).fit([[[[0, 0, 0]] * 32] * 32])
import tensorflow as tf
for gpu in tf.config.list_physical_devices("GPU"):
    (part,) = tf.config.get_logical_device_configuration(gpu)
    assert part.memory_limit == 1024, part
"""


def find_gpus():
    """Return the GPUs that Keras's backend can use."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.config.list_physical_devices("GPU")
    if keras.backend.backend() == "jax":
        import jax

        return [device for device in jax.devices() if device.platform == "gpu"]
    import torch

    return list(range(torch.cuda.device_count()))


@pytest.fixture(scope="module", autouse=True)
def gpus():
    """The GPUs. Their lack is an error where SKFUSION_REQUIRE_GPU is set, as by `make test-gpu`."""
    found = find_gpus()
    if not found and os.environ.get("SKFUSION_REQUIRE_GPU"):
        pytest.fail(f"Keras on {keras.backend.backend()} finds no GPU.")
    if not found:
        pytest.skip(f"Keras on {keras.backend.backend()} finds no GPU.")
    return found


@pytest.fixture
def on_tensorflow():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("Limits of memory are set through TensorFlow.")


@pytest.fixture
def transform_on_cpu(tmp_path):
    """Return the features of a pickled model in a process that sees no GPU."""

    def transform(model, X):
        paths = [tmp_path / name for name in ("model", "X", "features")]
        joblib.dump(model, paths[0])
        joblib.dump(X, paths[1])
        hidden = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
        command = [sys.executable, "-c", TRANSFORM, *map(str, paths)]
        subprocess.run(command, env={**os.environ, **hidden}, check=True, timeout=300)
        return joblib.load(paths[2])

    return transform


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (8, 96, 96, 3), dtype=np.uint8)


def difference(features, expected):
    """Return the largest difference, relative to the largest feature."""
    assert features.shape == expected.shape
    return np.abs(features - expected).max() / np.abs(expected).max()


@pytest.mark.parametrize("backbone", ["MobileNet", "ResNet50", "small_cnn"])
def test_features_agree_with_those_of_the_cpu(backbone, images, transform_on_cpu):
    gap = PretrainedGAP(backbone, weights=None, image_size=(96, 96)).fit(images)
    assert 0 <= difference(gap.transform(images), transform_on_cpu(gap, images)) < TOLERANCE


def test_a_network_that_was_trained_on_the_gpu_serves_on_the_cpu(transform_on_cpu):
    data = make_image_table(80, image_size=(32, 32), noise=0.2, random_state=0)
    options = EmbedderOptions(cross_fit=0.0)
    embedder = CNNEmbedder(
        "small_cnn", epochs=6, early_stopping=False, random_state=0, options=options
    )
    X = data.frame[["image"]]
    embedder.fit(X, data.target)
    losses = embedder.history_["loss"]
    assert losses.iloc[-1] < 0.9 * losses.iloc[0]
    assert difference(embedder.transform(X), transform_on_cpu(embedder, X)) < TOLERANCE


def test_a_row_alone_agrees_with_the_row_in_a_batch(images):
    gap = PretrainedGAP("MobileNet", weights=None, image_size=(96, 96)).fit(images)
    alone = np.vstack([gap.transform(images[i : i + 1]) for i in range(len(images))])
    assert difference(alone, gap.transform(images)) < TOLERANCE


def test_bfloat16_keeps_two_digits(images):
    options = {"weights": None, "image_size": (96, 96)}
    expected = PretrainedGAP("MobileNet", **options).fit_transform(images)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        # Another batch size, so that the network of 32 bits is not found among those in use.
        features = PretrainedGAP("MobileNet", batch_size=4, **options).fit_transform(images)
    finally:
        keras.config.set_dtype_policy(policy)
    assert difference(features, expected) < 0.05


@pytest.mark.usefixtures("on_tensorflow")
def test_memory_grows_as_needed(gpus, images):
    import tensorflow as tf

    PretrainedGAP("small_cnn", weights=None).fit(images)
    assert all(tf.config.experimental.get_memory_growth(gpu) for gpu in gpus)


@pytest.mark.usefixtures("on_tensorflow")
def test_memory_can_be_limited():
    subprocess.run([sys.executable, "-c", LIMITED], check=True, timeout=300)
