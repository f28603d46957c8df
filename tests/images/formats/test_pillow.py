import io
import os
import struct
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from skfusion import ImageReader
from tests.encoded_images import encoded
from tests.readers_for_tests import check_refused, read

ORIENTATION = 0x0112


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def save(tmp_path):
    """Write a PIL image to a file and give its path."""

    def write(image, name, **options):
        path = tmp_path / name
        image.save(path, **options)
        return path

    return write


# Modes: 1, L, LA, P, PA, RGB, RGBA, CMYK, YCbCr, HSV, LAB, I;16, I, F.


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.pbm", "a.gif"])
def test_one_bit(save, name):
    values = np.array([[True, False, True], [False, False, True]])
    path = save(Image.fromarray(values), name)
    np.testing.assert_array_equal(read(path), values[..., np.newaxis] * 255)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.pgm", "a.tga", "a.pcx", "a.jp2"])
def test_gray(save, name):
    image = noise((20, 30))
    options = {"irreversible": False} if name.endswith("jp2") else {}
    pixels = read(save(Image.fromarray(image), name, **options))
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels[..., 0], image)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.ppm", "a.tga", "a.pcx", "a.webp"])
def test_rgb(save, name):
    image = noise((20, 30, 3))
    options = {"lossless": True} if name.endswith("webp") else {}
    pixels = read(save(Image.fromarray(image), name, **options))
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, image)


@pytest.mark.parametrize(("mode", "color"), [("L", 90), ("RGB", (200, 90, 40))])
def test_jpeg(save, mode, color):
    pixels = read(save(Image.new(mode, (16, 24), color), "a.jpg", quality=95))
    assert pixels.shape == (24, 16, 1 if mode == "L" else 3)
    np.testing.assert_allclose(pixels, np.broadcast_to(color, pixels.shape), atol=2)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
def test_rgba_lies_on_the_background(save, name):
    image = np.array([[[10, 20, 30, 255], [10, 20, 30, 51]]], dtype=np.uint8)
    options = {"lossless": True, "exact": True} if name.endswith("webp") else {}
    path = save(Image.fromarray(image), name, **options)
    assert read(path).tolist() == [[[10, 20, 30], [206, 208, 210]]]
    assert read(path, background="blue").tolist() == [[[10, 20, 30], [2, 4, 210]]]


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_gray_with_alpha_lies_on_the_background(save, name):
    image = Image.fromarray(np.array([[[10, 0], [10, 255], [10, 51]]], dtype=np.uint8))
    assert image.mode == "LA"
    path = save(image, name)
    assert read(path)[0, :, 0].tolist() == [255, 10, 206]
    assert read(path, background="#404040")[0, :, 0].tolist() == [64, 10, 53]


def palette_image(mode="P"):
    """Four pixels in the first three colors of a palette."""
    image = Image.new("P", (4, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 7, 8, 9] + [0] * 759)
    image.putdata([0, 1, 2, 0])
    return image


@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.bmp", "a.tif"])
def test_palette(save, name):
    expected = [[[255, 0, 0], [0, 255, 0], [7, 8, 9], [255, 0, 0]]]
    assert read(save(palette_image(), name)).tolist() == expected


@pytest.mark.parametrize("name", ["a.png", "a.gif"])
def test_palette_with_one_transparent_color(save, name):
    path = save(palette_image(), name, transparency=1)
    assert read(path).tolist() == [[[255, 0, 0], [255] * 3, [7, 8, 9], [255, 0, 0]]]
    assert read(path, background="black")[0, 1].tolist() == [0, 0, 0]


def test_palette_with_an_alpha_for_each_color(save):
    path = save(palette_image(), "a.png", transparency=bytes([255, 51, 0]))
    assert read(path).tolist() == [[[255, 0, 0], [204, 255, 204], [255] * 3, [255, 0, 0]]]


def test_palette_with_alpha_channel():
    image = palette_image().convert("PA")
    image.putalpha(Image.fromarray(np.array([[255, 51, 0, 255]], dtype=np.uint8)))
    assert image.mode == "PA"
    assert read(image).tolist() == [[[255, 0, 0], [204, 255, 204], [255] * 3, [255, 0, 0]]]


