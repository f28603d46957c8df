"""deep_cnn: four blocks of convolution and batch normalization, for images above 64 pixels."""

from skfusion.networks.backbones._backbone_spec import BackboneSpec
from skfusion.networks.backbones._named_family import NamedFamily
from skfusion.networks.runtimes._keras import import_keras

# Small data sets give few training steps. With Keras's momentum of 0.99, the statistics of batch
# normalization would not converge in them.
_MOMENTUM = 0.8


class DeepCNNFamily(NamedFamily):
    """Build skfusion's own network for larger images. It has no pretrained weights."""

    name = "deep_cnn"
    specs = {"deep_cnn": BackboneSpec("deep_cnn", None, 128, min_size=4)}

    def construct(self, spec, input_shape, options, *, pretrained):
        """Build the Keras model without its top."""
        return deep_cnn(input_shape, **options)


def deep_cnn(input_shape, filters=(32, 64, 128, 128)):
    """Build blocks of Conv2D - BatchNormalization - ReLU - MaxPool that end in feature maps.

    Each block halves height and width. With global average pooling on top, the number of weights
    doesn't depend on the size of the images, as that of `small_cnn`'s dense layer does.

    Parameters
    ----------
    input_shape : tuple (height, width, channels)
        The shape of one image. Its height and width must be at least 2 pixels after all blocks,
        which is 32 pixels for four of them.

    filters : tuple of int, default=(32, 64, 128, 128)
        Filters of the 3 x 3 convolution of each block.

    Returns
    -------
    model : keras.Model
        Layers conv1, norm1, relu1, pool1, conv2, ...
    """
    keras = import_keras()
    layers = keras.layers
    min_size = 2 ** (len(filters) + 1)
    if min(input_shape[:2]) < min_size:
        raise ValueError(
            f"images of {input_shape[0]} x {input_shape[1]} pixels are too small for deep_cnn "
            f"with {len(filters)} blocks, which needs {min_size} x {min_size}. Pass a larger "
            "image_size or fewer filters."
        )
    inputs = x = layers.Input(input_shape, name="input")
    for number, width in enumerate(filters, start=1):
        conv = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"conv{number}")
        x = layers.BatchNormalization(momentum=_MOMENTUM, name=f"norm{number}")(conv(x))
        x = layers.ReLU(name=f"relu{number}")(x)
        x = layers.MaxPooling2D(name=f"pool{number}")(x)
    return keras.Model(inputs, x, name="deep_cnn")
