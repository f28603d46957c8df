"""How the names of pictures end."""

# What the reader can open: Pillow's formats but for rare ones, DICOM and NIfTI.
PICTURE_ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".j2k", ".png", ".apng", ".gif", ".bmp", ".dib"),
    *(".webp", ".avif", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".ico", ".pcx"),
    *(".dcm", ".dicom", ".ima", ".nii", ".nii.gz", ".hdr"),
)


def ends_like_picture(name):
    """Whether a file of this name should be a picture.

    Examples
    --------
    >>> from skfusion.images._endings import ends_like_picture
    >>> ends_like_picture("scans/7.NII.gz"), ends_like_picture("notes.txt")
    (True, False)
    """
    return name.lower().endswith(PICTURE_ENDINGS)
