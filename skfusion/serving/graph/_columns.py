"""Columns: the table as it is on its way through the graph."""

from dataclasses import dataclass, replace

from skfusion.serving.graph._graph_builder import BOOL, DOUBLE, STRING, UINT8
from skfusion.serving.graph._not_convertible import NotConvertible

#: What marks an empty cell in a column of text. In Python, "" is a value like any other.
MISSING_TEXT = "<NA>"
_SHAPES = {
    "number": (DOUBLE, [1]),
    "date": (DOUBLE, [1]),
    "category": (STRING, [1]),
    "image": (UINT8, ["height", "width", "channels"]),
}


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Parameters
    ----------
    name : str
        Its name.

    tensor : str or None, default=None
        What was computed of it; None for a column of the user's table.

    kind : str or None, default=None
        "number" or "category", for what was computed.
    """

    name: str
    tensor: str | None = None
    kind: str | None = None

    def read(self, g, kind, **facts):
        """Return the column as a tensor; declare it as an input on its first use.

        Parameters
        ----------
        g : GraphBuilder
            The graph.

        kind : {"number", "date", "category", "image"}
            What the reader needs.

        **facts : object
            What the metadata says of the column beside its name and kind.
        """
        if self.tensor is not None:
            if kind != self.kind:
                raise NotConvertible(
                    f"column {self.name!r} is a {self.kind}, and the step needs a {kind}"
                )
            return self.tensor
        if self.name not in g.inputs:
            dtype, shape = _SHAPES[kind]
            more = {"missing_input": None} if kind == "image" else {}
            g.add_input(self.name, dtype, _named_shape(self.name, shape), kind=kind, **more)
        known = g.inputs[self.name][1]
        if known["kind"] != kind:
            raise NotConvertible(
                f"column {self.name!r} is used as a {known['kind']} and as a {kind}"
            )
        _merge_facts(known, facts)
        return self.name

    def replaced(self, tensor, kind):
        """Return what a step computed of the column."""
        return replace(self, tensor=tensor, kind=kind)


@dataclass(frozen=True)
class Matrix:
    """Numbers side by side.

    Parameters
    ----------
    tensor : str
        float64 of shape (rows, width).

    width : int
        How many columns there are.
    """

    tensor: str
    width: int


def as_matrix(g, inputs):
    """Return inputs as numbers side by side.

    Parameters
    ----------
    g : GraphBuilder
        The graph.

    inputs : Matrix or list of (Column or Matrix)
        What a step gets.
    """
    if isinstance(inputs, Matrix):
        return inputs
    parts = [part.tensor if isinstance(part, Matrix) else part.read(g, "number") for part in inputs]
    widths = [part.width if isinstance(part, Matrix) else 1 for part in inputs]
    return Matrix(g.concat(parts), sum(widths))


def as_columns(g, inputs):
    """Return inputs as columns, one by one; those of a matrix are columns of numbers."""
    columns = []
    for part in [inputs] if isinstance(inputs, Matrix) else inputs:
        if isinstance(part, Column):
            columns.append(part)
            continue
        for i in range(part.width):
            column = g.slice(part.tensor, i, i + 1, 1)
            columns.append(Column(f"x{len(columns)}", column, "number"))
    return columns


def read_flag(g, column):
    """Return the input that marks the rows whose image is missing, as bool of shape (rows, 1)."""
    name = f"{column.name}_missing"
    if name not in g.inputs:
        g.add_input(name, BOOL, [1], kind="missing", of=column.name)
        g.inputs[column.name][1]["missing_input"] = name
    return name


def _named_shape(name, shape):
    return [f"{name}_{side}" if isinstance(side, str) else side for side in shape]


def _merge_facts(known, facts):
    """Add facts of another reader of the column: lists grow, and what one refuses is refused."""
    for key, value in facts.items():
        if isinstance(value, list) and key in known:
            known[key] += [item for item in value if item not in known[key]]
        elif isinstance(value, bool) and key in known:
            known[key] = known[key] and value
        else:
            known[key] = value