def test_one_gray_that_is_transparent(save):
    image = Image.fromarray(np.array([[0, 100, 200]], dtype=np.uint8))
    path = save(image, "a.png", transparency=100)
    assert read(path)[0, :, 0].tolist() == [0, 255, 200]
    assert read(path, background="#070707")[0, :, 0].tolist() == [0, 7, 200]


def test_one_color_that_is_transparent(save):
    image = Image.fromarray(np.array([[[1, 2, 3], [1, 2, 4]]], dtype=np.uint8))
    path = save(image, "a.png", transparency=(1, 2, 3))
    assert read(path).tolist() == [[[255] * 3, [1, 2, 4]]]


def test_one_bit_with_transparent_black(save):
    path = save(Image.fromarray(np.array([[True, False]])), "a.png", transparency=0)
    assert read(path, background="#808080")[0, :, 0].tolist() == [255, 128]


def test_one_gray_of_16_bits_that_is_transparent(save):
    image = Image.fromarray(np.array([[0, 257, 65535]], dtype=np.uint16))
    path = save(image, "a.png", transparency=257)
    assert read(path)[0, :, 0].tolist() == [0, 255, 255]
    assert read(path, background="#808080")[0, :, 0].tolist() == [0, 128, 255]


def test_premultiplied_alpha():
    image = Image.fromarray(np.array([[[10, 20, 30, 255], [0, 0, 0, 0]]], dtype=np.uint8))
    assert read(image.convert("RGBa")).tolist() == [[[10, 20, 30], [255] * 3]]


@pytest.mark.parametrize("name", ["a.tif", "a.jpg"])
def test_cmyk(save, name):
    # (1 - cyan) * (1 - black) and so on, of 255.
    image = Image.new("CMYK", (16, 16), (255, 51, 0, 51))
    options = {"quality": 98} if name.endswith("jpg") else {}
    pixels = read(save(image, name, **options))
    assert pixels.shape == (16, 16, 3)
    np.testing.assert_allclose(pixels, np.broadcast_to([0, 163, 204], (16, 16, 3)), atol=3)


def adobe_jpeg(channels, transform):
    """Four channels in a JPEG file, whose marker defines them, inverted as by Photoshop."""
    content = encoded(Image.new("CMYK", (16, 16), channels), "JPEG", quality=98)
    place = content.index(b"Adobe") + 11
    assert content[place] == 0
    return content[:place] + bytes([transform]) + content[place + 1 :]


def test_ycck():
    """With 2 in the marker, cyan, magenta and yellow are stored as luma and chroma."""
    color, black = (200, 80, 40), 51
    # Luma and chroma of the inks; black and all that is stored is inverted.
    inks = Image.new("RGB", (1, 1), tuple(255 - value for value in color))
    stored = (*inks.convert("YCbCr").getpixel((0, 0)), 255 - black)
    cell = adobe_jpeg(tuple(255 - value for value in stored), 2)  # Pillow inverts when it saves
    expected = np.array(color) * (255 - black) / 255
    np.testing.assert_allclose(read(cell)[0, 0], expected, atol=3)


def test_ycbcr(save):
    # ITU-R BT.601, full range, as in JPEG.
    y, cb, cr = 100, 150, 90
    expected = [y + 1.402 * (cr - 128), 0, y + 1.772 * (cb - 128)]
    expected[1] = y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128)
    image = Image.new("YCbCr", (8, 8), (y, cb, cr))
    for cell in (image, save(image, "a.jpg", quality=98)):
        np.testing.assert_allclose(read(cell)[0, 0], expected, atol=2)


@pytest.mark.parametrize(
    ("hsv", "rgb"),
    [
        ((0, 255, 255), (255, 0, 0)),
        ((85, 255, 255), (0, 255, 0)),
        ((170, 255, 128), (0, 0, 128)),
        ((99, 0, 77), (77, 77, 77)),
    ],
)
def test_hsv(hsv, rgb):
    np.testing.assert_allclose(read(Image.new("HSV", (2, 2), hsv))[0, 0], rgb, atol=2)


