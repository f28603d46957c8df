"""One network that averages the outputs of several on common axes."""

from skfusion.networks._network import Network
from skfusion.networks._split import split_below
from skfusion.networks.runtimes._keras import building, import_keras


def average_networks(networks, axes):
    """Average cut networks of one architecture.

    Layers whose weights are the same in all networks, such as those below fine-tuned layers, are
    kept and computed once.

    Parameters
    ----------
    networks : list of Network
        Cut networks. The axes of the first one are the common ones.

    axes : list of ProcrustesMap
        Maps from the axes of the others to those of the first.

    Returns
    -------
    network : Network
        From the same input to the mean of the outputs.
    """
    keras = import_keras()
    first = networks[0]
    with building(0):
        model = first.to_model()
        name = model.name
        start = _first_difference(networks, model)
        bottom, member = split_below(model, start)
        inputs = keras.Input(first.input_shape, name="input")
        x = inputs if bottom is None else bottom(inputs)
        member.name = "member_0"
        columns = [member(x)]
        for number, (network, axis) in enumerate(zip(networks[1:], axes, strict=True), start=1):
            _, member = split_below(network.to_model(), start)
            member.name = f"member_{number}"
            columns.append(_apply_map(member(x), axis, number))
        merged = keras.Model(inputs, keras.layers.Average(name="average")(columns))
        merged.name = name
    return Network.from_model(
        first.name,
        merged,
        first.preprocessing,
        cut_name=first.cut_name,
        flips=first.flips,
        n_prefix_tokens=first.n_prefix_tokens,
        token_parts=first.token_parts,
    )


def _first_difference(networks, model):
    """Return the first layer whose weights differ between the networks."""
    start = 0
    for layer in model.layers:
        for array in range(start, start + len(layer.weights)):
            if any((n.weights[array] != networks[0].weights[array]).any() for n in networks[1:]):
                return layer.name
        start += len(layer.weights)
    return model.layers[-1].name


def _apply_map(y, axis, number):
    """Apply a ProcrustesMap as layers."""
    layers = import_keras().layers
    n_channels = len(axis.shift)
    n_columns = y.shape[-1]
    x = layers.Reshape((n_columns // n_channels, n_channels), name=f"channels_{number}")(y)
    inner = layers.Dense(axis.inner.shape[1], use_bias=False, name=f"inner_{number}")
    outer = layers.Dense(n_channels, name=f"outer_{number}")
    rotated = outer(inner(x))
    inner.set_weights([axis.inner])
    outer.set_weights([axis.outer, axis.shift])
    scaled = layers.Rescaling(axis.scale, name=f"scale_{number}")(x)
    x = layers.Add(name=f"rotated_{number}")([scaled, rotated])
    return layers.Reshape((n_columns,), name=f"columns_{number}")(x)
