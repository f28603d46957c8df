"""DICOM: real files against pydicom's own functions, made ones against arithmetic."""

import contextlib
import io
import zlib

import imagecodecs
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.filereader import dcmread
from pydicom.pixels import pixel_array
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence
from pydicom.uid import (
    MPEG2MPML,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from skfusion import ImageReader, ImageReadError, PixelFlattener, check_images
from tests.encoded_images import encoded

# Real files of the set that can't be read, and a part of the reason.
NOT_READ = {
    "liver_rle.dcm": "RLE Lossless",  # one bit a pixel
    "MR_truncated.dcm": "truncated",
    "ExplVR_BigEndNoMeta.dcm": "no pixels",
    "ExplVR_LitEndNoMeta.dcm": "no pixels",
    "UN_sequence.dcm": "no pixels",
    "priv_SQ.dcm": "no pixels",
    "rtstruct.dcm": "no pixels",
    "test-SR.dcm": "no pixels",
    "meta_missing_tsyntax.dcm": "no size",
}
RAMP = np.arange(-8, 8, dtype=np.int16).reshape(4, 4) * 100


def make_dataset(pixels, syntax=ExplicitVRLittleEndian, frames=None, **elements):
    """A dataset in memory; `pixels` are (h, w), (h, w, 3) or, with `frames`, one axis more."""
    shape = pixels.shape[1:] if frames else pixels.shape
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = "1.2.3"
    ds.PatientName = "Doe^Jane"
    ds.Rows, ds.Columns = shape[:2]
    ds.SamplesPerPixel = 3 if len(shape) == 3 else 1
    ds.PhotometricInterpretation = "RGB" if len(shape) == 3 else "MONOCHROME2"
    if len(shape) == 3:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = ds.BitsStored = pixels.dtype.itemsize * 8
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    if frames:
        ds.NumberOfFrames = frames
    little = syntax != ExplicitVRBigEndian
    ds.PixelData = pixels.astype(pixels.dtype.newbyteorder("<" if little else ">")).tobytes()
    ds["PixelData"].VR = "OW"
    for name, value in elements.items():
        setattr(ds, name, value)
    return ds


def encode(ds, preamble=True):
    """The bytes of a file."""
    file = io.BytesIO()
    syntax = ds.file_meta.TransferSyntaxUID
    if preamble:
        ds.save_as(file, enforce_file_format=True)
    else:
        del ds.file_meta
        little = syntax != ExplicitVRBigEndian
        implicit = syntax == ImplicitVRLittleEndian
        ds.save_as(file, implicit_vr=implicit, little_endian=little)
    return file.getvalue()


def gray(cell, **options):
    pixels = ImageReader(**options).read(cell)
    assert pixels.shape[2] == 1
    return pixels[..., 0]


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / "data" / "dicom_nifti"


@pytest.fixture(scope="module")
def manifest(folder):
    rows = pd.read_csv(folder / "manifest.csv")
    return rows[rows["file"].str.startswith("dicom/")].set_index("file")


# Real files.


def test_each_file_of_the_set_is_an_image_or_has_one_reason(folder, manifest):
    assert len(manifest) > 60
    reader = ImageReader()
    for name in manifest.index:
        expected = NOT_READ.get(name.split("/")[-1])
        if expected:
            with pytest.raises(ValueError, match=expected) as caught:
                reader.read(folder / name)
            assert "\n" not in str(caught.value)
            continue
        pixels = reader.read(folder / name)
        assert reader.probe(folder / name) == pixels.shape, name
        assert pixels.dtype in (np.uint8, np.float32), name
        assert pixels.min() >= 0, name
        assert 100 < pixels.max() <= 255, name
        assert pixels.std() > 0.5, name


def expected_gray(path):
    """Pixels by pydicom's own functions, brought to 0..255."""
    ds = dcmread(path)
    values = apply_voi_lut(apply_modality_lut(pixel_array(ds), ds), ds)
    if "VOILUTSequence" in ds:
        low, high = 0, 2 ** ds.VOILUTSequence[0].LUTDescriptor[2] - 1
    else:
        low = -(2 ** (ds.BitsStored - 1)) if ds.PixelRepresentation else 0
        high = low + 2**ds.BitsStored - 1
        slope, intercept = ds.get("RescaleSlope", 1), ds.get("RescaleIntercept", 0)
        low, high = low * slope + intercept, high * slope + intercept
    pixels = (values.astype(float) - low) / (high - low) * 255
    return 255 - pixels if ds.PhotometricInterpretation == "MONOCHROME1" else pixels


@pytest.mark.parametrize(
    "name",
    [
        "pydicom_data/693_J2KR.dcm",  # CT, JPEG 2000, rescaled
        "pydicom_data/RG3_J2KI.dcm",  # MONOCHROME1
        "pydicom_data/MR2_J2KI.dcm",  # a slope that is no whole number
        "pydicom_data/vlut_04.dcm",  # a table
        "pydicom_test_files/MR_small_expb.dcm",  # big-endian
        "pydicom_test_files/MR_small_implicit.dcm",
        "pydicom_test_files/MR_small_RLE.dcm",
        "pydicom_test_files/J2K_pixelrep_mismatch.dcm",  # three windows
        "dcm_qa_nih/20180918Si_mr_0003_epi_pe_ap-00002.dcm",
    ],
)
def test_windows_are_those_of_pydicom(folder, name):
    path = folder / "dicom" / name
    np.testing.assert_allclose(gray(path), expected_gray(path), atol=0.01)


@pytest.mark.filterwarnings("ignore:Expected explicit VR:UserWarning:pydicom")
def test_colors_are_those_of_pydicom(folder, manifest):
    compared = 0
    for name, row in manifest.iterrows():
        color = str(row["photometric"]).startswith(("RGB", "YBR", "PALETTE"))
        lossless_jpeg = row["transfer_syntax"] == JPEGLosslessSV1
        if not color or row["frames"] != 1 or lossless_jpeg:
            continue
        ds = dcmread(folder / name, force=True)
        values = pixel_array(ds)
        if row["photometric"] == "PALETTE COLOR":
            values = apply_color_lut(values, ds)
        largest = np.iinfo(values.dtype).max
        # Decoders of lossy JPEG may differ by some levels.
        np.testing.assert_allclose(
            ImageReader().read(folder / name), values * (255 / largest), atol=4, err_msg=name
        )
        compared += 1
    assert compared > 20


def test_the_same_image_in_four_encodings(folder):
    files = folder / "dicom" / "pydicom_test_files"
    first = gray(files / "MR_small_implicit.dcm")
    for name in ("MR_small_RLE.dcm", "MR_small_expb.dcm", "MR_small_jp2klossless.dcm"):
        np.testing.assert_array_equal(gray(files / name), first)


def test_lossless_jpeg(folder):
    """Against another library, and in colors against the same image without compression."""
    files = folder / "dicom" / "pydicom_data"
    for name in ("bad_sequence.dcm", "JPEG-LL.dcm"):
        frame = get_frame(dcmread(files / name).PixelData, 0, number_of_frames=1)
        stored = imagecodecs.jpegsof3_decode(frame).astype(float)
        expected = (stored - stored.min()) * (255 / np.ptp(stored))
        np.testing.assert_allclose(gray(files / name, window="minmax"), expected, atol=0.01)
    packed = files.parent / "pydicom_test_files" / "SC_rgb_jpeg_gdcm.dcm"
    plain = ImageReader().read(files / "SC_rgb_gdcm2k_uncompressed.dcm")
    np.testing.assert_array_equal(ImageReader().read(packed), plain)


def test_frames_of_real_files(folder):
    files = folder / "dicom" / "pydicom_data"
    for name in ("emri_small_big_endian.dcm", "emri_small_jpeg_ls_lossless.dcm"):
        reader = ImageReader(window="minmax", volume=3)
        frame = pixel_array(files / name, index=3).astype(float)
        expected = (frame - frame.min()) / np.ptp(frame) * 255
        np.testing.assert_allclose(reader.read(files / name)[..., 0], expected, atol=0.01)


# Made files: values.


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]
)
@pytest.mark.parametrize("preamble", [True, False])
def test_signed_values_in_any_encoding(syntax, preamble):
    content = encode(make_dataset(RAMP, syntax), preamble)
    np.testing.assert_allclose(gray(content, window="minmax"), (RAMP + 800) / 1500 * 255, rtol=1e-5)


