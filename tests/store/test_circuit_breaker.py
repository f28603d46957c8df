"""Full disks, folders that can't be written, locks: features are computed, with one warning."""

import errno
import sqlite3
import sys
import threading

import numpy as np
import pytest

from skfusion._utils.messages import reword_remedies
from skfusion.exceptions import StoreWarning
from skfusion.store import _circuit_breaker, _database_file, _runs
from skfusion.store._feature_store import FeatureStore


def use_everything(store, rows):
    """All that an estimator does with a store; nothing is found, nothing is raised."""
    assert rows.found(store, range(5)) == []
    rows.write(store, range(5))
    assert store.digests.of(b"bytes")
    store.digests.of_many([__file__])
    assert store.train_once("key", lambda: b"network")[0] == b"network"
    store.flush()
    assert store.stats()["misses"] >= 5
    assert "FeatureStore" in repr(store)


def unusable(tmp_path, monkeypatch, how):
    """A store whose folder can't be used."""
    (tmp_path / "file").write_text("no folder")

    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    def fail(*args, **kwargs):
        raise OSError(errno.EROFS, "Read-only file system")

    if how == "a file":
        return FeatureStore(tmp_path / "file")
    if how == "below a file":
        return FeatureStore(tmp_path / "file" / "store")
    if how == "no folder can be made":
        monkeypatch.setattr(_database_file.os, "makedirs", refuse)
    if how == "no lock can be made":
        (tmp_path / "store").mkdir()
        monkeypatch.setattr("skfusion.store._file_locks.open", fail, raising=False)
        monkeypatch.setattr("skfusion.store._runs.open", fail, raising=False)
    return FeatureStore(tmp_path / "store")


@pytest.mark.parametrize(
    "how", ["a file", "below a file", "no folder can be made", "no lock can be made"]
)
def test_a_folder_that_can_not_be_used(tmp_path, monkeypatch, rows, how):
    store = unusable(tmp_path, monkeypatch, how)
    with pytest.warns(StoreWarning, match="computed without") as caught:
        use_everything(store, rows)
    assert len(caught) == 1
    assert str(store.path) in str(caught[0].message)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_a_read_only_file_system(rows):
    with pytest.warns(StoreWarning, match="computed without") as caught:
        use_everything(FeatureStore("/proc/sys/skfusion"), rows)
    assert len(caught) == 1


def test_a_database_that_can_not_be_written(store, rows, monkeypatch):
    """As in a folder that became read-only: SQLite says so when it is written to."""
    rows.write(store, range(5))
    connection = store._core.database._idle[0].connection
    connection.execute("PRAGMA query_only = ON")
    with pytest.warns(StoreWarning, match="can't be written to .*readonly"):
        rows.write(store, range(5, 10))
    assert rows.found(store, range(10)) == []
    rest(store, monkeypatch)
    assert rows.found(store, range(10)) == list(range(5))


def rest(store, monkeypatch):
    """Let the time go by for which a store that failed is left alone."""
    store._core.troubles._until = {"read": 0.0, "write": 0.0}


@pytest.fixture
def small_disk(monkeypatch):
    """Databases of at most 100 pages."""
    pragmas = (*_database_file._PRAGMAS, "PRAGMA max_page_count = 100")
    monkeypatch.setattr(_database_file, "_PRAGMAS", pragmas)


def test_a_full_disk(store, rows, small_disk, monkeypatch):
    rows.write(store, range(10), width=1000)
    with pytest.warns(StoreWarning, match="no room left") as caught:
        rows.write(store, range(10, 1000), width=1000)
    assert len(caught) == 1
    assert rows.found(store, range(1000), width=1000) == list(range(10))  # it can still be read
    rows.write(store, range(10, 1000), width=1000)  # no second warning
    rest(store, monkeypatch)
    rows.write(store, range(10, 1000), width=1000)
    assert rows.found(store, range(1000), width=1000) == list(range(10))
    rows.write(store, range(10, 20), width=1000)
    assert rows.found(store, range(1000), width=1000) in (list(range(10)), list(range(20)))


def test_a_full_disk_before_there_is_a_store(store, rows, monkeypatch):
    def full(connection):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_database_file, "create_tables", full)
    with pytest.warns(StoreWarning, match="no room left") as caught:
        use_everything(store, rows)
    assert len(caught) == 1


