"""The extensions of files of images."""

# What the reader can open: Pillow's formats but for rare ones, HEIC, DICOM and NIfTI.
IMAGE_ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".j2k", ".png", ".apng", ".gif", ".bmp", ".dib"),
    *(".webp", ".avif", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".ico", ".pcx"),
    *(".heic", ".heif", ".dcm", ".dicom", ".ima", ".nii", ".nii.gz", ".hdr"),
)
# Formats that can hold floats or signed integers, whose range the format doesn't define.
_OPEN_RANGE = (".tif", ".tiff", ".ome", ".btf", ".tf8", ".pfm", ".fits", ".fit", ".fts", ".im")


def ends_like_image(name):
    """Return whether a file of this name should be an image.

    Examples
    --------
    >>> from skfusion.images.formats._extensions import ends_like_image
    >>> ends_like_image("scans/7.NII.gz"), ends_like_image("notes.txt")
    (True, False)
    """
    return name.lower().endswith(IMAGE_ENDINGS)


def may_end_like_open_range(name):
    """Return whether a file of this name may hold floats or signed integers.

    Examples
    --------
    >>> from skfusion.images.formats._extensions import may_end_like_open_range
    >>> may_end_like_open_range("height.tif"), may_end_like_open_range("photo.jpg")
    (True, False)
    """
    name = name.lower()
    return name.endswith(_OPEN_RANGE) or "." not in name.replace("\\", "/").rpartition("/")[2]
