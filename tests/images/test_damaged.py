"""Damaged files, in a process of their own with bounded memory: an array or one reason, always."""

import json
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.dicom_for_tests import make_dicom
from tests.helpers.packed_tiff import packed_tiff

LARGEST = 20_000  # bytes of a file that is damaged: small ones are quick, and rich in headers
SCRIPT = Path(__file__).with_name("read_damaged.py")


def read_damaged(folder, count, seed):
    done = subprocess.run(
        [sys.executable, SCRIPT, folder, str(count), str(seed)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # The C library libtiff writes messages there; Python prints nothing.
    assert "Warning" not in done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


def make_files(folder):
    """Images and volumes of the formats that the reader's code treats in ways of their own."""
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (24, 30, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("a.jpg", "a.png", "a.tif", "a.webp"):
        image.save(folder / name, exif=exif)
    for name in ("a.bmp", "a.gif", "a.ppm", "a.tga", "a.pcx", "a.ico", "a.icns", "a.jp2", "a.sgi"):
        image.save(folder / name)
    image.convert("CMYK").save(folder / "b.jpg")
    image.convert("LA").save(folder / "b.png")
    image.convert("P").save(folder / "b.gif", save_all=True, append_images=[image])
    image.save(folder / "b.tif", compression="tiff_deflate", tile=(16, 16))
    make_deep_tiff(folder, rng)
    Image.fromarray(rng.integers(0, 65536, (20, 20), dtype=np.uint16)).save(folder / "c.png")
    volume = nibabel.Nifti1Image(rng.integers(0, 999, (9, 8, 7)).astype(np.int16), np.eye(4))
    nibabel.save(volume, folder / "a.nii")
    nibabel.save(volume, folder / "b.nii.gz")
    make_dicom(rng.integers(-999, 999, (20, 20))).save_as(folder / "a.dcm")


def make_deep_tiff(folder, rng):
    """TIFF files that tifffile decodes."""
    gray = rng.integers(0, 65536, (24, 20), dtype=np.uint16)
    colors = rng.integers(0, 65536, (24, 20, 3), dtype=np.uint16)
    planes = np.moveaxis(colors, 2, 0).copy()
    for name, array, options in (
        ("c.tif", rng.normal(size=(20, 20)).astype(np.float32), {}),
        ("d.tif", gray, {"compression": "lzw", "photometric": "miniswhite"}),
        ("f.tif", colors, {"compression": "zlib", "predictor": True, "tile": (16, 16)}),
        ("g.tif", planes, {"photometric": "rgb", "planarconfig": "separate", "byteorder": ">"}),
        ("h.tif", np.stack([gray] * 3), {"bigtiff": True, "photometric": "minisblack"}),
        ("i.tif", gray // 16, {"compression": "jpeg", "bitspersample": 12}),
        ("j.tif", gray, {"compression": "jpeg2000"}),
        ("k.tif", gray.astype(np.float64), {"compression": "zstd", "predictor": True}),
    ):
        tifffile.imwrite(folder / name, array, **options)
    (folder / "e.tif").write_bytes(packed_tiff(gray // 16, bits=12))


def test_damaged_copies_of_made_files(folder):
    make_files(folder)
    found = read_damaged(folder, 1500, seed=0)
    assert found["wrong"] == []
    assert found["array"] > 100
    assert found["reason"] > 300


def test_damaged_copies_of_real_files(shared_data, folder):
    """2,000 copies of odd images, DICOM and NIfTI files."""
    files = [
        path
        for name in ("odd_images", "dicom_nifti")
        for path in (shared_data / "data" / name).rglob("*")
        if path.is_file() and path.suffix not in (".csv", ".md") and path.stat().st_size <= LARGEST
    ]
    assert len(files) > 200
    for number, path in enumerate(sorted(files)):
        suffix = ".nii.gz" if path.name.endswith(".nii.gz") else path.suffix
        (folder / f"{number:03d}{suffix}").write_bytes(path.read_bytes())
    found = read_damaged(folder, 2000, seed=1)
    assert found["wrong"] == []
    assert found["array"] > 200
    assert found["reason"] > 600
