"""Named locks between threads and processes."""

import errno

import pytest

from skfusion.exceptions import StoreWarning
from skfusion.store import _file_locks
from skfusion.store._file_locks import FileLocks
from tests.store import stored

HOLD = """
from skfusion.store._file_locks import FileLocks
with FileLocks(sys.argv[2]).hold("a") as waited:
    print("held", waited, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "locks")


@pytest.fixture
def locks(path):
    return FileLocks(path)


def test_threads_wait(locks):
    waits = []

    def work():
        with locks.hold("a") as waited:
            waits.append(waited)

    with locks.hold("a") as waited:
        assert not waited
        done = stored.in_thread(work)
        assert not done.wait(0.1)
    assert done.wait(5)
    assert waits == [True]


def test_other_names_do_not_wait(locks):
    def work():
        with locks.hold("b") as waited:
            assert not waited

    with locks.hold("a"):
        assert stored.in_thread(work).wait(5)


def test_a_thread_may_hold_it_twice(locks):
    def work():
        with locks.hold("a"):
            pass

    with locks.hold("a"):
        with locks.hold("a"):
            pass
        done = stored.in_thread(work)
        assert not done.wait(0.1)  # the outer context still holds it
    assert done.wait(5)


def test_an_exception_releases_it(locks):
    with pytest.raises(ZeroDivisionError), locks.hold("a"):
        raise ZeroDivisionError
    with locks.hold("a") as waited:
        assert not waited


def test_processes_wait(locks, path, store, start, finish):
    holder = start(HOLD, store, path)
    assert holder.stdout.readline() == "held False\n"
    with locks.hold("b") as waited:
        assert not waited
    waits = []

    def work():
        with locks.hold("a") as waited:
            waits.append(waited)

    done = stored.in_thread(work)
    assert not done.wait(0.3)
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert done.wait(10)
    assert waits == [True]
    finish(holder)


def test_a_thread_waits_no_longer_than_the_timeout(locks):
    errors = []

    def work():
        try:
            with locks.hold("a", timeout=0.05):
                pass
        except TimeoutError as error:
            errors.append(str(error))

    with locks.hold("a"):
        assert stored.in_thread(work).wait(5)
    assert errors == ["another thread holds its lock"]
    with locks.hold("a", timeout=0.05) as waited:
        assert not waited


def test_a_process_waits_no_longer_than_the_timeout(locks, path, store, start):
    holder = start(HOLD, store, path)
    holder.stdout.readline()
    with pytest.raises(TimeoutError, match="another process"), locks.hold("a", timeout=0.05):
        pass
    assert locks._file is None
    with locks.hold("b", timeout=0.05):
        pass


@pytest.mark.skipif(_file_locks.fcntl is None, reason="Windows has other locks")
def test_a_file_system_without_locks(store, monkeypatch):
    def lockf(*args):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(_file_locks.fcntl, "lockf", lockf)
    with pytest.warns(StoreWarning, match="No locks available"):
        stored.add_run(store, "key", b"network")
    stored.add_run(store, "key", b"network")  # no second warning
