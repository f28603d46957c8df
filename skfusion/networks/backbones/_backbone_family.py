"""BackboneFamily: the interface of the families of backbones."""

from abc import ABC, abstractmethod

from skfusion.networks._image_preprocessing import NO_PREPROCESSING


class BackboneFamily(ABC):
    """Base class of families: backbones that are found, built and identified in the same way.

    A family is one file and one line in the registry. It imports its library inside its methods,
    so that the registry can be read without Keras.

    A backbone is a value of the parameter `backbone`: a name, a path or a function. Except in
    `claims`, it is always one that the family claims.
    """

    #: The family's name, as in ``list_backbones(family=...)``.
    name: str
    #: The extra that has to be installed. Such families are only listed by name.
    extra: str | None = None
    #: The runtime that computes the backbones unless another one is passed.
    runtime = "keras"
    #: Whether `CNNEmbedder` can train the backbones.
    is_trainable = True
    #: The size of images for backbones that take any, or None if the user has to pass it.
    default_size: tuple[int, int] | None = (224, 224)
    #: The same, for listing the layers of a backbone that is trained on images of any size.
    listed_size: tuple[int | None, int | None] = (28, 28)

    @abstractmethod
    def list_names(self):
        """Return the names of the backbones, a list of str; empty if they have none."""

    @abstractmethod
    def claims(self, backbone):
        """Return whether a backbone belongs to this family, without building it."""

    @abstractmethod
    def find_spec(self, backbone):
        """Return the BackboneSpec; None if nothing is known before it is built."""

    def describe(self, backbone, options=None):
        """Return the BackboneSpec, where options can change it; else as `find_spec`."""
        return self.find_spec(backbone)

    def find_preprocessing(self, backbone, options=None):
        """Return the backbone's own ImagePreprocessing."""
        spec = self.describe(backbone, options)
        return NO_PREPROCESSING if spec is None else spec.preprocessing

    @abstractmethod
    def slug(self, backbone):
        """Return the backbone's name in feature names."""

    @abstractmethod
    def build(self, backbone, *, input_shape, weights, options, seed):
        """Build a backbone without its classification layer.

        Parameters
        ----------
        backbone : str, PathLike or callable
            A backbone of this family.

        input_shape : tuple (height, width, channels)
            The shape of the images; ignored by backbones with a fixed shape.

        weights : str, PathLike or None
            Pretrained weights by name, a weights file, or random weights.

        options : dict
            Further arguments of the backbone's constructor.

        seed : int
            Seed of random weights.

        Returns
        -------
        network : BaseNetwork
            The network, with its preprocessing.
        """

    @abstractmethod
    def build_cut(self, backbone, cut_layer, pooling, *, input_shape, weights, options, seed):
        """Build a backbone, cut so that it returns one vector for each image.

        Parameters
        ----------
        backbone : str, PathLike or callable
            A backbone of this family.

        cut_layer : str, int or None
            The layer to cut at; None is the last feature layer.

        pooling : str or None
            How feature maps become a vector; None flattens them.

        input_shape, weights, options, seed
            As in `build`.

        Returns
        -------
        network : BaseNetwork
            The cut network, with its preprocessing.
        """

    @abstractmethod
    def list_cut_layers(self, backbone, *, input_shape, options, top):
        """Return the layers at which a backbone can be cut.

        Parameters
        ----------
        backbone : str, PathLike or callable
            A backbone of this family.

        input_shape, options
            As in `build`.

        top : bool
            Whether to include the layers that `CNNEmbedder` adds on top.

        Returns
        -------
        shapes : dict of str to tuple of (int or None)
            For each layer, in the network's order, the shape of one image's output.
        """

    @abstractmethod
    def version_key(self):
        """Return the versions of libraries that outputs depend on, without importing them."""

    def list_files(self, backbone):
        """Return the files that a backbone is read from."""
        return []

    def identity(self, backbone):
        """Return plain data that identifies a backbone that is read from no files."""
        return backbone

    def holds_weights(self, backbone):
        """Return whether a backbone has trained weights even if `weights` is None."""
        return False
