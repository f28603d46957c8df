"""NIfTI: slices, planes and intensities against nibabel and arithmetic."""

import gzip

import nibabel
import numpy as np
import pytest
from nibabel.orientations import axcodes2ornt, inv_ornt_aff, ornt_transform

from skfusion import ImageReader, ImageReadError, PixelFlattener, check_images

PLANES = ("axial", "coronal", "sagittal")
SHAPE = (6, 7, 8)  # right, anterior, superior
VALUES = np.random.default_rng(0).integers(-500, 500, SHAPE).astype(np.int16)


def make_image(values=VALUES, axes="RAS", kind=nibabel.Nifti1Image):
    """An image whose voxels are stored along `axes`, of values that lie along R, A, S."""
    ornt = ornt_transform(axcodes2ornt("RAS"), axcodes2ornt(axes))
    stored = nibabel.apply_orientation(values, ornt)
    affine = np.diag([2.0, 3.0, 4.0, 1.0]) @ inv_ornt_aff(ornt, values.shape[:3])
    return kind(stored, affine)


def save(image, path):
    nibabel.save(image, path)
    return path


def shown(values, plane, index):
    """A slice of canonical voxels as radiologists see it: both axes run towards the low end."""
    axis = PLANES[::-1].index(plane)
    return values.take(index, axis=axis).T[::-1, ::-1].astype(float)


def stretched(values):
    return (values - values.min()) / np.ptp(values) * 255


def gray(cell, window="minmax", **options):
    reader = ImageReader(window=window, **options)
    pixels = reader.read(cell)
    assert pixels.shape == reader.probe(cell)
    assert pixels.shape[2] == 1
    return pixels[..., 0]


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / "data" / "dicom_nifti" / "nifti"


# Orientation.


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("axes", ["RAS", "LPS", "LAS", "PSR", "SAL", "IRP"])
def test_any_storage_order_shows_the_same_image(axes, plane):
    image = make_image(axes=axes)
    assert "".join(nibabel.aff2axcodes(image.affine)) == axes
    for index in (0, 2, -1):
        expected = stretched(shown(VALUES, plane, index))
        pixels = gray(image, plane=plane, volume=index)
        np.testing.assert_allclose(pixels, expected, atol=1e-3)


def test_right_is_left_and_anterior_is_up():
    """A bright corner: right, anterior, superior."""
    corner = np.zeros(SHAPE, dtype=np.uint8)
    corner[-1, -1, -1] = 1
    for plane in PLANES:
        pixels = gray(make_image(corner), plane=plane, volume=-1)
        assert pixels[0, 0] == 255
        assert pixels.sum() == 255


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".hdr", ".img"])
@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("axes", ["RAS", "SPL"])
def test_every_kind_of_file(tmp_path, suffix, plane, axes):
    pair = suffix in (".hdr", ".img")
    kind = nibabel.Nifti1Pair if pair else nibabel.Nifti1Image
    image = make_image(axes=axes, kind=kind)
    image.header.set_slope_inter(0.5, 10)
    path = save(image, tmp_path / f"scan{suffix}")
    for volume in ("middle", 0, "max", "mean", "montage"):
        expected = gray(nibabel.load(path), plane=plane, volume=volume)
        pixels = gray(path, plane=plane, volume=volume)
        np.testing.assert_allclose(pixels, expected, atol=0.01)
        if not pair:
            np.testing.assert_array_equal(
                gray(path.read_bytes(), plane=plane, volume=volume), pixels
            )