@pytest.mark.parametrize("rgb", [(200, 80, 40), (60, 180, 90), (90, 100, 200), (128, 128, 128)])
def test_lab(save, rgb):
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = Image.new("RGB", (4, 4), rgb)
    image = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
    for cell in (image, save(image, "a.tif")):
        np.testing.assert_allclose(read(cell)[0, 0], rgb, atol=4)  # 8 bits of LAB are coarse


def test_lab_without_color_is_gray():
    # L* = 50 is a linear luminance of 0.1842, which sRGB codes as 119; a* and b* are 0 at 128.
    pixels = read(Image.new("LAB", (2, 2), (128, 128, 128)))
    np.testing.assert_allclose(pixels[0, 0], 119, atol=2)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.jp2"])
def test_16_bits(save, name):
    values = np.array([[0, 1, 257], [1000, 257 * 128, 65535]], dtype=np.uint16)
    pixels = read(save(Image.fromarray(values), name))
    assert pixels.dtype == np.float32
    np.testing.assert_allclose(pixels[..., 0], values / 257, rtol=1e-6)
    assert pixels[0, 2, 0] == 1
    assert pixels[1, 2, 0] == 255


def test_16_bits_of_a_gray_map():
    values = np.array([[0, 1, 257], [1000, 257 * 128, 65535]], dtype=">u2")
    pixels = read(b"P5 3 2 65535\n" + values.tobytes())
    np.testing.assert_allclose(pixels[..., 0], values / 257, rtol=1e-6)


def test_16_bits_do_not_depend_on_the_largest_value(save):
    dark = np.array([[0, 100]], dtype=np.uint16)
    pixels = read(save(Image.fromarray(dark), "a.png"))
    np.testing.assert_allclose(pixels[0, :, 0], [0, 100 / 257], rtol=1e-6)


def test_16_bits_of_the_other_byte_order(save):
    image = Image.frombytes("I;16B", (2, 1), np.array([257, 65535], dtype=">u2").tobytes())
    for cell in (image, save(image, "a.tif")):
        assert read(cell)[0, :, 0].tolist() == [1, 255]


def test_32_bit_integers(save):
    values = np.array([[0, 1_000_000, 2_000_000]], dtype=np.int32)
    pixels = read(save(Image.fromarray(values), "a.tif"))
    np.testing.assert_allclose(pixels[0, :, 0], [0, 127.5, 255])


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 0.5, 1], [0, 127.5, 255]), ([0, 20, 200], [0, 20, 200])],
)
def test_floats(save, values, expected):
    image = Image.fromarray(np.array([values], dtype=np.float32))
    for cell in (image, save(image, "a.tif")):
        np.testing.assert_allclose(read(cell)[0, :, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.int16])
def test_values_below_zero(save, dtype):
    """Elevations and Hounsfield units: from the smallest to the largest."""
    values = np.array([[-1000, 0, 3000]], dtype=dtype)
    path = save(Image.fromarray(values.astype(dtype)), "a.tif") if dtype != np.int16 else None
    if path is None:
        image = Image.frombytes("I;16", (3, 1), values.tobytes())
        content = bytearray(encoded(image, "TIFF", tiffinfo={339: 2}))
        path = bytes(content)
    np.testing.assert_allclose(read(path)[0, :, 0], [0, 63.75, 255], rtol=1e-6)


def test_values_that_are_all_the_same_below_zero(save):
    assert not read(save(Image.fromarray(np.full((2, 2), -3, dtype=np.float32)), "a.tif")).any()


def test_floats_that_are_nan_are_refused(save):
    path = save(Image.fromarray(np.full((2, 2), np.nan, dtype=np.float32)), "a.tif")
    with pytest.raises(ValueError, match="holds NaN or infinite values"):
        ImageReader().read(path)


def test_the_first_frame_is_read(save):
    frames = [Image.new("RGB", (4, 3), color) for color in ("red", "blue")]
    for name in ("a.gif", "a.tif", "a.png"):
        path = save(frames[0], name, save_all=True, append_images=frames[1:])
        assert read(path)[0, 0].tolist() == [255, 0, 0]


# Orientation.

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def upright():
    """An image of four blocks that no turn or flip maps to itself, 32 high and 48 wide."""
    image = np.zeros((32, 48, 3), dtype=np.uint8)
    image[:16, :24] = [255, 0, 0]
    image[:16, 24:] = [0, 255, 0]
    image[16:, :24] = [0, 0, 255]
    return Image.fromarray(image)


