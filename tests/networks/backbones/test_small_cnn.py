"""small_cnn: its layers, its preprocessing and its errors."""

import keras
import numpy as np
import pytest

from skfusion import PretrainedGAP, WeightsNotFoundError, list_cut_layers

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 3), dtype=np.uint8)


def small_cnn(**options):
    return PretrainedGAP("small_cnn", **{"weights": None, "image_size": (28, 28), **options})


@pytest.fixture
def other_weights(tmp_path):
    """Weights of another network."""
    inputs = keras.Input((28, 28, 3))
    path = tmp_path / "other.weights.h5"
    keras.Model(inputs, keras.layers.Conv2D(2, 3)(inputs)).save_weights(path)
    return path


def test_pixels_are_divided_by_255():
    gap = small_cnn().fit(PIXELS)
    model = gap.networks_[0].to_model()
    expected = model.predict_on_batch(PIXELS.astype(np.float32) / 255)
    np.testing.assert_allclose(gap.transform(PIXELS), expected, rtol=1e-5, atol=1e-5)


def test_options_change_its_width():
    gap = small_cnn(backbone_options={"filters": (2, 3), "dense_units": 5}).fit(PIXELS)
    assert gap.n_features_out_ == 5
    assert gap.get_feature_names_out()[0] == "x0_small_cnn_0000"


def test_the_smallest_images():
    assert small_cnn(image_size=(10, 10), cut_layer="pool2").fit(PIXELS).n_features_out_ == 64
    with pytest.raises(ValueError, match=r"9 x 10 .* too small for small_cnn, which needs 10 x 10"):
        small_cnn(image_size=(9, 10)).fit(PIXELS)


def test_there_are_no_imagenet_weights():
    with pytest.raises(ValueError, match="no ImageNet weights for 'small_cnn'"):
        small_cnn(weights="imagenet").fit(PIXELS)


def test_a_weights_file(tmp_path):
    gap = small_cnn(random_state=1).fit(PIXELS)
    path = tmp_path / "own.weights.h5"
    gap.networks_[0].to_model().save_weights(path)
    again = small_cnn(weights=path).fit(PIXELS)
    np.testing.assert_array_equal(again.transform(PIXELS), gap.transform(PIXELS))


def test_weights_of_another_network_do_not_fit(other_weights):
    with pytest.raises(ValueError, match=r"other\.weights\.h5' don't fit small_cnn"):
        small_cnn(weights=other_weights).fit(PIXELS)


def test_a_missing_weights_file(tmp_path):
    with pytest.raises(WeightsNotFoundError, match=r"No weights for small_cnn at .*gone.h5.*Pass"):
        small_cnn(weights=tmp_path / "gone.h5").fit(PIXELS)


def test_an_unknown_option_is_named():
    with pytest.raises(TypeError, match=r"small_cnn with .* can't be built: .*'strength'"):
        list_cut_layers("small_cnn", backbone_options={"strength": 3})
