"""SharedArray: weights that a file holds once, however many networks use them."""

from hashlib import blake2b
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from skfusion._utils.plain_data import plain_data


@plain_data
class SharedArray:
    """Wrap an array of weights while it is written to a file.

    A pickler writes an object once and refers to it afterwards. It does so for this wrapper, but
    not for an array itself, because joblib writes each array wherever it occurs.

    Parameters
    ----------
    values : ndarray
        The weights.
    """

    def __init__(self, values):
        self.values = values


# A pickler keeps the objects that it has written until it is done; then the entries go.
_IN_USE: WeakValueDictionary[Any, Any] = WeakValueDictionary()


def share(values):
    """Return the SharedArray of some weights: the same one for arrays of equal content."""
    digest = blake2b(f"{values.dtype.str}{values.shape}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(values).data)
    return _IN_USE.setdefault(digest.digest(), SharedArray(values))