def as_stored(orientation):
    """What the camera stores where a viewer has to turn by `orientation`."""
    image = upright()
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def exif_of(orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "MPO"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_upright(format, orientation):
    options = {
        "JPEG": {"quality": 95, "subsampling": 0},
        "MPO": {"quality": 95, "subsampling": 0},
        "WEBP": {"lossless": True},
    }
    cell = encoded(
        as_stored(orientation), format, exif=exif_of(orientation), **options.get(format, {})
    )
    pixels = read(cell)
    assert pixels.shape == (32, 48, 3)
    np.testing.assert_allclose(pixels, np.asarray(upright()), atol=3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_compressed_tiff_is_turned_upright(orientation):
    cell = encoded(
        as_stored(orientation), "TIFF", exif=exif_of(orientation), compression="tiff_lzw"
    )
    np.testing.assert_array_equal(read(cell), np.asarray(upright()))


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
@pytest.mark.parametrize("loaded", [False, True])
def test_turning_an_opened_image(format, loaded):
    options = {"quality": 95, "subsampling": 0} if format == "JPEG" else {}
    with Image.open(io.BytesIO(encoded(as_stored(6), format, exif=exif_of(6), **options))) as image:
        if loaded:
            image.load()
        shape = ImageReader().probe(image)
        pixels = ImageReader().read(image)
        assert shape == pixels.shape == (32, 48, 3)
        np.testing.assert_allclose(pixels, np.asarray(upright()), atol=3)


def test_an_orientation_after_the_pixels_of_a_png(save):
    """The PNG standard lets the EXIF chunk come last."""
    content = encoded(as_stored(6), "PNG", exif=exif_of(6))
    start = content.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(content[start : start + 4], "big")
    tail = content.index(b"IEND") - 4
    moved = content[:start] + content[end:tail] + content[start:end] + content[tail:]
    np.testing.assert_array_equal(read(moved), np.asarray(upright()))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_probe_does_not_decode(format, monkeypatch):
    options = {"exif": exif_of(6)} if format in ("JPEG", "WEBP", "TIFF") else {}
    cell = encoded(as_stored(6), format, **options)
    expected = ImageReader().read(cell).shape

    def load(self):
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    monkeypatch.setattr("PIL.TiffImagePlugin.TiffImageFile.load", load)
    monkeypatch.setattr("PIL.WebPImagePlugin.WebPImageFile.load", load)
    assert ImageReader().probe(cell) == expected


def test_probe_leaves_an_opened_png_readable(save):
    path = save(Image.fromarray(noise((40, 30, 3))), "a.png")
    with Image.open(path) as image:
        assert ImageReader().probe(image) == (40, 30, 3)
        np.testing.assert_array_equal(np.asarray(image), noise((40, 30, 3)))


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_is_none(orientation):
    cell = encoded(upright(), "PNG", exif=exif_of(orientation))
    np.testing.assert_array_equal(read(cell), np.asarray(upright()))


def test_tags_that_can_not_be_written_again_do_not_matter():
    """Turning an image needs its orientation only, however odd its other tags."""
    short, long, resolution_unit = 3, 4, 0x0128
    tags = struct.pack("<HHIHxx", ORIENTATION, short, 1, 6)
    tags += struct.pack("<HHII", resolution_unit, long, 1, 70_000)  # has 16 bits by the standard
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + tags + bytes(4)
    for format in ("JPEG", "PNG"):
        pixels = read(encoded(as_stored(6), format, exif=exif, quality=95, subsampling=0))
        np.testing.assert_allclose(pixels, np.asarray(upright()), atol=3)


# Kinds of cells.


@pytest.fixture
def image_path(save):
    return save(Image.fromarray(noise((9, 12, 3))), "image.png")


class OtherPath:
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return self.path


def test_all_kinds_of_cells_give_the_same(image_path):
    expected = noise((9, 12, 3))
    content = image_path.read_bytes()
    cells = [
        str(image_path),
        image_path,
        OtherPath(str(image_path)),
        content,
        bytearray(content),
        memoryview(content),
        Image.fromarray(expected),
        expected,
    ]
    for cell in cells:
        np.testing.assert_array_equal(read(cell), expected)


def test_an_opened_image_stays_open_and_unchanged(image_path):
    with Image.open(image_path) as image:
        np.testing.assert_array_equal(read(image), noise((9, 12, 3)))
        assert image.size == (12, 9)
        assert image.mode == "RGB"
        assert image.getpixel((0, 0)) == tuple(noise((9, 12, 3))[0, 0].tolist())
        np.testing.assert_array_equal(read(image), noise((9, 12, 3)))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "HSV", "I", "F"])
