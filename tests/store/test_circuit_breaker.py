"""Full disks, read-only folders, locks: features are computed, with one warning."""

import errno
import sqlite3
import sys
import threading

import numpy as np
import pytest

from skfusion import FeatureStore
from skfusion.exceptions import StoreWarning
from skfusion.store import _database_file, _errors, _run_files
from tests.helpers.image_digests import image_digests
from tests.store import stored


def use_everything(store):
    """Do all that an estimator does with a store: nothing is found, nothing is raised."""
    assert stored.found(store, range(5)) == []
    stored.write(store, range(5))
    assert image_digests(store).of_many([b"bytes", __file__])
    assert store.train_once("key", lambda: ("key", b"network"))[0] == b"network"
    store.flush()
    assert store.stats()["misses"] >= 5
    assert "FeatureStore" in repr(store)


def unusable(tmp_path, monkeypatch, how):
    """Return a store whose folder can't be used."""
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
        monkeypatch.setattr("skfusion.store._run_files.open", fail, raising=False)
    return FeatureStore(tmp_path / "store")


@pytest.mark.parametrize(
    "how", ["a file", "below a file", "no folder can be made", "no lock can be made"]
)
def test_a_folder_that_can_not_be_used(tmp_path, monkeypatch, how):
    store = unusable(tmp_path, monkeypatch, how)
    with pytest.warns(StoreWarning, match="computed without") as caught:
        use_everything(store)
    assert len(caught) == 1
    assert str(store.path) in str(caught[0].message)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_a_read_only_file_system():
    with pytest.warns(StoreWarning, match="computed without") as caught:
        use_everything(FeatureStore("/proc/sys/skfusion"))
    assert len(caught) == 1


def test_a_database_that_can_not_be_written(store, monkeypatch):
    """SQLite refuses to write, as in a folder that became read-only."""
    stored.write(store, range(5))
    connection = store._backend.database._idle[0].connection
    connection.execute("PRAGMA query_only = ON")
    with pytest.warns(StoreWarning, match="can't be written to .*readonly"):
        stored.write(store, range(5, 10))
    assert stored.found(store, range(10)) == []
    close_circuit(store)
    assert stored.found(store, range(10)) == list(range(5))


def close_circuit(store):
    """End the time for which a store is not used after an error."""
    store._backend.breaker._open_until = {"read": 0.0, "write": 0.0}


@pytest.fixture
def small_disk(monkeypatch):
    """Databases of at most 100 pages."""
    pragmas = (*_database_file._PRAGMAS, "PRAGMA max_page_count = 100")
    monkeypatch.setattr(_database_file, "_PRAGMAS", pragmas)


def test_a_full_disk(store, small_disk, monkeypatch):
    stored.write(store, range(10), width=1000)
    with pytest.warns(StoreWarning, match="no space left") as caught:
        stored.write(store, range(10, 1000), width=1000)
    assert len(caught) == 1
    assert stored.found(store, range(1000), width=1000) == list(range(10))  # it can still be read
    stored.write(store, range(10, 1000), width=1000)  # no second warning
    close_circuit(store)
    stored.write(store, range(10, 1000), width=1000)
    assert stored.found(store, range(1000), width=1000) == list(range(10))
    stored.write(store, range(10, 20), width=1000)
    assert stored.found(store, range(1000), width=1000) in (list(range(10)), list(range(20)))


def test_a_full_disk_before_there_is_a_store(store, monkeypatch):
    def full(connection):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_database_file, "create_tables", full)
    with pytest.warns(StoreWarning, match="no space left") as caught:
        use_everything(store)
    assert len(caught) == 1


def test_a_full_disk_while_a_run_is_written(store, monkeypatch):
    stored.add_run(store, "old", b"network")

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_run_files, "_encode_header", full)
    with pytest.warns(StoreWarning, match="no space left"):
        stored.add_run(store, "new", b"network")
    stored.add_run(store, "new", b"network")
    assert stored.find_run(store, "old") == b"network"
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
    stored.add_run(store, "large", bytes(10**6))
    assert stored.find_run(store, "large") is None
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


