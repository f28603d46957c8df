"""Cells from untrusted sources: false sizes, and paths that lead elsewhere."""

import builtins
import os
import socket
import struct
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion import FeatureStore, ImageDescriptors, ImageReader, ImageReadError, PixelFlattener
from tests.encoded_images import encoded
from tests.readers_for_tests import check_refused

# Sizes.


def png_header(width, height):
    """A PNG file that claims a size, with hardly any pixels."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


def tiff_header(width, height, **more):
    """A TIFF file that claims a size; its only strip is ten bytes."""
    tags = {256: width, 257: height, 258: 8, 259: 8, 262: 1, 273: 8, 277: 1, 278: height, 279: 10}
    tags.update({int(number[1:]): value for number, value in more.items()})
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 18) + zlib.compress(b"")[:10].ljust(10) + directory


@pytest.mark.parametrize(("width", "height"), [(2**31 - 1, 2**31 - 1), (20_000, 10_000)])
def test_headers_of_quadrillions_of_pixels(peak_memory, width, height):
    for make in (png_header, tiff_header):
        reason = f"^{width} x {height} pixels are more than max_pixels=89478485 of the reader$"
        cell = make(width, height)
        _, peak = peak_memory(lambda cell=cell, reason=reason: check_refused(cell, reason))
        assert peak < 10_000_000


def test_more_pixels_than_pillow_opens():
    """`max_pixels` decides, not Pillow's own limit of 178956970."""
    content = encoded(Image.new("1", (20_000, 10_000)), "PNG")
    assert ImageReader(max_pixels=200_000_000).probe(content) == (10_000, 20_000, 1)
    check_refused(
        content, "^20000 x 10000 pixels are more than max_pixels=199999999 ", max_pixels=199999999
    )


def test_small_images_of_large_tiles(peak_memory):
    """Tiles are decoded whole, however little of them is seen."""
    cell = tiff_header(8, 8, t322=30_000, t323=30_000, t324=8, t325=10)
    _, peak = peak_memory(
        lambda: check_refused(cell, "^tiles of 30000 x 30000 pixels are more than max")
    )
    assert peak < 10_000_000
    whole = encoded(Image.new("L", (8, 8), 7), "TIFF")
    assert ImageReader(max_pixels=64).read(whole)[0, 0, 0] == 7


def test_a_bomb_of_zeros():
    """Thousands of pixels a byte: refused by the header, before anything is inflated."""
    content = encoded(Image.new("L", (12_000, 10_000)), "TIFF", compression="tiff_deflate")
    assert len(content) < 300_000
    check_refused(content, "^12000 x 10000 pixels are more than max_pixels=89478485 of the reader$")


@pytest.mark.parametrize("suffix", ["ico", "icns"])
def test_an_icon_that_holds_a_larger_image(suffix):
    image = png_header(9_000, 9_000)
    if suffix == "ico":
        entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(image), 22)
        cell = struct.pack("<HHH", 0, 1, 1) + entry + image
    else:
        block = b"ic07" + struct.pack(">I", len(image) + 8) + image
        cell = b"icns" + struct.pack(">I", len(block) + 8) + block
    check_refused(
        cell, "^9000 x 9000 pixels are more than max_pixels=1000000 ", max_pixels=1_000_000
    )


@pytest.mark.parametrize("format", ["ICO", "ICNS"])
def test_icons_are_read(format):
    image = Image.new("RGB", (128, 128), "blue")
    options = {"sizes": [(128, 128)]} if format == "ICO" else {}
    cell = encoded(image, format, **options)
    assert ImageReader(max_pixels=1 << 20).read(cell)[5, 5].tolist() == [0, 0, 255]
    bitmap = encoded(image.resize((16, 16)), "ICO", sizes=[(16, 16)], bitmap_format="bmp")
    assert ImageReader(max_pixels=256).read(bitmap)[5, 5].tolist() == [0, 0, 255]
    check_refused(bitmap, "^16 x 16 pixels are more than max_pixels=255 ", max_pixels=255)


# What is no file.


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_cells_that_are_no_files(tmp_path):
    """In a transformer: one error that names each row."""
    os.mkfifo(tmp_path / "pipe")
    place = socket.socket(socket.AF_UNIX)
    place.bind(str(tmp_path / "socket"))
    cells = [
        tmp_path / "pipe",
        tmp_path / "socket",
        "/dev/zero",
        tmp_path,
        "a\0b.png",
        "/proc/self",
    ]
    for transformer in (
        PixelFlattener((4, 4)),
        ImageDescriptors(("intensity",), cache=tmp_path / "store"),
    ):
        with pytest.raises(ImageReadError) as info:
            transformer.fit_transform(pd.DataFrame({"photo": [str(cell) for cell in cells]}))
        reasons = [reason for _, _, reason in info.value.failures]
        assert reasons[:2] == ["it is no regular file"] * 2
        assert reasons[2:4] == ["it is no regular file", "it is a directory"]
        assert reasons[4].startswith("the path can't be used (embedded null")
        assert reasons[5] == "it is a directory"
    place.close()


# Paths.


@pytest.fixture
def folders(tmp_path):
    """A root with an image, and another beside it."""
    for name, value in (("root", 10), ("root_2", 20), ("root/inside", 30)):
        (tmp_path / name).mkdir()
        Image.new("L", (4, 4), value).save(tmp_path / name / "a.png")
    (tmp_path / "root/link.png").symlink_to(tmp_path / "root_2/a.png")
    (tmp_path / "root/folder").symlink_to(tmp_path / "root_2")
    (tmp_path / "root/near.png").symlink_to(tmp_path / "root/inside/a.png")
    return tmp_path


