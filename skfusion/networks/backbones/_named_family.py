"""NamedFamily: base class of the families of Keras models that have names."""

from abc import abstractmethod
from typing import Any

from skfusion._utils.messages import with_remedies
from skfusion.networks.backbones._keras_family import KerasFamily
from skfusion.networks.backbones._weights_files import (
    check_weights_file,
    load_weights,
    short_text,
)


class NamedFamily(KerasFamily):
    """Find backbones in a table of BackboneSpecs and check the arguments for them."""

    #: The BackboneSpecs by name.
    specs: dict[str, Any]

    @abstractmethod
    def construct(self, spec, input_shape, options, *, pretrained):
        """Build the Keras model without its top.

        Parameters
        ----------
        spec : BackboneSpec
            The backbone.

        input_shape : tuple (height, width, channels)
            The shape of one image.

        options : dict
            Further arguments of the constructor.

        pretrained : bool
            Whether to load the pretrained weights; only if the spec has a license for them.

        Returns
        -------
        model : keras.Model
            A functional model.
        """

    def list_names(self):
        """Return the names of the backbones."""
        return list(self.specs)

    def claims(self, backbone):
        """Return whether a backbone is a name in the table."""
        return isinstance(backbone, str) and backbone in self.specs

    def find_spec(self, backbone):
        """Return the BackboneSpec of a name."""
        return self.specs[backbone]

    def slug(self, backbone):
        """Return the name in lower case."""
        return self.specs[backbone].slug

    def build_model(self, backbone, input_shape, weights, options):
        """Build the Keras model; raise an error with the reason if it can't be built."""
        spec = self.specs[backbone]
        _check_size(spec, input_shape)
        if weights == "imagenet" and spec.license is None:
            remedy = "Pass a weights file or weights=None, or train it with CNNEmbedder."
            raise with_remedies(
                ValueError,
                f"There are no ImageNet weights for {spec.name!r}.",
                {"own weights": remedy},
            )
        is_file = weights not in (None, "imagenet")
        if is_file:
            check_weights_file(weights, spec.name)
        pretrained = weights == "imagenet"
        try:
            model = self.construct(spec, input_shape, options, pretrained=pretrained)
        except Exception as error:
            raise self.explain(error, spec, options, pretrained=pretrained) from error
        if is_file:
            load_weights(model, weights, _with_options(spec, options))
        return model

    def explain(self, error, spec, options, *, pretrained):
        """Return an error that names the backbone and its options."""
        title, text = _with_options(spec, options), short_text(error)
        if isinstance(error, TypeError):
            return TypeError(f"{title} can't be built: {text}")
        if pretrained:
            return ValueError(f"The weights 'imagenet' don't fit {title}: {text}")
        return ValueError(f"{title} can't be built: {text}")


def _with_options(spec, options):
    return f"{spec.name} with backbone_options={options}" if options else spec.name


def _check_size(spec, input_shape):
    if min(input_shape[:2]) < spec.min_size:
        raise with_remedies(
            ValueError,
            f"Images of {input_shape[0]} x {input_shape[1]} pixels are too small for "
            f"{spec.name}, which needs {spec.min_size} x {spec.min_size}.",
            {"larger": "Pass a larger image_size."},
        )
