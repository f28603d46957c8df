"""load_features: joining by row id, and what does not belong together."""

import json
import os
import pickle
import warnings

import h5py
import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet
from sklearn.linear_model import LogisticRegression

from skfusion import load_features
from skfusion.io._feature_file import FeatureFile
from skfusion.io._hdf5 import read_hdf5, write_hdf5
from skfusion.io._parquet import read_parquet, write_parquet

WRITERS = {"h5": write_hdf5, "parquet": write_parquet}


def content(name="A", n_rows=4, width=3, seed=0, **changes):
    parts = {
        "name": name,
        "features": np.random.default_rng(seed).random((n_rows, width)).astype(np.float32),
        "labels": np.arange(n_rows) % 2,
        "class_names": ["rose", "tulip"],
        "ids": np.array([f"{i}.jpg" for i in range(n_rows)], dtype=object),
        "fingerprint": f"digest of {name}",
        "prefix": f"image_{name.lower()}",
    }
    return FeatureFile(**{**parts, **changes})


def reordered(file, order):
    return FeatureFile(
        file.name,
        file.features[order],
        file.labels[order],
        file.class_names,
        file.ids[order],
        file.fingerprint,
        file.prefix,
    )


@pytest.fixture
def write(tmp_path):
    def write(file, file_format="h5", name=None):
        path = tmp_path / f"{name or 'gap_' + file.name}.{file_format}"
        WRITERS[file_format](str(path), file)
        return path

    return write


@pytest.fixture
def bare(tmp_path):
    """As the recipe itself writes files."""

    def bare(name, **datasets):
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            for key, values in datasets.items():
                file[key] = values
        return tmp_path / f"{name}.h5"

    return bare


# Joining.


@pytest.mark.parametrize("formats", [("h5", "h5"), ("parquet", "parquet"), ("h5", "parquet")])
def test_rows_are_joined_by_id(write, formats):
    one, two = content("A"), content("B", seed=1, width=2)
    files = [write(one, formats[0]), write(reordered(two, [2, 0, 3, 1]), formats[1])]
    X, y = load_features(files)
    np.testing.assert_array_equal(X, np.hstack([one.features, two.features]))
    assert y.tolist() == [0, 1, 0, 1]
    assert X.dtype == np.float32
    assert LogisticRegression().fit(X, y).score(X, y) <= 1


def test_columns_stand_in_the_order_of_the_list(write):
    one, two = content("A"), content("B", seed=1)
    a, b = write(one), write(two)
    np.testing.assert_array_equal(load_features([b, a])[0][:, :3], two.features)


def test_a_folder_is_all_its_files_by_name(write, tmp_path):
    write(content("B", seed=1))
    write(content("A"))
    (tmp_path / "notes.txt").write_text("text")
    data = load_features(tmp_path, return_X_y=False)
    assert list(data.fingerprints) == ["A", "B"]


@pytest.mark.parametrize("wrap", [str, lambda path: path, lambda path: [path]])
def test_one_file(write, wrap):
    X, y = load_features(wrap(write(content())))
    assert X.shape == (4, 3)
    assert y.shape == (4,)


def test_a_frame_has_names_and_ids(write):
    X, _ = load_features([write(content())], as_frame=True)
    assert isinstance(X, pd.DataFrame)
    assert X.columns.tolist() == ["image_a_0000", "image_a_0001", "image_a_0002"]
    assert X.index.tolist() == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    assert X.index.name == "id"


def test_a_bunch(write):
    data = load_features([write(content())], return_X_y=False)
    assert data.target_names == ["rose", "tulip"]
    assert data.ids.tolist() == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    assert data.fingerprints == {"A": "digest of A"}
    assert data.feature_names == ["image_a_0000", "image_a_0001", "image_a_0002"]


@pytest.mark.parametrize("file_format", ["h5", "parquet"])
@pytest.mark.parametrize(
    "changes",
    [
        {"labels": None, "class_names": None},
        {"labels": np.array([0.5, np.nan, 2.0, -1.0]), "class_names": None},
        {"ids": np.array(["ä", "日本", "a b", "c,\n"], dtype=object)},
        {"features": np.array([[np.nan], [np.inf], [-0.0], [1e-45]], dtype=np.float32)},
    ],
)
def test_what_is_written_is_read(write, file_format, changes):
    file = content(**changes)
    data = load_features(write(file, file_format), return_X_y=False)
    np.testing.assert_array_equal(data.data.view(np.int32), file.features.view(np.int32))
    assert data.ids.tolist() == file.ids.tolist()
    if file.labels is None:
        assert data.target is None
    else:
        np.testing.assert_array_equal(data.target, file.labels)
        assert data.target.dtype == file.labels.dtype


