"""TIFF: samples are shown as the header defines them, or refused by name."""

import io
import struct
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile
from PIL import Image

from skfusion import ImageReader, check_images
from tests.helpers.packed_tiff import packed_tiff
from tests.readers_for_tests import read

COMPRESSIONS = [None, "zlib", "lzw", "packbits", "zstd", "lzma"]


def ramp(dtype, shape=(24, 20)):
    """Values over the whole range of a type."""
    top = np.iinfo(dtype).max
    values = np.linspace(0, float(top), int(np.prod(shape))).reshape(shape)
    return np.minimum(values, np.nextafter(float(top), 0) if top > 2**53 else top).astype(dtype)


def encode(array, **options):
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, **options)
    return stream.getvalue()


def scaled(array):
    return array.astype(np.float64) * (255 / np.iinfo(array.dtype).max)


# Depths and layouts.


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64"])
def test_gray_of_any_depth(dtype, photometric, compression):
    array = ramp(dtype)
    expected = scaled(array)
    if photometric == "miniswhite":
        expected = 255 - expected
    content = encode(array, photometric=photometric, compression=compression)
    np.testing.assert_allclose(read(content)[..., 0], expected, atol=0.01)


@pytest.mark.parametrize("layout", [{}, {"tile": (16, 16)}, {"rowsperstrip": 5}])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_colors_in_planes_strips_and_tiles(dtype, compression, byteorder, planar, layout):
    rng = np.random.default_rng(0)
    if dtype == "float32":
        array = rng.random((40, 35, 3), dtype=np.float32)
        expected = array * 255
    else:
        array = rng.integers(0, np.iinfo(dtype).max, (40, 35, 3), dtype=dtype)
        expected = scaled(array)
    stored = np.moveaxis(array, -1, 0).copy() if planar == "separate" else array
    content = encode(
        stored,
        photometric="rgb",
        planarconfig=planar,
        byteorder=byteorder,
        compression=compression,
        **layout,
    )
    np.testing.assert_allclose(read(content), expected, atol=0.01)


@pytest.mark.parametrize("compression", ["zlib", "lzw"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_predictors(dtype, compression):
    array = np.random.default_rng(0).integers(0, 256, (30, 20)).astype(dtype)
    content = encode(array, compression=compression, predictor=True)
    np.testing.assert_array_equal(read(content), ImageReader().read(array))


@pytest.mark.parametrize("bits", [2, 4, 10, 12, 14])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_packed_bits(bits, photometric):
    top = 2**bits - 1
    array = np.arange(64).reshape(8, 8) * top // 63
    array = array.astype(np.uint8 if bits < 8 else np.uint16)
    content = packed_tiff(array, bits, photometric)
    expected = array * (255 / top)
    expected = 255 - expected if photometric == "miniswhite" else expected
    np.testing.assert_allclose(read(content)[..., 0], expected, atol=0.5)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "float16", "float64"])
def test_types_without_a_range_are_read_as_arrays(dtype):
    array = (np.random.default_rng(0).random((6, 7)) * 100 - 20).astype(dtype)
    np.testing.assert_array_equal(read(encode(array)), ImageReader().read(array))


def test_white_is_zero_in_floats():
    array = np.random.default_rng(0).random((6, 7), dtype=np.float32)
    content = encode(array, photometric="miniswhite")
    np.testing.assert_allclose(read(content), 255 - ImageReader().read(array), atol=1e-3)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("gray", [True, False])
