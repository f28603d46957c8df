"""A second level behind local folders: what one machine computed, another one finds."""

import os
import pickle
import signal
import sys
import time

import numpy as np
import pandas as pd
import pytest

from skfusion import FeatureStore, ImageDescriptors, StoreWarning
from skfusion.datasets import make_image_table
from tests.store import stored

lance = pytest.importorskip("lance", reason="the extra shared-store is not installed")


@pytest.fixture
def machine(tmp_path):
    """A function that returns the store of a machine; all share a folder."""
    return lambda name: FeatureStore(tmp_path / name, shared=tmp_path / "shared")


def shared_rows(store):
    return store.stats()["shared"]["rows"]


def n_copies(store):
    """Return how many rows the table has, with those that are there several times."""
    return lance.dataset(store.shared).count_rows()


def test_one_machine_finds_what_another_wrote(machine):
    first, second = machine("a"), machine("b")
    assert stored.found(second, range(3)) == []
    assert second.width(stored.EXTRACTOR) is None
    stored.write(first, range(10), label="net")
    assert stored.found(second, range(12)) == []
    first.flush()
    assert second.width(stored.EXTRACTOR) == 8
    assert stored.found(second, [11, *range(10), 3, 10]) == [*range(10), 3]
    about = second.stats()
    assert about["rows"] == about["shared"]["rows"] == 10
    assert about["shared"]["location"] == first.shared
    assert about["shared"]["bytes"] > 320
    assert (about["hits"], about["misses"]) == (11, 17)
    # Now they are local, and other extractors and widths are not mixed up.
    assert stored.found(FeatureStore(second.path), range(12)) == list(range(10))
    assert stored.found(machine("c"), range(10), width=4) == []
    assert stored.found(machine("c"), range(10), extractor="other") == []


def test_rows_that_were_found_are_not_sent_again(machine):
    first, second = machine("a"), machine("b")
    stored.write(first, range(10))
    first.flush()
    stored.found(second, range(10))
    stored.write(second, range(5, 15))
    second.flush()
    second.flush()
    assert n_copies(first) == shared_rows(first) == 15


def test_many_rows_are_sent_before_the_end(machine):
    first = machine("a")
    for start in range(0, 2100, 700):
        stored.write(first, range(start, start + 700))
    assert stored.found(machine("b"), range(2200)) == list(range(2100))


def test_two_writers_of_one_image(machine, monkeypatch):
    first, second = machine("a"), machine("b")
    stored.write(first, range(6))
    stored.write(second, range(4, 10))
    first.flush()
    # As if both looked at the same moment:
    monkeypatch.setattr("skfusion.store._shared_table.SharedTable.known", lambda *args: set())
    second.flush()
    assert (n_copies(first), shared_rows(first)) == (12, 10)
    assert stored.found(machine("c"), range(12)) == list(range(10))
    for _ in range(2):
        first.compact()
        assert n_copies(first) == shared_rows(first) == 10
        assert stored.found(machine(f"d{time.time()}"), range(12)) == list(range(10))
    stored.write(first, range(10, 13))
    first.compact()
    assert stored.found(machine("e"), range(14)) == list(range(13))


def test_rows_of_before_and_after_clearing(machine, tmp_path):
    local = FeatureStore(tmp_path / "a")
    stored.write(local, range(5))
    store = machine("a")
    store.flush()
    assert shared_rows(store) == 5
    assert store.clear(older_than=60) == 0
    assert store.clear(older_than=-60) == 5
    assert shared_rows(store) == 0
    # New rows have new ids, so that they are sent.
    stored.write(store, range(3))
    store.flush()
    assert shared_rows(store) == 3
    stored.found(machine("b"), range(3))
    assert store.clear() == 3
    assert (store.stats()["rows"], shared_rows(store)) == (0, 0)
    assert machine("b").clear() == 3
    stored.write(store, range(2))
    store.flush()
    assert stored.found(machine("b"), range(3)) == [0, 1]


