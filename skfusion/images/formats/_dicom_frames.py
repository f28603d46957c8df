"""The frames of a DICOM file, decoded one by one."""

import math

import numpy as np
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import RLELossless

from skfusion.images.formats._codestream import read_codestream
from skfusion.images.formats._dicom_bits import keep_stored_bits, unpack_bits
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
        The elements that pydicom's decoders need.
    """

    def __init__(self, header):
        self._header = header
        self.options = _options(header)
        self._decoder = _find_decoder(header.syntax)

    def read(self, indices):
        """Yield frames in order: stored values, colors as RGB; palettes are not looked up."""
        with self._header.open_stream() as stream:
            for index in indices:
                stream.seek(self._header.offset)
                yield self._decode(stream, index)

    def _decode(self, stream, index):
        options = self.options
        if not self._header.syntax.is_encapsulated:
            self._refuse_truncated(stream, index)
            if options["bits_allocated"] == 1:
                return self._read_bits(stream, index)
            # All bits, of which those that are stored are chosen here.
            whole = {**options, "bits_stored": options["bits_allocated"]}
            return self._stored(self._as_array(stream, index, whole, ""), self._low_bit())
        frame = get_frame(
            stream,
            index,
            number_of_frames=options["number_of_frames"],
            extended_offsets=options.get("extended_offsets"),
        )
        low_bit = 0
        if self._header.syntax.startswith(_JPEG_FAMILY):
            found = read_codestream(frame)
            self._refuse_other_shape(found)
            low_bit = self._low_bit(found.bits)
            options = _with_colors_of(found, options, self._header.syntax)
        return self._stored(self._decompress(stream, index, options), low_bit)

    def _decompress(self, stream, index, options):
        """Decode a frame by the first plugin that can."""
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

    def _read_bits(self, stream, index):
        shape = self.options["rows"], self.options["columns"]
        if self.options["samples_per_pixel"] != 1:
            raise ValueError("colors of one bit a sample aren't supported")
        first = index * shape[0] * shape[1]
        start, end = first // 8, math.ceil((first + shape[0] * shape[1]) / 8)
        swapped = not self._header.syntax.is_little_endian and self._header.pixel_vr == "OW"
        skipped = start % 2 if swapped else 0  # words of two bytes, in the other order
        stream.seek(self._header.offset + start - skipped)
        content = stream.read(end - start + skipped + (end % 2 if swapped else 0))
        if swapped:
            content = np.frombuffer(content[: len(content) // 2 * 2], ">u2").byteswap().tobytes()
        return unpack_bits(content[skipped:], first % 8, shape)

    def _stored(self, array, low_bit):
        signed = bool(self.options["pixel_representation"])
        if self._header.keyword != "PixelData" or self.options["samples_per_pixel"] != 1:
            return array
        return keep_stored_bits(array, self.options["bits_stored"], low_bit, signed)

    def _low_bit(self, precision=None):
        """Return the lowest bit of a sample, from the header and a compressed frame's precision."""
        stored = self.options["bits_stored"]
        high_bit = int(number(self._header.dataset, "HighBit", stored - 1))
        low_bit = max(high_bit - stored + 1, 0)  # one below its own width is a mistake
        if high_bit >= self.options["bits_allocated"] or precision == stored:
            return 0
        if precision is not None and low_bit and precision <= high_bit:
            raise ValueError(
                f"its compressed frames of {precision} bits hold no bit {high_bit}, the HighBit of "
                "its header"
            )
        return low_bit

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

    def _refuse_other_shape(self, found):
        """Refuse a frame of another shape than the header's, which was compared with max_pixels."""
        if found is None:
            raise ValueError("a compressed frame is damaged: it has no header of its own")
        rows, columns, samples = (
            self.options[name] for name in ("rows", "columns", "samples_per_pixel")
        )
        shape = (found.height, found.width, found.samples)
        if shape != (rows, columns, samples) and found.height:  # 0: it comes after the pixels
            raise ValueError(
                f"a compressed frame has {found.height} x {found.width} pixels of {found.samples} "
                f"samples, the header {rows} x {columns} of {samples}"
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
        raise ValueError(f"its header has no size of the pixels (lacks {missing})")
    stored, allocated = options.get("bits_stored", 0), options["bits_allocated"]
    if not 0 < stored <= allocated:
        options["bits_stored"] = allocated
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


def _with_colors_of(found, options, syntax):
    """Trust the compressed frame where the header names other colors."""
    header_says = options["photometric_interpretation"]
    if options["samples_per_pixel"] != 3 or found.colors is None:
        return options
    if found.colors == "RGB":
        return {**options, "photometric_interpretation": "RGB"}
    if "YBR" in header_says:
        return options
    baseline = syntax == "1.2.840.10008.1.2.4.50"
    return {**options, "photometric_interpretation": "YBR_FULL_422" if baseline else "YBR_FULL"}


def _undecodable(syntax, reasons):
    """Return the message: what would decode it, or what went wrong."""
    reason = "; ".join(reasons) or "no decoder is installed: pip install 'skfusion[medical]'"
    return f"its pixels ({syntax.name}) can't be decoded: {reason}"
