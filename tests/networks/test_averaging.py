"""Networks that average the outputs of several."""

import numpy as np
import pytest

from skfusion.embedding.cross_fitting._procrustes_map import ProcrustesMap
from skfusion.networks._averaging import average_networks
from skfusion.networks._cutting import cut_network
from skfusion.networks._network import Network
from skfusion.networks._top import add_top
from skfusion.networks.backbones._building import build_network

PIXELS = np.random.default_rng(0).integers(0, 255, (30, 16, 16, 1)).astype(np.uint8)


def changed_copies(blank, n_changed):
    """Return three networks that differ in their last weights."""
    rng = np.random.default_rng(0)
    networks = []
    for _ in range(3):
        weights = [array.copy() for array in blank.weights]
        for array in weights[len(weights) - n_changed :]:
            array += rng.normal(0, 0.05, array.shape).astype(np.float32)
        networks.append(blank.replace(weights=weights))
    return networks


@pytest.fixture(scope="module")
def blank():
    return add_top(
        build_network("small_cnn", input_shape=(16, 16, 1), options={"filters": (4, 8)}),
        n_outputs=2,
        activation="softmax",
    )


@pytest.mark.parametrize(
    ("cut_layer", "channels", "flips"),
    [
        ("flatten", 8, None),
        ("pool1", 4, "horizontal"),
        ("dense", None, None),
        ("output", None, None),
    ],
)
def test_outputs_are_the_mean_in_the_axes_of_the_first(blank, cut_layer, channels, flips):
    cut = [cut_network(n, cut_layer, None, flips) for n in changed_copies(blank, 8)]
    rows = [network.embed(PIXELS) for network in cut]
    axes = [ProcrustesMap(other, rows[0], channels) for other in rows[1:]]
    merged = average_networks(cut, axes)
    mapped = [rows[0], *(a.apply(r) for a, r in zip(axes, rows[1:], strict=True))]
    np.testing.assert_allclose(merged.embed(PIXELS), np.mean(mapped, axis=0), atol=1e-4)
    assert merged.cut_name == cut[0].cut_name
    assert merged.flips == flips
    again, _ = Network.from_bytes(merged.to_bytes())
    np.testing.assert_array_equal(again.embed(PIXELS), merged.embed(PIXELS))


def test_layers_with_equal_weights_are_kept_once(blank):
    cut = [cut_network(n, "dense", None) for n in changed_copies(blank, 4)]  # dense and output
    rows = [network.embed(PIXELS) for network in cut]
    merged = average_networks(cut, [ProcrustesMap(r, rows[0]) for r in rows[1:]])
    kernels = [array for array in merged.weights if array.shape == (3, 3, 1, 4)]
    assert len(kernels) == 1
    cut = [cut_network(n, "dense", None) for n in changed_copies(blank, 8)]
    merged = average_networks(cut, [ProcrustesMap(r, rows[0]) for r in rows[1:]])
    assert len([array for array in merged.weights if array.shape == (3, 3, 1, 4)]) == 3