@pytest.mark.parametrize("kind", [nibabel.Nifti2Image, nibabel.Spm99AnalyzeImage])
def test_relatives_of_nifti(tmp_path, kind):
    suffix = ".nii" if kind is nibabel.Nifti2Image else ".img"
    path = save(make_image(axes="LAS", kind=kind), tmp_path / f"scan{suffix}")
    (tmp_path / "scan.mat").unlink(missing_ok=True)  # which the header of Analyze lacks
    np.testing.assert_allclose(gray(path), stretched(shown(VALUES, "axial", 4)), atol=1e-3)


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize(
    "name",
    [
        "dcm_qa_nih/EPI_PE=AP_3.nii",
        "nibabel_tests/example4d.nii.gz",
        "nibabel_tests/example_nifti2.nii.gz",
        "nibabel_tests/functional.nii",
        "nilearn/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz",
    ],
)
def test_real_files_are_those_of_nibabel(folder, name, plane):
    values = nibabel.as_closest_canonical(nibabel.load(folder / name)).get_fdata()
    values = values[..., 0] if values.ndim == 4 else values
    n_slices = values.shape[PLANES[::-1].index(plane)]
    for volume, index in (("middle", n_slices // 2), (n_slices // 3, n_slices // 3)):
        expected = stretched(shown(values, plane, index))
        np.testing.assert_allclose(
            gray(folder / name, plane=plane, volume=volume), expected, atol=0.01
        )


# Slices.


def test_projections_and_montage():
    image = make_image()
    canonical = np.moveaxis(VALUES, 2, 0)
    slices = np.stack([shown(VALUES, "axial", i) for i in range(8)])
    np.testing.assert_allclose(gray(image, volume="max"), stretched(slices.max(0)), atol=1e-3)
    np.testing.assert_allclose(gray(image, volume="mean"), stretched(slices.mean(0)), atol=1e-2)
    montage = gray(image, volume="montage")
    assert montage.shape == (3 * 7, 3 * 6)
    np.testing.assert_allclose(montage[:7, 6:12], stretched(slices)[1], atol=1e-3)
    assert not montage[14:, 12:].any()
    assert canonical.shape == (8, 6, 7)


@pytest.mark.parametrize("plane", PLANES)
def test_neighbors_share_one_window(plane):
    reader = ImageReader(volume="neighbors", plane=plane, window="minmax")
    image = make_image(axes="LPI")
    pixels = reader.read(image)
    assert pixels.shape == reader.probe(image)
    middle = SHAPE[PLANES[::-1].index(plane)] // 2
    three = np.stack([shown(VALUES, plane, middle + i) for i in (-1, 0, 1)], axis=-1)
    np.testing.assert_allclose(pixels, stretched(three), atol=1e-3)


def test_flat_images_have_one_plane():
    for axis in range(3):
        image = make_image(VALUES.take([3], axis=axis))
        expected = stretched(shown(VALUES, PLANES[::-1][axis], 3))
        for plane in PLANES:
            np.testing.assert_allclose(gray(image, plane=plane), expected, atol=1e-3)


@pytest.mark.parametrize("shape", [(6, 7), (6, 7, 8, 3), (6, 7, 8, 1, 2)])
def test_other_numbers_of_axes(tmp_path, shape):
    values = np.random.default_rng(0).random(shape)
    image = nibabel.Nifti1Image(values, np.eye(4))
    first = values.reshape(*shape[:3], -1)[..., 0] if len(shape) > 3 else values[..., np.newaxis]
    for cell in (image, save(image, tmp_path / "a.nii"), save(image, tmp_path / "a.nii.gz")):
        index = 0 if len(shape) == 2 else 4
        np.testing.assert_allclose(gray(cell), stretched(shown(first, "axial", index)), atol=1e-3)


def test_colors(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
    stored = np.ascontiguousarray(values).view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    path = save(nibabel.Nifti1Image(stored, np.eye(4)), tmp_path / "a.nii.gz")
    pixels = ImageReader(volume=2).read(path)
    np.testing.assert_array_equal(pixels, values[:, :, 2].swapaxes(0, 1)[::-1, ::-1])


# Intensities.


def test_percentiles_are_the_default():
    expected = shown(VALUES, "axial", 4)
    low, high = np.percentile(expected, [1, 99])
    expected = ((expected - low) / (high - low)).clip(0, 1) * 255
    np.testing.assert_allclose(gray(make_image(), window="auto"), expected, atol=1e-3)
    np.testing.assert_allclose(gray(make_image(), window="percentile"), expected, atol=1e-3)


def test_zscore_within_the_mask():
    values = VALUES.copy()
    values[:2] = 0
    one = shown(values, "axial", 4)
    inside = one[one != 0]
    expected = ((one - inside.mean()) / inside.std() / 6 + 0.5).clip(0, 1) * 255
    np.testing.assert_allclose(gray(make_image(values), window="zscore"), expected, atol=1e-2)


def test_given_window():
    expected = ((shown(VALUES, "axial", 4) - 40) / 400 + 0.5).clip(0, 1) * 255
    np.testing.assert_allclose(gray(make_image(), window=(40, 400)), expected, atol=1e-3)


@pytest.mark.parametrize("window", ["auto", "zscore", "minmax"])
def test_what_is_not_finite_is_black_or_white(window):
    values = VALUES.astype(np.float32)
    values[0], values[1], values[2] = np.nan, np.inf, -np.inf
    pixels = gray(make_image(values), window=window)[:, ::-1]
    assert not pixels[:, 0].any()
    assert (pixels[:, 1] == 255).all()
    assert not pixels[:, 2].any()


@pytest.mark.parametrize("window", ["auto", "zscore", "minmax"])
@pytest.mark.parametrize("value", [0, 7])
def test_constant_volumes_are_images(window, value):
    pixels = gray(make_image(np.full(SHAPE, value, dtype=np.int16)), window=window)
    assert np.ptp(pixels) == 0


def test_a_rare_foreground_is_not_cut_off():
    values = np.zeros((50, 50, 3), dtype=np.float32)
    values[5, 5], values[6, 6] = 1, 4
    assert sorted(set(gray(make_image(values), window="auto").ravel())) == [0, 63.75, 255]


# Memory.


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A volume of 512 x 512 x 300, 157 megabytes: sparse on disk."""
    folder = tmp_path_factory.mktemp("large")
    header = nibabel.Nifti1Header()
    header.set_data_shape((512, 512, 300))
    header.set_data_dtype(np.int16)
    header.set_sform(np.eye(4))
    header["vox_offset"], header["magic"] = 352, b"n+1"
    path = folder / "large.nii"
    path.write_bytes(header.binaryblock + bytes(4))
    voxels = np.memmap(path, np.int16, "r+", 352, (512, 512, 300), "F")
    voxels[:, :, 150] = np.arange(512)
    voxels[:, 256, 200] = 7
    voxels.flush()
    return path


ONE_SLICE = 512 * 512 * 2


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("volume", ["middle", "max"])
def test_a_slice_needs_the_memory_of_a_slice(large, peak_memory, plane, volume):
    reader = ImageReader(plane=plane, volume=volume)
    pixels, peak = peak_memory(lambda: reader.read(large))
    assert pixels.max() == 255
    assert peak < 12 * ONE_SLICE  # a few slices as floats
    assert peak_memory(lambda: reader.probe(large))[1] < ONE_SLICE


def test_a_gzipped_slice_needs_the_memory_of_a_slice(large, tmp_path, peak_memory):
    path = tmp_path / "large.nii.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(large.read_bytes())
    for plane in PLANES:
        pixels, peak = peak_memory(lambda plane=plane: ImageReader(plane=plane).read(path))
        np.testing.assert_array_equal(pixels, ImageReader(plane=plane).read(large))
        assert peak < 12 * ONE_SLICE


# Wrong use.


@pytest.mark.parametrize("suffix", [".hdr", ".img"])
def test_half_a_pair(tmp_path, suffix):
    path = save(make_image(kind=nibabel.Nifti1Pair), tmp_path / f"scan{suffix}")
    path.with_suffix({".hdr": ".img", ".img": ".hdr"}[suffix]).unlink()
    reason = "another file, .img beside .hdr" if suffix == ".hdr" else "no image format"
    with pytest.raises(ValueError, match=reason):
        ImageReader().read(path)


def test_bytes_of_half_a_pair(tmp_path):
    path = save(make_image(kind=nibabel.Nifti1Pair), tmp_path / "scan.hdr")
    with pytest.raises(ValueError, match="give the path"):
        ImageReader().read(path.read_bytes())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nibabel_tests/analyze.hdr", "which is missing"),
        ("nibabel_tests/nifti2.hdr", "which is missing"),
        ("nibabel_tests/row_major.dconn.nii", "CIFTI-2"),
        ("nibabel_tests/test.mgz", "no image format"),
        ("nibabel_tests/tiny.mnc", "no image format"),
        ("nibabel_tests/minc2_4d.mnc", "HDF5"),
    ],
)
def test_real_files_that_are_no_images(folder, name, reason):
    with pytest.raises(ValueError, match=reason):
        ImageReader().read(folder / name)
    with pytest.raises(ImageReadError, match=f"row 0 .*{reason}"):
        PixelFlattener((4, 4)).fit_transform([folder / name])


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("kept", [100, 352, -1])
def test_truncated_files(tmp_path, suffix, kept):
    path = save(make_image(), tmp_path / f"scan{suffix}")
    content = path.read_bytes()
    if suffix == ".nii.gz":
        content = gzip.compress(gzip.decompress(content)[:kept])
    else:
        content = content[:kept]
    path.write_bytes(content)
    for cell in (path, content):
        with pytest.raises(ValueError, match=r"\w"):
            ImageReader(volume=-1).read(cell)


def test_a_broken_stream(tmp_path):
    path = save(make_image(), tmp_path / "scan.nii.gz")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="end-of-stream"):
        ImageReader(volume=-1).read(path)


@pytest.mark.parametrize("volume", [8, -9])
def test_no_such_slice(volume):
    with pytest.raises(ValueError, match=f"there is no slice {volume} in a volume of 8 slices"):
        ImageReader(volume=volume).read(make_image())


@pytest.mark.parametrize("volume", ["middle", "max", "montage"])
def test_max_pixels(volume):
    with pytest.raises(ValueError, match="max_pixels=41"):
        ImageReader(volume=volume, max_pixels=41).read(make_image())
    assert ImageReader(max_pixels=42).read(make_image()).shape == (7, 6, 1)


@pytest.mark.parametrize("plane", ["axial", "sagittal"])
def test_a_small_file_may_not_inflate_without_end(plane):
    header = nibabel.Nifti2Header()
    header.set_data_shape((100, 100, 10**9))
    header.set_data_dtype(np.uint8)
    bomb = gzip.compress(header.binaryblock + bytes(10**6))
    reader = ImageReader(plane=plane, max_pixels=10**11)
    assert len(bomb) < 2000
    with pytest.raises(ValueError, match=r"\w"):
        reader.read(bomb)
    with pytest.raises(ValueError, match=r"max_pixels=1000000 of the reader"):
        ImageReader(plane=plane, max_pixels=10**6).read(bomb)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_complex_voxels(tmp_path, dtype):
    path = save(nibabel.Nifti1Image(VALUES.astype(dtype), np.eye(4)), tmp_path / "a.nii")
    with pytest.raises(ValueError, match=f"voxels of dtype {np.dtype(dtype)} are no image"):
        ImageReader().read(path)


def test_nothing_finite():
    with pytest.raises(ValueError, match="no finite values"):
        ImageReader().read(make_image(np.full(SHAPE, np.nan)))


@pytest.mark.parametrize("field", ["dim", "datatype", "vox_offset", "sform_code", "pixdim"])
def test_damaged_headers(field, capfd):
    """An error or an image, and nothing is printed."""
    rng = np.random.default_rng(0)
    image = make_image()
    for _ in range(20):
        header = image.header.copy()
        raw = bytearray(header.binaryblock)
        start = header.template_dtype.fields[field][1]
        raw[start : start + 4] = rng.bytes(4)
        content = bytes(raw) + bytes(4) + VALUES.tobytes("F")
        try:
            assert ImageReader().read(content).ndim == 3
        except ValueError as error:
            reason = str(error)
            assert reason
    assert capfd.readouterr() == ("", "")


def test_an_image_is_described_in_two_words():
    assert check_images([make_image()]).rows["source"][0] == "nibabel Nifti1Image"


# What was not measured.


def test_the_mean_of_what_was_measured():
    values = np.full(SHAPE, 10, dtype=np.float32)
    values[..., 1] = np.nan
    values[0] = np.nan
    values[1, 1, 2:] = np.nan
    values[1, 1, 0] = 30
    pixels = gray(make_image(values), volume="mean", window=(10, 40))
    down, across = SHAPE[1] - 1 - 1, SHAPE[0] - 1 - 1  # of the voxel (1, 1)
    assert (pixels[:, -1] == 0).all()  # nothing measured
    assert pixels[down, across] == 255
    others = np.delete(pixels[:, :-1].ravel(), down * (SHAPE[0] - 1) + across)
    np.testing.assert_allclose(others, 127.5)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_gaps_in_files_are_left_out_of_the_mean(tmp_path, suffix):
    values = np.random.default_rng(0).random(SHAPE).astype(np.float32)
    values[values < 0.3] = np.nan
    path = save(make_image(values), tmp_path / f"a{suffix}")
    expected = stretched(np.nanmean(values, axis=2).T[::-1, ::-1])
    np.testing.assert_allclose(gray(path, volume="mean"), expected, atol=1e-2)
