"""Frames, color profiles and JPEG files at reduced scale."""

import io
import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageCms

from skfusion import FeatureStore, ImageDescriptors, ImageReader, PixelFlattener, PretrainedGAP
from tests.encoded_images import encoded

COLORS = ("red", "lime", "blue")
RGB = [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


# Frames.


def frames(format, **options):
    first, *more = [Image.new("RGB", (32, 24), color) for color in COLORS]
    return encoded(first, format, save_all=True, append_images=more, **options)


@pytest.mark.parametrize("format", ["GIF", "PNG", "TIFF", "WEBP", "MPO"])
@pytest.mark.parametrize("frame", [0, 1, 2, -1, -3])
def test_a_frame_is_chosen(format, frame):
    cell = frames(format, **({"lossless": True} if format == "WEBP" else {}))
    reader = ImageReader(frame=frame)
    pixels = reader.read(cell)
    np.testing.assert_allclose(pixels[0, 0], RGB[frame], atol=3)
    assert reader.probe(cell) == pixels.shape


@pytest.mark.parametrize("frame", [3, -4])
def test_a_frame_that_is_not_there(frame):
    for ask in (ImageReader(frame=frame).read, ImageReader(frame=frame).probe):
        with pytest.raises(ValueError, match=f"^there is no frame {frame} in an image of 3 fram"):
            ask(frames("GIF"))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP", "GIF"])
def test_images_of_one_frame_show_it(format):
    cell = encoded(Image.new("RGB", (32, 24), "red"), format)
    np.testing.assert_array_equal(ImageReader(frame=5).read(cell), ImageReader().read(cell))


def test_an_opened_image_is_read_at_its_current_frame():
    with Image.open(io.BytesIO(frames("TIFF"))) as image:
        image.seek(2)
        assert ImageReader(frame=1).read(image)[0, 0].tolist() == RGB[2]


def test_the_size_of_a_page_counts():
    pages = [Image.new("L", (4, 4)), Image.new("L", (40, 30))]
    cell = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert ImageReader(frame=1).read(cell).shape == (30, 40, 1)
    for ask in ("read", "probe"):
        with pytest.raises(ValueError, match=r"^40 x 30 pixels are more than max_pixels=100 "):
            getattr(ImageReader(frame=1, max_pixels=100), ask)(cell)


def test_no_endless_way_to_a_frame():
    images = [Image.new("L", (10, 10), i) for i in range(40)]
    cell = encoded(images[0], "GIF", save_all=True, append_images=images[1:])
    assert ImageReader(frame=-1).read(cell)[0, 0].tolist() == [39] * 3
    with pytest.raises(ValueError, match="39 frames of 10 x 10 pixels come before the one"):
        ImageReader(frame=-1, max_pixels=200).read(cell)


# Profiles.


def srgb():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def bgr():
    """A profile in which red and blue have changed places."""
    profile = bytearray(srgb())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


def small_image():
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 9, 3), dtype=np.uint8))


def test_profiles_are_ignored_by_default():
    cell = encoded(small_image(), "PNG", icc_profile=bgr())
    np.testing.assert_array_equal(ImageReader().read(cell), np.asarray(small_image()))


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
def test_a_profile_is_applied(format):
    lossless = {"lossless": True} if format == "WEBP" else {}
    cell = encoded(small_image(), format, icc_profile=bgr(), **lossless)
    expected = np.asarray(small_image())[..., ::-1].astype(int)
    assert np.abs(ImageReader(icc="srgb").read(cell) - expected).max() <= 3


def test_a_profile_of_the_same_colors_changes_nothing():
    cell = encoded(small_image(), "PNG", icc_profile=srgb())
    difference = ImageReader(icc="srgb").read(cell).astype(int) - np.asarray(small_image())
    assert np.abs(difference).max() <= 1


def test_an_image_without_a_profile_stays():
    cell = encoded(small_image(), "PNG")
    np.testing.assert_array_equal(ImageReader(icc="srgb").read(cell), np.asarray(small_image()))


