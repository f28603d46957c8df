"""NotConvertible: a part of a model that has no form in an ONNX graph."""


class NotConvertible(ValueError):
    """A part of a model can't be part of the graph; the message names it and the reason."""