def test_path_bytes_and_dataset_are_alike(tmp_path):
    ds = make_dataset(RAMP, RescaleSlope=2, RescaleIntercept=-1024)
    path = tmp_path / "no_suffix"
    path.write_bytes(encode(ds))
    first = gray(path)
    for cell in (str(path), path.read_bytes(), memoryview(path.read_bytes()), ds, dcmread(path)):
        np.testing.assert_array_equal(gray(cell), first)
    np.testing.assert_array_equal(ImageReader(root=tmp_path).read("no_suffix")[..., 0], first)


def test_given_window_is_in_rescaled_units():
    ds = make_dataset(RAMP, RescaleSlope=2, RescaleIntercept=-100, WindowCenter=0, WindowWidth=1)
    expected = ((RAMP * 2.0 - 100 - 40) / 400 + 0.5).clip(0, 1) * 255
    np.testing.assert_allclose(gray(ds, window=(40, 400)), expected, atol=1e-3)
    np.testing.assert_allclose(gray(ds, window=[40, 400]), expected, atol=1e-3)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_window_functions(function):
    ds = make_dataset(RAMP, WindowCenter=50, WindowWidth=700, VOILUTFunction=function)
    expected = apply_voi_lut(RAMP, ds) / 65535 * 255 + 127.5
    np.testing.assert_allclose(gray(ds), expected, atol=0.01)


