"""Each kind of Keras layer computes the same after a conversion to ONNX.

Two networks have all layers side by side: a network is converted once, and each test compares the
features of one layer.
"""

import keras
import numpy as np
import pytest

from skfusion import PretrainedGAP, to_onnx

pytest.importorskip("tf2onnx")
pytest.importorskip("onnxruntime")

PHOTOS = np.random.default_rng(0).integers(0, 256, (5, 8, 10, 3), dtype=np.uint8)
layers = keras.layers


def uniform(low, high, seed):
    return keras.initializers.RandomUniform(low, high, seed)


def attention(x):
    """Attend from each pixel to all pixels."""
    tokens = layers.Reshape((-1, 3))(x)
    return layers.MultiHeadAttention(2, 4, name="attend")(tokens, tokens)


def residual(x):
    """Add what a bottleneck computes, as residual networks do."""
    y = layers.Conv2D(2, 1, activation="relu")(x)
    y = layers.Conv2D(3, 3, padding="same")(y)
    return layers.ReLU()(layers.Add()([x, y]))


def squeeze_and_excite(x):
    """Scale channels by what their means show."""
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(3, 1, activation="hard_sigmoid")(gate)
    return layers.Multiply()([x, gate])


# By name, a layer or a function of a tensor of shape (8, 10, 3) with values around 0.
SPATIAL = {
    "Conv2D": lambda: layers.Conv2D(4, 3),
    "Conv2D_same_strides": lambda: layers.Conv2D(4, 3, padding="same", strides=2),
    "Conv2D_rectangular": lambda: layers.Conv2D(4, (1, 5), padding="same", activation="tanh"),
    "Conv2D_dilated": lambda: layers.Conv2D(4, 3, dilation_rate=2),
    "Conv2D_groups": lambda: layers.Conv2D(6, 3, groups=3),
    "Conv2D_no_bias": lambda: layers.Conv2D(4, 1, use_bias=False),
    "Conv2DTranspose": lambda: layers.Conv2DTranspose(4, 2, strides=2),
    "Conv2DTranspose_same": lambda: layers.Conv2DTranspose(4, 3, padding="same"),
    "DepthwiseConv2D": lambda: layers.DepthwiseConv2D(3, depth_multiplier=2),
    "DepthwiseConv2D_strides": lambda: layers.DepthwiseConv2D(3, strides=2, padding="same"),
    "SeparableConv2D": lambda: layers.SeparableConv2D(5, 3),
    "MaxPooling2D": lambda: layers.MaxPooling2D(3, strides=2),
    "MaxPooling2D_same": lambda: layers.MaxPooling2D((2, 3), padding="same"),
    "AveragePooling2D": lambda: layers.AveragePooling2D(2),
    "AveragePooling2D_same": lambda: layers.AveragePooling2D(3, strides=2, padding="same"),
    "GlobalAveragePooling2D": lambda: layers.GlobalAveragePooling2D(),
    "GlobalMaxPooling2D": lambda: layers.GlobalMaxPooling2D(keepdims=True),
    "ZeroPadding2D": lambda: layers.ZeroPadding2D(((1, 2), (0, 3))),
    "Cropping2D": lambda: layers.Cropping2D(((1, 0), (2, 1))),
    "UpSampling2D_nearest": lambda: layers.UpSampling2D((2, 3), interpolation="nearest"),
    "UpSampling2D_bilinear": lambda: layers.UpSampling2D(2, interpolation="bilinear"),
    "Permute": lambda: layers.Permute((3, 1, 2)),
    "Reshape": lambda: layers.Reshape((5, -1)),
    "SpatialDropout2D": lambda: layers.SpatialDropout2D(0.5),
    "attention": lambda: attention,
    "residual": lambda: residual,
    "squeeze_and_excite": lambda: squeeze_and_excite,
}
POINTWISE = {
    "BatchNormalization": lambda: layers.BatchNormalization(
        beta_initializer=uniform(-1, 1, 1),
        gamma_initializer=uniform(0.5, 1.5, 2),
        moving_mean_initializer=uniform(-1, 1, 3),
        moving_variance_initializer=uniform(0.5, 2, 4),
    ),
    "LayerNormalization": lambda: layers.LayerNormalization(gamma_initializer=uniform(0.5, 2, 5)),
    "GroupNormalization": lambda: layers.GroupNormalization(3, beta_initializer=uniform(-1, 1, 6)),
    "UnitNormalization": lambda: layers.UnitNormalization(),
    "Normalization": lambda: layers.Normalization(mean=[0.1, 0.2, -0.3], variance=[1.0, 2.0, 0.5]),
    "Rescaling": lambda: layers.Rescaling(2.0, offset=-0.5),
    "Dense": lambda: layers.Dense(4, bias_initializer=uniform(-1, 1, 7)),
    "EinsumDense": lambda: layers.EinsumDense("nhwc,cd->nhwd", (8, 10, 5)),
    "Dropout": lambda: layers.Dropout(0.9),
    "GaussianNoise": lambda: layers.GaussianNoise(1.0),
    "ReLU": lambda: layers.ReLU(),
    "ReLU_bounded": lambda: layers.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2),
    "LeakyReLU": lambda: layers.LeakyReLU(negative_slope=0.3),
    "PReLU": lambda: layers.PReLU(alpha_initializer=uniform(0, 0.5, 8), shared_axes=[1, 2]),
    "Softmax": lambda: layers.Softmax(axis=-1),
    **{
        f"activation_{name}": lambda name=name: layers.Activation(name)
        for name in (
            "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "leaky_relu", "linear",
            "log_softmax", "mish", "relu6", "selu", "sigmoid", "silu", "softplus", "softsign",
            "tanh",
        )
    },
}  # fmt: skip


