"""Rows that are written and read: keys, shapes, statistics, clearing, pickling."""

import copy
import os
import pickle
import subprocess
import sys
from datetime import timedelta

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

from skfusion import FeatureStore, ImageDescriptors
from skfusion.store import _last_uses
from tests.store import stored


@pytest.mark.parametrize("n_rows", [1, 2, 511, 512, 513, 1000, 5000])
def test_round_trip(store, n_rows):
    assert stored.found(store, range(n_rows)) == []
    stored.write(store, range(n_rows))
    assert stored.found(store, range(n_rows)) == list(range(n_rows))


def test_no_rows(store):
    rows, found = store.read("x", [], 4)
    assert rows.shape == (0, 4)
    assert found.shape == (0,)
    store.write("x", [], np.empty((0, 4)), [])
    assert not store.path.exists() or store.stats()["rows"] == 0


def test_any_order_subset_and_repetition(store):
    stored.write(store, range(100))
    numbers = np.random.default_rng(0).integers(0, 200, size=700).tolist()
    assert stored.found(store, numbers) == [n for n in numbers if n < 100]


def test_a_digest_twice_in_one_batch(store):
    stored.write(store, [5, 6, 5])
    assert stored.found(store, [5, 6]) == [5, 6]
    assert store.stats()["rows"] == 2


def test_values_come_back_bit_by_bit(store):
    values = np.array([[0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, 3.4e38, 0.1]], dtype=np.float32)
    store.write("x", [b"k" * 16], values, ["a"])
    rows, found = store.read("x", [b"k" * 16], 8)
    assert found.all()
    assert rows.tobytes() == values.tobytes()


@pytest.mark.parametrize("dtype", ["f8", ">f4", "i4", "f2"])
def test_other_types_become_float32(store, dtype):
    store.write("x", [b"k" * 16], np.array([[1, 2, 3]], dtype=dtype), ["a"])
    rows, _ = store.read("x", [b"k" * 16], 3)
    assert rows.dtype == np.float32
    assert rows.tolist() == [[1.0, 2.0, 3.0]]


def test_rows_need_not_be_contiguous(store):
    table = np.arange(12.0, dtype=np.float32).reshape(3, 4)
    store.write("x", [b"0", b"1"], table.T[:2], ["a", "b"])
    rows, _ = store.read("x", [b"1", b"0"], 3)
    np.testing.assert_array_equal(rows, table.T[[1, 0]])


def test_another_width_is_a_miss_and_is_written_over(store):
    stored.write(store, range(3), width=8)
    assert stored.found(store, range(3), width=4) == []
    stored.write(store, range(2), width=4)
    assert stored.found(store, range(3), width=4) == [0, 1]
    assert stored.found(store, range(3), width=8) == [2]
    assert store.stats()["rows"] == 3


def test_width(store):
    assert store.width(stored.EXTRACTOR) is None
    stored.write(store, range(3), width=7)
    stored.write(store, range(3), width=4, extractor="other")
    assert store.width(stored.EXTRACTOR) == 7
    assert store.width("other") == 4
    for value in ("x'00'", "'text'", "3", "zeroblob(36)"):
        work = f"UPDATE features SET value = {value}"
        store._backend.database.run(lambda c, work=work: c.execute(work) and None, write=True)
        assert store.width(stored.EXTRACTOR) is None


def test_extractors_do_not_mix(store):
    stored.write(store, range(3), extractor="one")
    assert stored.found(store, range(3), extractor="two") == []
    store.write("two", stored.keys([0]), np.zeros((1, 8)), ["a"])
    assert stored.found(store, range(3), extractor="one") == [0, 1, 2]


def test_rows_without_a_digest(store):
    features = stored.features([0, 1, 2])
    store.write(stored.EXTRACTOR, [None, *stored.keys([1]), None], features, ["a", "b", "c"])
    assert store.stats()["rows"] == 1
    found = store.read(stored.EXTRACTOR, [None, *stored.keys([1, 2])], 8)[1]
    assert found.tolist() == [False, True, False]
    assert store.read(stored.EXTRACTOR, [None], 8)[1].tolist() == [False]


@pytest.mark.parametrize(
    ("features", "digests", "sources"),
    [(np.zeros(3), 3, 3), (np.zeros((3, 2)), 2, 3), (np.zeros((3, 2)), 3, 2)],
)
def test_lengths_that_do_not_agree(store, features, digests, sources):
    with pytest.raises(ValueError, match=rf"{digests} digests and {sources} sources"):
        store.write("x", [b"k"] * digests, features, ["a"] * sources)