@pytest.mark.parametrize("images", [None, "digest of images"])
def test_what_the_images_held_is_read_back(write, images):
    file = content(images=images)
    assert read_hdf5(str(write(file))).images == images
    assert read_parquet(str(write(file, "parquet"))).images == images


def test_equal_labels_with_nan_belong_together(write):
    labels = {"labels": np.array([0.5, np.nan, 2.0, -1.0]), "class_names": None}
    files = [write(content("A", **labels)), write(content("B", **labels), "parquet")]
    assert load_features(files)[0].shape == (4, 6)


# Files of the recipe itself.


def test_bare_files_are_joined_by_position(bare):
    files = [bare(name, train=np.full((3, 2), i), label=[0, 1, 1]) for i, name in enumerate("ab")]
    with pytest.warns(UserWarning, match=r"a.h5' has no row ids .* by position") as caught:
        X, y = load_features(files)
    assert caught[0].filename == __file__
    assert X.tolist() == [[0, 0, 1, 1]] * 3
    assert y.tolist() == [0, 1, 1]


def test_one_bare_file_is_no_reason_to_warn(bare):
    data = load_features(bare("gap_a", train=np.eye(3), label=[[0], [1], [1]]), return_X_y=False)
    assert data.target.tolist() == [0, 1, 1]
    assert data.ids is None
    assert data.fingerprints == {"gap_a": None}
    assert data.feature_names[0] == "gap_a_0000"


def test_a_bare_file_beside_one_of_ours(bare, write):
    files = [write(content()), bare("b", train=np.eye(4), label=[0, 1, 0, 1])]
    with pytest.warns(UserWarning, match=r"b.h5' has no row ids"):
        assert load_features(files)[0].shape == (4, 7)


@pytest.mark.parametrize(
    ("datasets", "message"),
    [
        ({"train": np.eye(3), "label": [0, 1, 1]}, "it has 3 rows, not 4"),
        ({"train": np.eye(4), "label": [0, 1, 1, 1]}, r"labels of 1 rows differ \(2"),
        ({"train": np.eye(4)}, "only one of them has labels"),
    ],
)
def test_bare_files_that_do_not_belong_together(bare, datasets, message):
    first = bare("a", train=np.eye(4), label=[0, 1, 0, 1])
    other = bare("b", **datasets)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with pytest.raises(ValueError, match=message):
            load_features([first, other])


# What does not belong together.


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (content("B", n_rows=2), r"B\..* does not match .*A.h5': it lacks 2 of 4 .*\(2.jpg"),
        (content("B", n_rows=5), r"it has 1 more rows \(4.jpg\)"),
        (content("B", ids=np.array(list("abcd"), object)), r"it lacks 4 of 4 rows \(a|0.jpg"),
        (content("B", labels=np.array([0, 1, 1, 1])), r"labels of 1 rows differ \(2.jpg\)"),
        (content("B", class_names=["rose", "daisy"]), r"classes are \['rose', 'daisy'\], not"),
        (content("B", class_names=None), "classes are None"),
        (content("B", labels=None, class_names=None), "only one of them has labels"),
        (content("A"), "both have features named 'A', by the same extractor. Load one"),
        (content("A", fingerprint="2"), r"different extractors \(digest of A, 2\).*--suffix"),
        (content("B", prefix="image_a"), "both have features named 'image_a'"),
    ],
)
@pytest.mark.parametrize("file_format", ["h5", "parquet"])
def test_refused(write, other, message, file_format):
    files = [write(content()), write(other, file_format, name="B")]
    with pytest.raises(ValueError, match=message):
        load_features(files)


@pytest.mark.parametrize("file_format", ["h5", "parquet"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ids": np.array(["a", "b", "a", "b"], dtype=object)}, "duplicate row ids: a, b"),
        ({"labels": np.array([0, 1, 2, 0])}, "not numbers of its 2 classes"),
        ({"labels": np.array([0, -1, 1, 0])}, "not numbers of its 2 classes"),
    ],
)
def test_odd_files(write, changes, message, file_format):
    with pytest.raises(ValueError, match=message):
        load_features(write(content(**changes), file_format))


