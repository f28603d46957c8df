"""By which content images are known: every kind of cell."""

import io
import os
import socket
import threading

import nibabel
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from skfusion.images import _hashing, _image_reader
from skfusion.images._image_digests import ImageDigests
from tests.encoded_images import encoded

PIXELS = np.arange(8 * 6 * 3, dtype=np.uint8).reshape(8, 6, 3)
of = ImageDigests().of


def png(image=None, **options):
    return encoded(PIXELS if image is None else image, **options)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png())
    return path


def test_a_digest_has_16_bytes(file):
    for cell in (file, png(), PIXELS, Image.fromarray(PIXELS)):
        assert isinstance(of(cell), bytes)
        assert len(of(cell)) == 16


def test_files_and_bytes_are_their_content(file, tmp_path):
    digest = of(str(file))
    (tmp_path / "folder").mkdir()
    file.rename(tmp_path / "folder" / "b.jpg")
    assert of(tmp_path / "folder" / "b.jpg") == digest
    assert of(png()) == of(bytearray(png())) == of(memoryview(png())) == digest
    assert of("b.jpg", root=tmp_path / "folder") == digest
    assert of("b.jpg", root=str(tmp_path / "folder")) == digest
    assert of(png() + b"x") != digest


def test_relative_paths_start_at_the_working_directory(file, monkeypatch):
    monkeypatch.chdir(file.parent)
    assert of("a.png") == of(file)


def test_links_are_what_they_lead_to(file, tmp_path):
    (tmp_path / "link").symlink_to(file)
    assert of(tmp_path / "link") == of(file)


def test_arrays_are_type_shape_and_values():
    digest = of(PIXELS)
    assert of(PIXELS.copy(order="F")) == digest
    assert of(np.concatenate([PIXELS, PIXELS], axis=1)[:, :6]) == digest
    assert of(np.flip(np.flip(PIXELS).copy())) == digest
    other = [PIXELS.reshape(6, 8, 3), PIXELS.astype("u2"), PIXELS.astype("i1"), PIXELS[::-1]]
    changed = PIXELS.copy()
    changed[-1, -1, -1] += 1
    digests = [of(array) for array in [*other, changed, PIXELS[..., 0], PIXELS.astype("f4")]]
    assert len({digest, *digests}) == len(digests) + 1


def test_arrays_of_any_type(tmp_path):
    for dtype in ("?", "i1", "u2", "i8", "f2", "f4", "f8"):
        assert len(of(np.zeros((2, 2), dtype))) == 16
    assert len(of(np.zeros((0, 3)))) == 16
    assert of(np.zeros(3)) != of(np.zeros((3, 1)))
    mapped = np.memmap(tmp_path / "m", "u1", "w+", shape=(4, 4))
    assert of(mapped) == of(np.zeros((4, 4), "u1"))


def test_masked_arrays_differ_by_their_mask():
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    masks = [np.zeros((2, 2)), np.eye(2), 1 - np.eye(2)]
    digests = [of(np.ma.masked_array(values, mask)) for mask in masks]
    assert len({of(values), *digests}) == 4
    hidden = np.where(np.eye(2), 9.0, values)
    assert of(np.ma.masked_array(hidden, np.eye(2))) == digests[1]


@pytest.mark.parametrize(
    "cell",
    [
        np.array([[object(), None]]),
        np.array(["a", "b"]),
        np.zeros((2, 2)).view(type("Subclass", (np.ndarray,), {})),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.array([[1j]]),
        np.array([(1, 2.0)], dtype="i4,f8"),
        3.5,
        None,
        ["a", "b"],
    ],
    ids=lambda cell: f"{type(cell).__name__}-{getattr(cell, 'dtype', '')}",
)
def test_cells_without_a_digest(cell):
    with pytest.raises(ValueError, match=r"no digest|no image"):
        of(cell)
    assert ImageDigests().of_many([cell, PIXELS]) == [None, of(PIXELS)]


def test_kinds_have_different_digests():
    raw = PIXELS.tobytes()
    assert len({of(raw), of(PIXELS), of(Image.fromarray(PIXELS)), of(PIXELS.reshape(-1))}) == 4


def test_images_are_all_that_decoding_depends_on():
    image = Image.fromarray(PIXELS)
    digest = of(image)
    assert of(Image.open(io.BytesIO(png()))) == digest  # whether it was decoded before or not
    assert of(image.copy()) == digest
    other = [image.convert("L"), image.transpose(Image.Transpose.ROTATE_180), image.resize((6, 9))]
    other.append(image.convert("RGBA"))
    assert len({digest, *map(of, other)}) == 5


def test_orientation_counts():
    image = Image.fromarray(PIXELS)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.open(io.BytesIO(png(exif=exif)))
    assert np.array_equal(np.asarray(turned), PIXELS)
    assert of(turned) != of(image)
    exif[0x0112] = 3
    assert of(Image.open(io.BytesIO(png(exif=exif)))) not in (of(turned), of(image))
    exif = Image.Exif()
    exif[0x010F] = "a camera"  # changes nothing that is decoded
    assert of(Image.open(io.BytesIO(png(exif=exif)))) == of(image)