def test_first_of_several_windows():
    ds = make_dataset(RAMP, WindowCenter=[0, 500], WindowWidth=[400, 1])
    one = make_dataset(RAMP, WindowCenter=0, WindowWidth=400)
    np.testing.assert_array_equal(gray(ds), gray(one))


def test_without_a_window_percentiles_decide():
    values = np.arange(10_000, dtype=np.uint16).reshape(100, 100)
    pixels = gray(make_dataset(values))
    low, high = np.percentile(values, [1, 99])
    np.testing.assert_allclose(pixels, ((values - low) / (high - low)).clip(0, 1) * 255, atol=0.01)
    windowed = make_dataset(values, WindowCenter=10, WindowWidth=5)
    np.testing.assert_array_equal(gray(windowed, window="percentile"), pixels)
    wider = gray(windowed, window="percentile", percentiles=(0, 100))
    np.testing.assert_array_equal(wider, gray(windowed, window="minmax"))


def test_gray_levels_of_8_bits_stay_as_they_are():
    values = np.arange(16, dtype=np.uint8).reshape(4, 4)
    np.testing.assert_array_equal(gray(make_dataset(values)), values)


def test_monochrome1_is_inverted():
    options = {"WindowCenter": 0, "WindowWidth": 1000}
    upright = gray(make_dataset(RAMP, **options))
    inverted = gray(make_dataset(RAMP, PhotometricInterpretation="MONOCHROME1", **options))
    np.testing.assert_allclose(inverted, 255 - upright)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_counts_for_nothing(photometric):
    padded = RAMP.copy()
    padded[0] = -2000
    ds = make_dataset(padded, PixelPaddingValue=-2000, PhotometricInterpretation=photometric)
    pixels = gray(ds, window="minmax")
    assert not pixels[0].any()
    assert sorted({pixels[1:].min(), pixels[1:].max()}) == [0, 255]


def test_values_that_violate_the_standard_are_read():
    """pydicom warns about numbers of more than 16 characters; many files have them."""
    ds = make_dataset(RAMP, WindowCenter="0.5", WindowWidth="1000")
    plain = gray(encode(ds))
    content = encode(ds).replace(
        b"(\x00\x50\x10DS\x04\x000.5 ", b"(\x00\x50\x10DS\x14\x000.500000000000000000"
    )
    assert len(content) == len(encode(ds)) + 16
    np.testing.assert_array_equal(gray(content), plain)


