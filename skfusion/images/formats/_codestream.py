"""The headers of compressed frames, read before anything decodes them."""

import struct
from typing import NamedTuple

_JPEG_START, _J2K_START = b"\xff\xd8", b"\xff\x4f\xff\x51"
# Start-of-frame markers of JPEG (all but those that mean tables) and of JPEG-LS.
_FRAMES = (set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}) | {0xF7}
_SCAN = 0xDA
_RGB = (b"RGB", b"rgb")


class Codestream(NamedTuple):
    """Shape and bits of a compressed frame and, for JPEG, its colors; None where they are open."""

    height: int
    width: int
    samples: int
    bits: int
    colors: str | None = None


def read_codestream(frame):
    """Read the header of a JPEG, JPEG-LS or JPEG 2000 frame; None for anything else."""
    if frame.startswith(_JPEG_START):
        return _read_jpeg(frame)
    start = frame.find(_J2K_START)  # behind the boxes of a JP2 file, if it is one
    if start < 0 or len(frame) < start + 43:
        return None
    right, bottom, left, top = struct.unpack_from(">4I", frame, start + 8)
    samples, depth = struct.unpack_from(">HB", frame, start + 40)
    return Codestream(bottom - top, right - left, samples, (depth & 0x7F) + 1)


def _read_jpeg(frame):
    place, is_jfif = 2, False
    while place + 4 <= len(frame):
        marker, length = struct.unpack_from(">HH", frame, place)
        code = marker & 0xFF
        if marker == 0xFFFF:  # padding
            place += 1
            continue
        if marker < 0xFF00 or code == _SCAN:
            return None
        is_jfif |= code == 0xE0 and frame[place + 4 : place + 8] == b"JFIF"
        if code in _FRAMES:
            return _read_frame_header(frame, place + 4, is_jfif)
        place += 2 + length
    return None


def _read_frame_header(frame, place, is_jfif):
    bits, height, width, samples = struct.unpack_from(">BHHB", frame, place)
    names = frame[place + 6 : place + 6 + 3 * samples : 3]
    colors = "RGB" if names in _RGB else "YBR" if is_jfif else None
    return Codestream(height, width, samples, bits, colors)
