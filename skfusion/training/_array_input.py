"""ArrayInput: an input of a network that is one array."""

import numpy as np


class ArrayInput:
    """An input of a network, as an array of distinct items.

    Rows may share an item: an image that occurs in several rows is held once.

    Parameters
    ----------
    values : ndarray of shape (n_items, ...)
        The items, such as images in 0..255 or rows of a table.

    items : ndarray of int of shape (n_rows,), default=None
        The item of each row. None means that each row has its own item, in order.

    preprocess : callable, default=None
        Converts a batch of items to the input of the network.

    augmentation : callable, default=None
        ``augmentation(batch, rng)`` returns a changed copy of a batch of items, for training.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.training._array_input import ArrayInput
    >>> table = ArrayInput(np.array([[1.0], [3.0]]), np.array([0, 1, 1]))
    >>> table.take(table.items_of([2, 0]))
    array([[3.],
           [1.]])
    """

    def __init__(self, values, items=None, *, preprocess=None, augmentation=None):
        self.values = values
        self.items = np.arange(len(values)) if items is None else items
        self.preprocess = preprocess
        self.augmentation = augmentation

    @property
    def n_rows(self):
        """int : Number of rows."""
        return len(self.items)

    @property
    def n_items(self):
        """int : Number of distinct items."""
        return len(self.values)

    @property
    def is_augmented(self):
        """bool : Whether items change at random in training."""
        return self.augmentation is not None

    def items_of(self, rows):
        """Return the items of some rows."""
        return self.items[rows]

    def take(self, items, rng=None):
        """Return a batch of items, preprocessed; augmented if a random generator is passed."""
        values = self.values[items]
        if rng is not None and self.augmentation is not None:
            values = self.augmentation(values, rng)
        return values if self.preprocess is None else self.preprocess(values)
