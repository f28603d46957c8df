"""The frames of a DICOM file, decoded one by one."""

import math

from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import RLELossless

from skfusion.images.formats._codestream import read_codestream
from skfusion.images.formats._dicom_header import number, text
from skfusion.images.formats._dicom_jpeg import find_jpeg_decoder

# In this order, so that the same file gives the same pixels whatever else is installed. Left out
# are plugins that don't survive damaged files: gdcm ends the process, pylibjpeg-rle panics.
_PLUGINS = ("pyjpegls", "pylibjpeg", "pillow", "imagecodecs")
_JPEG_FAMILY = "1.2.840.10008.1.2.4."
_RLE_PLUGINS = ("pydicom",)
_INTEGERS = {
    "Rows": "rows",
    "Columns": "columns",
    "SamplesPerPixel": "samples_per_pixel",
    "BitsAllocated": "bits_allocated",
    "BitsStored": "bits_stored",
    "PixelRepresentation": "pixel_representation",
    "PlanarConfiguration": "planar_configuration",
}


class DicomFrames:
    """Decodes frames of one file.

    Parameters
    ----------
    header : DicomHeader
        The elements, and where the pixels lie.

    Attributes
    ----------
    options : dict
        What pydicom's decoders need to know.
    """

    def __init__(self, header):
        self._header = header
        self.options = _options(header)
        self._decoder = _find_decoder(header.syntax)

    def read(self, indices):
        """Frames in order: stored values, colors as RGB; palettes are not looked up."""
        with self._header.open_stream() as stream:
            for index in indices:
                stream.seek(self._header.offset)
                yield self._decode(stream, index)

    def _decode(self, stream, index):
        if not self._header.syntax.is_encapsulated:
            self._refuse_truncated(stream, index)
            return self._as_array(stream, index, self.options, "")
        options = self.options
        frame = get_frame(
            stream,
            index,
            number_of_frames=options["number_of_frames"],
            extended_offsets=options.get("extended_offsets"),
        )
        if self._header.syntax.startswith(_JPEG_FAMILY):
            told = read_codestream(frame)
            self._refuse_other_shape(told)
            options = _with_colors_of(told, options, self._header.syntax)
        reasons = []
        for plugin in _usable_plugins(self._decoder):
            stream.seek(self._header.offset)
            try:
                return self._as_array(stream, index, options, plugin)
            except Exception as error:  # decoders raise whatever their library does
                reasons.append(str(error).split("plugins:")[-1].strip())
        raise ValueError(_undecodable(self._header.syntax, reasons))

    def _as_array(self, stream, index, options, plugin):
        array, _ = self._decoder.as_array(stream, index=index, decoding_plugin=plugin, **options)
        return array

    def _refuse_truncated(self, stream, index):
        start = stream.tell()
        length = stream.seek(0, 2) - start
        stream.seek(start)
        bits = self.options["bits_allocated"] * self.options["samples_per_pixel"]
        if self.options["photometric_interpretation"] == "YBR_FULL_422":
            bits = bits * 2 // 3
        n_pixels = self.options["rows"] * self.options["columns"]
        needed = math.ceil((index + 1) * n_pixels * bits / 8)
        if min(length, self._header.length) < needed:
            raise ValueError(f"the file is truncated: {length} of {needed} bytes of pixels")

    def _refuse_other_shape(self, told):
        """The header was held against max_pixels; what is decoded has to be what it says."""
        if told is None:
            raise ValueError("a compressed frame is damaged: it has no header of its own")
        rows, columns, samples = (
            self.options[name] for name in ("rows", "columns", "samples_per_pixel")
        )
        shape = (told.height, told.width, told.samples)
        if shape != (rows, columns, samples) and told.height:  # 0: it comes after the pixels
            raise ValueError(
                f"a compressed frame has {told.height} x {told.width} pixels of {told.samples} "
                f"samples where the header says {rows} x {columns} of {samples}"
            )


def _options(header):
    dataset = header.dataset
    options = {
        name: int(number(dataset, keyword))
        for keyword, name in _INTEGERS.items()
        if number(dataset, keyword) is not None
    }
    options.setdefault("samples_per_pixel", 1)
    missing = [name for name in ("rows", "columns", "bits_allocated") if name not in options]
    if missing or not options["rows"] or not options["columns"]:
        raise ValueError(f"its header tells no size of the pixels (lacks {missing})")
    options.setdefault("bits_stored", options["bits_allocated"])
    options.setdefault("pixel_representation", 0)
    if options["samples_per_pixel"] > 1:
        options.setdefault("planar_configuration", 0)
    options["photometric_interpretation"] = text(dataset, "PhotometricInterpretation")
    options["number_of_frames"] = max(int(number(dataset, "NumberOfFrames", 1)), 1)
    options["pixel_keyword"], options["pixel_vr"] = header.keyword, header.pixel_vr
    offsets = [dataset.get(f"ExtendedOffsetTable{end}") for end in ("", "Lengths")]
    if all(offsets):
        options["extended_offsets"] = tuple(offsets)
    return options


def _find_decoder(syntax):
    try:
        decoder = find_jpeg_decoder(syntax) or get_decoder(syntax)
    except NotImplementedError:
        name = "a video" if "MPEG" in syntax.name or "HEVC" in syntax.name else "not supported"
        raise ValueError(f"its transfer syntax {syntax.name} is {name}") from None
    if syntax.is_encapsulated and not _usable_plugins(decoder):
        raise ValueError(_undecodable(syntax, []))
    return decoder


def _usable_plugins(decoder):
    plugins = _RLE_PLUGINS if RLELossless == decoder.UID else _PLUGINS
    return [name for name in plugins if name in decoder.available_plugins]


def _with_colors_of(told, options, syntax):
    """Believe the compressed frame where the header says other colors than it."""
    header_says = options["photometric_interpretation"]
    if options["samples_per_pixel"] != 3 or told.colors is None:
        return options
    if told.colors == "RGB":
        return {**options, "photometric_interpretation": "RGB"}
    if "YBR" in header_says:
        return options
    baseline = syntax == "1.2.840.10008.1.2.4.50"
    return {**options, "photometric_interpretation": "YBR_FULL_422" if baseline else "YBR_FULL"}


def _undecodable(syntax, reasons):
    """Say what would decode it, or what went wrong."""
    told = "; ".join(reasons) or "no decoder is installed: pip install 'skfusion[medical]'"
    return f"its pixels ({syntax.name}) can't be decoded: {told}"
