"""SharedArray: weights that stand in a saved model once, however many networks hold them."""

from hashlib import blake2b
from typing import Any
from weakref import WeakValueDictionary

import numpy as np


class SharedArray:
    """An array of weights on its way into a file.

    Writers know objects that they have met, so that the second network that holds the same one
    costs nothing. The array itself won't do: joblib writes each array wherever it meets it.

    Parameters
    ----------
    values : ndarray
        The weights.
    """

    def __init__(self, values):
        self.values = values


# Who writes a model keeps what it has met until it is done; then the entries go.
_IN_USE: WeakValueDictionary[Any, Any] = WeakValueDictionary()


def share(values):
    """The SharedArray of these weights: one for all arrays of one content."""
    digest = blake2b(f"{values.dtype.str}{values.shape}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(values).data)
    return _IN_USE.setdefault(digest.digest(), SharedArray(values))
