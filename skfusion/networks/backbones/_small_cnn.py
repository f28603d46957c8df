"""small_cnn: two convolutions and a dense layer, for small images."""

from skfusion.networks.runtimes._keras import import_keras


def small_cnn(input_shape, filters=(32, 64), dense_units=256):
    """Build Conv2D - MaxPool - Conv2D - MaxPool - Flatten - Dense, without an output layer.

    Parameters
    ----------
    input_shape : tuple (height, width, channels)
        The shape of one image; at least 10 x 10 pixels.

    filters : tuple of two int, default=(32, 64)
        Filters of the two 3 x 3 convolutions.

    dense_units : int, default=256
        Width of the dense layer.

    Returns
    -------
    model : keras.Model
        Layers conv1, pool1, conv2, pool2, flatten and dense.
    """
    keras = import_keras()
    if min(input_shape[:2]) < 10:
        raise ValueError(
            f"images of {input_shape[0]} x {input_shape[1]} pixels are too small for "
            "small_cnn, which needs 10 x 10; pass a larger image_size"
        )
    layers = keras.layers
    inputs = layers.Input(input_shape, name="input")
    x = layers.Conv2D(filters[0], 3, activation="relu", name="conv1")(inputs)
    x = layers.MaxPooling2D(name="pool1")(x)
    x = layers.Conv2D(filters[1], 3, activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(name="pool2")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(dense_units, activation="relu", name="dense")(x)
    return keras.Model(inputs, x, name="small_cnn")
