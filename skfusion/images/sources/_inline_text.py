"""Text that is an encoded image itself, not the path of one."""

import base64
import binascii
import re

from skfusion.images.formats._signature import begins_like_image

DATA_URI, BASE64 = "a data URI", "base64 text"
# Shorter text holds no image. So many characters are decoded to look for one.
_SHORTEST = 64
_BASE64 = re.compile(r"[A-Za-z0-9+/_=\s-]+")


def inline_kind(cell):
    """Return what kind of encoded image a text is; None for paths.

    Examples
    --------
    >>> from skfusion.images.sources._inline_text import inline_kind
    >>> inline_kind("data:image/png;base64,iVBORw0KGgo="), inline_kind("front/18.png")
    ('a data URI', None)
    """
    if not isinstance(cell, str):
        return None
    if cell[:5].lower() == "data:" and "," in cell:
        return DATA_URI
    if len(cell) < _SHORTEST or not _BASE64.fullmatch(cell[:_SHORTEST]):
        return None
    text = "".join(cell[: 2 * _SHORTEST].split()).translate(str.maketrans("-_", "+/"))
    try:
        head = base64.b64decode(text[: len(text) // 4 * 4])
    except (binascii.Error, ValueError):
        return None
    return BASE64 if begins_like_image(head) else None
