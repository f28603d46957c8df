"""Features with their sources as Parquet and HDF5."""

import sqlite3
import sys

import numpy as np
import pandas as pd
import pytest

from skfusion import FeatureStore
from skfusion.exceptions import StoreWarning
from skfusion.store import _export
from tests.store import stored


@pytest.fixture
def full(store):
    """Return a store with 2500 rows of one extractor and 3 of another."""
    stored.write(store, range(2500), width=6, extractor="aa" * 16, label="ResNet50 gap")
    store.write("bb" * 16, stored.keys(range(3)), stored.features(range(3), 2), ["x", "ü", "z"])
    return store


def test_parquet(full, tmp_path):
    pytest.importorskip("pyarrow")
    full.export(tmp_path / "f.parquet")
    table = pd.read_parquet(tmp_path / "f.parquet")
    assert list(table.columns) == ["source", "digest", "extractor", "features"]
    assert table["extractor"].value_counts().to_dict() == {"ResNet50 gap": 2500, "bb" * 16: 3}
    first = table[table["extractor"] == "ResNet50 gap"]
    features = np.stack(list(first["features"]))
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, stored.features(range(2500), 6))
    assert first["source"].tolist() == [f"photos/{n}.png" for n in range(2500)]
    assert first["digest"].iloc[7] == stored.keys([7])[0].hex()
    assert table["source"].tolist()[-3:] == ["x", "ü", "z"]


def test_hdf5(full, tmp_path):
    h5py = pytest.importorskip("h5py")
    full.export(str(tmp_path / "f.h5"))
    with h5py.File(tmp_path / "f.h5") as file:
        assert sorted(file) == ["aa" * 16, "bb" * 16]
        group = file["aa" * 16]
        assert group.attrs["label"] == "ResNet50 gap"
        assert group["features"].dtype == np.dtype("<f4")
        np.testing.assert_array_equal(group["features"][:], stored.features(range(2500), 6))
        assert group["source"].asstr()[3] == "photos/3.png"
        assert group["digest"].asstr()[3] == stored.keys([3])[0].hex()
        assert file["bb" * 16]["source"].asstr()[:].tolist() == ["x", "ü", "z"]


@pytest.mark.parametrize("name", ["ResNet50 gap", "aa" * 16, "aaaa"])
def test_one_extractor(full, tmp_path, name):
    pytest.importorskip("pyarrow")
    full.export(tmp_path / "f.parquet", extractor=name)
    assert len(pd.read_parquet(tmp_path / "f.parquet")) == 2500


def test_the_format_can_be_named(full, tmp_path):
    h5py = pytest.importorskip("h5py")
    full.export(tmp_path / "features", format="hdf5")
    assert h5py.is_hdf5(tmp_path / "features")


@pytest.mark.parametrize(("name", "format"), [("f.csv", None), ("f", None), ("f.h5", "csv")])
def test_no_such_format(full, tmp_path, name, format):
    with pytest.raises(ValueError, match="format='parquet'"):
        full.export(tmp_path / name, format=format)
    assert not (tmp_path / name).exists()


def test_nothing_to_export(full, store, tmp_path):
    with pytest.raises(
        ValueError, match=r"no features of extractor 'cc'. .* with features: ResNet50 gap, bbb"
    ):
        full.export(tmp_path / "f.h5", extractor="cc")
    store.clear()
    with pytest.raises(ValueError, match="holds no features"):
        store.export(tmp_path / "f.h5")


@pytest.mark.parametrize(("name", "package"), [("f.parquet", "pyarrow"), ("f.h5", "h5py")])
def test_a_missing_package(full, tmp_path, monkeypatch, name, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"pip install {package}"):
        full.export(tmp_path / name)


@pytest.mark.parametrize("name", ["f.parquet", "f.h5"])
def test_a_file_is_replaced_when_the_new_one_is_complete(full, tmp_path, monkeypatch, name):
    pytest.importorskip("pyarrow")
    pytest.importorskip("h5py")
    (tmp_path / name).write_text("the old one")
    original = _export._select
    calls = []

    def fails_in_the_middle(*args):
        calls.append(args)
        if len(calls) > 1:
            raise RuntimeError("interrupted")
        return original(*args)

    monkeypatch.setattr(_export, "_select", fails_in_the_middle)
    with pytest.raises(RuntimeError):
        full.export(tmp_path / name)
    assert (tmp_path / name).read_text() == "the old one"
    assert list(tmp_path.glob("*part_*")) == []
    monkeypatch.setattr(_export, "_select", original)
    full.export(tmp_path / name)
    assert (tmp_path / name).stat().st_size > 10_000


def test_damaged_rows_are_left_out(full, tmp_path, database_path, reopen):
    pytest.importorskip("pyarrow")
    full = reopen(full)
    connection = sqlite3.connect(database_path(full), isolation_level=None)
    connection.execute("UPDATE features SET value = zeroblob(32) WHERE id = 5")
    connection.execute("UPDATE features SET value = 'text' WHERE id = 6")
    connection.close()
    full.export(tmp_path / "f.parquet", extractor="ResNet50 gap")
    table = pd.read_parquet(tmp_path / "f.parquet")
    left = [n for n in range(2500) if n not in (4, 5)]
    np.testing.assert_array_equal(np.stack(list(table["features"])), stored.features(left, 6))


def test_a_store_that_can_not_be_read(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.warns(StoreWarning), pytest.raises(OSError, match="can't be read"):
        FeatureStore(tmp_path / "file").export(tmp_path / "f.h5")
