"""Opening images with Pillow: sizes are checked before anything is decoded."""

import struct
import threading

from PIL import Image, UnidentifiedImageError

from skfusion._utils.process_local import ProcessLocal
from skfusion.images.formats._icon import icns_content, ico_sizes

_TILE_WIDTH, _TILE_HEIGHT = 0x0142, 0x0143
# A tile may be larger than a small image, but no writer makes them larger than this.
_USUAL_TILE = 1 << 22
# Of these formats, all frames before the wanted one are decoded.
_FRAME_BY_FRAME = {"AVIF", "FLI", "GIF", "PNG", "WEBP"}
_PASSED_OVER = 16  # as many times `max_pixels` may be decoded on the way
# Pillow decodes an opened image when it is first used, which is not safe in several threads. A
# prime number of locks, so that different images seldom wait for one another.
_GUARDS = [ProcessLocal(threading.Lock) for _ in range(31)]


def guard_of(image):
    """The lock to hold while a PIL image that others may use is decoded."""
    return _GUARDS[id(image) % len(_GUARDS)].get()


def open_image(file, max_pixels):
    """Open a binary file lazily: the header is read and its size is checked."""
    size = ico_sizes(file)
    if size is not None:
        _refuse_large(*size, max_pixels)
    try:
        image = Image.open(file)
    except UnidentifiedImageError:
        file.seek(0)
        reason = "no image format that Pillow knows" if file.read(1) else "the file is empty"
        raise ValueError(reason) from None
    except Image.DecompressionBombError:
        image = _open_large(file)
    try:
        if image.format == "EPS":  # Pillow would run Ghostscript, a program, on it
            raise ValueError("EPS files are programs, not images; convert it to PNG")
        check_size(image, max_pixels)
        _check_parts(image, max_pixels)
    except ValueError:
        image.close()
        raise
    return image


def _open_large(file):
    """Open an image that `Image.open` refuses for its size; `max_pixels` is what counts here."""
    file.seek(0)
    head = file.read(16)
    for name in Image.ID:
        factory, accept = Image.OPEN[name]
        if accept is None or accept(head) is not True:
            continue
        file.seek(0)
        try:
            return factory(file, "")
        except (SyntaxError, IndexError, TypeError, struct.error):  # as Pillow does
            continue
    raise ValueError("its header tells more pixels than Pillow opens")


def check_size(image, max_pixels):
    """Refuse an image by its header, before its pixels take memory."""
    _refuse_large(*image.size, max_pixels)


def _refuse_large(width, height, max_pixels):
    if width * height > max_pixels:
        raise ValueError(
            f"{width} x {height} pixels are more than max_pixels={max_pixels} of the reader"
        )


def _check_parts(image, max_pixels):
    """Refuse what is small by its header, but holds something large."""
    tags = getattr(image, "tag_v2", {})
    tile = tags.get(_TILE_WIDTH, 0), tags.get(_TILE_HEIGHT, 0)
    if tile[0] * tile[1] > max(max_pixels, _USUAL_TILE):
        raise ValueError(
            f"tiles of {tile[0]} x {tile[1]} pixels are more than max_pixels={max_pixels} of the "
            "reader"
        )
    content = icns_content(image)
    if content is not None:
        open_image(content, max_pixels).close()


def select_frame(image, frame, max_pixels):
    """Go to a frame of an animation or a page of a file; others have one image only.

    Parameters
    ----------
    image : PIL image
        As it was opened, at its first frame.

    frame : int
        Counted from 0, negative ones from the end.

    max_pixels : int
        As in ImageReader.
    """
    n_frames = getattr(image, "n_frames", 1) if frame and image.format != "PSD" else 1
    if n_frames == 1:
        return
    if not -n_frames <= frame < n_frames:
        raise ValueError(f"there is no frame {frame} in an image of {n_frames} frames")
    frame %= n_frames
    width, height = image.size
    if image.format in _FRAME_BY_FRAME and frame * width * height > _PASSED_OVER * max_pixels:
        raise ValueError(
            f"{frame} frames of {width} x {height} pixels come before the one that is asked for, "
            f"more than {_PASSED_OVER} times max_pixels={max_pixels} of the reader"
        )
    image.seek(frame)
    check_size(image, max_pixels)
    _check_parts(image, max_pixels)
    if image.format in _FRAME_BY_FRAME:
        image.load()  # its mode may only be known then
