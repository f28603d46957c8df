"""Find the images within icons, whose sizes can differ from the header of the icon."""

import io

from PIL import IcnsImagePlugin, IcoImagePlugin

_ICO, _PNG = b"\0\0\1\0", b"\x89PNG\r\n\x1a\n"


def ico_sizes(file):
    """Return width and height of the image that Pillow will show of a Windows icon; else None.

    Pillow decodes an icon as soon as it is opened.
    """
    head = file.read(4)
    file.seek(0)
    if head != _ICO:
        return None
    try:
        entries = IcoImagePlugin.IcoFile(file).entry
        file.seek(entries[0].offset)
        start = file.read(24)
    except Exception:  # no icon, or a broken one: opening it raises the error
        start = b""
    file.seek(0)
    if len(start) < 24:
        return None
    if start[:8] == _PNG:
        return int.from_bytes(start[16:20], "big"), int.from_bytes(start[20:24], "big")
    # A bitmap; its height counts the mask, too.
    height = int.from_bytes(start[8:12], "little", signed=True)
    return int.from_bytes(start[4:8], "little"), abs(height) // 2


def icns_content(image):
    """Return the file within an Apple icon that Pillow will show; None for other images."""
    if not isinstance(image, IcnsImagePlugin.IcnsImageFile):
        return None
    icon = image.icns
    for code, reader in icon.SIZES[image.best_size]:
        if code in icon.dct and reader is IcnsImagePlugin.read_png_or_jpeg2000:
            start, length = icon.dct[code]
            icon.fobj.seek(start)
            return io.BytesIO(icon.fobj.read(length))
    return None