def test_palette_and_transparency_count():
    indexes = Image.fromarray(np.arange(16, dtype=np.uint8).reshape(4, 4))
    one, two, three = indexes.convert("P"), indexes.convert("P"), indexes.convert("P")
    two.putpalette([255 - i for i in range(256) for _ in range(3)])
    three.info["transparency"] = 3
    gray = indexes.copy()
    gray.info["transparency"] = 5
    assert len({of(one), of(two), of(three), of(indexes), of(gray)}) == 5
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "decoding does not depend on it")
    assert of(Image.open(io.BytesIO(png(indexes, pnginfo=text)))) == of(indexes)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I"])
def test_images_of_any_mode(mode):
    image = Image.fromarray(PIXELS).convert(mode)
    assert of(image) == of(image.copy())


def test_frames_of_one_file_differ():
    frames = [Image.fromarray(PIXELS), Image.fromarray(PIXELS[::-1])]
    buffer = io.BytesIO()
    frames[0].save(buffer, "gif", save_all=True, append_images=frames[1:])
    image = Image.open(buffer)
    first = of(image)
    image.seek(1)
    assert of(image) != first
    image.seek(0)
    assert of(image) == first


def test_large_images_are_refused_before_they_are_decoded(monkeypatch):
    image = Image.open(io.BytesIO(png()))
    monkeypatch.setattr(image, "load", lambda: pytest.fail("decoded"))
    with pytest.raises(ValueError, match="max_pixels=47"):
        of(image, max_pixels=47)
    assert ImageDigests().of_many([image], max_pixels=47) == [None]


def test_damaged_images():
    image = Image.open(io.BytesIO(png(Image.effect_noise((200, 200), 50))[:5000]))
    with pytest.raises(ValueError, match="truncated"):
        of(image)


def test_one_image_in_many_threads():
    data = png(Image.effect_noise((300, 300), 50))
    digest = of(Image.open(io.BytesIO(data)))
    image, found = Image.open(io.BytesIO(data)), []
    threads = [threading.Thread(target=lambda: found.append(of(image))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [digest] * 8


def test_what_is_no_regular_file(tmp_path):
    fifo, here = tmp_path / "fifo", os.getcwd()
    os.mkfifo(fifo)
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(tmp_path)  # the names of sockets must be short
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
        cells = [fifo, tmp_path / "socket", tmp_path, tmp_path / "nothing", "a\0b", "/dev/null"]
        for cell, reason in zip(
            cells,
            ["no regular file", "no regular file", "directory", "no such", "used", "no regular"],
            strict=True,
        ):
            for read in (of, ImageDigests().load):
                with pytest.raises(ValueError, match=reason):
                    read(cell)
        assert ImageDigests().of_many(cells) == [None] * len(cells)


def test_a_fifo_that_replaces_a_file(tmp_path, file, monkeypatch):
    """Between the check and the opening; nobody ever writes to it."""
    monkeypatch.setattr("skfusion.images._image_digests.check_regular_file", lambda path: None)
    monkeypatch.setattr("skfusion.images._files.check_regular_file", lambda path: None)
    os.mkfifo(tmp_path / "fifo")
    done = threading.Event()

    def read():
        ImageDigests().of_many([tmp_path / "fifo"])
        done.set()

    threading.Thread(target=read, daemon=True).start()
    assert done.wait(5)


def test_many(tmp_path):
    cells = []
    for i in range(100):
        path = tmp_path / f"{i}.bin"
        path.write_bytes(bytes([i % 7]) * 1000)
        cells.append([str(path), path, path.read_bytes(), PIXELS + i][i % 4])
    cells += [tmp_path / "nothing", None, float("nan"), str(tmp_path / "0.bin")]
    digests = ImageDigests().of_many(cells)
    assert digests[-4:] == [None, None, None, digests[0]]
    assert digests[:100] == [of(cell) for cell in cells[:100]]
    assert ImageDigests().of_many([]) == []


def test_many_below_a_root(file):
    assert ImageDigests().of_many(["a.png", file], root=file.parent) == [of(file)] * 2


def test_large_files_in_pieces(tmp_path, monkeypatch):
    content = os.urandom(3 * _hashing._CHUNK + 17)
    (tmp_path / "a").write_bytes(content)
    assert of(tmp_path / "a") == of(content)


def test_load_gives_the_bytes_that_were_hashed(file):
    content, digest = ImageDigests().load(file)
    assert content == file.read_bytes()
    assert digest == of(file)
    assert ImageDigests().load("a.png", root=file.parent) == (content, digest)
    array, digest = ImageDigests().load(PIXELS)
    assert array is PIXELS
    assert digest == of(PIXELS)
    with pytest.raises(ValueError, match="no such file"):
        ImageDigests().load("nothing.png")
    reader = _image_reader.ImageReader()
    np.testing.assert_array_equal(reader.read(content), reader.read(file))


def test_digests_of_pairs(tmp_path):
    """An image in two files, header and voxels, is identified by both."""
    volume = nibabel.Nifti1Pair(np.zeros((4, 4, 4), np.int16), np.eye(4))
    nibabel.save(volume, tmp_path / "e.hdr")
    digests = ImageDigests()
    both = digests.of(tmp_path / "e.hdr")
    assert digests.of_many([tmp_path / "e.img", tmp_path / "e.hdr"]) == [both] * 2
    assert digests.load("e.hdr", tmp_path) == ("e.hdr", both)
    (tmp_path / "e.img").unlink()
    assert digests.of(tmp_path / "e.hdr") != both
