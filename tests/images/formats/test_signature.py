"""Which content is DICOM, NIfTI, TIFF or HEIC, by its first bytes."""

import pytest

from skfusion.images.formats._signature import find_format


@pytest.mark.parametrize(
    "head", [b"", b"\x1f\x8b", b"\x1f\x8b" + bytes(50), bytes(3), bytes(2000), b"GIF89a"]
)
def test_other_content(head):
    assert find_format(head) is None


@pytest.mark.parametrize("kind", [1, 2, 3, 9, 10, 11])
@pytest.mark.parametrize("id_length", range(16))
def test_tga_is_not_mistaken_for_dicom(kind, id_length):
    for colormap in (0, 1):
        head = bytes([id_length, colormap, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 8, 0, 24, 0])
        assert find_format(head + bytes(100)) is None


def test_a_dicom_file_may_begin_with_the_header_of_another_format():
    assert find_format(b"II*\0" + bytes(124) + b"DICM" + bytes(100)) == "DICOM"
    assert find_format(b"II*\0" + bytes(300)) == "TIFF"
    assert find_format(b"MM\0+" + bytes(300)) == "TIFF"


@pytest.mark.parametrize(
    ("brands", "expected"),
    [
        (b"heic\0\0\0\0mif1heic", "HEIF"),
        (b"mif1\0\0\0\0mif1heic", "HEIF"),
        (b"msf1\0\0\0\0hevc", "HEIF"),
        (b"avif\0\0\0\0avifmif1", None),  # which Pillow reads
        (b"mif1\0\0\0\0mif1avif", None),
        (b"isom\0\0\0\0iso2mp41", None),
    ],
)
def test_brands_of_heif(brands, expected):
    box = b"ftyp" + brands
    assert find_format((len(box) + 4).to_bytes(4, "big") + box + bytes(50)) == expected
