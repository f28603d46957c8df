"""DICOM images: stored values become measured ones, and these become gray levels."""

import numpy as np
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi

from skfusion.images.formats._dicom_frames import DicomFrames
from skfusion.images.formats._dicom_header import number, numbers, read_header, text
from skfusion.images.formats._window import Window, apply_window, normalize, stretch

# A file that is deflated as a whole may inflate to 8 bytes a pixel, and a generous header.
_BYTES_PER_PIXEL = 8
_HEADER_BYTES = 1 << 26


def open_volume(source, max_pixels):
    """Read the header of a path, of bytes or of a pydicom Dataset."""
    header = read_header(source, _HEADER_BYTES + _BYTES_PER_PIXEL * max_pixels)
    return DicomVolume(header, DicomFrames(header))


class DicomVolume:
    """The frames of one file, as slices in the order in which they are stored.

    Parameters
    ----------
    header : DicomHeader
        The elements.

    frames : DicomFrames
        Decodes the pixels.
    """

    def __init__(self, header, frames):
        self._dataset, self._frames = header.dataset, frames
        self._options = frames.options
        self._photometric = self._options["photometric_interpretation"]
        self._is_palette = self._photometric == "PALETTE COLOR"
        self._has_color = self._is_palette or self._options["samples_per_pixel"] >= 3

    def slices(self, plane):
        """Return the number of frames, and their shape (height, width, channels)."""
        shape = self._options["rows"], self._options["columns"], 3 if self._has_color else 1
        return self._options["number_of_frames"], shape

    def read_slices(self, plane, indices, in_order=True):
        """Decode frames one after the other: measured values, or colors in 0..255."""
        for index, frame in zip(indices, self._frames.read(indices), strict=True):
            yield self._colors(frame) if self._has_color else self._measured(frame, index)

    def to_pixels(self, values, indices, window, percentiles):
        """Map values of shape (n, height, width[, 3]) to 0..255."""
        if self._has_color:
            return values
        pixels = self._gray(values, indices[len(indices) // 2], window, percentiles)
        inverse = text(self._dataset, "PresentationLUTShape") == "INVERSE"
        return 255 - pixels if self._photometric == "MONOCHROME1" or inverse else pixels

    def _colors(self, frame):
        if self._is_palette:
            frame = apply_color_lut(frame, self._dataset)
            largest = np.iinfo(frame.dtype).max
        else:
            largest = 2 ** self._options["bits_stored"] - 1
        if largest == 255:
            return frame[..., :3]
        return (frame[..., :3] * (255 / largest)).clip(0, 255).astype(np.float32)

    def _measured(self, frame, index):
        """Return values in the unit of the modality; NaN where there is only padding."""
        padding = self._is_padding(frame)
        group = self._functional_group("PixelValueTransformationSequence", index)
        if self._dataset.get("ModalityLUTSequence"):
            values = apply_modality_lut(frame, self._dataset).astype(np.float32)
        else:
            values = frame.astype(np.result_type(frame.dtype.newbyteorder("="), np.float32))
            values *= values.dtype.type(_usable_slope(group))
            values += values.dtype.type(number(group, "RescaleIntercept", 0))
        if padding is not None:
            values[padding] = np.nan
        return values

    def _is_padding(self, frame):
        """Return where a frame holds the value of padding; None without such a value."""
        first = numbers(self._dataset, "PixelPaddingValue")
        if not first or frame.dtype.kind not in "iu":
            return None
        last = numbers(self._dataset, "PixelPaddingRangeLimit") or first
        # Through the type of the pixels: some files store a negative value as unsigned.
        ends = np.array([int(first[0]), int(last[0])]).astype(frame.dtype)
        return (frame >= ends.min()) & (frame <= ends.max())

    def _gray(self, values, index, window, percentiles):
        """Map values by a window, or by their distribution."""
        if not isinstance(window, str):
            return apply_window(values, Window(*window, "LINEAR_EXACT"))
        if window != "auto":
            return normalize(values, window, percentiles)
        if self._dataset.get("VOILUTSequence"):
            return self._through_table(values)
        window = self._window_of_file(index)
        if window is not None:
            return apply_window(values, window)
        if self._is_ready_to_show():
            return stretch(values, 0, 2 ** self._options["bits_stored"] - 1)
        return normalize(values, "percentile", percentiles)

    def _window_of_file(self, index):
        """Return the first window that the file has for a frame; None without one."""
        group = self._functional_group("FrameVOILUTSequence", index)
        center, width = number(group, "WindowCenter"), number(group, "WindowWidth")
        if center is None or width is None or width <= 0:
            return None
        function = text(group, "VOILUTFunction") or "LINEAR"
        if function == "LINEAR" and self._options["pixel_keyword"] != "PixelData":
            function = "LINEAR_EXACT"  # the other one counts whole values; these are fractions
        return Window(center, width, function)

    def _through_table(self, values):
        """Map values by the file's own table of gray levels."""
        whole = np.rint(np.nan_to_num(values)).astype(np.int64)
        gray = apply_voi(whole, self._dataset)
        bits = int(self._dataset.VOILUTSequence[0].LUTDescriptor[2])
        return stretch(gray.astype(np.float32), 0, 2**bits - 1)

    def _is_ready_to_show(self):
        """Return whether the values are gray levels: 8 bits or fewer, and nothing to apply."""
        unsigned = self._options["pixel_representation"] == 0
        rescaled = "RescaleSlope" in self._dataset or "ModalityLUTSequence" in self._dataset
        return unsigned and not rescaled and self._options["bits_stored"] <= 8

    def _functional_group(self, keyword, index):
        """Return the item with a frame's values in an enhanced file; the dataset in others."""
        for name, place in (
            ("PerFrameFunctionalGroupsSequence", index),
            ("SharedFunctionalGroupsSequence", 0),
        ):
            items = self._dataset.get(name) or []
            if place < len(items) and items[place].get(keyword):
                return items[place].get(keyword)[0]
        return self._dataset


def _usable_slope(group):
    """Return the slope; one of 0, which would leave nothing of the image, counts as none."""
    slope = number(group, "RescaleSlope", 1)
    return slope if np.isfinite(slope) and slope != 0 else 1
