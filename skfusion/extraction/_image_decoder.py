"""ImageDecoder: how the cells of one column become pixels."""

from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from inspect import signature
from typing import Any

from skfusion._utils.fingerprint import digest_text
from skfusion.images._pixel_parameters import pixel_parameters
from skfusion.images._value_range import ValueRange
from skfusion.images.formats._versions import decoder_versions
from skfusion.images.remote._remote_access import RemoteAccess


@dataclass(frozen=True)
class ImageDecoder:
    """Decode the cells of one column.

    Parameters
    ----------
    reader : ImageReader
        The reader, or an object with its methods `read`, `probe` and `get_params`.

    value_range : ValueRange or None, default=None
        What is black and white in images of floats and signed integers.

    size : tuple (height, width) or None, default=None
        The size that large images may be decoded at. None decodes them whole.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion import ImageReader
    >>> from skfusion.extraction._image_decoder import ImageDecoder
    >>> ImageDecoder(ImageReader()).decode(np.zeros((4, 6), dtype="uint8")).shape
    (4, 6, 1)
    """

    reader: object
    value_range: ValueRange | None = None
    size: tuple[Any, ...] | None = None

    def decode(self, cell):
        """Decode one cell to an array of shape (height, width, channels)."""
        return self.reader.read(cell, **self._options)

    @cached_property
    def _options(self):
        """Range and size as arguments of `read`, where the reader has these."""
        options = {"value_range": self.value_range, "size": self.size}
        accepted = signature(self.reader.read).parameters
        return {
            name: value for name, value in options.items() if name in accepted and value is not None
        }

    @property
    def location(self):
        """Dict : Where files are found, which URLs are read, and how large an image may be."""
        return {
            "root": getattr(self.reader, "root", None),
            "strict_root": getattr(self.reader, "strict_root", False),
            "max_pixels": getattr(self.reader, "max_pixels", None),
            "remote": RemoteAccess.of(self.reader),
        }

    @cached_property
    def fingerprint(self):
        """str : Identifies everything that changes the pixels of a cell of known content."""
        parameters = pixel_parameters(self.reader)
        return digest_text(
            type(self.reader).__qualname__,
            sorted(parameters.items()),
            sorted(self._options.items()),
            version("pillow"),
            decoder_versions(),
        )