def side_by_side(makers):
    """Return a function that builds all layers side by side, and joins their outputs."""

    def build(input_shape):
        inputs = keras.Input(input_shape)
        x = layers.Rescaling(1 / 64, offset=-2.0)(inputs)
        outputs = [layers.Flatten(name=name)(make()(x)) for name, make in makers.items()]
        return keras.Model(inputs, layers.Concatenate(name="all")(outputs), name="layers")

    return build


class Converted:
    """The features of a network before and after the conversion, by layer."""

    def __init__(self, makers):
        gap = PretrainedGAP(
            side_by_side(makers), weights=None, image_size=(8, 10), random_state=0
        ).fit(PHOTOS)
        model = side_by_side(makers)((8, 10, 3))
        widths = [model.get_layer(name).output.shape[-1] for name in makers]
        ends = np.cumsum(widths)[:-1]
        copy = to_onnx(gap)
        self.expected, self.given = (
            dict(zip(makers, np.split(each.transform(PHOTOS), ends, axis=1), strict=True))
            for each in (gap, copy)
        )


@pytest.fixture(scope="module")
def spatial():
    return Converted(SPATIAL)


@pytest.fixture(scope="module")
def pointwise():
    return Converted(POINTWISE)


def assert_same(converted, name):
    expected, given = converted.expected[name], converted.given[name]
    assert np.ptp(expected) > 0
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("name", SPATIAL)
def test_layers_that_combine_pixels(spatial, name):
    assert_same(spatial, name)


@pytest.mark.parametrize("name", POINTWISE)
def test_layers_that_change_values(pointwise, name):
    assert_same(pointwise, name)


@pytest.mark.parametrize("name", ["Dropout", "GaussianNoise", "activation_linear"])
def test_layers_of_the_training_alone_change_nothing(pointwise, name):
    pixels = PHOTOS.reshape(5, -1) / 64 - 2.0
    np.testing.assert_allclose(pointwise.given[name], pixels, rtol=1e-5, atol=1e-5)
