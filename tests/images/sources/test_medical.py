"""Medical cells in estimators, in a store and without the extra; how they are recognized."""

import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import nibabel
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skfusion import (
    ExtraNotFoundError,
    FeatureStore,
    ImageDescriptors,
    ImageReader,
    ImageReadError,
    PixelFlattener,
    check_images,
)
from tests.dicom_for_tests import make_dicom


def make_nifti(values, kind=nibabel.Nifti1Image):
    return kind(values.astype(np.int16), np.eye(4))


@pytest.fixture
def folder(tmp_path):
    """One file of each kind, 40 x 40 pixels."""
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (40, 40), dtype=np.uint8)).save(tmp_path / "a.png")
    make_dicom(rng.integers(-1000, 1000, (40, 40))).save_as(tmp_path / "b.dcm")
    volume = rng.integers(0, 1000, (40, 40, 5))
    nibabel.save(make_nifti(volume), tmp_path / "c.nii")
    nibabel.save(make_nifti(volume + volume % 7), tmp_path / "d.nii.gz")
    nibabel.save(make_nifti(1000 - volume, nibabel.Nifti1Pair), tmp_path / "e.hdr")
    return tmp_path


NAMES = ["a.png", "b.dcm", None, "c.nii", "d.nii.gz", "e.hdr", "b.dcm"]


@pytest.fixture
def frame(folder):
    return pd.DataFrame({"scan": [name and str(folder / name) for name in NAMES]})


# In estimators.


@pytest.mark.parametrize(
    "transformer",
    [
        PixelFlattener(image_size=(32, 32), missing="nan"),
        ImageDescriptors(descriptors=("intensity", "glcm"), missing="nan"),
    ],
)
def test_a_column_of_all_kinds(frame, transformer):
    features = transformer.fit_transform(frame)
    assert np.isnan(features[2]).all()
    rest = np.delete(features, 2, axis=0)
    assert np.isfinite(rest).all()
    assert len(np.unique(rest, axis=0)) == 5
    np.testing.assert_array_equal(features[1], features[6])


def test_objects_beside_paths(frame, folder):
    cells = list(frame["scan"])
    values = np.random.default_rng(1).integers(-1000, 1000, (40, 40))
    cells += [make_dicom(values), nibabel.load(folder / "c.nii"), (folder / "b.dcm").read_bytes()]
    column = np.empty(len(cells), dtype=object)
    for row, cell in enumerate(cells):  # pandas 2 and numpy take a list of datasets for numbers
        column[row] = cell
    features = PixelFlattener(missing="zero").fit_transform(pd.DataFrame({"scan": column}))
    np.testing.assert_array_equal(features[8], features[3])
    np.testing.assert_array_equal(features[9], features[1])


def test_paths_start_from_the_root(folder):
    reader = ImageReader(root=folder)
    cells = ["b.dcm", "c.nii", "e.img"]
    assert PixelFlattener(reader=reader).fit_transform(cells).shape == (3, 1600)


def test_windows_and_volumes_can_be_searched(tmp_path):
    """A faint signal in soft tissue, beside bone and air that a wide window shows."""
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    for row, label in enumerate(y):
        values = rng.choice([-1000, 1000], (16, 16))
        values[4:12, 4:12] = 40 + 20 * label + rng.normal(0, 5, (8, 8))
        make_dicom(values).save_as(tmp_path / f"{row}.dcm")
    X = pd.DataFrame({"scan": [str(tmp_path / f"{row}.dcm") for row in range(24)]})
    pipe = make_pipeline(PixelFlattener(reader=ImageReader()), LogisticRegression(max_iter=500))
    grid = {
        "pixelflattener__reader__window": ["minmax", (50, 60)],
        "pixelflattener__reader__volume": ["middle", "mean"],
    }
    search = GridSearchCV(pipe, grid, cv=3).fit(X, y)
    assert search.best_params_["pixelflattener__reader__window"] == (50, 60)
    assert search.best_score_ == 1


def test_many_threads_read_alike(folder):
    reader = ImageReader()
    cells = [folder / name for name in NAMES if name] * 20
    expected = [reader.read(cell) for cell in cells[:6]] * 20
    with ThreadPoolExecutor(8) as pool:
        for pixels, once in zip(pool.map(reader.read, cells), expected, strict=True):
            np.testing.assert_array_equal(pixels, once)


# In a store.


def features_of(store, cells):
    before = store.stats()["hits"]
    descriptors = ImageDescriptors(descriptors=("intensity",), cache=store)
    return descriptors.fit_transform(cells), store.stats()["hits"] - before


def test_a_store_finds_medical_files_again(folder, tmp_path):
    store = FeatureStore(tmp_path / "store")
    cells = [folder / name for name in NAMES if name]
    first, hits = features_of(store, cells)
    assert hits == 0
    again, hits = features_of(store, cells)
    assert hits == 6 - 1  # one occurs twice
    np.testing.assert_array_equal(first, again)


