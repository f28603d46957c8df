"""ReadOptions: the options of reading one cell."""

import os
from dataclasses import dataclass
from typing import Any

from PIL import ImageColor

from skfusion.images._value_range import ValueRange, as_value_range
from skfusion.images.remote._remote_access import RemoteAccess

# The methods that weigh pixels; the others have hard edges, which would move in a smaller image.
_SMOOTH = ("bilinear", "bicubic", "lanczos")


@dataclass(frozen=True)
class ReadOptions:
    """The options of a reader, in the form that sources and formats need.

    Parameters
    ----------
    root : str, PathLike or None, default=None
        The folder that relative paths start from.

    strict_root : bool, default=False
        Whether files outside `root` are refused.

    max_pixels : int or None, default=None
        The largest image that is decoded; None is without a limit.

    background : tuple of int, default=(255, 255, 255)
        The color under transparent pixels.

    frame : int, default=0
        The frame of an animation, or the page of a file.

    icc : {"ignore", "srgb"}, default="ignore"
        What happens with a color profile.

    size : tuple (height, width) or None, default=None
        The size that the image will be resized to, if large files may be decoded at a reduced
        scale.

    volume, plane, window, percentiles : object
        As in ImageReader.

    value_range : ValueRange or None, default=None
        What is black and white where type and format do not define it.

    remote : RemoteAccess or None, default=None
        Which URLs may be read; None is none.
    """

    root: str | os.PathLike[str] | None = None
    strict_root: bool = False
    max_pixels: int | None = None
    background: tuple[Any, ...] = (255, 255, 255)
    frame: int = 0
    icc: str = "ignore"
    size: tuple[Any, ...] | None = None
    volume: str | int = "middle"
    plane: str = "axial"
    window: str | tuple[Any, ...] = "auto"
    percentiles: tuple[Any, ...] = (1, 99)
    value_range: ValueRange | None = None
    remote: RemoteAccess | None = None

    @classmethod
    def of(cls, reader, value_range, size):
        """Return the options of a reader for one cell.

        Parameters
        ----------
        reader : ImageReader
            The reader.

        value_range : tuple (low, high) or None
            The values of black and white; None is those of the reader.

        size : tuple (height, width) or None
            The size that the image will be resized to, if it is known.
        """
        return cls(
            root=reader.root,
            strict_root=reader.strict_root,
            max_pixels=reader.max_pixels,
            background=ImageColor.getrgb(reader.background)[:3],
            frame=reader.frame,
            icc=reader.icc,
            size=size if reader.draft and reader.resample in _SMOOTH else None,
            volume=reader.volume,
            plane=reader.plane,
            window=reader.window,
            percentiles=reader.percentiles,
            value_range=as_value_range(reader.value_range if value_range is None else value_range),
            remote=RemoteAccess.of(reader),
        )

    @property
    def given_range(self):
        """ValueRange or None : The range that the user gave to the reader."""
        chosen = self.value_range
        return chosen if chosen is not None and chosen.origin == "reader" else None
