"""How the names of images end."""

# What the reader can open: Pillow's formats but for rare ones, DICOM and NIfTI.
IMAGE_ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".j2k", ".png", ".apng", ".gif", ".bmp", ".dib"),
    *(".webp", ".avif", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".ico", ".pcx"),
    *(".dcm", ".dicom", ".ima", ".nii", ".nii.gz", ".hdr"),
)


def ends_like_image(name):
    """Whether a file of this name should be an image.

    Examples
    --------
    >>> from skfusion.images.formats._extensions import ends_like_image
    >>> ends_like_image("scans/7.NII.gz"), ends_like_image("notes.txt")
    (True, False)
    """
    return name.lower().endswith(IMAGE_ENDINGS)