def test_a_pair_is_identified_by_both_files(folder, tmp_path):
    store = FeatureStore(tmp_path / "store")
    first, _ = features_of(store, [folder / "e.hdr"])
    _, hits = features_of(store, [folder / "e.img"])
    assert hits == 1
    content = bytearray((folder / "e.img").read_bytes())
    content[: len(content) // 2] = bytes(len(content) // 2)
    (folder / "e.img").write_bytes(content)  # the header is as it was
    changed, hits = features_of(store, [folder / "e.hdr"])
    assert hits == 0
    assert not np.array_equal(first, changed)


class ChangingReader(ImageReader):
    """Reads a file, and then someone changes it."""

    def read(self, cell, value_range=None):
        pixels = super().read(cell, value_range=value_range)
        nibabel.save(make_nifti(np.arange(8000).reshape(40, 40, 5)), cell)
        return pixels


def test_what_changed_while_it_was_read_is_not_kept(folder, tmp_path):
    store = FeatureStore(tmp_path / "store")
    descriptors = ImageDescriptors(
        descriptors=("intensity",), cache=store, reader=ChangingReader()
    ).fit([folder / "a.png"])
    descriptors.transform([folder / "c.nii"])
    assert store.stats()["rows"] == 0


def test_objects_are_not_kept(tmp_path):
    store = FeatureStore(tmp_path / "store")
    cells = [make_nifti(np.arange(8000).reshape(40, 40, 5)), make_dicom(np.eye(40))]
    assert features_of(store, cells)[0].shape[0] == 2
    assert store.stats()["rows"] == 0


# By their first bytes.


def test_formats(folder):
    names = [name for name in NAMES if name]
    expected = ["PNG", "DICOM", "NIfTI", "NIfTI", "NIfTI", "DICOM"]
    assert check_images([folder / name for name in names]).rows["format"].tolist() == expected
    contents = [(folder / name).read_bytes() for name in ("b.dcm", "c.nii", "d.nii.gz")]
    assert check_images(contents).rows["format"].tolist() == ["DICOM", "NIfTI", "NIfTI"]
    renamed = (folder / "c.nii").rename(folder / "c.png")
    assert ImageReader().read(renamed).shape == (40, 40, 1)


def test_either_file_of_a_pair(folder):
    pixels = ImageReader().read(folder / "e.hdr")
    np.testing.assert_array_equal(ImageReader().read(folder / "e.img"), pixels)
    (folder / "e.img").rename(folder / "f.img")
    with pytest.raises(ValueError, match="its voxels lie in another file"):
        ImageReader().read(folder / "e.hdr")


def test_no_regular_file(tmp_path):
    with pytest.raises(ValueError, match="no such file"):
        ImageReader().read(tmp_path / "none.dcm")
    with pytest.raises(ValueError, match="it is a directory"):
        ImageReader().read(tmp_path)


# Without the extra.


@pytest.mark.parametrize(
    ("name", "package"), [("b.dcm", "pydicom"), ("c.nii", "nibabel"), ("d.nii.gz", "nibabel")]
)
def test_without_the_extra_the_error_names_it(folder, monkeypatch, name, package):
    readers = (
        "skfusion.images.formats._dicom",
        "skfusion.images.formats._dicom_jpeg",
        "skfusion.images.formats._nifti",
    )
    for module in list(sys.modules):
        if module.startswith(readers):
            monkeypatch.delitem(sys.modules, module)
        elif module == package or module.startswith(f"{package}."):
            monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, package, None)
    message = rf"{name} is a .* image, and .*{package}.*pip install 'skfusion\[medical\]'"
    for corrupt in ("error", "missing"):
        flattener = PixelFlattener((8, 8), corrupt=corrupt)
        with pytest.raises(ExtraNotFoundError, match=message):
            flattener.fit_transform([folder / "a.png", folder / name])
    with pytest.raises(ExtraNotFoundError, match=message):
        ImageReader().probe(folder / name)


def test_ordinary_images_load_no_medical_package(folder):
    script = """
        import sys
        from skfusion import ImageReader, PixelFlattener
        PixelFlattener((8, 8)).fit_transform([sys.argv[1]])
        assert not {"pydicom", "nibabel", "imagecodecs"} & set(sys.modules)
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), folder / "a.png"], check=True, timeout=120
    )


def test_an_unreadable_one_is_named_with_its_row(frame, folder):
    (folder / "c.nii").write_bytes((folder / "c.nii").read_bytes()[:-1])
    flattener = PixelFlattener((8, 8), missing="nan")
    with pytest.raises(ImageReadError, match=r"1 of 7 images .* row 3 \(.*c\.nii\): .*truncated"):
        flattener.fit_transform(frame)
