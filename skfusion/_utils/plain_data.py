"""plain_data: a mark for classes whose saved objects are data."""

from typing import TypeVar

Class = TypeVar("Class", bound=type)

_CLASSES: list[type] = []


def plain_data(cls: Class) -> Class:
    """Mark a class whose objects can be restored from a file of somebody else.

    Attributes from the file are set on a new object, by `__setstate__` if the class has one.
    Neither that nor a method that is called later may run code which an attribute holds, as
    functions or as a pickle.

    Examples
    --------
    >>> from skfusion import ImageReader
    >>> from skfusion._utils.plain_data import list_plain_data
    >>> ImageReader in list_plain_data()
    True
    """
    _CLASSES.append(cls)
    return cls


def list_plain_data() -> list[type]:
    """Return the marked classes of the modules that are imported."""
    return list(_CLASSES)
