"""keep_needed: leave out the nodes and constants that no output depends on."""

from skfusion.networks.onnx._onnx_graph import used_names


def keep_needed(g, outputs):
    """Leave out the nodes and constants of a graph that no output depends on.

    Parameters
    ----------
    g : GraphBuilder
        The graph; it is changed.

    outputs : list of str
        The names of the outputs.
    """
    needed, kept = set(outputs), []
    for node in reversed(g.nodes):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(used_names(node))
    g.nodes = kept[::-1]
    g.initializers = [tensor for tensor in g.initializers if tensor.name in needed]
