"""A store with a limit forgets what was not used for longest."""

import os
import threading
import time

import pytest

from skfusion.store import _usage
from skfusion.store._feature_store import FeatureStore

WIDTH = 1000  # a row takes a page, 4 KB
LIMIT = 500_000


@pytest.fixture
def small(tmp_path):
    return FeatureStore(tmp_path / "store", max_bytes=LIMIT)


def on_disk(store):
    return sum(path.stat().st_size for path in store.path.rglob("features-*.sqlite"))


def test_it_stays_below_the_limit(small, rows):
    for start in range(0, 1000, 50):
        rows.write(small, range(start, start + 50), WIDTH)
        assert small.stats()["bytes"] <= LIMIT
    found = rows.found(small, range(1000), WIDTH)
    assert found == list(range(found[0], 1000))  # the newest
    assert 60 < len(found) < LIMIT / (4 * WIDTH)
    assert on_disk(small) < 1.5 * LIMIT


def test_without_a_limit_nothing_goes(store, rows):
    for start in range(0, 1000, 50):
        rows.write(store, range(start, start + 50), WIDTH)
    assert len(rows.found(store, range(1000), WIDTH)) == 1000


def test_the_least_recently_used_go_first(small, rows):
    for number in range(100):
        rows.write(small, [number], WIDTH)
    assert rows.found(small, [3, 5, 7], WIDTH) == [3, 5, 7]
    for number in range(100, 150):
        rows.write(small, [number], WIDTH)
    found = rows.found(small, range(150), WIDTH)
    assert found[:3] == [3, 5, 7]
    assert found[3:] == list(range(found[3], 150))
    assert found[3] > 20


def test_uses_are_remembered_by_later_sessions(small, rows, reopen):
    rows.write(small, range(100), WIDTH)
    rows.found(small, range(20), WIDTH)
    small = reopen(small)
    rows.write(small, range(100, 160), WIDTH)
    found = rows.found(small, range(160), WIDTH)
    assert found[:20] == list(range(20))
    assert len(found) < 130


def test_a_batch_larger_than_the_limit(small, rows):
    rows.write(small, range(1000), WIDTH)
    found = rows.found(small, range(1000), WIDTH)
    assert 0 < len(found) < 125
    assert small.stats()["bytes"] <= LIMIT


def test_a_limit_that_holds_nothing(tmp_path, rows):
    store = FeatureStore(tmp_path / "store", max_bytes=0)
    rows.write(store, range(10))
    store.write_run("key", b"network", seconds=1)
    assert rows.found(store, range(10)) == []
    assert store.read_run("key") is None


def test_a_limit_that_comes_later(store, rows):
    rows.write(store, range(1000), WIDTH)
    rows.found(store, range(10), WIDTH)
    store._core.database.close_idle()  # the log is copied into the database
    before = on_disk(store)
    limited = FeatureStore(store.path, max_bytes=LIMIT)
    rows.write(limited, [1000], WIDTH)
    found = rows.found(limited, range(1001), WIDTH)
    assert found[:10] == list(range(10))
    assert found[-1] == 1000
    assert limited.stats()["bytes"] <= LIMIT
    assert before > 4_000_000
    assert on_disk(limited) < 2 * LIMIT  # the file is shorter now


def test_narrow_rows(tmp_path, rows):
    """Their keys and sources take more than they do."""
    store = FeatureStore(tmp_path / "store", max_bytes=200_000)
    for start in range(0, 4000, 500):
        rows.write(store, range(start, start + 500), width=1)
    found = rows.found(store, range(4000), width=1)
    assert found == list(range(found[0], 4000))
    assert 500 < len(found) < 3000
    assert store.stats()["bytes"] <= 200_000


def test_runs_go_too(small, rows):
    small.write_run("old", bytes(100_000), seconds=1)
    small.write_run("used", bytes(100_000), seconds=1)
    long_ago = time.time() - 100
    for path in (small.path / "runs").iterdir():
        os.utime(path, (long_ago, long_ago))
    assert small.read_run("used") is not None
    rows.write(small, range(80), WIDTH)
    stats = small.stats()
    assert stats["runs"] == 1
    assert stats["bytes"] <= LIMIT
    assert small.read_run("old") is None
    assert small.read_run("used") is not None


def test_rows_go_before_runs_that_are_newer(small, rows):
    rows.write(small, range(100), WIDTH)
    small.write_run("key", bytes(300_000), seconds=1)
    assert small.read_run("key") is not None
    found = rows.found(small, range(100), WIDTH)
    assert 0 < len(found) < 50
    assert found == list(range(found[0], 100))


def test_a_clock_that_goes_backwards(small, rows, monkeypatch):
    """What is new is not taken for old."""
    rows.write(small, range(100), WIDTH)
    real = _usage.now_us
    monkeypatch.setattr(_usage, "now_us", lambda: real() - 10**13)
    for number in range(100, 150):
        rows.write(small, [number], WIDTH)
    assert rows.found(small, range(100, 150), WIDTH) == list(range(100, 150))
    rows.found(small, range(60, 70), WIDTH)
    rows.write(small, range(150, 240), WIDTH)
    found = rows.found(small, range(240), WIDTH)
    assert found[:10] == list(range(60, 70))
    assert found[10] > 100


def test_file_digests_go_before_rows(tmp_path, rows):
    store = FeatureStore(tmp_path / "store", max_bytes=150_000)
    now = _usage.now_us()
    entries = [(b"%016d" % i, now - 10**9 + i, bytes(60)) for i in range(2000)]
    statement = "INSERT INTO paths (key, hashed, value) VALUES (?, ?, ?)"
    store._core.database.run(lambda c: c.executemany(statement, entries) and None, write=True)
    rows.write(store, range(20), WIDTH)
    assert rows.found(store, range(20), WIDTH) == list(range(20))
    assert store.stats()["bytes"] <= 150_000


def test_reading_writes_little(store, rows, monkeypatch):
    """Last uses are collected, and written down together; the latest of each row."""
    rows.write(store, range(100))
    written = []
    monkeypatch.setattr(store._core.uses, "write_down", lambda connection: written.append(1))
    for _ in range(50):
        rows.found(store, range(100))
    assert written == []
    assert len(store._core.uses._times) == 100


def test_uses_are_bounded():
    uses = _usage.LastUses()
    for start in range(0, 100_000, 1000):
        uses.mark(range(start, start + 1000))
    assert len(uses._times) <= _usage._MOST
    exact = _usage.LastUses()
    exact.mark(range(_usage._MOST + 1), exactly=True)
    assert exact.due()


def test_two_threads_evict(small, rows):
    def work(first):
        for start in range(first, first + 400, 20):
            rows.write(small, range(start, start + 20), WIDTH)
            rows.found(small, range(start, start + 20), WIDTH)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert small.stats()["bytes"] <= LIMIT
    assert rows.found(small, range(1400), WIDTH)
