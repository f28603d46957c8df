"""A pydicom decoder for the JPEG that Pillow doesn't read: lossless, and 12 or 16 bits.

pydicom has two others. GDCM ends the process where a file is damaged, and pylibjpeg-libjpeg has a
license (GPL) that this package can't require. imagecodecs decodes with libjpeg-turbo.
"""

from functools import cache

from pydicom.pixels.decoders.base import Decoder
from pydicom.uid import UID, JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1

try:
    import imagecodecs
except ImportError:
    imagecodecs = None  # type: ignore[assignment]  # checked before it is used

_SYNTAXES = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1)
_OF_PILLOW = (JPEGBaseline8Bit, JPEGExtended12Bit)

# pydicom asks a plugin for these two names and for the function that decodes.
DECODER_DEPENDENCIES = dict.fromkeys(_SYNTAXES, ("imagecodecs",))


def is_available(syntax):
    """Return whether the library is installed."""
    return imagecodecs is not None


def decode_frame(frame, runner):
    """Decode the samples of one frame, as bytes; note their layout in `runner`."""
    # Alike, so that nothing is converted: pydicom does that by the header.
    colors = "RGB" if runner.samples_per_pixel == 3 else "GRAYSCALE"
    samples = imagecodecs.jpeg8_decode(frame, colorspace=colors, outcolorspace=colors)
    runner.set_option("bits_allocated", samples.dtype.itemsize * 8)
    runner.set_option("planar_configuration", 0)
    return samples.tobytes()


@cache
def find_jpeg_decoder(syntax):
    """Return a decoder for this package alone; None for other syntaxes."""
    if syntax not in _SYNTAXES:
        return None
    decoder = Decoder(UID(syntax))
    if syntax in _OF_PILLOW:
        decoder.add_plugin("pillow", ("pydicom.pixels.decoders.pillow", "_decode_frame"))
    decoder.add_plugin("imagecodecs", ("skfusion.images.formats._dicom_jpeg", "decode_frame"))
    return decoder
