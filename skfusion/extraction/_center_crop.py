"""The part of an image that a center crop keeps, and the size that an image is resized to."""


def crop_size(size, crop_fraction):
    """Return the height and width that an image is resized to before its center is cut out.

    Parameters
    ----------
    size : tuple (height, width)
        The size of the crop.

    crop_fraction : float
        The part of the shorter side that the crop keeps, in (0, 1].

    Returns
    -------
    size : tuple of int
        At least this height and width, rounded down as in timm.

    Examples
    --------
    >>> from skfusion.extraction._center_crop import crop_size
    >>> crop_size((224, 224), 0.875), crop_size((224, 224), 0.9)
    ((256, 256), (248, 248))
    """
    # The small number is for fractions such as 224/255, whose quotient is a little below 255.
    return tuple(int(side / crop_fraction + 1e-6) for side in size)


def crop_box(shape, size, crop_fraction):
    """Return the part of an image that becomes the center crop.

    Parameters
    ----------
    shape : tuple (height, width)
        The size of the image.

    size : tuple (height, width)
        The size of the crop.

    crop_fraction : float
        The part of the shorter side that the crop keeps, in (0, 1].

    Returns
    -------
    box : tuple (left, top, right, bottom)
        In pixels of the image; fractions of pixels are kept.

    Notes
    -----
    Equals ``torchvision.transforms.Resize`` to one number, which rounds the longer side down,
    followed by ``CenterCrop``.

    Examples
    --------
    >>> from skfusion.extraction._center_crop import crop_box
    >>> crop_box((100, 300), (50, 50), 1.0)
    (100.0, 0.0, 200.0, 100.0)
    """
    whole = _resized_shape(shape, crop_size(size, crop_fraction))
    edges = []
    for length, resized, kept in zip(shape, whole, size, strict=True):
        start = round((resized - kept) / 2)
        edges.append((start * length / resized, (start + kept) * length / resized))
    (top, bottom), (left, right) = edges
    return left, top, min(right, float(shape[1])), min(bottom, float(shape[0]))


def _resized_shape(shape, least):
    """Return the size of the whole image where both sides have at least the least length."""
    (height, width), (least_height, least_width) = shape, least
    if least_height * width <= least_width * height:  # the width decides
        return max(least_height, int(least_width * height / width)), least_width
    return least_height, max(least_width, int(least_height * width / height))