OUTSIDE = [
    "../root_2/a.png",
    "inside/../../root_2/a.png",
    "link.png",
    "folder/a.png",
    "{}/root_2/a.png",
    "{}/root/../root_2/a.png",
    "..",
    "/etc/hostname",
    "../nowhere.png",
]
INSIDE = {
    "a.png": 10,
    "inside/a.png": 30,
    "inside/../a.png": 10,
    "{}/root/a.png": 10,
    "near.png": 30,
}


@pytest.mark.parametrize("cell", OUTSIDE)
def test_a_strict_root_is_not_left(folders, cell):
    cell = cell.format(folders)
    forbidden = "^it lies outside the reader's root, and strict_root=True forbids that$"
    check_refused(cell, forbidden, root=folders / "root", strict_root=True)
    check_refused(Path(cell), forbidden, root=str(folders / "root") + "/", strict_root=True)


@pytest.mark.parametrize("cell", INSIDE)
def test_what_lies_in_a_strict_root_is_read(folders, cell, monkeypatch):
    (folders / "other_name").symlink_to(folders / "root")
    monkeypatch.chdir(folders)
    for root in (folders / "root", "root", folders / "other_name"):
        reader = ImageReader(root=root, strict_root=True)
        assert reader.read(cell.format(folders))[0, 0, 0] == INSIDE[cell]


def test_names_that_no_file_can_have_in_a_strict_root(folders):
    check_refused("a\0b.png", "^the path can't be used", root=folders / "root", strict_root=True)
    check_refused("no.png", "^no such file$", root=folders / "root", strict_root=True)


def test_a_strict_root_needs_a_root():
    check_refused("a.png", "^strict_root=True needs a root$", strict_root=True)


def test_the_other_file_of_a_pair_may_be_a_link(folders):
    (folders / "root/scan.hdr").write_bytes(b"\x5c\x01\0\0" + bytes(344))
    (folders / "root/scan.img").symlink_to(folders / "root_2/a.png")
    check_refused("scan.hdr", "^it lies outside", root=folders / "root", strict_root=True)


def test_bytes_and_arrays_have_no_root(folders):
    reader = ImageReader(root=folders / "root", strict_root=True)
    assert reader.read((folders / "root_2/a.png").read_bytes())[0, 0, 0] == 20
    assert reader.read(np.full((2, 2), 7, dtype=np.uint8))[0, 0, 0] == 7


def test_a_root_that_is_not_strict_is_where_relative_paths_start(folders):
    reader = ImageReader(root=folders / "root")
    for cell in ("link.png", "../root_2/a.png", f"{folders}/root_2/a.png"):
        assert reader.read(cell)[0, 0, 0] == 20


def test_a_store_does_not_lead_out_of_a_strict_root(folders):
    """Not even where the features of the image outside are known."""
    store = FeatureStore(folders / "store")
    descriptors = ImageDescriptors(
        ("intensity",), cache=store, reader=ImageReader(folders / "root")
    )
    cells = ["a.png", "link.png", "../root_2/a.png"]
    descriptors.fit_transform(cells)
    strict = ImageReader(folders / "root", strict_root=True)
    descriptors.set_params(reader=strict)
    with pytest.raises(ImageReadError) as info:
        descriptors.fit_transform(cells)
    assert [row for row, _, _ in info.value.failures] == [1, 2]
    assert all("outside the reader's root" in reason for _, _, reason in info.value.failures)
    assert store.stats()["hits"] > 0
    descriptors.fit_transform(cells[:1])


# One file is opened once.


@pytest.fixture
def opened(monkeypatch):
    """The names of the files that were opened, in order."""
    names, real = [], os.open
    real_open = builtins.open

    def spy(path, flags, *args, **options):
        names.append(os.path.basename(path))
        return real(path, flags, *args, **options)

    def spy_open(file, *args, **options):
        if not isinstance(file, int) and "opener" not in options:
            names.append(os.path.basename(file))
        return real_open(file, *args, **options)

    monkeypatch.setattr(os, "open", spy)
    monkeypatch.setattr(builtins, "open", spy_open)
    return names


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "gif", "ico", "webp"])
def test_one_file_is_opened_once(tmp_path, opened, suffix):
    Image.new("RGB", (40, 30)).save(tmp_path / f"a.{suffix}")
    opened.clear()
    ImageReader().read(tmp_path / f"a.{suffix}", size=(4, 4))
    assert opened == [f"a.{suffix}"]
    ImageReader().probe(tmp_path / f"a.{suffix}")
    assert opened == [f"a.{suffix}"] * 2


def test_with_a_store_a_file_is_opened_once_to_hash_and_once_to_decode_it(tmp_path, opened):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    store = FeatureStore(tmp_path / "store")
    descriptors = ImageDescriptors(("intensity",), color_mode="rgb", cache=store)
    descriptors.fit([tmp_path / "a.png"])
    opened.clear()
    descriptors.transform([tmp_path / "a.png"])
    assert opened.count("a.png") == 2
    opened.clear()
    descriptors.transform([tmp_path / "a.png"])
    assert opened.count("a.png") <= 1  # to hash it: its times are too new to be trusted