@pytest.mark.parametrize(
    ("datasets", "message"),
    [
        ({"test": np.eye(3)}, "no dataset 'train'"),
        ({"train": np.zeros((2, 3, 3, 4))}, r"shape \(2, 3, 3, 4\), not"),
        ({"train": np.array([[b"a"]])}, "not numeric"),
        ({"train": np.eye(3), "label": [0, 1]}, r"3 rows and labels of shape \(2,\)"),
        ({"train/inner": np.eye(3)}, "not a dataset stored in the file"),
    ],
)
def test_odd_bare_files(bare, datasets, message):
    with pytest.raises(ValueError, match=message):
        load_features(bare("odd", **datasets))


@pytest.mark.parametrize("file_format", ["h5", "parquet"])
def test_damaged_files(write, file_format):
    path = write(content(n_rows=400), file_format)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"gap_A.* can't be read"):
        load_features(path)


def test_a_newer_layout(write, tmp_path):
    path = write(content())
    with h5py.File(path, "a") as file:
        file.attrs["skfusion_features"] = 99
    with pytest.raises(ValueError, match="a newer version of skfusion wrote it"):
        load_features(path)


def test_more_row_ids_than_a_small_attribute_holds(write):
    ids = np.array([f"{'folder/' * 10}{i}.jpg" for i in range(10_000)], dtype=object)
    names = [f"class {i} of many that are there" for i in range(5_000)]
    X, _ = load_features(write(content(n_rows=10_000, ids=ids, class_names=names)), as_frame=True)
    assert X.index.tolist() == ids.tolist()


@pytest.mark.parametrize("values", ["rose", [[1, 2]], [1, 2], 3.5])
def test_odd_class_names(write, values):
    path = write(content())
    with h5py.File(path, "a") as file:
        file.attrs["class_names"] = values
    with pytest.raises(ValueError, match=r"gap_A.h5' can't be (read|used)"):
        load_features(path)


@pytest.mark.parametrize("values", [None, "a", [["a"], ["b"], ["c"], ["d"]], [1, 2, 3, 4]])
def test_odd_row_ids(write, values):
    path = write(content())
    with h5py.File(path, "a") as file:
        del file.attrs["row_ids"]
        if values is not None:
            file.attrs["row_ids"] = values
    with pytest.raises(ValueError, match=r"gap_A.h5' can't be (read|used)"):
        load_features(path)


@pytest.mark.parametrize(
    "about", [{}, [], {"class_names": 3}, {"class_names": [1, 2]}, {"version": 99}]
)
def test_odd_metadata(write, about):
    path = write(content(), "parquet")
    table = parquet.read_table(path)
    if about:
        about = {**json.loads(table.schema.metadata[b"skfusion_features"]), **about}
    parquet.write_table(
        table.replace_schema_metadata({b"skfusion_features": json.dumps(about)}), path
    )
    with pytest.raises(ValueError, match=r"gap_A.parquet' can't be (read|used)"):
        load_features(path)


def test_links_to_other_files_are_refused(bare, tmp_path):
    secret = bare("secret", train=np.eye(3))
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["train"] = h5py.ExternalLink(str(secret), "train")
    with h5py.File(tmp_path / "virtual.h5", "w") as file:
        layout = h5py.VirtualLayout((3, 3), dtype="f8")
        layout[:] = h5py.VirtualSource(str(secret), "train", (3, 3))
        file.create_virtual_dataset("train", layout)
    with h5py.File(tmp_path / "external.h5", "w") as file:
        file.create_dataset("train", (3, 3), external=[(str(secret), 0, 72)])
    for name in ("link", "virtual", "external"):
        with pytest.raises(ValueError, match="'train' is not a dataset stored in the file"):
            load_features(tmp_path / f"{name}.h5")


def test_nothing_is_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "trapped"),)

    (tmp_path / "trap.h5").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ValueError, match="neither an HDF5 nor a Parquet file"):
        load_features(tmp_path / "trap.h5")
    assert not (tmp_path / "trapped").exists()


def test_parquet_files_of_others(tmp_path):
    pd.DataFrame({"a": [1.0]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(ValueError, match="skfusion did not write it"):
        load_features(tmp_path)


def test_no_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="No such file"):
        load_features([tmp_path / "nowhere.h5"])
    with pytest.raises(FileNotFoundError, match="No file of features"):
        load_features(tmp_path)
    with pytest.raises(ValueError, match="paths is empty"):
        load_features([])
    with pytest.raises(ValueError, match="The 'paths' parameter of load_features"):
        load_features(3)