def test_functional_groups_of_enhanced_files():
    frames = np.stack([RAMP, RAMP, RAMP])
    ds = make_dataset(frames, frames=3)
    shared, groups = Dataset(), [Dataset(), Dataset(), Dataset()]
    shared.FrameVOILUTSequence = Sequence([make_item(WindowCenter=0, WindowWidth=1000)])
    for slope, group in enumerate(groups, start=1):
        item = make_item(RescaleSlope=slope, RescaleIntercept=5)
        group.PixelValueTransformationSequence = Sequence([item])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    for i in range(3):
        expected = ((RAMP * float(i + 1) + 5 + 0.5) / 999 + 0.5).clip(0, 1) * 255
        np.testing.assert_allclose(gray(encode(ds), volume=i), expected, atol=0.01)


def make_item(**elements):
    item = Dataset()
    for name, value in elements.items():
        setattr(item, name, value)
    return item


def test_colors_of_16_bits():
    values = np.random.default_rng(0).integers(0, 65536, (3, 5, 3), dtype=np.uint16)
    pixels = ImageReader().read(make_dataset(values))
    np.testing.assert_allclose(pixels, values / 257, rtol=1e-5)


def test_compressed_frames():
    values = np.random.default_rng(0).integers(0, 4096, (2, 64, 48), dtype=np.uint16)
    ds = make_dataset(values, frames=2)
    plain = gray(encode(ds), volume=1)
    for syntax in (RLELossless, JPEG2000Lossless):
        packed = dcmread(io.BytesIO(encode(ds)))
        packed.compress(syntax)
        np.testing.assert_array_equal(gray(encode(packed), volume=1), plain)


# Several frames.

FRAMES = np.arange(3 * 2 * 4, dtype=np.uint8).reshape(3, 2, 4)


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ("middle", FRAMES[1]),
        (0, FRAMES[0]),
        (-1, FRAMES[2]),
        ("max", FRAMES[2]),
        ("mean", FRAMES[1]),
        ("montage", np.block([[FRAMES[0], FRAMES[1]], [FRAMES[2], 0 * FRAMES[2]]])),
    ],
)
def test_volume(volume, expected):
    ds = make_dataset(FRAMES, frames=3)
    reader = ImageReader(volume=volume)
    assert reader.probe(ds) == (*expected.shape, 1)
    np.testing.assert_array_equal(reader.read(ds)[..., 0], expected)


def test_neighbors_are_channels():
    reader = ImageReader(volume="neighbors")
    ds = make_dataset(FRAMES, frames=3)
    assert reader.probe(ds) == (2, 4, 3)
    np.testing.assert_array_equal(reader.read(ds), np.moveaxis(FRAMES, 0, 2))
    one = reader.read(make_dataset(FRAMES[0]))
    np.testing.assert_array_equal(one, np.repeat(FRAMES[0][..., np.newaxis], 3, axis=2))


def test_montage_shows_16_frames_at_most():
    frames = np.repeat(np.arange(50, dtype=np.uint8), 4).reshape(50, 2, 2)
    pixels = gray(make_dataset(frames, frames=50), volume="montage")
    assert pixels.shape == (8, 8)
    np.testing.assert_array_equal(
        pixels[::2, ::2].ravel(), [1, 4, 7, 10, 14, 17, 20, 23, 26, 29, 32, 35, 39, 42, 45, 48]
    )


def test_one_frame_needs_the_memory_of_one(tmp_path, peak_memory):
    frames = np.zeros((100, 256, 256), dtype=np.uint16)
    frames[50] = np.arange(256)
    path = tmp_path / "many.dcm"
    path.write_bytes(encode(make_dataset(frames, frames=100)))
    reader = ImageReader()
    reader.read(path)  # what is imported for it doesn't count
    pixels, peak = peak_memory(lambda: reader.read(path))
    assert pixels.std() > 50
    assert peak < 10 * 256 * 256 * 2


