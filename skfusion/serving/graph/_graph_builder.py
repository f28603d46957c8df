"""GraphBuilder: the nodes, constants and inputs of an ONNX graph that is being built."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

#: The operator sets of the graph, by domain. ONNX Runtime 1.20 and its build for browsers run them.
OPSETS = {"": 18, "ai.onnx.ml": 3}
_IR_VERSION = 9
FLOAT, DOUBLE, INT32, INT64 = (
    TensorProto.FLOAT,
    TensorProto.DOUBLE,
    TensorProto.INT32,
    TensorProto.INT64,
)
UINT8, BOOL, STRING = TensorProto.UINT8, TensorProto.BOOL, TensorProto.STRING
ROWS = "rows"


class GraphBuilder:
    """Collect what an ONNX graph consists of.

    Attributes
    ----------
    problems : list of str
        What can't be converted. The graph is of no use if there is anything.

    invalid : list of str
        Tensors of bool of shape (rows, 1): the rows that the model refuses.

    networks : list of dict
        What the metadata says of the networks whose weights the graph holds.

    cache : dict
        Tensors by what they were computed from, so that each is computed once.
    """

    def __init__(self):
        self.nodes = []
        self.initializers = []
        self.inputs = {}
        self.problems = []
        self.invalid = []
        self.networks = []
        self.cache = {}
        self._n_names = 0

    def name(self, hint="t"):
        """Return a name that no other tensor has."""
        self._n_names += 1
        return f"skfusion/{hint}_{self._n_names}"

    def constant(self, value, dtype=None):
        """Return the name of a constant.

        Parameters
        ----------
        value : array-like
            Numbers or text.

        dtype : dtype or None, default=None
            None keeps that of an array; of Python's numbers, float64 or int64.
        """
        array = np.asarray(value, dtype=dtype)
        if array.dtype.kind in "UO":
            array = array.astype(object)
        key = (array.dtype.str, array.shape, array.tobytes())
        if array.dtype == object:
            key = ("text", array.shape, tuple(array.ravel()))
        if array.size > 64 or key not in self.cache:
            name = self.name("constant")
            self.initializers.append(_as_tensor(array, name))
            if array.size > 64:
                return name
            self.cache[key] = name
        return self.cache[key]

    def op(self, kind, *inputs, domain="", n_outputs=1, **attributes):
        """Add a node and return the name of its output, or of several outputs.

        Parameters
        ----------
        kind : str
            The operator.

        *inputs : str, array-like or None
            Names of tensors; numbers and arrays become constants; None leaves an input out.

        domain : str, default=""
            The domain of the operator.

        n_outputs : int, default=1
            How many outputs it has.

        **attributes : object
            Attributes of the node.
        """
        names = ["" if x is None else x if isinstance(x, str) else self.constant(x) for x in inputs]
        outputs = [self.name(kind.lower()) for _ in range(n_outputs)]
        node = helper.make_node(kind, names, outputs, name=outputs[0], domain=domain, **attributes)
        self.nodes.append(node)
        return outputs[0] if n_outputs == 1 else outputs

    def cast(self, tensor, dtype):
        """Return a tensor in another type."""
        return self.op("Cast", tensor, to=dtype)

    def dim(self, tensor, axis):
        """Return the length of an axis, as an int64 tensor of shape (1,)."""
        return self.op("Shape", tensor, start=axis, end=axis + 1)

    def scalar(self, tensor):
        """Return a tensor of one number without axes."""
        return self.op("Squeeze", tensor)

    def slice(self, tensor, start, end, axis):
        """Return a part of an axis."""
        return self.op("Slice", tensor, [start], [end], [axis])

    def concat(self, tensors, axis=1):
        """Join tensors; one alone is returned as it is."""
        return tensors[0] if len(tensors) == 1 else self.op("Concat", *tensors, axis=axis)

    def refuse(self, tensor, allow_nan):
        """Mark rows that hold an infinite number or, unless it is allowed, NaN.

        Parameters
        ----------
        tensor : str
            Numbers of shape (rows, width).

        allow_nan : bool
            Whether the model takes NaN.
        """
        odd = self.op("IsInf", tensor)
        if not allow_nan:
            odd = self.op("Or", odd, self.op("IsNaN", tensor))
        most = self.op("ReduceMax", self.cast(odd, FLOAT), [1], keepdims=1)
        self.invalid.append(self.cast(most, BOOL))

    def branch(self, condition, then, otherwise, dtype, rank):
        """Return the result of one of two functions, which add nodes of their own.

        Parameters
        ----------
        condition : str
            A bool of one element.

        then, otherwise : callable
            Functions without arguments that return a tensor's name.

        dtype, rank : int
            The type and the number of axes of the result.
        """
        graphs = []
        for function in (then, otherwise):
            outer, self.nodes = self.nodes, []
            output = self.op("Identity", function())
            value = helper.make_tensor_value_info(output, dtype, [None] * rank)
            graphs.append(helper.make_graph(self.nodes, self.name("branch"), [], [value]))
            self.nodes = outer
        return self.op("If", condition, then_branch=graphs[0], else_branch=graphs[1])

    def loop(self, count, start, step, dtype, rank):
        """Return what a function makes of a tensor, applied a number of times.

        Parameters
        ----------
        count : str
            How often, as an int64 tensor without axes.

        start : str
            The tensor at the start.

        step : callable
            Function of the number of the step, from 0, and the tensor; it returns a tensor of the
            same shape.

        dtype, rank : int
            The type and the number of axes of the tensor.
        """
        number, condition, tensor = (self.name(each) for each in ("step", "again", "value"))
        outer, self.nodes = self.nodes, []
        again = self.op("Identity", condition)
        result = self.op("Identity", step(number, tensor))
        make, shape = helper.make_tensor_value_info, [None] * rank
        body = helper.make_graph(
            self.nodes,
            self.name("body"),
            [make(number, INT64, []), make(condition, BOOL, []), make(tensor, dtype, shape)],
            [make(again, BOOL, []), make(result, dtype, shape)],
        )
        self.nodes = outer
        return self.op("Loop", count, None, start, body=body)

    def merge(self, model, inputs):
        """Add the nodes of another model, and return the names of its outputs.

        Parameters
        ----------
        model : onnx.ModelProto
            Of `OPSETS`. Its graph is changed.

        inputs : dict of str to str
            From the names of its inputs to tensors of this graph.
        """
        graph, prefix = model.graph, self.name("part") + "/"
        names = dict(inputs)
        for tensor in graph.initializer:
            names[tensor.name] = prefix + tensor.name
            tensor.name = names[tensor.name]
        _rename(graph, names, prefix)
        self.initializers.extend(graph.initializer)
        self.nodes.extend(graph.node)
        return [names[value.name] for value in graph.output]

    def add_input(self, name, dtype, shape, **facts):
        """Declare an input of the graph, and keep what its metadata will say of it."""
        value = helper.make_tensor_value_info(name, dtype, [ROWS, *shape])
        self.inputs[name] = (value, {"name": name, **facts})

    def rename_output(self, tensor, name):
        """Give a tensor a second name, that of an output of the graph."""
        self.nodes.append(helper.make_node("Identity", [tensor], [name], name=name))

    def model(self, outputs):
        """Return the graph as a model.

        Parameters
        ----------
        outputs : list of tuple (str, int, list)
            Name, type and shape of each output.
        """
        values = [helper.make_tensor_value_info(*output) for output in outputs]
        inputs = [value for value, _ in self.inputs.values()]
        graph = helper.make_graph(self.nodes, "model", inputs, values, self.initializers)
        opsets = [helper.make_opsetid(*each) for each in OPSETS.items()]
        return helper.make_model(
            graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="skfusion"
        )


def _as_tensor(array, name):
    if array.dtype == object:
        texts = [str(text).encode() for text in array.ravel()]
        return helper.make_tensor(name, STRING, array.shape, texts)
    return numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)


def _rename(graph, names, prefix):
    """Rename the tensors of a graph, and of those inside of its nodes."""
    for node in graph.node:
        node.name = node.name and prefix + node.name
        for i, name in enumerate(node.input):
            node.input[i] = names.get(name, name)
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                _rename_inner(inner, names, prefix)
        for i, name in enumerate(node.output):
            if name:
                names[name] = prefix + name
                node.output[i] = names[name]


def _rename_inner(graph, names, prefix):
    """Rename the tensors of a graph inside of a node, which sees those around it."""
    names = dict(names)
    for tensor in graph.initializer:
        names[tensor.name] = prefix + tensor.name
        tensor.name = names[tensor.name]
    for value in graph.input:
        names[value.name] = prefix + value.name
        value.name = names[value.name]
    _rename(graph, names, prefix)
    for value in graph.output:
        value.name = names.get(value.name, value.name)


def at_opset(model):
    """Return a model in the version of ONNX's operators that graphs have."""
    versions = {each.domain: each.version for each in model.opset_import}
    if versions.get("", OPSETS[""]) == OPSETS[""]:
        return model
    return onnx.version_converter.convert_version(model, OPSETS[""])
