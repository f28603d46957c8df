"""Settings of Keras that change features: no features of other settings are returned."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from skfusion import CNNEmbedder, FeatureStore, PretrainedGAP

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def precision():
    """Set Keras's policy for the test only."""
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


def fit_transform(store=None):
    return PretrainedGAP("small_cnn", weights=None, cache=store).fit_transform(IMAGES)


@pytest.mark.parametrize("cached", [True, False], ids=["cached", "not cached"])
def test_another_precision_gives_other_features(precision, tmp_path, cached):
    store = FeatureStore(tmp_path) if cached else None
    full = fit_transform(store)
    precision("mixed_bfloat16")
    half = fit_transform(store)
    assert 1e-5 < np.abs(half - full).max() / np.abs(full).max() < 0.05
    precision("float32")
    np.testing.assert_array_equal(fit_transform(store), full)


def test_a_fitted_model_keeps_its_precision(precision):
    gap = PretrainedGAP("small_cnn", weights=None).fit(IMAGES)
    expected = gap.transform(IMAGES)
    precision("mixed_bfloat16")
    np.testing.assert_array_equal(gap.transform(IMAGES), expected)


def test_another_precision_trains_again(precision, tmp_path):
    y = np.arange(6) % 2
    options = {
        "epochs": 1,
        "early_stopping": False,
        "random_state": 0,
        "cache": FeatureStore(tmp_path),
    }
    full = CNNEmbedder("small_cnn", **options).fit(IMAGES, y).transform(IMAGES)
    precision("mixed_bfloat16")
    half = CNNEmbedder("small_cnn", **options).fit(IMAGES, y).transform(IMAGES)
    assert np.isfinite(half).all()
    assert np.abs(half - full).max() > 1e-5 * np.abs(full).max()


SCRIPT = """
import sys
from skfusion import PretrainedGAP
import joblib
images = joblib.load(sys.argv[1])
gap = PretrainedGAP("small_cnn", weights=None, cache=sys.argv[2]).fit(images)
joblib.dump(gap.transform(images), sys.argv[3])
"""


def test_the_configuration_file_of_keras_counts_before_keras_is_imported(tmp_path):
    """A process that has read nothing of Keras yet finds no features of another precision."""
    import joblib

    joblib.dump(IMAGES, tmp_path / "images")
    features = []
    for floatx in ("float32", "float16"):
        home = tmp_path / floatx
        home.mkdir()
        (home / "keras.json").write_text(f'{{"floatx": "{floatx}"}}')
        paths = [tmp_path / "images", tmp_path / "store", home / "features"]
        subprocess.run(
            [sys.executable, "-c", SCRIPT, *map(str, paths)],
            env={**os.environ, "KERAS_HOME": str(home)},
            check=True,
            timeout=120,
        )
        features.append(joblib.load(paths[2]))
    difference = np.abs(features[0] - features[1]).max() / np.abs(features[0]).max()
    assert difference > 1e-6