# Wrong use.


@pytest.mark.parametrize("window", [(40,), (40, 0), (40, -1), (1, 2, 3), ("a", "b"), (np.nan, 1)])
def test_wrong_window(window):
    with pytest.raises(ValueError, match=r"window must be .*center, width"):
        ImageReader(window=window).read(make_dataset(RAMP))
    flattener = PixelFlattener(reader=ImageReader(window=window))
    with pytest.raises(ValueError, match="window must be"):
        flattener.fit([make_dataset(RAMP)])


@pytest.mark.parametrize(
    "options", [{"window": "lung"}, {"window": 40}, {"volume": "first"}, {"plane": "top"}]
)
def test_wrong_options(options):
    with pytest.raises(ValueError, match=f"The '{next(iter(options))}' parameter of ImageReader"):
        PixelFlattener(reader=ImageReader(**options)).fit([make_dataset(RAMP)])


@pytest.mark.parametrize("percentiles", [(99, 1), (5, 5), (-1, 50), (0, 101), (1,), (1, "x")])
def test_wrong_percentiles(percentiles):
    with pytest.raises(ValueError, match="percentiles must be two numbers"):
        ImageReader(percentiles=percentiles).read(make_dataset(RAMP))


@pytest.mark.parametrize("volume", [3, -4])
def test_no_such_frame(volume):
    with pytest.raises(ValueError, match=f"there is no slice {volume} in a volume of 3 slices"):
        ImageReader(volume=volume).read(make_dataset(FRAMES, frames=3))


def test_neighbors_of_colors():
    ds = make_dataset(np.zeros((2, 4, 4, 3), dtype=np.uint8), frames=2)
    with pytest.raises(ValueError, match="neighbors"):
        ImageReader(volume="neighbors").read(ds)


@pytest.mark.parametrize("volume", ["middle", "max", "montage", "neighbors"])
def test_too_many_pixels_are_refused_by_the_header(volume):
    ds = make_dataset(RAMP, Rows=60_000, Columns=60_000, NumberOfFrames=1_000_000_000)
    with pytest.raises(ValueError, match="max_pixels"):
        ImageReader(volume=volume).read(ds)


def test_a_frame_may_not_be_larger_than_in_the_header():
    """A small header around a large JPEG 2000 image."""
    content = encoded(Image.new("L", (3000, 3000)), "JPEG2000", no_jp2=True)
    ds = make_dataset(np.zeros((8, 8), dtype=np.uint8))
    ds.file_meta.TransferSyntaxUID = JPEG2000Lossless
    ds.PixelData = encapsulate([content])
    with pytest.raises(ValueError, match="3000 x 3000 pixels of 1 samples, the header 8 x 8"):
        ImageReader().read(ds)


def test_a_deflated_file_may_not_inflate_without_end():
    content = encode(make_dataset(RAMP, DeflatedExplicitVRLittleEndian))
    assert gray(content).shape == (4, 4)
    start = content.index(b"1.2.840.10008.1.2.1.99") + 22
    bomb = content[:start] + zlib.compress(bytes(200_000_000), 9)[2:-4]
    with pytest.raises(ValueError, match="inflates to more than"):
        ImageReader(max_pixels=1000).read(bomb)


@pytest.mark.parametrize("length", [132, 200, 400, -2])
def test_truncated_files(length):
    with pytest.raises(ValueError, match=r"\w"):
        ImageReader().read(encode(make_dataset(RAMP))[:length])


@pytest.mark.parametrize(
    "name", ["Rows", "BitsAllocated", "PixelData", "PhotometricInterpretation"]
)
def test_lacking_elements(name):
    ds = make_dataset(RAMP)
    delattr(ds, name)
    with pytest.raises(ValueError, match=r"\w"):
        ImageReader().read(ds)


