"""The resizing of the images of a network, by its preprocessing and the reader."""

from skfusion.extraction._center_crop import crop_size
from skfusion.extraction._resizing import Resizing, resample_of

# Interpolations with hard edges, which would move in an image decoded at a reduced scale.
_HARD_EDGES = ("nearest", "box")


def network_resizing(shape, preprocessing, reader, **options):
    """Return the conversion of images for a network.

    Parameters
    ----------
    shape : tuple (height, width, channels)
        The network's input shape.

    preprocessing : ImagePreprocessing
        How the network's images are preprocessed.

    reader : ImageReader
        The reader, whose interpolation is used unless the preprocessing has its own.

    **options : dict
        `grayscale`, `fixed_size` and `decode_size`, as in `Resizing`.

    Returns
    -------
    conversion : Resizing
        The conversion.
    """
    return Resizing(
        shape,
        resample=preprocessing.resample or resample_of(reader),
        crop_fraction=preprocessing.crop_fraction if preprocessing.resize == "crop" else None,
        **options,
    )


def least_decoded_size(size, preprocessing):
    """Return the size that large images are decoded at least at; None decodes them whole.

    Parameters
    ----------
    size : tuple (height, width)
        The size of the network's images.

    preprocessing : ImagePreprocessing
        How they are preprocessed.
    """
    if preprocessing.resample in _HARD_EDGES:
        return None
    return crop_size(size, preprocessing.crop_fraction) if preprocessing.resize == "crop" else size
