"""Conversion: the abstract base class of conversions of the pixels of one image."""

from abc import ABC, abstractmethod


class Conversion(ABC):
    """Convert the pixels of one image into the form that an extractor needs.

    Conversions are hashable: the engine applies equal conversions of several extractors once.

    Attributes
    ----------
    decode_size : tuple (height, width) or None
        The size that large images may be decoded at, in pixels. None decodes them whole.

    fingerprint : str or None
        Identifies everything that changes the converted image. Features of a conversion without
        a fingerprint are not cached.
    """

    decode_size: tuple[int, int] | None = None
    fingerprint: str | None = None

    @abstractmethod
    def apply(self, pixels, mask=None):
        """Convert one image; called in a thread.

        Parameters
        ----------
        pixels : ndarray of shape (height, width, channels)
            Values in 0..255.

        mask : ndarray of bool of shape (height, width), default=None
            The pixels to use, where the column has masks.

        Returns
        -------
        image : object
            One item of the list that `Extractor.collate` gets.

        Raises
        ------
        ImageError
            If this image can't be used. The error is reported with its row.
        """