def test_an_image_in_memory_is_unchanged(mode):
    image = Image.fromarray(noise((8, 8, 3))).convert(mode)
    image.info["transparency"] = 0 if mode in ("L", "P") else None
    if image.info["transparency"] is None:
        del image.info["transparency"]
    image.getexif()[ORIENTATION] = 6
    before = image.tobytes(), image.size, image.mode, dict(image.info), dict(image.getexif())
    read(image)
    after = image.tobytes(), image.size, image.mode, dict(image.info), dict(image.getexif())
    assert after == before


def test_a_frame_that_was_sought_stays(save):
    frames = [Image.new("RGB", (4, 3), color) for color in ("red", "blue")]
    path = save(frames[0], "a.tif", save_all=True, append_images=frames[1:])
    with Image.open(path) as image:
        image.seek(1)
        assert read(image)[0, 0].tolist() == [0, 0, 255]
        assert image.tell() == 1


def test_a_closed_image_is_an_error(image_path):
    image = Image.open(image_path)
    image.close()
    with pytest.raises(ValueError, match=r"\w"):
        ImageReader().read(image)


@pytest.mark.parametrize("cell", [3, 2.5, ["a.png"], {"file": "a.png"}, object()])
def test_other_cells_are_no_image(cell):
    for ask in (ImageReader().read, ImageReader().probe):
        with pytest.raises(ValueError, match=f"a cell of type {type(cell).__name__} is no image"):
            ask(cell)


def test_root_is_where_relative_paths_start(image_path, monkeypatch):
    expected = noise((9, 12, 3))
    for root in (image_path.parent, str(image_path.parent)):
        np.testing.assert_array_equal(read("image.png", root=root), expected)
        np.testing.assert_array_equal(read(Path("image.png"), root=root), expected)
    np.testing.assert_array_equal(read(image_path, root="/nowhere"), expected)
    monkeypatch.chdir(image_path.parent)
    np.testing.assert_array_equal(read("image.png"), expected)


# Files are closed.


def count_open_files():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs a list of open files")
def test_files_are_closed(save):
    whole = save(Image.fromarray(noise((40, 40, 3))), "a.png")
    frames = [Image.new("L", (40, 40), value) for value in (1, 2)]
    several = save(frames[0], "a.tif", save_all=True, append_images=frames[1:])
    truncated = whole.with_name("b.png")
    truncated.write_bytes(whole.read_bytes()[:200])
    text = whole.with_name("c.png")
    text.write_text("no image")
    kept = []  # errors hold frames, and frames hold what was opened in them
    before = count_open_files()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        for path in (whole, several, truncated, text):
            for reader in (ImageReader(), ImageReader(max_pixels=100)):
                for ask in (reader.probe, reader.read):
                    try:
                        kept.append(ask(path))
                    except ValueError as error:
                        kept.append(error)
    assert count_open_files() == before


# What is refused.


def test_too_many_pixels_are_refused_by_the_header(save, monkeypatch):
    path = save(Image.new("L", (30, 20)), "a.png")
    assert read(path, max_pixels=600).shape == (20, 30, 1)
    monkeypatch.setattr(Image.Image, "load", None)  # decoding would fail in another way
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", None)
    check_refused(
        path, "^30 x 20 pixels are more than max_pixels=599 of the reader$", max_pixels=599
    )
    check_refused(path.read_bytes(), "max_pixels=599", max_pixels=599)


def test_too_many_pixels_of_an_opened_image():
    check_refused(Image.new("L", (30, 20)), "max_pixels=599", max_pixels=599)