def test_a_profile_and_alpha():
    image = small_image().convert("RGBA")
    image.putalpha(Image.fromarray(np.tile(np.array([0, 255, 51], dtype=np.uint8), (8, 3))))
    cell = encoded(image, "PNG", icc_profile=bgr())
    pixels = ImageReader(icc="srgb", background="black").read(cell).astype(int)
    swapped = np.asarray(small_image())[..., ::-1].astype(int)
    assert (pixels[:, ::3] == 0).all()
    assert np.abs(pixels[:, 1::3] - swapped[:, 1::3]).max() <= 3
    assert np.abs(pixels[:, 2::3] - swapped[:, 2::3] / 5).max() <= 2


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "I;16"])
def test_the_channels_do_not_depend_on_the_profile(mode):
    if mode == "I;16":
        image = Image.fromarray(np.arange(72, dtype=np.uint16).reshape(8, 9))
    else:
        image = small_image().convert(mode)
    cell = encoded(image, "PNG", icc_profile=srgb())
    reader = ImageReader(icc="srgb")
    pixels = reader.read(cell)
    assert pixels.shape == reader.probe(cell) == ImageReader().read(cell).shape
    assert np.abs(pixels.astype(float) - ImageReader().read(cell)).max() <= 1


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        (b"no profile", "^its ICC profile can't be used .*pass icc='ignore' to the reader$"),
        (srgb()[:200], "^its ICC profile can't be used .*pass icc='ignore' to the reader$"),
    ],
)
def test_a_broken_profile_is_one_error(profile, reason):
    cell = encoded(small_image(), "PNG", icc_profile=profile)
    with pytest.raises(ValueError, match=reason):
        ImageReader(icc="srgb").read(cell)
    ImageReader().read(cell)


def test_a_profile_for_other_colors():
    cell = encoded(small_image().convert("CMYK"), "TIFF", icc_profile=srgb())
    with pytest.raises(ValueError, match=r"^its ICC profile is for RGB, its pixels are CMYK; pass"):
        ImageReader(icc="srgb").read(cell)


# Reduced scale.