@pytest.mark.parametrize("extra", ["unassalpha", "assocalpha", "unspecified"])
def test_extra_samples(dtype, gray, extra):
    top = np.iinfo(dtype).max
    color, alpha = np.full((2, 3, 1 if gray else 3), top // 2), np.full((2, 3, 1), top)
    alpha[0] = top // 3
    color = color.astype(float)
    stored = color * (alpha / top) if extra == "assocalpha" else color
    array = np.concatenate([stored, alpha], axis=-1).round().astype(dtype)
    content = encode(
        array, photometric="minisblack" if gray else "rgb", extrasamples=[extra], planarconfig=1
    )
    pixels = read(content, background="black")
    share = 1 if extra == "unspecified" else 1 / 3
    np.testing.assert_allclose(pixels[0], 127 * share, atol=1.5)
    np.testing.assert_allclose(pixels[1], 127, atol=1.5)


def test_an_orientation():
    array = np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000
    for orientation, expected in (
        (1, array),
        (2, array[:, ::-1]),
        (3, array[::-1, ::-1]),
        (4, array[::-1]),
        (5, array.T),
        (6, array.T[:, ::-1]),
        (7, array.T[::-1, ::-1]),
        (8, array.T[::-1]),
    ):
        content = encode(array, extratags=[(274, "H", 1, orientation, True)])
        np.testing.assert_allclose(read(content)[..., 0], scaled(expected), atol=0.01)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_big_tiff(dtype):
    array = np.random.default_rng(0).integers(0, 256, (6, 7)).astype(dtype)
    np.testing.assert_array_equal(read(encode(array, bigtiff=True)), read(encode(array)))


def test_a_value_of_no_data_is_black():
    """As GDAL writes it, in floats and integers."""
    heights = np.array([[0.0, 0.5, 1.0, -9999.0]], dtype=np.float32)
    content = encode(heights, extratags=[(42113, "s", 0, "-9999", True)])
    assert read(content)[0, :, 0].tolist() == [0, 127.5, 255, 0]
    counts = np.array([[1, 30000, 65535]], dtype=np.uint16)
    content = encode(counts, extratags=[(42113, "s", 0, "65535", True)])
    assert read(content)[0, 2, 0] == 0
    holes = np.array([[0.0, np.nan, 1.0]], dtype=np.float32)
    content = encode(holes, extratags=[(42113, "s", 0, "nan", True)])
    assert read(content)[0, :, 0].tolist() == [0, 0, 255]
    with pytest.raises(ValueError, match="value of no data"):
        read(encode(heights[:, 3:], extratags=[(42113, "s", 0, "-9999", True)]))


def test_pil_images_of_tiff_files_agree_with_the_files():
    for content in (
        encode(ramp("uint16"), photometric="miniswhite"),
        encode(ramp("uint32")),
        packed_tiff(ramp("uint16") // 16, bits=12),
        encode(ramp("int16") - 100),
    ):
        with Image.open(io.BytesIO(content)) as image:
            np.testing.assert_allclose(read(image), read(content), atol=0.01)
    planes = encode(ramp("uint16", (3, 8, 8)), photometric="rgb", planarconfig="separate")
    with (
        Image.open(io.BytesIO(planes)) as image,
        pytest.raises(ValueError, match="Pillow can't decode planes of 16 bits; pass the path"),
    ):
        read(image)


def test_many_threads_read_alike(tmp_path):
    paths = []
    for i in range(20):
        paths.append(tmp_path / f"{i}.tif")
        paths[-1].write_bytes(encode(ramp("uint16") // (i + 1), compression="zlib"))
    expected = [ImageReader().read(path) for path in paths]
    with ThreadPoolExecutor(8) as pool:
        for pixels, once in zip(pool.map(ImageReader().read, paths), expected, strict=True):
            np.testing.assert_array_equal(pixels, once)


# Pages.


def pyramid(dtype="uint8", **options):
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream, **options) as writer:
        for level, size in enumerate((200, 100, 20)):
            writer.write(
                np.full((size, size, 3), 50 * (level + 1), dtype),
                photometric="rgb",
                tile=(64, 64),
                subfiletype=int(level > 0),
            )
    return stream.getvalue()


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"byteorder": ">"}])
def test_only_the_page_that_is_read_may_not_be_too_large(dtype, options):
    content = pyramid(dtype, **options)
    for frame, size in ((2, 20), (-1, 20), (1, 100), (-2, 100)):
        pixels = read(content, frame=frame, max_pixels=size * size)
        assert pixels.shape == (size, size, 3)
        with pytest.raises(ValueError, match=rf"^{size} x {size} pixels are more than max_pixels"):
            read(content, frame=frame, max_pixels=size * size - 1)
    with pytest.raises(ValueError, match=r"^200 x 200 pixels are more than max_pixels"):
        read(content, max_pixels=5000)
    with pytest.raises(ValueError, match="there is no frame 3 in an image of 3 frames"):
        read(content, frame=3)


def test_pages_of_different_kinds():
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(ramp("uint8", (8, 8)))
        writer.write(ramp("uint16", (9, 9)), photometric="miniswhite")
        writer.write(np.full((5, 6), 0.5, np.float32))
    content = stream.getvalue()
    assert [read(content, frame=i).shape[:2] for i in range(3)] == [(8, 8), (9, 9), (5, 6)]
    assert read(content, frame=1)[0, 0, 0] == 255
    assert check_images([content]).rows["frames"].tolist() == [3]


# What is not read.


@pytest.mark.parametrize(
    ("array", "options", "reason"),
    [
        (ramp("uint16", (8, 8, 4)), {"photometric": "separated", "planarconfig": 2}, "CMYK"),
        (ramp("uint16", (8, 8, 5)), {"photometric": "rgb", "planarconfig": 1}, "5 sample"),
        (ramp("uint16", (8, 8, 3)), {"photometric": "minisblack", "planarconfig": 1}, "3 sample"),
        (np.ones((8, 8), np.complex64), {}, "bits"),
        (ramp("uint16", (8, 8)), {"photometric": "cfa"}, "color filter array"),
        (np.ones((16, 16, 16), "uint8"), {"tile": (16, 16, 16), "volumetric": True}, "volume"),
    ],
)
def test_valid_files_that_are_not_supported(array, options, reason):
    with pytest.raises(ValueError, match=rf"TIFF .*{reason}.*isn't supported") as info:
        read(encode(array, **options))
    assert len(str(info.value)) < 160


