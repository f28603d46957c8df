"""The objects that an object holds, to search fitted models for their parts."""

from collections.abc import Mapping
from functools import partial
from numbers import Number
from types import FunctionType, MethodType, ModuleType

import numpy as np

# Objects of these libraries hold no parts of skfusion; searching them would take time.
_OTHER_LIBRARIES = {"PIL", "keras", "pandas", "polars", "pyarrow", "scipy", "tensorflow", "torch"}
# These hold no other objects.
LEAVES = (str, bytes, Number, type, FunctionType, ModuleType)
_CONTAINERS = (list, tuple, set, frozenset)


def list_parts(item):
    """Return the objects that an object holds.

    Parameters
    ----------
    item : object
        Anything.

    Returns
    -------
    parts : list
        The values of its attributes, the items of a container or an array of objects, the
        arguments of a partial function, and the object of a bound method.
    """
    if isinstance(item, LEAVES) or type(item).__module__.partition(".")[0] in _OTHER_LIBRARIES:
        return []
    if isinstance(item, np.ndarray):
        return item.ravel().tolist() if item.dtype == object else []
    if isinstance(item, MethodType):
        return [item.__self__]
    parts = list(vars(item).values()) if hasattr(item, "__dict__") else []
    if isinstance(item, Mapping):
        parts += item.values()
    elif isinstance(item, _CONTAINERS):
        parts += item
    elif isinstance(item, partial):
        parts += [item.func, *item.args, *item.keywords.values()]
    return parts