def test_sources_of_any_bytes(store):
    store.write("x", stored.keys([1]), stored.features([1]), ["photo\udcff.png"])
    assert stored.found(store, [1], extractor="x") == [1]


def test_the_constructor_touches_nothing(tmp_path):
    store = FeatureStore(tmp_path / "not" / "there")
    assert "empty" in repr(store)
    assert not (tmp_path / "not").exists()
    assert store.clear() == 0
    assert list(tmp_path.iterdir()) == []


def test_path(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert FeatureStore("~/cache").path == tmp_path / "cache"
    monkeypatch.chdir(tmp_path)
    store = FeatureStore("relative")
    monkeypatch.chdir("/")
    assert store.path == tmp_path / "relative"


@pytest.mark.parametrize("path", [None, "", 3])
def test_no_path(path):
    with pytest.raises(TypeError, match="path must be"):
        FeatureStore(path)


@pytest.mark.parametrize("max_bytes", [-1, 1.5, "1 GB", True])
def test_no_limit(max_bytes):
    with pytest.raises(ValueError, match="max_bytes must be"):
        FeatureStore("x", max_bytes)


def test_the_cache_of_an_estimator_is_a_store_or_its_path(tmp_path):
    store, images = FeatureStore(tmp_path), np.eye(16)[np.newaxis]
    for cache in (store, tmp_path, str(tmp_path), None):
        ImageDescriptors("intensity", cache=cache).fit_transform(images)
    assert (store.stats()["misses"], store.stats()["hits"]) == (1, 2)
    with pytest.raises(ValueError, match="'cache' parameter of ImageDescriptors must be"):
        ImageDescriptors("intensity", cache=3).fit(images)


def test_one_path_is_one_store(tmp_path):
    one, two = FeatureStore(tmp_path / "a"), FeatureStore(tmp_path / "." / "a")
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    three = FeatureStore(tmp_path / "link")
    stored.write(one, [1])
    assert stored.found(two, [1]) == stored.found(three, [1]) == [1]
    assert one.stats()["session"] == two.stats()["session"] == three.stats()["session"]
    assert one.stats()["hits"] == 2


@pytest.mark.parametrize(
    "copied", [pickle.dumps, copy.copy, copy.deepcopy, clone], ids=lambda f: f.__name__
)
def test_copies(tmp_path, copied):
    store = FeatureStore(tmp_path / "a", max_bytes=10**9)
    stored.write(store, [1])
    other = copied(store) if copied is not clone else copied(store, safe=False)
    if copied is pickle.dumps:
        assert len(other) < 300
        other = pickle.loads(other)
    assert other == store
    assert hash(other) == hash(store)
    assert other.max_bytes == 10**9
    assert stored.found(other, [1]) == [1]
    assert store != FeatureStore(tmp_path / "a")
    assert store != str(store.path)


class _Estimator(BaseEstimator):
    def __init__(self, cache=None):
        self.cache = cache


def test_as_a_parameter_of_an_estimator(store):
    estimator = clone(_Estimator(store))
    assert estimator.cache == store
    assert "FeatureStore" in repr(estimator)


def test_statistics(store, reopen):
    stored.write(store, range(10), seconds=5.0)
    stored.found(store, range(4))
    stored.found(store, [3, 3, 99])
    stats = store.stats()
    expected = {"hits": 6, "misses": 1, "trainings": 0, "trainings_saved": 0}
    assert {name: stats[name] for name in expected} == expected
    assert stats["seconds_saved"] == pytest.approx(2.5)  # each distinct row of a batch once
    assert stats["rows"] == 10
    assert stats["runs"] == 0
    assert stats["bytes"] > 10 * 8 * 4
    assert stats["session"]["hits"] == 6
    text = repr(store)
    for part in (str(store.path), "10 rows", "6 hits", "1 misses"):
        assert part in text

    store = reopen(store)
    stored.found(store, [0])
    stats = store.stats()
    assert stats["hits"] == 7
    assert stats["session"]["hits"] == 1


def test_flush_shows_counters_to_others(store, start, finish):
    stored.write(store, range(10))
    stored.found(store, range(10))
    store.flush()
    assert finish(start("print(store.stats()['hits'])", store)).split() == ["10"]


def test_clear(store):
    stored.write(store, range(1000), width=1000)
    stored.add_run(store, "run", b"network")
    n_bytes = sum(path.stat().st_size for path in store.path.rglob("*") if path.is_file())
    assert store.clear() == 1001
    assert stored.found(store, range(1000), width=1000) == []
    assert stored.find_run(store, "run") is None
    stats = store.stats()
    assert (stats["rows"], stats["runs"], stats["trainings"]) == (0, 0, 0)
    left = sum(path.stat().st_size for path in store.path.rglob("*") if path.is_file())
    assert left < n_bytes / 5
    stored.write(store, [1])
    assert stored.found(store, [1, 2]) == [1]


def test_clear_where_the_database_can_not_be_removed(store, monkeypatch):
    """As on Windows, where another program has it open."""
    stored.write(store, range(1000), width=1000)

    def fail(self):
        raise PermissionError("used by another process")

    monkeypatch.setattr(type(store._backend.database.file), "remove", fail)
    assert store.clear() == 1000
    assert stored.found(store, range(1000), width=1000) == []
    assert store.stats()["bytes"] < 100_000


def test_clear_while_another_program_has_it_open(store, start, finish):
    script = (
        "write(store, range(10))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "assert found(store, range(20)) == []\n"
        "write(store, range(10, 20))\n"
    )
    other = start(script, store)
    assert other.stdout.readline() == "ready\n"
    assert store.clear() == 10
    other.stdin.write("\n")
    other.stdin.flush()
    finish(other)
    assert stored.found(store, range(20)) == list(range(10, 20))


@pytest.mark.parametrize("age", [3600, 3600.0, timedelta(hours=1)], ids=str)
def test_clear_what_is_old(store, monkeypatch, age):
    now = _last_uses.now_us()
    monkeypatch.setattr(_last_uses, "now_us", lambda: now - 7200 * 10**6)
    stored.write(store, range(10))
    stored.add_run(store, "old", b"old")
    (old_run,) = (store.path / "runs").glob("*.run")
    os.utime(old_run, (now / 1e6 - 7200, now / 1e6 - 7200))
    monkeypatch.setattr(_last_uses, "now_us", lambda: now)
    stored.add_run(store, "new", b"new")
    stored.write(store, range(20, 30))
    stored.found(store, range(3))  # used again, though written long ago
    assert store.clear(older_than=age) == 7 + 1
    assert stored.found(store, range(30)) == [0, 1, 2, *range(20, 30)]
    assert stored.find_run(store, "old") is None
    assert stored.find_run(store, "new") == b"new"
    with pytest.raises(TypeError, match="older_than"):
        store.clear(older_than="1 day")


def test_labels(store):
    stored.write(store, [1], label="ResNet50")
    stored.write(store, [2])
    stored.write(store, [3], label="")
    labels = store._backend.database.run(
        lambda c: c.execute("SELECT label FROM extractors").fetchall()
    )
    assert labels == [(b"ResNet50",)]


def test_nothing_in_the_folder_is_a_pickle(store):
    stored.write(store, range(10))
    stored.add_run(store, "run", b"network")
    for path in store.path.rglob("*"):
        if path.is_file():
            assert not path.read_bytes().startswith(b"\x80")


def test_memory_stays_flat(tmp_path):
    psutil = pytest.importorskip("psutil")
    store, width, batch = FeatureStore(tmp_path / "store"), 1280, 500
    for start in range(0, 10_000, batch):
        stored.write(store, range(start, start + batch), width=width)
    rng, sizes = np.random.default_rng(0), []
    for _ in range(40):
        numbers = rng.choice(10_000, batch, replace=False)
        assert store.read(stored.EXTRACTOR, stored.keys(numbers), width)[1].all()
        sizes.append(psutil.Process().memory_info().rss / 2**20)
    assert sizes[-1] - sizes[5] < 15  # the rows that were read have 100 MB


def test_reading_rows_needs_no_network(store, tmp_path):
    stored.write(store, range(10))
    script = (
        "import sys\n"
        "from skfusion.store._feature_store import FeatureStore\n"
        "rows, found = FeatureStore(sys.argv[1]).read('f' * 32, [(3).to_bytes(16, 'big')], 8)\n"
        "assert found.all()\n"
        "heavy = {'keras', 'tensorflow', 'torch', 'jax', 'h5py', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    shown = subprocess.check_output([sys.executable, "-c", script, str(store.path)], text=True)
    assert shown.strip() == "[]"


def test_many_stores_in_one_process(tmp_path):
    stores = [FeatureStore(tmp_path / str(i)) for i in range(30)]
    for _ in range(2):
        for i, store in enumerate(stores):
            stored.write(store, [i])
            assert stored.found(store, [i, i + 1]) == [i]
    assert sum(store._backend.database.is_open() for store in stores[:20]) <= 8
    assert all(store.stats()["hits"] == 2 for store in stores)


def test_a_folder_that_is_removed_meanwhile(store, tmp_path):
    stored.write(store, range(5))
    os.rename(store.path, tmp_path / "away")
    assert stored.found(store, range(5)) == []
    stored.write(store, [1])
    assert stored.found(store, range(5)) == [1]
