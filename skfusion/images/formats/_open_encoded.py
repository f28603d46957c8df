"""Open encoded files: find the format, and read the header."""

import io
from contextlib import closing, contextmanager

from skfusion.exceptions import ExtraNotFoundError
from skfusion.images._files import open_file
from skfusion.images._read_options import ReadOptions
from skfusion.images.formats._heif import open_heif
from skfusion.images.formats._open_medical import MEDICAL_FORMATS, open_medical
from skfusion.images.formats._pillow import PillowImage
from skfusion.images.formats._pillow_opening import MAX_PIXELS, open_image, select_frame
from skfusion.images.formats._reasons import one_line_reasons
from skfusion.images.formats._signature import HEAD_LENGTH, find_format, format_of_stream
from skfusion.images.formats._tiff import open_tiff


@contextmanager
def open_path(path, options, name):
    """Open a file.

    Parameters
    ----------
    path : str
        The path.

    options : ReadOptions
        How to read it.

    name : str
        What errors call the cell.

    Yields
    ------
    image : OpenedImage
        The header was read and checked.
    """
    with open_file(path) as file:
        kind = format_of_stream(file, path)
        if kind not in MEDICAL_FORMATS:
            with _open(kind, file, options, name) as image:
                yield image
            return
    # Volumes are mapped into memory, or read from several files.
    yield open_medical(kind, path, options, name)


@contextmanager
def open_content(content, options, name):
    """Open the content (bytes) of a file, as `open_path` does."""
    kind = find_format(content[:HEAD_LENGTH])
    if kind in MEDICAL_FORMATS:
        yield open_medical(kind, content, options, name)
        return
    with _open(kind, io.BytesIO(content), options, name) as image:
        yield image


@contextmanager
def open_stream(file, options, name):
    """Open a file object that is at its start, as `open_path` does."""
    kind = format_of_stream(file)
    if kind in MEDICAL_FORMATS:
        yield open_medical(kind, file.read(), options, name)
        return
    with _open(kind, file, options, name) as image:
        yield image


def is_readable(content):
    """Return whether the header of a file, in bytes or a file object, is that of an image."""
    opener = open_content if isinstance(content, bytes) else open_stream
    try:
        with (
            one_line_reasons(),
            opener(content, ReadOptions(max_pixels=MAX_PIXELS), "") as image,
        ):
            image.shape()
    except ValueError:
        return False
    except ExtraNotFoundError:
        return True  # reading it will name what to install
    return True


@contextmanager
def _open(kind, file, options, name):
    if kind == "TIFF":
        with open_tiff(file, options) as image:
            yield image
        return
    opened = open_heif(file, options, name) if kind == "HEIF" else open_image(file, options)
    with closing(opened) as image:
        select_frame(image, options.frame, options.max_pixels)
        yield PillowImage(image, options)