def test_a_full_disk_while_a_run_is_written(store, monkeypatch):
    store.write_run("old", b"network", seconds=1)

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_runs, "_encode_header", full)
    with pytest.warns(StoreWarning, match="no room left"):
        assert store.train_once("new", lambda: b"network") == (b"network", True)
    assert store.train_once("new", lambda: b"network") == (b"network", True)
    assert store.read_run("old") == b"network"
    assert [path.name for path in (store.path / "runs").iterdir() if ".part" in path.name] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_files_that_may_not_grow(store, start, finish):
    """The system itself refuses to write, in the middle of a batch."""
    script = """
import resource
write(store, range(100), 100)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for start in range(100, 3000, 100):
        write(store, range(start, start + 100), 100)
    store.write_run("large", bytes(10**6), seconds=1)
    assert store.read_run("large") is None
    n_found = len(found(store, range(3000), 100))
print(len(caught), n_found)
"""
    n_warnings, n_found = map(int, finish(start(script, store)).split())
    assert 1 <= n_warnings <= 2
    rows, found = store.read("f" * 32, [n.to_bytes(16, "big") for n in range(3000)], 100)
    numbers = np.flatnonzero(found)
    assert {0, 99} <= set(numbers.tolist())
    assert n_found in (0, len(numbers))
    np.testing.assert_array_equal(rows[found][:, 0], numbers.astype(np.float32))


def test_a_store_that_another_program_locks(store, rows, database_path, monkeypatch):
    monkeypatch.setattr(_database_file, "BUSY_SECONDS", 0.1)
    rows.write(store, range(5))
    other = sqlite3.connect(database_path(store), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.warns(StoreWarning, match="locked by another program") as caught:
        rows.write(store, range(5, 10))
    assert len(caught) == 1
    assert rows.found(store, range(10)) == list(range(5))  # reading goes on
    other.execute("COMMIT")
    other.close()
    rows.write(store, range(5, 10))
    assert rows.found(store, range(10)) == list(range(5))  # the store is left alone for a while
    rest(store, monkeypatch)
    rows.write(store, range(5, 10))
    assert rows.found(store, range(10)) == list(range(10))


def test_a_lock_shorter_than_the_patience(store, rows, database_path):
    rows.write(store, range(5))
    other = sqlite3.connect(database_path(store), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    timer.start()
    rows.write(store, range(5, 10))
    timer.join()
    other.close()
    assert rows.found(store, range(10)) == list(range(10))


def test_reading_never_waits_for_a_writer(store, rows, database_path):
    rows.write(store, range(5))
    other = sqlite3.connect(database_path(store), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store._core._counted = -1e9  # it is time to write the counters down
    assert rows.found(store, range(5)) == list(range(5))
    other.execute("ROLLBACK")
    other.close()
    assert store.stats()["hits"] == 5


def test_an_opening_that_another_process_holds_up(store, rows, start, monkeypatch):
    monkeypatch.setattr(_database_file, "BUSY_SECONDS", 0.2)
    script = """
os.makedirs(store.path, exist_ok=True)
with store._core.locks.hold("open"):
    print("held", flush=True)
    sys.stdin.readline()
"""
    holder = start(script, store)
    assert holder.stdout.readline() == "held\n"
    with pytest.warns(StoreWarning, match="locked by another program"):
        assert rows.found(store, [1]) == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "x"), "full"),
        (OSError(errno.EROFS, "x"), "closed"),
        (PermissionError(errno.EACCES, "x"), "closed"),
        (TimeoutError("x"), "locked"),
        (OSError("x"), "other"),
        (sqlite3.OperationalError("no code"), "other"),
        (_circuit_breaker.DamagedError("x"), "damaged"),
        (_circuit_breaker.NewerFormatError("x"), "newer"),
    ],
    ids=str,
)
def test_kinds(error, kind):
    assert _circuit_breaker.kind_of(error) == kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "locked"),
        (sqlite3.SQLITE_FULL, "full"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "closed"),
        (sqlite3.SQLITE_CORRUPT_VTAB, "damaged"),
        (sqlite3.SQLITE_IOERR_CORRUPTFS, "damaged"),
        (sqlite3.SQLITE_IOERR_READ, "other"),
    ],
)
def test_kinds_by_code(code, kind):
    error = sqlite3.DatabaseError("x")
    error.sqlite_errorcode = code
    assert _circuit_breaker.kind_of(error) == kind


@pytest.mark.parametrize(
    ("code", "message", "in_a_command"),
    [
        (errno.ENOSPC, "computed each time. Free some space, or pass max_bytes.", "room"),
        (errno.EROFS, "without it. Name a folder that is yours to write.", "other store"),
    ],
)
def test_a_command_may_tell_its_own_remedy(code, message, in_a_command):
    with pytest.warns(StoreWarning) as caught:
        _circuit_breaker.CircuitBreaker("/store").rest(OSError(code, "reason"), writing=True)
    warning = caught[0].message
    assert str(warning).endswith(message)
    assert reword_remedies({in_a_command: "Add --cache."}, warning).endswith(". Add --cache.")
