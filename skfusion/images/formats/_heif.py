"""HEIC, the format of photographs on iPhones, by the package pillow-heif."""

from skfusion.exceptions import ExtraNotFoundError
from skfusion.images.formats._pillow_opening import check_size


def open_heif(file, options, name):
    """Open a HEIC file lazily, as `open_image` does.

    Parameters
    ----------
    file : binary file
        At its start.

    options : ReadOptions
        How to read it.

    name : str
        What errors call the cell.

    Returns
    -------
    image : PIL image
        The header was read and its size checked.

    Raises
    ------
    ExtraNotFoundError
        If pillow-heif is not installed.
    """
    try:
        # Its class, rather than a plugin of Pillow's that is registered for the whole process.
        from pillow_heif.as_plugin import HeifImageFile
    except ImportError as error:
        raise ExtraNotFoundError(
            f"{name} is a HEIC image, and its reader can't be imported ({error}): "
            "pip install 'skfusion[heif]'"
        ) from error
    image = HeifImageFile(file)
    try:
        check_size(image, options.max_pixels)
    except ValueError:
        image.close()
        raise
    return image
