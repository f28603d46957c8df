"""OnnxGraph: the nodes and tensors of an ONNX graph, and what depends on what."""

from collections import Counter
from functools import cached_property


class OnnxGraph:
    """Index an ONNX graph.

    Parameters
    ----------
    graph : onnx.GraphProto
        The graph. Its nodes are in the order in which they can be computed, as ONNX requires.

    Attributes
    ----------
    nodes : list of onnx.NodeProto
        The nodes.

    initializers : dict of str to onnx.TensorProto
        The weights by name.

    inputs : dict of str to onnx.ValueInfoProto
        The inputs that aren't weights.

    outputs : list of str
        The names of the outputs.

    producers : dict of str to int
        For each tensor that a node computes, the position of the node.
    """

    def __init__(self, graph):
        self.graph = graph
        self.nodes = list(graph.node)
        self.initializers = {tensor.name: tensor for tensor in graph.initializer}
        weights = {*self.initializers, *(each.values.name for each in graph.sparse_initializer)}
        self.inputs = {value.name: value for value in graph.input if value.name not in weights}
        self.outputs = [value.name for value in graph.output]
        self.producers = {
            output: i for i, node in enumerate(self.nodes) for output in node.output if output
        }

    @cached_property
    def roots(self):
        """Dict of str to frozenset of str : The inputs that each tensor depends on."""
        roots = {name: frozenset([name]) for name in self.inputs}
        for node in self.nodes:
            found = frozenset().union(*(roots.get(name, ()) for name in used_names(node)))
            roots.update(dict.fromkeys(filter(None, node.output), found))
        return roots

    @cached_property
    def cut_names(self):
        """Dict of str to str : The name that a cut is listed by, and its tensor.

        An output of the graph has its own name, another tensor that of its node, where no other
        node has this name or a second output.
        """
        counts = Counter(node.name for node in self.nodes)
        names = {}
        for node in self.nodes:
            outputs = [output for output in node.output if output]
            for output in outputs:
                has_own_name = node.name and counts[node.name] == 1 and len(outputs) == 1
                is_taken = node.name in self.producers or node.name in self.inputs
                use_node = has_own_name and not is_taken and output not in self.outputs
                names[node.name if use_node else output] = output
        return names

    def needed_nodes(self, tensor):
        """Return the positions of the nodes that a tensor is computed by, in order."""
        needed, waiting = set(), [tensor]
        while waiting:
            position = self.producers.get(waiting.pop())
            if position is not None and position not in needed:
                needed.add(position)
                waiting += used_names(self.nodes[position])
        return sorted(needed)

    def find_tensor(self, name):
        """Return the tensor of a node or tensor of this name.

        Returns
        -------
        tensors : list of str
            Several for a node with several outputs, or nodes of one name; empty if there is none.
        """
        if name in self.producers:
            return [name]
        nodes = [node for node in self.nodes if node.name and node.name == name]
        return [output for node in nodes for output in node.output if output]


def used_names(node):
    """Return the tensors that a node uses, in the graphs inside of it, too."""
    names = [name for name in node.input if name]
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            for inner in graph.node:
                names += used_names(inner)
            names += [value.name for value in graph.output]
    return names
