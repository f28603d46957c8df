"""InputGroup: several inputs of one network."""


class InputGroup:
    """The inputs of a network that has several.

    It has the interface of an ArrayInput. Its items are rows, since rows may differ in any of the
    inputs.

    Parameters
    ----------
    inputs : dict of str to ArrayInput
        The inputs, by the names of the network's input layers.

    Raises
    ------
    ValueError
        If the inputs differ in their number of rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.training._array_input import ArrayInput
    >>> from skfusion.training._input_group import InputGroup
    >>> image = ArrayInput(np.zeros((1, 4, 4, 1)), np.array([0, 0]))
    >>> group = InputGroup({"image": image, "table": ArrayInput(np.array([[1.0], [2.0]]))})
    >>> {name: batch.shape for name, batch in group.take([0, 1]).items()}
    {'image': (2, 4, 4, 1), 'table': (2, 1)}
    """

    def __init__(self, inputs):
        lengths = {name: one.n_rows for name, one in inputs.items()}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"The inputs must have the same number of rows, got {lengths}.")
        self.inputs = inputs
        self.n_rows = self.n_items = next(iter(lengths.values()))

    @property
    def is_augmented(self):
        """bool : Whether one of the inputs changes at random in training."""
        return any(one.is_augmented for one in self.inputs.values())

    def items_of(self, rows):
        """Return the rows themselves."""
        return rows

    def take(self, items, rng=None):
        """Return a batch of each input, by name."""
        return {name: one.take(one.items_of(items), rng) for name, one in self.inputs.items()}