def test_networks_are_shared(machine):
    stored.add_run(machine("a"), "key", b"network")
    assert stored.find_run(machine("b"), "key") == b"network"
    assert stored.find_run(machine("b"), "other") is None
    assert machine("b").stats()["trainings_saved"] == 1
    assert FeatureStore(machine("b").path).stats()["runs"] == 1
    about = machine("b").stats()["shared"]
    assert (about["rows"], about["runs"]) == (0, 1)


def test_export(machine, tmp_path):
    stored.write(machine("a"), range(3), label="net")
    machine("a").flush()
    stored.write(machine("b"), range(2, 5), label="it's", extractor="o'ther")
    stored.add_run(machine("b"), "key", b"network")
    machine("b").export(tmp_path / "all.parquet")
    frame = pd.read_parquet(tmp_path / "all.parquet")
    assert frame["extractor"].tolist() == ["net"] * 3 + ["it's"] * 3
    assert (np.stack(frame["features"]) == stored.features([0, 1, 2, 2, 3, 4])).all()
    assert frame["source"][0] == "photos/0.png"
    machine("c").export(tmp_path / "one.h5", extractor="it's")
    with pytest.raises(ValueError, match=r"no features of extractor 'none'.*net, it's"):
        machine("c").export(tmp_path / "none.h5", extractor="none")


def test_transformers_share(machine):
    images = make_image_table(6, random_state=0).frame["image"]
    expected = ImageDescriptors("shape").fit_transform(images)
    for name, hits in [("a", 0), ("b", 6)]:
        found = ImageDescriptors("shape", cache=machine(name)).fit_transform(images)
        assert np.abs(found - expected).max() == 0
        assert machine(name).stats()["hits"] == hits


def test_damaged_rows_are_replaced(machine, tmp_path):
    stored.write(machine("a"), range(4))
    machine("a").flush()
    data = lance.dataset(machine("a").shared)
    value = data.to_table(filter="source = 'photos/2.png'")["value"][0].as_py()
    flipped = bytes([*value[:9], value[9] ^ 1, *value[10:]])
    data.update({"value": f"X'{flipped.hex()}'"}, where="source = 'photos/2.png'")
    assert stored.found(machine("b"), range(4)) == [0, 1, 3]
    stored.write(machine("b"), [2])
    machine("b").flush()
    assert stored.found(machine("c"), range(4)) == [0, 1, 2, 3]
    machine("c").compact()
    assert n_copies(machine("c")) == 4
    assert stored.found(machine("d"), range(4)) == [0, 1, 2, 3]


def test_a_shared_store_that_fails(machine, monkeypatch):
    def fail(*args, **options):
        raise OSError("no disk")

    store = machine("a")
    with monkeypatch.context() as patch:
        patch.setattr("lance.dataset", fail)
        patch.setattr("skfusion.store._circuit_breaker.COOLDOWN_SECONDS", 0)
        with pytest.warns(StoreWarning, match=r"at '.*/shared' can't be used .*computed without"):
            assert stored.found(store, range(3)) == []
        stored.write(store, range(3))
        store.flush()
        assert stored.found(store, range(3)) == [0, 1, 2]
        with pytest.raises(OSError, match="the table can't be read or written: OSError"):
            store.stats()
    # Later it works again; what was kept here is sent.
    store.flush()
    assert stored.found(machine("b"), range(3)) == [0, 1, 2]


def test_a_local_folder_that_fails(tmp_path):
    (tmp_path / "file").write_text("no folder")
    broken = FeatureStore(tmp_path / "file" / "x", shared=tmp_path / "shared")
    with pytest.warns(StoreWarning, match="can't be"):
        stored.write(broken, range(3))
    assert stored.found(FeatureStore(tmp_path / "b", shared=broken.shared), range(3)) == [0, 1, 2]
    assert stored.found(broken, range(3)) == [0, 1, 2]


_WRITE = """
numbers = range(int(sys.argv[3]), int(sys.argv[3]) + 400)
store = FeatureStore(sys.argv[1], shared=sys.argv[2])
print("ready", flush=True)
for start in numbers[::4]:
    write(store, range(start, start + 4))
    print("local", flush=True)
    store.flush()
    print("sent", flush=True)
"""


