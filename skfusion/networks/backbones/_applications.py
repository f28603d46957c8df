"""The networks of keras.applications, with weights trained on ImageNet."""

from skfusion._utils.messages import with_remedies
from skfusion.exceptions import WeightsNotFoundError
from skfusion.networks._image_preprocessing import NO_PREPROCESSING, ImagePreprocessing
from skfusion.networks.backbones._backbone_spec import BackboneSpec
from skfusion.networks.backbones._named_family import NamedFamily
from skfusion.networks.backbones._weights_files import short_text
from skfusion.networks.runtimes._keras import import_keras

# The modes of Keras's `preprocess_input`; some networks scale pixels in their first layers.
_TF = ImagePreprocessing(scale=1 / 127.5, mean=1.0)
_TORCH = ImagePreprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
_CAFFE = ImagePreprocessing(scale=1.0, mean=(103.939, 116.779, 123.68), channels="bgr")
_INSIDE = NO_PREPROCESSING

_APACHE, _BSD, _CC_BY, _MIT = "Apache-2.0", "BSD-3-Clause", "CC-BY-4.0", "MIT"

# Name, side of the images of ImageNet, features, preprocessing, license of the weights and, where
# it isn't 32, the smallest side.
_TABLE = (
    ("ConvNeXtTiny", 224, 768, _INSIDE, _MIT),
    ("ConvNeXtSmall", 224, 768, _INSIDE, _MIT),
    ("ConvNeXtBase", 224, 1024, _INSIDE, _MIT),
    ("ConvNeXtLarge", 224, 1536, _INSIDE, _MIT),
    ("ConvNeXtXLarge", 224, 2048, _INSIDE, _MIT),
    ("DenseNet121", 224, 1024, _TORCH, _BSD),
    ("DenseNet169", 224, 1664, _TORCH, _BSD),
    ("DenseNet201", 224, 1920, _TORCH, _BSD),
    ("EfficientNetB0", 224, 1280, _INSIDE, _APACHE),
    ("EfficientNetB1", 240, 1280, _INSIDE, _APACHE),
    ("EfficientNetB2", 260, 1408, _INSIDE, _APACHE),
    ("EfficientNetB3", 300, 1536, _INSIDE, _APACHE),
    ("EfficientNetB4", 380, 1792, _INSIDE, _APACHE),
    ("EfficientNetB5", 456, 2048, _INSIDE, _APACHE),
    ("EfficientNetB6", 528, 2304, _INSIDE, _APACHE),
    ("EfficientNetB7", 600, 2560, _INSIDE, _APACHE),
    ("EfficientNetV2B0", 224, 1280, _INSIDE, _APACHE),
    ("EfficientNetV2B1", 240, 1280, _INSIDE, _APACHE),
    ("EfficientNetV2B2", 260, 1408, _INSIDE, _APACHE),
    ("EfficientNetV2B3", 300, 1536, _INSIDE, _APACHE),
    ("EfficientNetV2S", 384, 1280, _INSIDE, _APACHE),
    ("EfficientNetV2M", 480, 1280, _INSIDE, _APACHE),
    ("EfficientNetV2L", 480, 1280, _INSIDE, _APACHE),
    ("InceptionResNetV2", 299, 1536, _TF, _APACHE, 75),
    ("InceptionV3", 299, 2048, _TF, _APACHE, 75),
    ("MobileNet", 224, 1024, _TF, _APACHE),
    ("MobileNetV2", 224, 1280, _TF, _APACHE),
    ("MobileNetV3Large", 224, 960, _INSIDE, _APACHE),
    ("MobileNetV3Small", 224, 576, _INSIDE, _APACHE),
    ("NASNetLarge", 331, 4032, _TF, _APACHE),
    ("NASNetMobile", 224, 1056, _TF, _APACHE),
    ("ResNet50", 224, 2048, _CAFFE, _MIT),
    ("ResNet101", 224, 2048, _CAFFE, _MIT),
    ("ResNet152", 224, 2048, _CAFFE, _MIT),
    ("ResNet50V2", 224, 2048, _TF, _APACHE),
    ("ResNet101V2", 224, 2048, _TF, _APACHE),
    ("ResNet152V2", 224, 2048, _TF, _APACHE),
    ("VGG16", 224, 512, _CAFFE, _CC_BY),
    ("VGG19", 224, 512, _CAFFE, _CC_BY),
    ("Xception", 299, 2048, _TF, _MIT, 71),
)


def _make_spec(name, side, n_features, preprocessing, license, min_size=32):
    return BackboneSpec(
        name, (side, side), n_features, preprocessing, license, min_size, channels=3
    )


class ApplicationsFamily(NamedFamily):
    """Build the networks of keras.applications."""

    name = "applications"
    specs = {row[0]: _make_spec(*row) for row in _TABLE}

    def construct(self, spec, input_shape, options, *, pretrained):
        """Build the Keras model without its top."""
        constructor = getattr(import_keras().applications, spec.name)
        weights = "imagenet" if pretrained else None
        return constructor(include_top=False, weights=weights, input_shape=input_shape, **options)

    def explain(self, error, spec, options, *, pretrained):
        """Return an error that explains how to get the weights if they could not be downloaded."""
        if pretrained and ("URL fetch" in str(error) or isinstance(error, OSError)):
            remedy = "Pass weights=<path of a weights file>, or run once with a network connection."
            return with_remedies(
                WeightsNotFoundError,
                f"The ImageNet weights of {spec.name} are not in Keras's cache "
                f"(~/.keras/models) and could not be downloaded ({short_text(error, 200)}).",
                {"fetch weights": remedy},
            )
        return super().explain(error, spec, options, pretrained=pretrained)