def test_a_header_that_promises_more_than_pillow_opens(save):
    content = bytearray(encoded(Image.new("L", (1, 1)), "BMP"))
    content[18:22] = content[22:26] = (30_000).to_bytes(4, "little")
    check_refused(bytes(content), "30000 x 30000 pixels|decompression bomb")


@pytest.mark.parametrize("name", ["nowhere.png", "no/such/folder/a.png"])
def test_no_such_file(tmp_path, name):
    check_refused(tmp_path / name, "^no such file$")


def test_dangling_link(tmp_path):
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere.png")
    check_refused(tmp_path / "link.png", "^no such file$")


def test_link_to_an_image(image_path):
    link = image_path.with_name("link.png")
    link.symlink_to(image_path)
    np.testing.assert_array_equal(read(link), noise((9, 12, 3)))


def test_directory(tmp_path):
    check_refused(tmp_path, "^it is a directory$")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_named_pipe_does_not_hang(tmp_path):
    path = tmp_path / "pipe.png"
    os.mkfifo(path)
    answers = []

    def ask():
        for method in (ImageReader().read, ImageReader().probe):
            try:
                method(path)
            except ValueError as error:
                answers.append(str(error))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout=10)
    assert answers == ["it is no regular file"] * 2


def test_device(tmp_path):
    check_refused(os.devnull, "^it is no regular file$")


def test_empty_file(tmp_path):
    path = tmp_path / "empty.png"
    path.touch()
    check_refused(path, "^the file is empty$")
    check_refused(b"", "^no bytes$")
    check_refused(bytearray(), "^no bytes$")


def test_text_file(tmp_path):
    path = tmp_path / "text.png"
    path.write_text("These are words.\n" * 100)
    check_refused(path, "^no image format that Pillow reads$")
    check_refused(path.read_bytes(), "^no image format that Pillow reads$")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.tif", "a.bmp", "a.webp"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_truncated_file(save, name, share):
    path = save(Image.fromarray(noise((64, 64, 3))), name)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match=r"\w") as info:
        ImageReader().read(path)
    assert type(info.value) is ValueError
    assert "\n" not in str(info.value)


def test_truncated_header(save):
    path = save(Image.fromarray(noise((64, 64, 3))), "a.png")
    path.write_bytes(path.read_bytes()[:20])
    check_refused(path, r"\w")


@pytest.mark.parametrize("name", ["a\0b.png", "a" * 5000 + ".png"])
def test_names_that_no_file_can_have(name, tmp_path):
    check_refused(name, "^the path can't be used")
    check_refused(name, "^the path can't be used", root=tmp_path)


def test_addresses_are_not_fetched():
    check_refused("https://example.org/a.png", "^reading addresses of https:// is off")


def test_a_folder_that_may_not_be_read(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (tmp_path / "closed").mkdir(mode=0)
    check_refused(tmp_path / "closed" / "a.png", "^the path can't be used")


def test_a_color_that_does_not_exist(image_path):
    with pytest.raises(ValueError, match="unknown color specifier: 'nocolor'"):
        ImageReader(background="nocolor").read(image_path)


def test_damaged_files_give_an_array_or_one_reason():
    """Bytes overwritten at random, in formats and headers of several kinds."""
    image = Image.fromarray(noise((24, 24, 3)))
    whole = [encoded(image, format, exif=exif_of(6)) for format in ("JPEG", "PNG", "TIFF", "WEBP")]
    whole += [encoded(image, format) for format in ("BMP", "GIF", "PPM", "TGA", "PCX", "ICO")]
    reader, rng = ImageReader(max_pixels=100_000), np.random.default_rng(0)
    outcomes = {"array": 0, "reason": 0}
    for number in range(1000):
        content = bytearray(whole[number % len(whole)])
        for place in rng.integers(0, min(len(content), 400), size=3):
            content[place] = rng.integers(0, 256)
        reason = reason_of(reader, bytes(content))
        assert reason is None or (reason and "\n" not in reason)
        outcomes["array" if reason is None else "reason"] += 1
    assert min(outcomes.values()) > 100


def reason_of(reader, cell):
    """None for an image, else why there is none; any other error is a failure."""
    try:
        assert reader.read(cell).ndim == 3
    except ValueError as error:
        return str(error)