def photograph(width, height, seed=0):
    """Shapes with sharp edges, shades and noise."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    values = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(float)
    for _ in range(30):
        x, y = rng.integers(width), rng.integers(height)
        values[y : y + height // 9, x : x + width // 7] = rng.integers(0, 256, 3)
    values += rng.normal(scale=6, size=values.shape)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def both(cell, size, resample="bilinear", **options):
    """Resized after reading with and without the hint, and the shape that came with it."""
    fast = ImageReader(resample=resample, **options).read(cell, size=size)
    whole = ImageReader(resample=resample, draft=False, **options).read(cell, size=size)
    method = Image.Resampling[resample.upper()]
    results = [
        np.asarray(Image.fromarray(pixels.squeeze()).resize(size[::-1], method)).astype(float)
        for pixels in (fast, whole)
    ]
    return *results, fast.shape, whole.shape


# Of these, some are no multiple of 2, 4 or 8: the last column covers less than the others.
@pytest.mark.parametrize(("width", "height"), [(1600, 1200), (1003, 1005), (907, 1801)])
@pytest.mark.parametrize("size", [(30, 28), (64, 64), (112, 112)])
@pytest.mark.parametrize("resample", ["bilinear", "bicubic", "lanczos"])
def test_large_jpeg_files_look_the_same_at_reduced_scale(width, height, size, resample):
    cell = encoded(photograph(width, height), "JPEG", quality=90)
    fast, whole, shape, whole_shape = both(cell, size, resample)
    assert whole_shape == (height, width, 3)
    assert 2 * size[0] <= shape[0] <= height / 1.9
    assert 2 * size[1] <= shape[1] <= width / 1.9
    assert np.abs(fast - whole).mean() < 1


def test_real_photographs_look_the_same_at_reduced_scale(shared_data):
    for path in sorted((shared_data / "data" / "flowers").glob("*/*.jpg"))[::60][:6]:
        with Image.open(path) as image:
            large = image.resize((1500, 1100), Image.Resampling.LANCZOS)
        fast, whole, shape, _ = both(encoded(large, "JPEG", quality=88), (96, 96))
        assert shape == (275, 375, 3)
        assert np.abs(fast - whole).mean() < 1


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_modes_at_reduced_scale(mode):
    cell = encoded(photograph(1200, 900).convert(mode), "JPEG", quality=92)
    fast, whole, shape, _ = both(cell, (50, 60))
    assert shape == (112, 150, 1 if mode == "L" else 3)
    assert np.abs(fast - whole).mean() < 1


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_turned_images_at_reduced_scale(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    # High and narrow once it is upright, or the other way round.
    cell = encoded(photograph(2001, 601), "JPEG", quality=90, exif=exif)
    size = (60, 20) if orientation > 4 else (20, 60)
    fast, whole, shape, _ = both(cell, size)
    assert max(shape[:2]) == 250
    assert (shape[0] > shape[1]) == (orientation > 4)
    assert np.abs(fast - whole).mean() < 1


@pytest.mark.parametrize(
    ("width", "height", "size", "options"),
    [
        (900, 800, (28, 28), {}),  # less than a megapixel
        (1200, 900, (300, 250), {}),  # less than four times as large
        (1200, 900, (230, 28), {}),  # less than four times as high
        (1200, 900, (2000, 2000), {}),
        (1200, 900, (28, 28), {"draft": False}),
        (1200, 900, (28, 28), {"resample": "nearest"}),
        (1200, 900, (28, 28), {"resample": "box"}),
        (1200, 900, None, {}),
    ],
)
def test_what_is_decoded_whole(width, height, size, options):
    cell = encoded(photograph(width, height), "JPEG", quality=90)
    pixels = ImageReader(**options).read(cell, size=size)
    np.testing.assert_array_equal(pixels, ImageReader(draft=False).read(cell))


def test_an_opened_image_is_not_reduced():
    with Image.open(io.BytesIO(encoded(photograph(1200, 900), "JPEG"))) as image:
        assert ImageReader().read(image, size=(28, 28)).shape == (900, 1200, 3)
        assert image.size == (1200, 900)


def test_other_formats_are_not_reduced():
    cell = encoded(photograph(1200, 900), "PNG")
    assert ImageReader().read(cell, size=(28, 28)).shape == (900, 1200, 3)


# In transformers.


@pytest.fixture
def large(tmp_path):
    photograph(1200, 1000).save(tmp_path / "large.jpg", quality=90)
    return pd.DataFrame({"photo": [str(tmp_path / "large.jpg")]})


def test_transformers_pass_the_size_that_they_need(large, requested_sizes):
    PixelFlattener((28, 30)).fit_transform(large)
    ImageDescriptors(("intensity",), image_size=(32, 32)).fit_transform(large)
    assert requested_sizes == [(28, 30), (32, 32)]


def test_without_a_size_images_are_decoded_whole(large, requested_sizes):
    PixelFlattener().fit_transform(large)
    ImageDescriptors(("intensity",), image_size=None).fit_transform(large)
    assert requested_sizes == [None, None]


@pytest.mark.parametrize(
    ("size", "decoded"), [(32, (336, 336)), (299, (336, 336)), (400, (400, 400))]
)
def test_images_are_decoded_alike_for_any_backbones(large, requested_sizes, size, decoded):
    """Only backbones of large images change the size."""
    options = {"weights": None, "backbone_options": {"alpha": 0.25}, "image_size": size}
    PretrainedGAP("MobileNet", **options).fit_transform(large)
    assert requested_sizes == [decoded]


@pytest.fixture
def requested_sizes(monkeypatch):
    requested = []
    read = ImageReader.read

    def spy(self, cell, value_range=None, size=None):
        requested.append(size)
        return read(self, cell, value_range=value_range, size=size)

    monkeypatch.setattr(ImageReader, "read", spy)
    return requested


class OlderReader(ImageReader):
    """A reader that takes no size."""

    def read(self, cell, value_range=None):
        return super().read(cell, value_range=value_range)


def test_readers_without_a_size(large):
    features = PixelFlattener((28, 28), reader=OlderReader()).fit_transform(large)
    whole = PixelFlattener((28, 28), reader=ImageReader(draft=False)).fit_transform(large)
    np.testing.assert_array_equal(features, whole)


@pytest.mark.parametrize("options", [{"draft": False}, {"icc": "srgb"}, {"frame": 1}])
def test_options_are_part_of_the_key_in_a_store(large, tmp_path, options):
    store = FeatureStore(tmp_path / "store")

    def found(**options):
        before = store.stats()["hits"]
        describer = ImageDescriptors(("intensity",), cache=store, reader=ImageReader(**options))
        describer.fit_transform(large)
        return store.stats()["hits"] - before

    assert [found(), found(), found(**options), found(**options)] == [0, 1, 0, 1]


@pytest.mark.parametrize(
    "options", [{"frame": 1.5}, {"icc": "adobe"}, {"draft": "yes"}, {"strict_root": 3}]
)
def test_options_are_checked(large, options):
    with pytest.raises(ValueError, match=f"'{next(iter(options))}' parameter of ImageReader"):
        PixelFlattener((4, 4), reader=ImageReader(**options)).fit(large)


# Quiet.


def test_filters_are_as_they_were():
    before = list(warnings.filters)
    ImageReader().read(encoded(small_image(), "PNG"))
    with pytest.raises(ValueError, match="no image format"):
        ImageReader().read(b"no image")
    assert warnings.filters == before


def test_pillow_does_not_warn_within_max_pixels(monkeypatch):
    """Above this limit Pillow warns, and above twice the limit it refuses."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    for side in (9, 13, 20):
        cell = encoded(Image.new("L", (side, side), 7), "PNG")
        assert ImageReader().probe(cell) == (side, side, 1)
        assert ImageReader().read(cell).shape == (side, side, 1)
        with pytest.raises(ValueError, match=rf"^{side} x {side} pixels are more than max_pixels="):
            ImageReader(max_pixels=side * side - 1).read(cell)
