"""Files of trained networks: complete and undamaged, or not read."""

import os
import time

import pytest

from skfusion.exceptions import StoreWarning
from skfusion.store import _run_files
from tests.store import stored

BLOB = bytes(range(256)) * 40


def run_file(store):
    (path,) = (store.path / "runs").glob("*.run")
    return path


@pytest.mark.parametrize("blob", [b"", b"x", BLOB], ids=len)
def test_round_trip(store, blob):
    assert stored.find_run(store, "key") is None
    stored.add_run(store, "key", blob)
    assert stored.find_run(store, "key") == blob
    assert stored.find_run(store, "other key") is None
    assert store.stats()["runs"] == 1


def test_any_key(store):
    for key in ("a/b", "..", "Ü" * 300, ""):
        stored.add_run(store, key, key.encode())
        assert stored.find_run(store, key) == key.encode()
    assert {path.parent for path in store.path.rglob("*.run")} == {store.path / "runs"}


def test_written_twice(store):
    for blob in (b"one", b"two"):
        store.train_once(f"key of {blob}", lambda blob=blob: ("key", blob))
    assert stored.find_run(store, "key") == b"two"
    assert store.stats()["runs"] == 1


def test_statistics(store, reopen, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])

    def train():
        clock[0] += 3.0
        return "key", BLOB

    assert store.train_once("key", train) == (BLOB, True)
    stored.find_run(store, "key")
    stored.find_run(store, "key")
    stored.find_run(store, "nothing")
    for each in (store, reopen(store)):
        stats = each.stats()
        assert (stats["trainings"], stats["trainings_saved"]) == (1, 2)
        assert stats["seconds_saved"] == 6.0
        assert stats["bytes"] > len(BLOB)


@pytest.mark.parametrize("position", [0, 14, 16, 25, 35, 45, 60, 5000, -1])
def test_a_flipped_bit(store, position):
    stored.add_run(store, "key", BLOB)
    path = run_file(store)
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.warns(StoreWarning, match="damaged and is trained again"):
        assert stored.find_run(store, "key") is None
    assert stored.find_run(store, "key") is None
    stored.add_run(store, "key", BLOB)
    assert stored.find_run(store, "key") == BLOB


@pytest.mark.parametrize("size", [0, 10, 47, 48, 5000])
def test_a_truncated_file(store, size):
    stored.add_run(store, "key", BLOB)
    os.truncate(run_file(store), size)
    with pytest.warns(StoreWarning, match="damaged"):
        assert stored.find_run(store, "key") is None


def test_the_file_of_another_run(store):
    stored.add_run(store, "one", BLOB)
    one = run_file(store)
    content = one.read_bytes()
    one.unlink()
    stored.add_run(store, "two", b"two")
    run_file(store).write_bytes(content)
    with pytest.warns(StoreWarning, match="damaged"):
        assert stored.find_run(store, "two") is None


def test_another_format_version_is_not_read(store):
    stored.add_run(store, "key", BLOB)
    path = run_file(store)
    path.write_bytes(path.read_bytes().replace(b"run 1\n", b"run 2\n", 1))
    with pytest.warns(StoreWarning):
        assert stored.find_run(store, "key") is None


def test_abandoned_files_are_removed(store):
    stored.add_run(store, "key", BLOB)
    old, fresh = store.path / "runs" / "a.run.b.part", store.path / "runs" / "c.run.d.part"
    old.write_bytes(b"")
    fresh.write_bytes(b"")
    os.utime(old, (1, time.time() - 2 * _run_files._ABANDONED_SECONDS))
    stored.add_run(store, "other", BLOB)
    assert not old.exists()
    assert fresh.exists()
    assert store.stats()["runs"] == 2
