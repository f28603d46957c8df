"""FrozenOutputs: what frozen layers compute, once for each item."""

from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

_SHARED: ContextVar[dict[Any, Any] | None] = ContextVar("shared_frozen_outputs", default=None)


@contextmanager
def share_frozen_outputs():
    """Let all trainings inside share the outputs of frozen layers, for items that are equal."""
    token = _SHARED.set({})
    try:
        yield
    finally:
        _SHARED.reset(token)


def is_sharing():
    """Return whether trainings share outputs now."""
    return _SHARED.get() is not None


class FrozenOutputs:
    """Keep the outputs of the frozen layers of a network for each item.

    Parameters
    ----------
    network : str or None, default=None
        A digest of the network. None shares nothing with other trainings.

    items : sequence of bytes, default=()
        A digest of each item.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.training._frozen_outputs import FrozenOutputs, share_frozen_outputs
    >>> def compute(places):
    ...     print("compute", places.tolist())
    ...     return places[:, None] * 1.0
    >>> with share_frozen_outputs():
    ...     _ = FrozenOutputs("net", [b"a", b"b"]).get("gap", (2, 1), compute)
    ...     _ = FrozenOutputs("net", [b"b", b"c"]).get("gap", (2, 1), compute)
    compute [0, 1]
    compute [1]
    """

    def __init__(self, network=None, items=()):
        self._network = network
        self._items = items
        self._arrays = {}

    def get(self, first, shape, compute):
        """Return the outputs of all items.

        Parameters
        ----------
        first : str
            The first layer that is trained.

        shape : tuple of int
            The shape of the outputs.

        compute : callable
            Returns the outputs of items, by their places.
        """
        if first not in self._arrays:
            self._arrays[first] = self._gather(first, shape, compute)
        return self._arrays[first]

    def _gather(self, first, shape, compute):
        shared = _SHARED.get()
        if shared is None or self._network is None:
            return compute(np.arange(shape[0]))
        held = shared.setdefault((self._network, first), {})
        lacking = np.flatnonzero([item not in held for item in self._items])
        if len(lacking):
            computed = compute(lacking)
            held |= {self._items[place]: row for place, row in zip(lacking, computed, strict=True)}
        return np.stack([held[item] for item in self._items])
