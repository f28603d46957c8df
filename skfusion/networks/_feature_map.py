"""The feature map that a cut network averages."""

import weakref
from dataclasses import dataclass

import numpy as np

from skfusion.networks._cutting import cut_network
from skfusion.networks._network import Network
from skfusion.networks.runtimes._keras import building, import_keras

# A live model is compiled once for each network, not for each image.
_MAPS: weakref.WeakKeyDictionary[Network, "FeatureMap | None"] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """A network that ends in the feature map which another network averages.

    Parameters
    ----------
    network : Network
        From the image to the flattened map.

    shape : tuple (height, width, channels)
        The shape of the map.

    flips : {"horizontal", "both"} or None
        Over which mirror images the other network averages.
    """

    network: Network
    shape: tuple[int, int, int]
    flips: str | None

    def compute(self, image):
        """Compute the map of one image.

        Parameters
        ----------
        image : ndarray of shape (height, width, channels)
            Pixels in 0..255, in the input shape of the network.

        Returns
        -------
        cells : ndarray of shape (height, width, channels)
            Their mean is what the other network computes.
        """
        views = [image]
        if self.flips is not None:
            views.append(image[:, ::-1])
        if self.flips == "both":
            views += [view[::-1] for view in views]
        maps = self.network.embed(np.stack(views)).reshape(len(views), *self.shape)
        turned = [maps[0]]
        if self.flips is not None:
            turned.append(maps[1][:, ::-1])
        if self.flips == "both":
            turned += [maps[2][::-1], maps[3][::-1, ::-1]]
        return np.mean(turned, axis=0)


def find_feature_map(network):
    """Find the feature map that a network averages in its last layer.

    Parameters
    ----------
    network : BaseNetwork
        A cut network.

    Returns
    -------
    feature_map : FeatureMap or None
        None if the network ends in another layer, or doesn't run on Keras.
    """
    network = network.resolve()
    if not isinstance(network, Network):
        return None
    if network not in _MAPS:
        _MAPS[network] = _find(network)
    return _MAPS[network]


def _find(network):
    keras = import_keras()
    with building(0):
        model = keras.models.model_from_json(network.config)
    operation = model.outputs[0]._keras_history.operation
    if not isinstance(operation, keras.layers.GlobalAveragePooling2D):
        return None
    pooled = operation.input
    name = pooled._keras_history.operation.name
    return FeatureMap(cut_network(network, name, None), tuple(pooled.shape[1:]), network.flips)
