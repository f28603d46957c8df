"""OpenedImage: what can be asked of an image whose header was read."""

from abc import ABC, abstractmethod


class OpenedImage(ABC):
    """An image of which the header was read and checked, and no pixel was decoded."""

    # Whether type and format leave open which values are black and white.
    has_open_range = False

    @abstractmethod
    def shape(self):
        """Return height, width and channels (1 or 3) of what `read` gives, from the header."""

    @abstractmethod
    def read(self):
        """Decode the image: (height, width, 1 or 3), uint8 or float32, in 0..255."""

    @abstractmethod
    def facts(self):
        """Return a dict of `format`, `mode` and the number of `frames`."""

    def values(self):
        """Decode the values as they are stored, where `has_open_range`."""
        raise NotImplementedError
