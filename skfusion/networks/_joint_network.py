"""JointNetwork: a network of an image and the columns of a table."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skfusion._utils.plain_data import plain_data
from skfusion.networks._network import Network
from skfusion.networks.runtimes._runtime import padded_length


@plain_data
@dataclass(eq=False, repr=False)
class JointNetwork(Network):
    """A Network with several inputs, which are passed by name.

    Parameters
    ----------
    input_shapes : dict of str to tuple of int
        The shape of one row of each input.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.networks._joint_layers import build_joint
    >>> network = build_joint(
    ...     (5,), 2, fusion="concat", n_units=4, dropout=0.0, n_outputs=1, activation="linear"
    ... )
    >>> rows = {name: np.zeros((3, *shape)) for name, shape in network.input_shapes.items()}
    >>> sorted(rows), network.compute(rows).shape
    (['has_image', 'has_table', 'image', 'table'], (3, 1))
    """

    input_shapes: dict[str, Any] = field(default_factory=dict)

    def compute(self, inputs, batch_size=32):
        """Compute the outputs of inputs by name, batch by batch; pixels are preprocessed."""
        model, n_rows = self.runtime.live_model(self), len(inputs["has_table"])
        outputs = []
        for start in range(0, n_rows, batch_size):
            rows = np.arange(start, min(start + batch_size, n_rows))
            # A batch is filled up with its own rows, as each batch shape is compiled again.
            padded = np.resize(rows, padded_length(len(rows), batch_size))
            batch = {name: values[padded] for name, values in inputs.items()}
            for name in batch:
                if name.startswith("image"):
                    batch[name] = self.prepare(batch[name])
            outputs.append(self.runtime.run(model, batch)[: len(rows)])
        return np.concatenate(outputs)

    def warm_up(self, n_rows, batch_size=32):
        """Load the live model, and compile it for this many rows."""
        rows = {name: np.zeros((n_rows, *shape)) for name, shape in self.input_shapes.items()}
        self.compute({name: values.astype(np.float32) for name, values in rows.items()}, batch_size)