def test_videos_are_refused():
    ds = make_dataset(RAMP)
    ds.file_meta.TransferSyntaxUID = MPEG2MPML
    with pytest.raises(ValueError, match="MPEG2 Main Profile / Main Level is a video"):
        ImageReader().read(ds)


def test_errors_name_the_row_but_no_patient():
    ds = make_dataset(RAMP)
    del ds.PixelData
    message = r"row 1 \(pydicom Dataset\): it holds no pixels"
    with pytest.raises(ImageReadError, match=message) as caught:
        PixelFlattener().fit_transform([make_dataset(RAMP), ds])
    assert "Doe" not in str(caught.value)
    assert check_images([ds]).rows["source"][0] == "pydicom Dataset"


def test_garbage_behind_the_magic_bytes():
    noise = np.random.default_rng(0).bytes(2000)
    for content in (b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM" + noise):
        with pytest.raises(ValueError, match=r"\w"):
            ImageReader().read(content)


def test_damaged_files_are_errors_or_images(folder):
    """Each byte may be wrong; whatever comes, it is a ValueError."""
    rng = np.random.default_rng(0)
    content = (folder / "dicom/pydicom_test_files/MR_small_jp2klossless.dcm").read_bytes()
    for _ in range(100):
        damaged = bytearray(content)
        for place in rng.integers(132, len(content), 10):
            damaged[place] = rng.integers(256)
        with contextlib.suppress(ValueError):
            assert ImageReader(max_pixels=10**6).read(bytes(damaged)).ndim == 3


# Bits.


def with_bits(array, stored, high_bit=None, signed=False, syntax=ExplicitVRLittleEndian, code=None):
    """A file whose samples have fewer bits than are allocated."""
    ds = make_dataset(array, syntax if code is None else ExplicitVRLittleEndian)
    ds.BitsStored, ds.HighBit = stored, stored - 1 if high_bit is None else high_bit
    ds.PixelRepresentation = int(signed)
    if code is not None:
        ds.file_meta.TransferSyntaxUID = syntax
        ds.PixelData = encapsulate([code])
        ds["PixelData"].VR = "OB"
    return encode(ds)


VALUES_12 = (np.arange(1024, dtype=np.uint16) * 4).reshape(32, 32)
SIGNED_12 = (np.arange(1024).reshape(32, 32) * 4 - 2048).astype(np.int16)


def test_overlays_in_unused_bits_are_ignored():
    plain = gray(with_bits(VALUES_12, 12), window=(2047.5, 4095))
    overlay = VALUES_12.copy()
    overlay[::3] |= 0xF000
    for syntax in (ExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian):
        content = with_bits(overlay, 12, syntax=syntax)
        np.testing.assert_array_equal(gray(content, window=(2047.5, 4095)), plain)
    packed = dcmread(io.BytesIO(with_bits(overlay, 12)))
    packed.BitsStored, packed.HighBit = 16, 15
    packed.compress(RLELossless)
    packed.BitsStored, packed.HighBit = 12, 11
    np.testing.assert_array_equal(gray(encode(packed), window=(2047.5, 4095)), plain)


@pytest.mark.parametrize("overlaid", [0, 0x1000, 0xF000])
def test_the_sign_of_fewer_bits(overlaid):
    """The highest bit stored is the sign, whatever is above it."""
    expected = (SIGNED_12 / 4095 + 2048 / 4095) * 255
    stored = (SIGNED_12.view(np.uint16) & 0x0FFF) | overlaid
    read = {"window": (-0.5, 4095)}
    np.testing.assert_allclose(gray(with_bits(stored, 12, signed=True), **read), expected, atol=0.1)
    code = imagecodecs.jpegls_encode(stored)
    content = with_bits(stored, 12, signed=True, syntax=JPEGLSLossless, code=code)
    np.testing.assert_allclose(gray(content, **read), expected, atol=0.1)


@pytest.mark.parametrize("high_bit", [11, 12, 15])
@pytest.mark.parametrize("compressed", [False, True])
def test_high_bit(high_bit, compressed):
    plain = gray(with_bits(VALUES_12, 12), window=(2047.5, 4095))
    shifted = VALUES_12 << (high_bit - 11)
    shifted |= np.uint16(0xFFFF ^ (0xFFF << (high_bit - 11)))  # all other bits are noise
    options = {}
    if compressed:
        code = imagecodecs.jpeg2k_encode(
            shifted, level=0, reversible=True, bitspersample=16, codecformat="J2K"
        )
        options = {"syntax": JPEG2000Lossless, "code": code}
    content = with_bits(shifted, 12, high_bit, **options)
    np.testing.assert_array_equal(gray(content, window=(2047.5, 4095)), plain)


def test_a_high_bit_that_compressed_frames_do_not_have():
    code = imagecodecs.jpeg2k_encode(
        VALUES_12 // 4, level=0, reversible=True, bitspersample=10, codecformat="J2K"
    )
    content = with_bits(VALUES_12, 12, 15, syntax=JPEG2000Lossless, code=code)
    with pytest.raises(ValueError, match="compressed frames of 10 bits hold no bit 15"):
        ImageReader().read(content)


@pytest.mark.parametrize("high_bit", [0, 7, 16, 255])
def test_a_high_bit_that_can_not_be_is_ignored(high_bit):
    plain = gray(with_bits(VALUES_12, 12), window=(2047.5, 4095))
    content = with_bits(VALUES_12, 12, high_bit)
    np.testing.assert_array_equal(gray(content, window=(2047.5, 4095)), plain)


@pytest.mark.parametrize("stored", [0, 17])
def test_bits_stored_that_can_not_be_are_those_allocated(stored):
    expected = gray(with_bits(VALUES_12, 16), window="minmax")
    np.testing.assert_array_equal(gray(with_bits(VALUES_12, stored, 15), window="minmax"), expected)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("shape", [(3, 5), (1, 3), (4, 4), (7, 9)])
def test_frames_of_one_bit_a_pixel(syntax, shape):
    masks = np.random.default_rng(0).random((6, *shape)) > 0.5
    bits = np.packbits(masks.ravel(), bitorder="little").tobytes()
    bits += bytes(len(bits) % 2)
    if syntax == ExplicitVRBigEndian:  # words of 16 bits
        bits = np.frombuffer(bits, "<u2").astype(">u2").tobytes()
    ds = make_dataset(np.zeros((2, 2), np.uint8), syntax)
    ds.Rows, ds.Columns, ds.NumberOfFrames = *shape, 6
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelData = 1, 1, 0, bits
    content = encode(ds)
    for i, mask in enumerate(masks):
        np.testing.assert_array_equal(gray(content, volume=i), mask * 255)
    assert gray(content, volume="montage").shape == (2 * shape[0], 3 * shape[1])


def test_a_slope_of_zero_counts_as_none():
    window = {"WindowCenter": 0, "WindowWidth": 1600}
    expected = gray(make_dataset(RAMP, **window))
    for slope in ("0", "0.0", "-0"):
        ds = make_dataset(RAMP, RescaleSlope=slope, RescaleIntercept="0", **window)
        np.testing.assert_array_equal(gray(encode(ds)), expected)


def test_padding_is_left_out_of_the_mean():
    frames = np.stack([RAMP, RAMP + 1, RAMP + 2])
    frames[0, 0], frames[1, 0], frames[:, 1] = -2000, -2000, -2000
    ds = make_dataset(frames, frames=3, PixelPaddingValue=-2000)
    pixels = gray(ds, volume="mean", window=(0, 1600))
    expected = ((np.stack([RAMP + 2, RAMP + 1])[[0, 1, 1, 1], range(4)]) / 1600 + 0.5) * 255
    expected[1] = 0
    np.testing.assert_allclose(pixels, expected, atol=1e-3)


def test_the_mean_of_colors_does_not_overflow():
    frames = np.full((3, 2, 4, 3), 200, dtype=np.uint8)
    pixels = ImageReader(volume="mean").read(make_dataset(frames, frames=3))
    assert (pixels == 200).all()
