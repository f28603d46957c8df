"""Extractor: the abstract base class of everything that computes features of images."""

from abc import ABC, abstractmethod

import numpy as np


class Extractor(ABC):
    """Compute named features of converted images, batch by batch.

    A transformer has one extractor or several side by side. The engine converts each image,
    collates the converted images of a batch in a thread, and computes the features of the batch.

    Parameters
    ----------
    names : sequence of str
        The feature names, without the name of the image column.

    conversion : Conversion
        Converts the pixels of one image. Extractors with equal conversions share the result.

    fingerprint : str or None, default=None
        Identifies everything that changes the features beside the converted image. Features of
        an extractor without a fingerprint are not cached.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.extraction._extractor import Extractor
    >>> from skfusion.extraction._resizing import Resizing
    >>> class Brightness(Extractor):
    ...     def compute(self, batch):
    ...         return batch.mean(axis=(1, 2, 3))[:, np.newaxis]
    >>> brightness = Brightness(["mean"], Resizing((4, 4, 1)))
    >>> batch = brightness.collate([np.full((4, 4, 1), 7.0)])
    >>> brightness.compute(batch).tolist()
    [[7.0]]
    """

    def __init__(self, names, conversion, fingerprint=None):
        self.names = names
        self.conversion = conversion
        self.fingerprint = fingerprint

    @property
    def width(self):
        """int : The number of features."""
        return len(self.names)

    def collate(self, images):
        """Join the converted images of a batch; called in a thread.

        Parameters
        ----------
        images : list
            What `conversion` returned, one item per image.

        Returns
        -------
        batch : object
            The argument of `compute`; an array with one item per image unless overridden.
        """
        return np.stack(images)

    @abstractmethod
    def compute(self, batch):
        """Compute the features of a batch.

        Parameters
        ----------
        batch : object
            What `collate` returned.

        Returns
        -------
        features : ndarray of shape (n_images, width)
            One row per image.
        """
