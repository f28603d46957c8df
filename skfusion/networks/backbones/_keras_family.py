"""KerasFamily: base class of the families whose backbones are Keras models."""

from abc import abstractmethod

from skfusion.networks._cutting import cut_model, cuttable_layers
from skfusion.networks._image_preprocessing import NO_PREPROCESSING
from skfusion.networks._network import Network
from skfusion.networks._top import add_top
from skfusion.networks.backbones._backbone_family import BackboneFamily
from skfusion.networks.runtimes._keras import building
from skfusion.networks.runtimes._keras_versions import keras_versions


class KerasFamily(BackboneFamily):
    """Build and cut Keras models; a subclass creates the model in `build_model`."""

    @abstractmethod
    def build_model(self, backbone, input_shape, weights, options):
        """Build the Keras model, whose input is one image and whose output is one tensor.

        Parameters
        ----------
        backbone : str, PathLike or callable
            A backbone of this family.

        input_shape, weights, options
            As in `build`.

        Returns
        -------
        model : keras.Model
            A functional model.
        """

    def build(self, backbone, *, input_shape, weights, options, seed):
        """Build a backbone without its classification layer."""
        with building(seed):
            model, n_prefix_tokens = self.build_with_prefix(backbone, input_shape, weights, options)
            return Network.from_model(
                self.slug(backbone),
                model,
                self._preprocessing(backbone),
                n_prefix_tokens=n_prefix_tokens,
            )

    def build_cut(self, backbone, cut_layer, pooling, *, input_shape, weights, options, seed):
        """Build a backbone, cut so that it returns one vector for each image."""
        with building(seed):
            model, n_prefix_tokens = self.build_with_prefix(backbone, input_shape, weights, options)
            name = self.slug(backbone)
            cut_name, cut, parts = cut_model(model, cut_layer, pooling, name, n_prefix_tokens)
            return Network.from_model(
                name,
                cut,
                self._preprocessing(backbone),
                cut_name=cut_name,
                n_prefix_tokens=n_prefix_tokens,
                token_parts=parts,
            )

    def list_cut_layers(self, backbone, *, input_shape, options, top):
        """Return the layers at which a backbone can be cut."""
        network = self.build(
            backbone, input_shape=input_shape, weights=None, options=options, seed=0
        )
        if top:
            network = add_top(network, n_outputs=2, activation="softmax")
        layers = cuttable_layers(network.to_model())
        return {name: tuple(output.shape[1:]) for name, output in layers.items()}

    def version_key(self):
        """Return the versions of Keras and its backend, and the settings of Keras."""
        return keras_versions()

    def build_with_prefix(self, backbone, input_shape, weights, options):
        """Build the Keras model; also return its number of prefix tokens.

        It is the option `n_prefix_tokens`, which declares it for models of users; None if it is
        not known.
        """
        options = dict(options)
        n_prefix_tokens = options.pop("n_prefix_tokens", None)
        return self.build_model(backbone, input_shape, weights, options), n_prefix_tokens

    def _preprocessing(self, backbone):
        spec = self.find_spec(backbone)
        return NO_PREPROCESSING if spec is None else spec.preprocessing
