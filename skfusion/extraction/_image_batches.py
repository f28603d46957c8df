"""ImageBatches: the abstract base class of what provides converted images in batches."""

from abc import ABC, abstractmethod


class ImageBatches(ABC):
    """Provide the converted images of a column in batches.

    Attributes
    ----------
    failures : list of tuple (int, str)
        Number and reason of each image that could not be read so far.
    """

    def __init__(self):
        self.failures = []

    @property
    @abstractmethod
    def keys(self):
        """Sequence of (bytes or None) : The digest of each image; only used with a cache."""

    @abstractmethod
    def batches(self, numbers, conversions, collate, bar):
        """Yield batches in order.

        Parameters
        ----------
        numbers : sequence of int
            The images to provide.

        conversions : iterable of Conversion
            What each image is converted by.

        collate : callable
            ``collate(numbers, images)`` returns the batch of some images; `images` is a list with
            one dict per image, from conversion to converted image. May be called in a thread.

        bar : progress bar
            Updated after each batch.

        Yields
        ------
        numbers : list of int
            The images in the batch.

        batch : object
            What `collate` returned.
        """
