"""Real odd and broken files, compared with Pillow 13 (manifest.csv beside them)."""

import subprocess
import sys
import threading
import time
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import PIL
import pytest
from PIL import Image, ImageOps

from skfusion import (
    ExtraNotFoundError,
    ImageReader,
    PixelFlattener,
    UnreadableImageWarning,
)

# The whole set takes about 10 s on one core; one file that takes this long hangs.
SECONDS_A_FILE = 20

# The manifest calls these "ok", which is not what a first look at them gives.
NOT_READ = {
    "pillow/apng/chunk_no_fctl.png": "a chunk after the image is out of order: SyntaxError",
    "pillow/truncated_end_chunk.png": "the file ends after the image: OSError",
}
# Files that Pillow does not read, and other libraries do.
READ_BY_OTHERS = {"pillow/hopper_unknown_pixel_mode.tif"}  # 32 bits a sample: tifffile
if find_spec("pillow_heif"):
    READ_BY_OTHERS.add("pillow/avif/hopper.heif")


@pytest.fixture(scope="module")
def odd_images(shared_data):
    """The manifest, with a column of paths."""
    folder = shared_data / "data" / "odd_images"
    manifest = pd.read_csv(folder / "manifest.csv")
    manifest["path"] = [folder / name for name in manifest["file"]]
    return manifest.set_index("file")


@pytest.fixture(scope="module")
def outcomes(odd_images):
    """The answers of `probe` and `read` for each file, and the seconds that they took.

    In a thread of its own, so that a file that hangs is an error with a name.
    """
    answers, reader = {}, ImageReader()

    def ask(method, path):
        try:
            return method(path)
        except Exception as error:
            return error

    def ask_all():
        for name, path in odd_images["path"].items():
            start = time.perf_counter()
            both = ask(reader.probe, path), ask(reader.read, path)
            answers[name] = *both, time.perf_counter() - start

    thread = threading.Thread(target=ask_all, daemon=True)
    thread.start()
    while thread.is_alive():
        done = len(answers)
        thread.join(SECONDS_A_FILE)
        if thread.is_alive() and len(answers) == done:
            pytest.fail(f"{odd_images.index[done]} hangs")
    return answers


def test_each_file_is_an_image_or_has_one_reason(outcomes):
    for name, (_, pixels, _) in outcomes.items():
        if isinstance(pixels, Exception):
            assert type(pixels) is ValueError, name
            assert str(pixels), name
            assert "\n" not in str(pixels), name
        else:
            assert pixels.dtype in (np.uint8, np.float32), name
            assert pixels.ndim == 3, name
            assert pixels.shape[2] in (1, 3), name
            assert np.isfinite(pixels).all(), name
            assert pixels.min() >= 0, name
            assert pixels.max() <= 255, name


def test_the_header_has_the_shape_of_the_pixels(outcomes):
    for name, (shape, pixels, _) in outcomes.items():
        if not isinstance(pixels, Exception):
            assert shape == pixels.shape, name
        elif isinstance(shape, Exception):
            assert type(shape) is ValueError, name


# Older ones have fewer formats, AVIF for instance.
@pytest.mark.skipif(int(PIL.__version__.split(".")[0]) < 13, reason="the manifest is of Pillow 13")
def test_what_pillow_reads_is_read(odd_images, outcomes):
    assert len(outcomes) == len(odd_images) > 300
    failed = {name for name, (_, pixels, _) in outcomes.items() if isinstance(pixels, Exception)}
    readable = odd_images.index[odd_images["pillow"] == "ok"]
    assert len(readable) > 250
    assert set(readable) & failed == set(NOT_READ)


def test_what_pillow_does_not_read_has_a_reason(odd_images, outcomes):
    broken = odd_images.index[odd_images["pillow"] != "ok"]
    assert len(broken) > 10
    read = {name for name in broken if not isinstance(outcomes[name][1], Exception)}
    assert read <= READ_BY_OTHERS
    for name in set(broken) - read:
        assert isinstance(outcomes[name][1], (ValueError, ExtraNotFoundError)), name


def test_exceptions_are_those_of_pillow(odd_images):
    for name in NOT_READ:
        with Image.open(odd_images["path"][name]) as image:
            # A second call is content with what the first decoded before it failed.
            with pytest.raises((OSError, SyntaxError)):
                image.load()
            image.load()


def test_none_is_slow(outcomes):
    slowest = max(outcomes, key=lambda name: outcomes[name][2])
    assert outcomes[slowest][2] < SECONDS_A_FILE, slowest