def test_a_compression_that_is_not_supported():
    content = bytearray(encode(ramp("uint16"), compression="zlib"))
    place = content.index(struct.pack("<HHI", 259, 3, 1)) + 8
    content[place : place + 2] = struct.pack("<H", 34887)
    with pytest.raises(ValueError, match=r"black is zero \(LERC\) isn't supported"):
        read(bytes(content))


WITHOUT = """
import sys
sys.modules["imagecodecs"] = None
from importlib import util
real = util.find_spec
util.find_spec = lambda name, *more: None if name == "imagecodecs" else real(name, *more)
import numpy as np
from skfusion import ImageReader
from tests.helpers.packed_tiff import packed_tiff
for name in sys.argv[1:]:
    try:
        pixels = ImageReader().read(name)
        print(name.rpartition("/")[2], *np.round(pixels[0].ravel()[:3]).astype(int).tolist())
    except ValueError as error:
        print(name.rpartition("/")[2], error)
"""


def test_without_imagecodecs(tmp_path):
    """Which the extra `medical` brings: nothing is shown wrongly."""
    gray = np.array([[0, 21845, 65535]], dtype=np.uint16).repeat(3, 0)
    colors = np.stack([gray, gray[:, ::-1], gray], -1)
    files = {
        "plain.tif": encode(gray, photometric="miniswhite"),
        "zlib.tif": encode(gray, photometric="miniswhite", compression="zlib"),
        "lzw.tif": encode(gray, photometric="miniswhite", compression="lzw"),
        "uint32.tif": encode(gray.astype(np.uint32) * 65537, compression="lzw"),
        "float.tif": encode((gray / 65535).astype(np.float32), compression="lzw"),
        "packed.tif": packed_tiff(gray // 16, bits=12),
        "rgb.tif": encode(colors, photometric="rgb"),
        "rgb_zlib.tif": encode(colors, photometric="rgb", compression="zlib"),
        "uint64.tif": encode(gray.astype(np.uint64) * (2**48), compression="zlib"),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WITHOUT), *(tmp_path / name for name in files)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    for name in ("plain.tif", "zlib.tif", "lzw.tif"):
        assert found[name] == "255 170 0", name
    for name in ("uint32.tif", "float.tif", "packed.tif"):
        assert found[name] == "0 85 255", name
    assert found["rgb.tif"] == "0 255 0"
    assert found["rgb_zlib.tif"] == "0 255 0"
    assert "isn't supported; it may be with imagecodecs: pip install" in found["uint64.tif"]


# Damage.


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_truncated_files(share, compression):
    content = encode(ramp("uint16", (64, 64)), compression=compression)
    with pytest.raises(ValueError, match=r"\w") as info:
        ImageReader().read(content[: int(len(content) * share)])
    assert "\n" not in str(info.value)


def test_directories_that_point_at_each_other():
    content = bytearray(encode(np.zeros((2, 8, 8), np.uint16), photometric="minisblack"))
    with tifffile.TiffFile(io.BytesIO(bytes(content))) as tiff:
        first, second = (page.offset for page in tiff.pages)
    n_entries = struct.unpack_from("<H", content, second)[0]
    struct.pack_into("<I", content, second + 2 + 12 * n_entries, first)
    assert read(bytes(content), frame=1).shape == (8, 8, 1)
    with pytest.raises(ValueError, match="there is no frame 5 in an image of 2 frames"):
        read(bytes(content), frame=5)


@pytest.mark.parametrize("compression", ["zlib", "lzma", "zstd"])
def test_strips_that_inflate_without_end(compression, peak_memory):
    """A small image, whose strip holds far more than it should."""
    large = encode(np.zeros((8000, 8000), np.uint16), compression=compression, rowsperstrip=8000)
    content = bytearray(large)
    for tag in (256, 257):
        for kind in (3, 4):
            place = content.find(struct.pack("<HHI", tag, kind, 1))
            if place >= 0:
                struct.pack_into("<I" if kind == 4 else "<H", content, place + 8, 8)

    def ask():
        try:
            return read(bytes(content), max_pixels=10_000)
        except ValueError as error:
            return error

    ask()  # imports
    _, peak = peak_memory(ask)
    assert peak < 20_000_000


def test_tags_larger_than_the_file():
    content = bytearray(encode(ramp("uint16")))
    place = content.index(struct.pack("<HH", 273, 4)) + 4
    struct.pack_into("<I", content, place, 2**31)
    with pytest.raises(ValueError, match="tag 273 is larger than the file"):
        read(bytes(content))


@pytest.mark.parametrize(("tag", "value"), [(256, 0), (257, 0)])
def test_no_size(tag, value):
    content = bytearray(encode(ramp("uint16")))
    place = min(
        place for kind in (3, 4) if (place := content.find(struct.pack("<HHI", tag, kind, 1))) >= 0
    )
    struct.pack_into("<I", content, place + 8, value)
    with pytest.raises(ValueError, match="it has no size"):
        read(bytes(content))
