"""Trained networks: kept whole or not at all, and trained once."""

import os
import threading
import time

import pytest

from skfusion.exceptions import StoreWarning
from skfusion.store import _runs
from skfusion.store._feature_store import FeatureStore

BLOB = bytes(range(256)) * 40


def run_file(store):
    (path,) = (store.path / "runs").glob("*.run")
    return path


@pytest.mark.parametrize("blob", [b"", b"x", BLOB], ids=len)
def test_round_trip(store, blob):
    assert store.read_run("key") is None
    store.write_run("key", blob, seconds=2.5)
    assert store.read_run("key") == blob
    assert store.read_run("other key") is None
    assert store.stats()["runs"] == 1


def test_any_key(store):
    for key in ("a/b", "..", "Ü" * 300, ""):
        store.write_run(key, key.encode(), seconds=1)
        assert store.read_run(key) == key.encode()
    assert {path.parent for path in store.path.rglob("*.run")} == {store.path / "runs"}


def test_written_twice(store):
    store.write_run("key", b"one", seconds=1)
    store.write_run("key", b"two", seconds=1)
    assert store.read_run("key") == b"two"
    assert store.stats()["runs"] == 1


def test_statistics(store, reopen):
    store.write_run("key", BLOB, seconds=3.0)
    store.read_run("key")
    store.read_run("key")
    store.read_run("nothing")
    for each in (store, reopen(store)):
        stats = each.stats()
        assert (stats["trainings"], stats["trainings_saved"]) == (1, 2)
        assert stats["seconds_saved"] == 6.0
        assert stats["bytes"] > len(BLOB)


@pytest.mark.parametrize("position", [0, 14, 16, 25, 35, 45, 60, 5000, -1])
def test_a_flipped_bit(store, position):
    store.write_run("key", BLOB, seconds=1)
    path = run_file(store)
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.warns(StoreWarning, match="damaged and is trained again"):
        assert store.read_run("key") is None
    assert store.read_run("key") is None
    store.write_run("key", BLOB, seconds=1)
    assert store.read_run("key") == BLOB


@pytest.mark.parametrize("size", [0, 10, 47, 48, 5000])
def test_a_truncated_file(store, size):
    store.write_run("key", BLOB, seconds=1)
    os.truncate(run_file(store), size)
    with pytest.warns(StoreWarning, match="damaged"):
        assert store.read_run("key") is None


def test_the_file_of_another_run(store):
    store.write_run("one", BLOB, seconds=1)
    one = run_file(store)
    content = one.read_bytes()
    one.unlink()
    store.write_run("two", b"two", seconds=1)
    run_file(store).write_bytes(content)
    with pytest.warns(StoreWarning, match="damaged"):
        assert store.read_run("two") is None


def test_another_format_version_is_not_read(store):
    store.write_run("key", BLOB, seconds=1)
    path = run_file(store)
    path.write_bytes(path.read_bytes().replace(b"run 1\n", b"run 2\n", 1))
    with pytest.warns(StoreWarning):
        assert store.read_run("key") is None


def test_unfinished_files_are_swept(store):
    store.write_run("key", BLOB, seconds=1)
    old, fresh = store.path / "runs" / "a.run.b.part", store.path / "runs" / "c.run.d.part"
    old.write_bytes(b"")
    fresh.write_bytes(b"")
    os.utime(old, (1, time.time() - 2 * _runs._ABANDONED_SECONDS))
    store.write_run("other", BLOB, seconds=1)
    assert not old.exists()
    assert fresh.exists()
    assert store.stats()["runs"] == 2


def test_train_once(store):
    trained = []

    def train():
        trained.append(1)
        return BLOB

    assert store.train_once("key", train) == (BLOB, True)
    assert store.train_once("key", train) == (BLOB, False)
    assert len(trained) == 1
    stats = store.stats()
    assert (stats["trainings"], stats["trainings_saved"]) == (1, 1)


def test_a_training_that_fails_is_begun_anew(store):
    def fails():
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError):
        store.train_once("key", fails)
    assert store.train_once("key", lambda: BLOB) == (BLOB, True)


def test_threads_train_once(store):
    trained, results = [], []

    def train():
        trained.append(1)
        time.sleep(0.2)
        return BLOB

    def work():
        results.append(FeatureStore(store.path).train_once("key", train))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(trained) == 1
    assert sorted(here for _, here in results) == [False] * 7 + [True]
    assert {blob for blob, _ in results} == {BLOB}
