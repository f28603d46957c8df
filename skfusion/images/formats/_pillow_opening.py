"""Open images with Pillow; sizes are checked before anything is decoded."""

import struct
import threading

from PIL import Image, UnidentifiedImageError

from skfusion._utils.process_local import ProcessLocal
from skfusion.images.formats._icon import icns_content, ico_sizes

# Pillow's own limit: a quarter of a gigabyte of 24-bit color.
MAX_PIXELS = 89478485
# A tile may be larger than a small image, but no writer makes them larger than this.
_USUAL_TILE = 1 << 22
# Of these formats, all frames before the one that is asked for are decoded.
_FRAME_BY_FRAME = {"AVIF", "FLI", "GIF", "PNG", "WEBP"}
_PASSED_OVER = 16  # as many times `max_pixels` may be decoded on the way
# Pillow decodes an opened image when it is first used, which is not safe in several threads. A
# prime number of locks, so that different images seldom wait for one another.
_GUARDS = [ProcessLocal(threading.RLock) for _ in range(31)]


def guard_of(cell):
    """Return the lock to hold while an object is read that others may use."""
    return _GUARDS[id(cell) % len(_GUARDS)].get()


def open_image(file, options):
    """Open a binary file lazily: read the header and check the size."""
    max_pixels = options.max_pixels
    size = ico_sizes(file)
    if size is not None:
        refuse_large(*size, max_pixels)
    try:
        image = Image.open(file)
    except UnidentifiedImageError:
        file.seek(0)
        reason = "no image format that Pillow reads" if file.read(1) else "the file is empty"
        raise ValueError(reason) from None
    except Image.DecompressionBombError:
        image = _open_large(file)
    try:
        if image.format == "EPS":  # Pillow would run Ghostscript, a program, on it
            raise ValueError("EPS files are programs, not images; convert it to PNG")
        check_size(image, max_pixels)
        _check_parts(image, options)
    except ValueError:
        image.close()
        raise
    return image


def _open_large(file):
    """Open an image that `Image.open` refuses for its size: here `max_pixels` decides."""
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
    raise ValueError("its header promises more pixels than Pillow opens")


def check_size(image, max_pixels):
    """Refuse an image by its header, before its pixels take memory."""
    refuse_large(*image.size, max_pixels)


def refuse_large(width, height, max_pixels):
    """Refuse an image of more pixels than the reader allows."""
    if width * height > max_pixels:
        raise ValueError(
            f"{width} x {height} pixels are more than max_pixels={max_pixels} of the reader"
        )


def refuse_large_tiles(width, height, max_pixels):
    """Refuse tiles that are larger than the image may be; they are decoded whole."""
    if width * height > max(max_pixels, _USUAL_TILE):
        raise ValueError(
            f"tiles of {width} x {height} pixels are more than max_pixels={max_pixels} of the "
            "reader"
        )


def _check_parts(image, options):
    """Refuse an icon that is small by its header, but holds a large image."""
    content = icns_content(image)
    if content is not None:
        open_image(content, options).close()


def select_frame(image, frame, max_pixels):
    """Go to a frame of an animation; other images have one frame only.

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
    frame = find_frame(frame, n_frames)
    width, height = image.size
    if image.format in _FRAME_BY_FRAME and frame * width * height > _PASSED_OVER * max_pixels:
        raise ValueError(
            f"{frame} frames of {width} x {height} pixels come before the one that is asked for, "
            f"more than {_PASSED_OVER} times max_pixels={max_pixels} of the reader"
        )
    image.seek(frame)
    check_size(image, max_pixels)
    if image.format in _FRAME_BY_FRAME:
        image.load()  # its mode may only be known then


def find_frame(frame, n_frames):
    """Return the number of a frame, counted from 0; an image of one frame shows that one."""
    if n_frames == 1:
        return 0
    if not -n_frames <= frame < n_frames:
        raise ValueError(f"there is no frame {frame} in an image of {n_frames} frames")
    return frame % n_frames
