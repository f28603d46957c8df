"""find_tensor: the tensor at which a user asks to cut an ONNX graph."""

import difflib
import re


def find_tensor(graph, cut_layer, image_input, name):
    """Find the tensor at which to cut.

    Parameters
    ----------
    graph : OnnxGraph
        The graph.

    cut_layer : str, int or None
        The name of a node or a tensor, the position of a node, or None for the graph's output.

    image_input : ImageInput
        The input for images.

    name : str
        The network's name in messages.

    Returns
    -------
    tensor : str
        It depends on the images alone.

    Raises
    ------
    ValueError
        If there is no such tensor, or if it depends on something else.
    """
    tensors = _candidates(graph, cut_layer, name)
    image = frozenset([image_input.name])
    found = [tensor for tensor in tensors if graph.roots.get(tensor) == image]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        which = "has the outputs" if cut_layer is None else f"has, at {cut_layer!r}, the tensors"
        raise ValueError(f"{name} {which} {_quoted(found)}. Pass one of them as cut_layer.")
    if len(tensors) == 1 and not graph.roots.get(tensors[0]):
        raise ValueError(f"{name} can't be cut at {tensors[0]!r}: it doesn't depend on the images.")
    others = sorted(set().union(*(graph.roots[tensor] for tensor in tensors)) - image)
    raise ValueError(
        f"{name} can't be cut at {_quoted(tensors)}: this depends on the input(s) "
        f"{_quoted(others)} beside the images. Pass as cut_layer a name of "
        "skfusion.list_cut_layers, which depend on the images alone, or export that part of the "
        "network."
    )


def _candidates(graph, cut_layer, name):
    """Return the tensors that a user can mean."""
    if cut_layer is None:
        image_only = [tensor for tensor in graph.outputs if len(graph.roots.get(tensor, "")) == 1]
        return image_only or graph.outputs
    if isinstance(cut_layer, str):
        tensors = graph.find_tensor(cut_layer)
    else:
        in_range = -len(graph.nodes) <= cut_layer < len(graph.nodes)
        tensors = [each for each in graph.nodes[cut_layer].output if each] if in_range else []
    if not tensors:
        names = list(graph.cut_names)
        near = _near(str(cut_layer), names) or names[-3:]
        raise ValueError(
            f"{name} has no layer {cut_layer!r} to be cut at. Near it are: {_quoted(near)}. "
            f"skfusion.list_cut_layers has all of its {len(names)} names."
        )
    return tensors


def _near(asked, names, most=3):
    """Return names like the one that was asked for, by their parts and by their letters.

    Names of nodes are paths such as ``/encoder/layers.3/mlp/Add``. A part of one says more than
    its length, which decides the likeness of letters.
    """
    wanted = _parts(asked)

    def likeness(name):
        matcher.set_seq1(name.lower())
        return len(wanted & _parts(name)), matcher.ratio()

    matcher = difflib.SequenceMatcher(b=asked.lower())
    found = {name: likeness(name) for name in names}
    near = sorted(names, key=found.get, reverse=True)[:most]
    return [name for name in near if found[name] >= (0, 0.4)]


def _parts(name):
    return {part for part in re.split(r"[/.:_]+", name.lower()) if part}


def _quoted(names, most=6):
    text = ", ".join(repr(name) for name in names[:most])
    return f"{text} and {len(names) - most} more" if len(names) > most else text
