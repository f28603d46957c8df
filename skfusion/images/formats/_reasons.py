"""Errors of a cell as ValueErrors of one line."""

import struct
from contextlib import contextmanager

from PIL import Image, ImageCms

from skfusion.images.formats._quiet import silenced_libraries

# Pillow and tifffile raise nearly any of these for a file that they can't read.
READ_ERRORS = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError)
READ_ERRORS += (AttributeError, OverflowError, MemoryError, NotImplementedError, RuntimeError)
READ_ERRORS += (
    ArithmeticError,
    AssertionError,
    struct.error,
    Image.DecompressionBombError,
    ImageCms.PyCMSError,
    Warning,  # raised where the user turned warnings into errors
)
# Longer reasons are cut: no error may fill a screen.
_LONGEST = 300


@contextmanager
def one_line_reasons(errors=READ_ERRORS):
    """Turn errors into a ValueError of one line; other libraries print and warn nothing."""
    try:
        with silenced_libraries:
            yield
    except errors as error:
        raise ValueError(_reason(error)) from error


def _reason(error):
    """Return one line that explains why a cell can't be read."""
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