def expected_rgb(path):
    """Upright RGB on white by Pillow's own means; None where they don't apply."""
    with Image.open(path) as image:
        image = ImageOps.exif_transpose(image)
    if image.mode in ("I", "F", "LAB") or image.mode.startswith("I;16"):
        return None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        under = Image.new("RGBA", image.size, "white")
        return np.asarray(Image.alpha_composite(under, image).convert("RGB"))
    return np.asarray(image.convert("RGB"))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # here Pillow is asked without the reader
def test_pixels_are_those_of_pillow(odd_images, outcomes):
    compared = 0
    for name, (_, pixels, _) in outcomes.items():
        if isinstance(pixels, Exception) or name in READ_BY_OTHERS:
            continue
        expected = expected_rgb(odd_images["path"][name])
        if expected is not None:
            difference = np.abs(expected.astype(int) - pixels)  # one gray against three equal
            assert difference.max() <= 1, name
            compared += 1
    assert compared > 230


def test_sizes_are_those_of_the_manifest(odd_images, outcomes):
    readable = odd_images[odd_images["pillow"] == "ok"].drop(list(NOT_READ))
    turned = pd.to_numeric(readable["exif_orientation"], errors="coerce") > 4
    for name, row in readable.iterrows():
        width, height = int(row["width"]), int(row["height"])
        # Pillow gives the size of some turned TIFF files as it is upright.
        if turned[name] and row["pil_format"] != "TIFF":
            width, height = height, width
        assert outcomes[name][0][:2] == (height, width), name


QUIET = """
import sys, warnings
from importlib.util import find_spec
from pathlib import Path
from skfusion import ImageReader
sys.path.insert(0, sys.argv[1])
from read_damaged import bound_memory
names = Path(sys.argv[2]).read_text().splitlines()
readers = [ImageReader(max_pixels=4_000_000, **options) for options in ({}, {"icc": "srgb"})]
bound_memory()
warnings.simplefilter("always")
for name in names:
    for reader in readers:
        for ask in (reader.probe, reader.read):
            try:
                ask(name)
            except ValueError:
                pass
"""


def test_nothing_is_printed_and_memory_is_bounded(odd_images, tmp_path):
    """Not even by a file that claims 65535 x 65535 pixels."""
    (tmp_path / "names").write_text("\n".join(map(str, odd_images["path"])))
    command = [sys.executable, "-c", QUIET, Path(__file__).parent, tmp_path / "names"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_16_bits_are_scaled_by_257(odd_images, outcomes):
    compared = 0
    for name in odd_images.index[odd_images["pil_mode"].isin(["I;16", "I;16B"])]:
        pixels = outcomes[name][1]
        with Image.open(odd_images["path"][name]) as image:
            values = np.asarray(image).astype(np.float64)
            if "transparency" in image.info:
                values[values == image.info["transparency"]] = 65535
        np.testing.assert_allclose(pixels[..., 0], values / 257, rtol=1e-6, err_msg=name)
        compared += 1
    assert compared > 5


@pytest.mark.parametrize(
    ("name", "rgb"), [("pillow/lab.tif", "white"), ("pillow/hopper.Lab.tif", None)]
)
def test_lab_files(odd_images, outcomes, name, rgb):
    pixels = outcomes[name][1]
    assert pixels.shape[2] == 3
    if rgb == "white":
        assert pixels.min() >= 250
    else:
        with Image.open(odd_images["path"]["pillow/hopper.tif"]) as image:
            expected = np.asarray(image.convert("RGB"), dtype=float)
        assert np.abs(pixels - expected).mean() < 10


def test_turned_files_show_the_same_image(outcomes):
    """Landscape_1 to _8 hold one photograph, stored in eight ways."""
    for kind in ("Landscape", "Portrait"):
        names = [name for name in outcomes if name.startswith("exif_orientation/") and kind in name]
        assert len(names) > 1
        first = outcomes[names[0]][1]
        for name in names[1:]:
            pixels = outcomes[name][1]
            assert pixels.shape == first.shape, name
            assert np.abs(pixels.astype(float) - first).mean() < 10, name


def test_a_column_of_all_files(odd_images, outcomes):
    """Through a transformer: one warning that counts the files that can't be read."""
    failed = [isinstance(pixels, Exception) for _, pixels, _ in outcomes.values()]
    flattener = PixelFlattener((4, 4), corrupt="missing", missing="nan")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        features = flattener.fit_transform(odd_images["path"])
    messages = [str(w.message) for w in caught if issubclass(w.category, UnreadableImageWarning)]
    assert len(messages) == 1
    assert f"{sum(failed)} of {len(odd_images)} images of column 'path'" in messages[0]
    assert features.shape == (len(odd_images), 48)
    np.testing.assert_array_equal(np.isnan(features).all(axis=1), failed)
    np.testing.assert_array_equal(np.isnan(features).any(axis=1), failed)
