"""object_array: an array of objects, also where these are arrays."""

import numpy as np


def object_array(cells):
    """Return an array of shape (n,) whose cells are these objects.

    NumPy itself makes one array with more dimensions of arrays of one shape.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion._utils.object_array import object_array
    >>> object_array([np.zeros((2, 2)), np.zeros((2, 2))]).shape
    (2,)
    """
    array = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(cells):
        array[place] = cell
    return array