def test_killed_writers(machine, start, tmp_path):
    rng, n_local, n_sent = np.random.default_rng(0), {}, {}
    for first in range(0, 1600, 400):
        two = [start(_WRITE, machine(name), tmp_path / "shared", first) for name in "ab"]
        for process in two:
            while process.stdout.readline() != "sent\n":
                assert process.poll() is None
        time.sleep(rng.uniform(0, 0.6))
        for name, process in zip("ab", two, strict=True):
            process.send_signal(signal.SIGKILL)
            lines = process.communicate()[0].split()
            n_local[name, first] = 4 + 4 * lines.count("local")
            n_sent[first] = max(n_sent.get(first, 0), 4 + 4 * lines.count("sent"))
    sent = [n for first, count in n_sent.items() for n in range(first, first + count)]
    assert len(sent) >= 16
    assert stored.found(machine("c"), sent) == sent
    for name in "ab":  # the next use of a folder sends the rest
        machine(name).flush()
    kept = {n for (_, first), count in n_local.items() for n in range(first, first + count)}
    assert stored.found(machine("d"), sorted(kept)) == sorted(kept)
    machine("d").compact()
    assert n_copies(machine("d")) == shared_rows(machine("d"))
    assert stored.found(machine("e"), sorted(kept)) == sorted(kept)


_FORK = """
first = FeatureStore(sys.argv[1], shared=sys.argv[2])
warnings.filterwarnings("ignore", "lance is not fork-safe")
write(first, range(5))
first.flush()
child = os.fork()
if not child:
    print(found(FeatureStore(sys.argv[1] + "x", shared=sys.argv[2]), range(6)), flush=True)
    write(first, [7])
    first.flush()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print(found(FeatureStore(sys.argv[1] + "y", shared=sys.argv[2]), range(9)))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_child(machine, start, finish, tmp_path):
    output = finish(start(_FORK, machine("a"), tmp_path / "shared"))
    assert output == "[0, 1, 2, 3, 4]\n[0, 1, 2, 3, 4, 7]\n"


def test_without_the_package(machine, monkeypatch):
    monkeypatch.setitem(sys.modules, "lance", None)
    message = r"Shared stores need lance, .*pip install 'skfusion\[shared-store\]'"
    with pytest.raises(ImportError, match=message):
        stored.found(machine("a"), range(3))
    assert stored.found(FeatureStore(machine("a").path), range(3)) == []


def test_what_a_store_is(machine, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    store = machine("a")
    assert pickle.loads(pickle.dumps(store)) == store != FeatureStore(store.path)
    assert "shared" in repr(store)
    remote = FeatureStore("s3://bucket/features/", max_bytes=5)
    assert remote.shared == "s3://bucket/features"
    assert remote.path.is_relative_to(tmp_path / "cache" / "skfusion")
    content = pickle.dumps(remote)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert pickle.loads(content).path.is_relative_to(tmp_path / "other")
    assert pickle.loads(content).max_bytes == 5
    with pytest.raises(ValueError, match="no shared store"):
        FeatureStore(tmp_path).compact()


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("s3://key:word@bucket/x", "'s3://bucket/x' was passed with a user name"),
        ("s3://bucket/x?token=word", "was passed with"),
        ("https://example.org/x", "can't be a shared store"),
    ],
)
def test_addresses(location, message, tmp_path):
    for make in (FeatureStore, lambda url: FeatureStore(tmp_path, shared=url)):
        with pytest.raises(ValueError, match=message) as info:
            make(location)
        assert "word@" not in str(info.value)
        assert "=word" not in str(info.value)
    with pytest.raises(ValueError, match="path is a URL"):
        FeatureStore("s3://bucket/x", shared="s3://bucket/x")
    with pytest.raises(TypeError, match="shared must be"):
        FeatureStore(tmp_path, shared=3)
