"""Open medical images, if the package that reads them is installed."""

from skfusion.exceptions import ExtraNotFoundError
from skfusion.images.formats._volume import VolumeImage

MEDICAL_FORMATS = ("DICOM", "NIfTI")


def open_medical(kind, source, options, name):
    """Open a medical image.

    Parameters
    ----------
    kind : {"DICOM", "NIfTI"}
        The format.

    source : str, bytes, pydicom Dataset or nibabel image
        The path, the content, or the object.

    options : ReadOptions
        How to read it.

    name : str
        What errors call the cell.

    Returns
    -------
    image : VolumeImage
        The header was read.

    Raises
    ------
    ExtraNotFoundError
        If the package that reads it is missing.
    """
    try:
        if kind == "DICOM":
            from skfusion.images.formats._dicom import open_volume
        else:
            from skfusion.images.formats._nifti import open_volume
    except ImportError as error:
        raise ExtraNotFoundError(
            f"{name} is a {kind} image, and its reader can't be imported ({error}): "
            "pip install 'skfusion[medical]'"
        ) from error
    return VolumeImage(kind, open_volume, source, options)
