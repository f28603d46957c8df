"""A store with a limit removes what was not used for longest."""

import os
import threading
import time

import pytest

from skfusion import FeatureStore
from skfusion.store import _last_uses
from tests.store import stored

WIDTH = 1000  # a row takes a page, 4 KB
LIMIT = 500_000


@pytest.fixture
def small(tmp_path):
    return FeatureStore(tmp_path / "store", max_bytes=LIMIT)


def on_disk(store):
    return sum(path.stat().st_size for path in store.path.rglob("features-*.sqlite"))


def test_it_stays_below_the_limit(small):
    for start in range(0, 1000, 50):
        stored.write(small, range(start, start + 50), WIDTH)
        assert small.stats()["bytes"] <= LIMIT
    found = stored.found(small, range(1000), WIDTH)
    assert found == list(range(found[0], 1000))  # the newest
    assert 60 < len(found) < LIMIT / (4 * WIDTH)
    assert on_disk(small) < 1.5 * LIMIT


def test_without_a_limit_nothing_is_removed(store):
    for start in range(0, 1000, 50):
        stored.write(store, range(start, start + 50), WIDTH)
    assert len(stored.found(store, range(1000), WIDTH)) == 1000


def test_the_least_recently_used_are_removed_first(small):
    for number in range(100):
        stored.write(small, [number], WIDTH)
    assert stored.found(small, [3, 5, 7], WIDTH) == [3, 5, 7]
    for number in range(100, 150):
        stored.write(small, [number], WIDTH)
    found = stored.found(small, range(150), WIDTH)
    assert found[:3] == [3, 5, 7]
    assert found[3:] == list(range(found[3], 150))
    assert found[3] > 20


def test_uses_are_remembered_by_later_sessions(small, reopen):
    stored.write(small, range(100), WIDTH)
    stored.found(small, range(20), WIDTH)
    small = reopen(small)
    stored.write(small, range(100, 160), WIDTH)
    found = stored.found(small, range(160), WIDTH)
    assert found[:20] == list(range(20))
    assert len(found) < 130


def test_a_batch_larger_than_the_limit(small):
    stored.write(small, range(1000), WIDTH)
    found = stored.found(small, range(1000), WIDTH)
    assert 0 < len(found) < 125
    assert small.stats()["bytes"] <= LIMIT


def test_a_limit_that_holds_nothing(tmp_path):
    store = FeatureStore(tmp_path / "store", max_bytes=0)
    stored.write(store, range(10))
    stored.add_run(store, "key", b"network")
    assert stored.found(store, range(10)) == []
    assert stored.find_run(store, "key") is None


def test_a_limit_that_comes_later(store):
    stored.write(store, range(1000), WIDTH)
    stored.found(store, range(10), WIDTH)
    store._backend.database.close_idle()  # the log is copied into the database
    before = on_disk(store)
    limited = FeatureStore(store.path, max_bytes=LIMIT)
    stored.write(limited, [1000], WIDTH)
    found = stored.found(limited, range(1001), WIDTH)
    assert found[:10] == list(range(10))
    assert found[-1] == 1000
    assert limited.stats()["bytes"] <= LIMIT
    assert before > 4_000_000
    assert on_disk(limited) < 2 * LIMIT  # the file is shorter now


def test_narrow_rows(tmp_path):
    """Their keys and sources are larger than their features."""
    store = FeatureStore(tmp_path / "store", max_bytes=200_000)
    for start in range(0, 4000, 500):
        stored.write(store, range(start, start + 500), width=1)
    found = stored.found(store, range(4000), width=1)
    assert found == list(range(found[0], 4000))
    assert 500 < len(found) < 3000
    assert store.stats()["bytes"] <= 200_000


def test_runs_are_removed_too(small):
    stored.add_run(small, "old", bytes(100_000))
    stored.add_run(small, "used", bytes(100_000))
    long_ago = time.time() - 100
    for path in (small.path / "runs").iterdir():
        os.utime(path, (long_ago, long_ago))
    assert stored.find_run(small, "used") is not None
    stored.write(small, range(80), WIDTH)
    stats = small.stats()
    assert stats["runs"] == 1
    assert stats["bytes"] <= LIMIT
    assert stored.find_run(small, "old") is None
    assert stored.find_run(small, "used") is not None


def test_rows_are_removed_before_runs_that_are_newer(small):
    stored.write(small, range(100), WIDTH)
    stored.add_run(small, "key", bytes(300_000))
    assert stored.find_run(small, "key") is not None
    found = stored.found(small, range(100), WIDTH)
    assert 0 < len(found) < 50
    assert found == list(range(found[0], 100))


def test_a_clock_that_goes_backwards(small, monkeypatch):
    """New rows do not look old."""
    stored.write(small, range(100), WIDTH)
    real = _last_uses.now_us
    monkeypatch.setattr(_last_uses, "now_us", lambda: real() - 10**13)
    for number in range(100, 150):
        stored.write(small, [number], WIDTH)
    assert stored.found(small, range(100, 150), WIDTH) == list(range(100, 150))
    stored.found(small, range(60, 70), WIDTH)
    stored.write(small, range(150, 240), WIDTH)
    found = stored.found(small, range(240), WIDTH)
    assert found[:10] == list(range(60, 70))
    assert found[10] > 100


def test_digests_of_files_are_removed_before_rows(tmp_path):
    store = FeatureStore(tmp_path / "store", max_bytes=150_000)
    now = _last_uses.now_us()
    entries = [(b"%016d" % i, now - 10**9 + i, bytes(60)) for i in range(2000)]
    statement = "INSERT INTO paths (key, hashed, value) VALUES (?, ?, ?)"
    store._backend.database.run(lambda c: c.executemany(statement, entries) and None, write=True)
    stored.write(store, range(20), WIDTH)
    assert stored.found(store, range(20), WIDTH) == list(range(20))
    assert store.stats()["bytes"] <= 150_000


def test_reading_writes_little(store, monkeypatch):
    """Last uses are collected and written together, the latest of each row."""
    stored.write(store, range(100))
    written = []
    monkeypatch.setattr(store._backend.last_uses, "write", lambda connection: written.append(1))
    for _ in range(50):
        stored.found(store, range(100))
    assert written == []
    assert len(store._backend.last_uses._times) == 100


def test_uses_are_bounded():
    uses = _last_uses.LastUses()
    for start in range(0, 100_000, 1000):
        uses.mark(range(start, start + 1000))
    assert len(uses._times) <= _last_uses._MAX_ROWS
    exact = _last_uses.LastUses()
    exact.mark(range(_last_uses._MAX_ROWS + 1), exactly=True)
    assert exact.is_due()


def test_two_threads_evict(small):
    def work(first):
        for start in range(first, first + 400, 20):
            stored.write(small, range(start, start + 20), WIDTH)
            stored.found(small, range(start, start + 20), WIDTH)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert small.stats()["bytes"] <= LIMIT
    assert stored.found(small, range(1400), WIDTH)
