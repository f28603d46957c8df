"""Tiny networks as functions that can be imported, so that estimators with them pickle."""

import numpy as np


def noise_images(n_rows, side=12, channels=3):
    """Return images of noise."""
    shape = (n_rows, side, side, channels)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def assert_outputs_close(actual, expected):
    """Compare outputs of networks in units of the largest one."""
    scale = np.abs(expected).max()
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual / scale, expected / scale, rtol=1e-5, atol=1e-5)


def tiny_cnn(input_shape):
    """Build a network for images of any size, even a single pixel."""
    import keras

    inputs = keras.layers.Input(input_shape, name="input")
    x = keras.layers.Conv2D(2, 3, padding="same", activation="relu", name="conv1")(inputs)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(4, activation="relu", name="dense")(x)
    return keras.Model(inputs, x, name="tiny")


def tiny_maps(input_shape):
    """Build a network that ends in feature maps."""
    import keras

    inputs = keras.layers.Input(input_shape, name="input")
    x = keras.layers.Conv2D(3, 3, padding="same", activation="relu", name="maps")(inputs)
    return keras.Model(inputs, x, name="tiny_maps")


class TinyCNN:
    """`tiny_cnn` with a repr that is the same in every process, as test runners need."""

    def __call__(self, input_shape):
        return tiny_cnn(input_shape)

    def __repr__(self):
        return "TinyCNN()"


def tiny_tokens(input_shape):
    """Build a network that ends in a token for each 2 x 2 pixels, and one before them."""
    import keras

    inputs = keras.layers.Input(input_shape, name="input")
    x = keras.layers.Conv2D(3, 2, strides=2, name="patches")(inputs)
    x = keras.layers.Reshape((-1, 3), name="sequence")(x)
    x = keras.layers.ZeroPadding1D((1, 0), name="with_class")(x)
    x = keras.layers.Dense(4, activation="tanh", name="tokens")(x)
    return keras.Model(inputs, x, name="tiny_tokens")
