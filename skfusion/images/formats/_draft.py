"""Large JPEG files at a reduced scale."""

from PIL import Image

from skfusion.images.formats._orientation import ORIENTATION, is_sideways

# Smaller JPEG files, in pixels, are decoded quickly as they are.
_LARGE = 1_000_000


def decode_at_scale(image, size, oversampling=2):
    """Let a JPEG file be decoded at a half, a quarter or an eighth of its size.

    Parameters
    ----------
    image : PIL image
        Not decoded yet.

    size : tuple (height, width)
        The size that it will be resized to, once it is upright.

    oversampling : int, default=2
        How many times `size` is decoded at least, so that resizing still decides.

    Returns
    -------
    image : PIL image
        The same, or another.

    Notes
    -----
    libjpeg leaves out high frequencies (Pillow's draft mode).
    """
    if image.format not in ("JPEG", "MPO") or image.width * image.height < _LARGE:
        return image
    height, width = size
    if is_sideways(image.getexif().get(ORIENTATION)):
        height, width = width, height
    answer = image.draft(None, (oversampling * width, oversampling * height))
    if answer is None or answer[1][2:] == image.size:
        return image
    # The last column and row cover less than the others: bring all to equal widths, or the image
    # would be shifted at the right and below.
    whole = tuple(int(end) for end in answer[1][2:])
    return image.resize(whole, Image.Resampling.BICUBIC, box=answer[1])
