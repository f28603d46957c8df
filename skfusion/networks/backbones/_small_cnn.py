"""small_cnn: two convolutions and a dense layer, for small images."""

from skfusion.networks.backbones._backbone_spec import BackboneSpec
from skfusion.networks.backbones._named_family import NamedFamily
from skfusion.networks.runtimes._keras import import_keras


class SmallCNNFamily(NamedFamily):
    """Build skfusion's own network for small images. It has no pretrained weights."""

    name = "small_cnn"
    specs = {"small_cnn": BackboneSpec("small_cnn", None, 256, min_size=10)}

    def construct(self, spec, input_shape, options, *, pretrained):
        """Build the Keras model without its top."""
        return small_cnn(input_shape, **options)


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
    layers = keras.layers
    inputs = layers.Input(input_shape, name="input")
    x = layers.Conv2D(filters[0], 3, activation="relu", name="conv1")(inputs)
    x = layers.MaxPooling2D(name="pool1")(x)
    x = layers.Conv2D(filters[1], 3, activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(name="pool2")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(dense_units, activation="relu", name="dense")(x)
    return keras.Model(inputs, x, name="small_cnn")
