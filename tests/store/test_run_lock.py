"""One worker trains, the others wait: threads, processes, and processes that die."""

import errno
import signal
import threading
import time

import pytest

from skfusion.exceptions import StoreWarning
from skfusion.store import _file_locks
from skfusion.store._file_locks import FileLocks

HOLD = """
with store.run_lock(sys.argv[2]) as waited:
    print("held", waited, flush=True)
    sys.stdin.readline()
"""
TRAIN = """
def train():
    print("trains", flush=True)
    time.sleep(0.5)
    return b"network of " + sys.argv[2].encode()
blob, trained = store.train_once("key", train)
print(trained, blob[:7].decode())
"""


def in_thread(function):
    """Run a function in a thread; when it ended is told by the event that comes back."""
    done = threading.Event()

    def run():
        function()
        done.set()

    threading.Thread(target=run, daemon=True).start()
    return done


def test_threads_wait(store):
    waits = []

    def work():
        with store.run_lock("key") as waited:
            waits.append(waited)

    with store.run_lock("key") as waited:
        assert not waited
        done = in_thread(work)
        assert not done.wait(0.1)
    assert done.wait(5)
    assert waits == [True]


def test_other_keys_do_not_wait(store):
    def work():
        with store.run_lock("b") as waited:
            assert not waited

    with store.run_lock("a"):
        assert in_thread(work).wait(5)


def test_the_same_thread_may_hold_it_twice(store):
    def work():
        with store.run_lock("key"):
            pass

    with store.run_lock("key"):
        with store.run_lock("key"):
            pass
        done = in_thread(work)
        assert not done.wait(0.1)  # still held by the outer one
    assert done.wait(5)


def test_it_is_released_by_an_exception(store):
    with pytest.raises(ZeroDivisionError), store.run_lock("key"):
        raise ZeroDivisionError
    with store.run_lock("key") as waited:
        assert not waited


def test_processes_wait(store, start, finish):
    holder = start(HOLD, store, "key")
    assert holder.stdout.readline() == "held False\n"
    with store.run_lock("other key") as waited:
        assert not waited
    waits = []

    def work():
        with store.run_lock("key") as waited:
            waits.append(waited)

    done = in_thread(work)
    assert not done.wait(0.3)
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert done.wait(10)
    assert waits == [True]
    finish(holder)


def test_a_process_waits_for_a_thread_of_another(store, start, finish):
    """Also while other locks of this process come and go: they share a file."""
    with store.run_lock("key"):
        waiter = start("print('ready', flush=True)\n" + HOLD, store, "key")
        assert waiter.stdout.readline() == "ready\n"
        for i in range(20):
            with store.run_lock(f"other {i}"):
                time.sleep(0.01)
        assert waiter.poll() is None
        released = time.monotonic()
    assert waiter.stdout.readline() == "held True\n"
    assert time.monotonic() - released < 5
    waiter.stdin.write("\n")
    waiter.stdin.flush()
    finish(waiter)


def test_it_survives_the_death_of_the_holder(store, start):
    holder = start(HOLD, store, "key")
    assert holder.stdout.readline() == "held False\n"
    done = in_thread(lambda: store.train_once("key", lambda: b"network"))
    assert not done.wait(0.2)
    holder.send_signal(signal.SIGKILL)
    assert done.wait(10)
    assert store.read_run("key") == b"network"


def test_two_programs_train_once(store, start, finish):
    workers = [start(TRAIN, store, name) for name in ("one", "two")]
    outputs = sorted(finish(worker).split() for worker in workers)
    assert outputs == [["False", "network"], ["trains", "True", "network"]]
    stats = store.stats()
    assert (stats["trainings"], stats["trainings_saved"]) == (1, 1)
    assert stats["seconds_saved"] == pytest.approx(0.5, abs=0.4)


def test_lock_files_do_not_grow(store):
    for i in range(100):
        store.train_once(f"run {i}", lambda: b"network")
    locks = [path for path in store.path.iterdir() if path.name == "locks"]
    assert [path.stat().st_size for path in locks] == [0]
    assert store._core.locks._held == {}


def test_it_waits_no_longer_than_asked(tmp_path):
    locks = FileLocks(str(tmp_path / "locks"))
    late = []

    def work():
        try:
            with locks.hold("a", seconds=0.05):
                pass
        except TimeoutError:
            late.append(1)

    with locks.hold("a"):
        assert in_thread(work).wait(5)
    assert late == [1]
    with locks.hold("a", seconds=0.05) as waited:
        assert not waited


def test_another_process_holds_it_too_long(store, start, tmp_path):
    holder = start(HOLD, store, "key")
    holder.stdout.readline()
    locks = FileLocks(str(store.path / "locks"))
    with pytest.raises(TimeoutError, match="another process"), locks.hold("run key", 0.05):
        pass
    assert locks._file is None
    with locks.hold("run other", 0.05):
        pass


@pytest.mark.skipif(_file_locks.fcntl is None, reason="Windows locks in another way")
def test_a_file_system_without_locks(store, monkeypatch):
    def lockf(*args):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(_file_locks.fcntl, "lockf", lockf)
    with pytest.warns(StoreWarning, match="No locks available"):
        assert store.train_once("key", lambda: b"network") == (b"network", True)
    assert store.train_once("key", lambda: b"network") == (b"network", True)  # no second warning
