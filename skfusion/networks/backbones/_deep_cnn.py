"""deep_cnn: four blocks of convolution and batch normalization, for images above 64 pixels."""

from skfusion.networks.runtimes._keras import import_keras

# Few rows give few steps: statistics with Keras's momentum of 0.99 would not have settled.
_MOMENTUM = 0.8


def deep_cnn(input_shape, filters=(32, 64, 128, 128)):
    """Build blocks of Conv2D - BatchNormalization - ReLU - MaxPool that end in feature maps.

    Each block halves height and width. Global average pooling above the last one keeps the number
    of weights apart from the size of the images, where `small_cnn`'s dense layer grows with it.

    Parameters
    ----------
    input_shape : tuple (height, width, channels)
        The shape of one image; at least 2 pixels after all blocks (32 with four of them).

    filters : tuple of int, default=(32, 64, 128, 128)
        Filters of the 3 x 3 convolution of each block.

    Returns
    -------
    model : keras.Model
        Layers conv1, norm1, relu1, pool1, conv2, ...
    """
    keras = import_keras()
    layers = keras.layers
    least = 2 ** (len(filters) + 1)
    if min(input_shape[:2]) < least:
        raise ValueError(
            f"images of {input_shape[0]} x {input_shape[1]} pixels are too small for deep_cnn "
            f"with {len(filters)} blocks, which needs {least} x {least}; pass a larger image_size "
            "or fewer filters"
        )
    inputs = x = layers.Input(input_shape, name="input")
    for number, width in enumerate(filters, start=1):
        conv = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"conv{number}")
        x = layers.BatchNormalization(momentum=_MOMENTUM, name=f"norm{number}")(conv(x))
        x = layers.ReLU(name=f"relu{number}")(x)
        x = layers.MaxPooling2D(name=f"pool{number}")(x)
    return keras.Model(inputs, x, name="deep_cnn")