def test_a_store_that_another_program_locks(store, database_path, monkeypatch):
    monkeypatch.setattr(_database_file, "BUSY_SECONDS", 0.1)
    stored.write(store, range(5))
    other = sqlite3.connect(database_path(store), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.warns(StoreWarning, match="locked by another program") as caught:
        stored.write(store, range(5, 10))
    assert len(caught) == 1
    assert stored.found(store, range(10)) == list(range(5))  # reading goes on
    other.execute("COMMIT")
    other.close()
    stored.write(store, range(5, 10))
    assert stored.found(store, range(10)) == list(range(5))  # the store is not used for a while
    close_circuit(store)
    stored.write(store, range(5, 10))
    assert stored.found(store, range(10)) == list(range(10))


def test_a_lock_that_is_released_in_time(store, database_path):
    stored.write(store, range(5))
    other = sqlite3.connect(database_path(store), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    timer.start()
    stored.write(store, range(5, 10))
    timer.join()
    other.close()
    assert stored.found(store, range(10)) == list(range(10))


def test_reading_never_waits_for_a_writer(store, database_path):
    stored.write(store, range(5))
    other = sqlite3.connect(database_path(store), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store._backend._counters_written_at = -1e9  # it is time to write the counters
    assert stored.found(store, range(5)) == list(range(5))
    other.execute("ROLLBACK")
    other.close()
    assert store.stats()["hits"] == 5


def test_another_process_opens_the_store_for_too_long(store, start, monkeypatch):
    monkeypatch.setattr(_database_file, "BUSY_SECONDS", 0.2)
    script = """
os.makedirs(store.path, exist_ok=True)
with store._backend.locks.hold("open"):
    print("held", flush=True)
    sys.stdin.readline()
"""
    holder = start(script, store)
    assert holder.stdout.readline() == "held\n"
    with pytest.warns(StoreWarning, match="locked by another program"):
        assert stored.found(store, [1]) == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "x"), "full"),
        (OSError(errno.EROFS, "x"), "unwritable"),
        (PermissionError(errno.EACCES, "x"), "unwritable"),
        (TimeoutError("x"), "locked"),
        (OSError("x"), "other"),
        (sqlite3.OperationalError("no code"), "other"),
        (_errors.DamagedError("x"), "damaged"),
        (_errors.NewerFormatError("x"), "newer"),
    ],
    ids=str,
)
def test_kinds_of_errors(error, kind):
    assert _errors.classify_error(error) == kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "locked"),
        (sqlite3.SQLITE_FULL, "full"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "unwritable"),
        (sqlite3.SQLITE_CORRUPT_VTAB, "damaged"),
        (sqlite3.SQLITE_IOERR_CORRUPTFS, "damaged"),
        (sqlite3.SQLITE_IOERR_READ, "other"),
    ],
)
def test_kinds_of_errors_of_sqlite(code, kind):
    error = sqlite3.DatabaseError("x")
    error.sqlite_errorcode = code
    assert _errors.classify_error(error) == kind


@pytest.mark.parametrize(
    ("code", "message", "in_a_command"),
    [
        (errno.ENOSPC, "computed each time. Free some space, or pass max_bytes.", "room"),
        (errno.EROFS, "without it. Pass a folder that you may write to.", "other store"),
    ],
)
def test_a_command_may_replace_the_remedy(store, monkeypatch, code, message, in_a_command):
    """The remedy has a name, and is the last sentence of the message."""
    stored.write(store, range(5))

    def fail(*args):
        raise OSError(code, "reason")

    monkeypatch.setattr(_run_files, "_encode_header", fail)
    with pytest.warns(StoreWarning) as caught:
        stored.add_run(store, "key", b"network")
    (warning,) = [each.message for each in caught]
    assert str(warning).endswith(message)
    assert str(warning) == f"{warning.problem} {warning.remedies[in_a_command]}"
