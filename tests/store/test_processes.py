"""Threads, forked and spawned processes, several programs, and processes that are killed."""

import os
import sys
import threading

import joblib
import numpy as np
import pytest

from skfusion import FeatureStore
from tests.helpers.image_digests import image_digests
from tests.store import stored

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


def in_threads(works):
    """Run functions side by side; the first error is raised."""
    errors = []

    def run(work):
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.parametrize("n_threads", [2, 8])
def test_threads(store, n_threads):
    def work(seed):
        rng = np.random.default_rng(seed)
        own = FeatureStore(store.path)
        for _ in range(15):
            numbers = rng.integers(0, 2000, size=60).tolist()
            stored.write(own, numbers)
            assert stored.found(own, numbers) == numbers
            stored.found(own, rng.integers(0, 2000, size=60))
            image_digests(own).of_many([bytes([seed]), __file__])

    in_threads([lambda seed=seed: work(seed) for seed in range(n_threads)])
    stats = store.stats()
    assert stats["hits"] + stats["misses"] == n_threads * 15 * 120
    assert stats["rows"] == len(stored.found(store, range(2000)))


def test_threads_share_few_connections(store):
    stored.write(store, range(10))
    for _ in range(5):
        in_threads([lambda: stored.found(store, range(10))] * 4)
    assert 1 <= len(store._backend.database._idle) <= 4


def test_two_programs(store, start, finish):
    """They write the same rows and others at the same time, into a new store."""
    script = """
rng = np.random.default_rng(int(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(40):
    numbers = rng.integers(0, 1000, size=50).tolist()
    write(store, numbers, 100)
    assert found(store, numbers, 100) == numbers
    found(store, range(1000), 100)
print(sorted(found(store, numbers, 100)))
store.flush()
"""
    programs = [start(script, store, seed) for seed in (1, 2)]
    for program in programs:
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        program.stdin.write("\n")
        program.stdin.flush()
    for program in programs:
        finish(program)
    stats = store.stats()
    assert stats["hits"] + stats["misses"] == 2 * (40 * 1050 + 50)
    assert len(stored.found(store, range(1000), width=100)) == stats["rows"] > 900


def _embed(store, numbers):
    """Read rows, compute what is missing and write it, as a worker does."""
    keys = [int(n).to_bytes(16, "big") for n in numbers]
    rows, found = store.read("joblib", keys, 4)
    missing = np.flatnonzero(~found)
    rows[missing] = np.array(numbers, dtype=np.float32)[missing, None] + np.arange(4) / 16
    store.write("joblib", [keys[i] for i in missing], rows[missing], [""] * len(missing))
    store.flush()
    return rows


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib(store, backend):
    with joblib.parallel_config(backend, n_jobs=2):
        results = joblib.Parallel()(joblib.delayed(_embed)(store, range(100)) for _ in range(6))
    for result in results:
        np.testing.assert_array_equal(result, stored.features(range(100), 4))
    stats = store.stats()
    assert stats["rows"] == 100
    assert stats["hits"] + stats["misses"] == 600
    assert stats["hits"] >= 400


@needs_fork
def test_multiprocessing_by_fork(store, start, finish):
    """In a process of its own, since this one may have threads."""
    script = """
import multiprocessing

def work(store, first, queue):
    numbers = range(first, first + 50)
    write(store, numbers)
    queue.put((found(store, numbers) == list(numbers), len(found(store, range(1000, 1010)))))

if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    write(store, range(1000, 1010))
    assert len(found(store, range(1000, 1010))) == 10
    queue = context.SimpleQueue()
    workers = [context.Process(target=work, args=(store, 50 * i, queue)) for i in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert [queue.get() for _ in workers] == [(True, 10)] * 3
    assert len(found(store, range(150))) == 150
    assert store.stats()["session"]["hits"] == 160
"""
    finish(start(script, store))


def test_spawn(store, tmp_path, start, finish):
    """A pool of spawned processes, whose function is in a file."""
    (tmp_path / "spawned.py").write_text(
        "from skfusion.store._feature_store import FeatureStore\n"
        "def look(store, keys):\n"
        "    return store.read('f' * 32, keys, 8)\n"
    )
    stored.write(store, range(10))
    script = """
sys.path.insert(0, sys.argv[2])
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
import spawned

if __name__ == "__main__":
    assert len(found(store, range(10))) == 10
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        for rows, there in pool.map(spawned.look, [store] * 4, [keys(range(20))] * 4):
            assert there.tolist() == [True] * 10 + [False] * 10
            np.testing.assert_array_equal(rows[:10], features(range(10)))
"""
    finish(start(script, store, tmp_path))


@needs_fork
def test_forks_in_the_middle_of_work(store, start, finish):
    """Threads read, write and train while the process forks; neither process hangs or fails."""
    script = """
warnings.filterwarnings("ignore", message=".*multi-threaded", category=DeprecationWarning)
stop, errors = threading.Event(), []

def network():
    return "key", b"network"

store.train_once("key", network)

def work(seed):
    rng = np.random.default_rng(seed)
    try:
        while not stop.is_set():
            numbers = rng.integers(0, 500, size=40).tolist()
            write(store, numbers)
            assert found(store, numbers) == numbers
            assert store.train_once("key", network) == (b"network", False)
            store.train_once(f"{seed} {time.monotonic()}", network)
    except BaseException as error:
        errors.append(error)

threads = [threading.Thread(target=work, args=(seed,), daemon=True) for seed in range(3)]
for thread in threads:
    thread.start()
for i in range(15):
    time.sleep(0.01)
    pid = os.fork()
    if not pid:
        code = 1
        try:
            numbers = list(range(1000 + 10 * i, 1010 + 10 * i))
            write(store, numbers)
            assert found(store, numbers) == numbers
            found(store, range(500))
            assert store.train_once("key", network) == (b"network", False)
            assert store.train_once(f"child {i}", network) == (b"network", True)
            assert store.stats()["session"]["hits"] <= 510
            code = 0
        finally:
            os._exit(code)
    deadline = time.monotonic() + 20
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            raise SystemExit("a forked process hangs")
        time.sleep(0.005)
    assert status == 0, status
stop.set()
for thread in threads:
    thread.join()
assert not errors, errors
assert len(found(store, range(1000, 1150))) == 150
connection = store._backend.database._pop_idle().connection
assert connection.execute("PRAGMA integrity_check").fetchall() == [(b"ok",)]
"""
    finish(start(script, store))


@needs_fork
def test_no_connection_crosses_a_fork(store, start, finish):
    script = """
write(store, range(10))
database = store._backend.database
assert database.is_open()
read_end, write_end = os.pipe()
pid = os.fork()
if not pid:
    opened = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
              if os.path.lexists(f"/proc/self/fd/{fd}")]
    os.write(write_end, b"inherited" if any("sqlite" in path for path in opened) else b"none")
    os._exit(0)
os.waitpid(pid, 0)
assert os.read(read_end, 100) == b"none"
assert found(store, range(10)) == list(range(10))
"""
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc")
    finish(start(script, store))


@needs_fork
def test_a_child_that_exits_regularly(store, start, finish):
    """The child runs the functions that are registered for the exit."""
    script = """
write(store, range(10))
for i in range(5):
    pid = os.fork()
    if not pid:
        found(store, range(10))
        sys.exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    write(store, range(10 * i, 10 * i + 10))
assert found(store, range(50)) == list(range(50))
"""
    finish(start(script, store))


CRASHES = """
import random
from skfusion.store import _database_file
# The log is copied into the database with each batch, so that some are killed while they do that.
_database_file._PRAGMAS += ("PRAGMA wal_autocheckpoint = 20",)
random.seed(int(sys.argv[2]))
WIDTH, BATCH = 300, 40

def writer(round, pipe):
    batch = 0
    while True:
        first = 10**6 * round + BATCH * batch
        write(store, range(first, first + BATCH), WIDTH)
        stored.add_run(store, f"{round} {batch}", b"%d" % first * 5000)
        os.write(pipe, b".")
        batch += 1

def verify(round, n_reported):
    n_batches = n_reported + 2
    first = 10**6 * round
    there = found(store, range(first, first + BATCH * n_batches), WIDTH)  # checks each row
    batches = {(number - first) // BATCH for number in there}
    assert len(there) == BATCH * len(batches), "half a batch"
    assert batches >= set(range(n_reported)), "a batch was lost"
    for batch in range(n_batches):
        blob = stored.find_run(store, f"{round} {batch}")
        assert blob is not None or batch >= n_reported
        assert blob in (None, b"%d" % (first + BATCH * batch) * 5000)
    return len(there)

n_rows = n_torn = 0
for round in range(20):
    read_end, write_end = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(read_end)
        writer(round, write_end)
    os.close(write_end)
    time.sleep(random.uniform(0.005, 0.15))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    n_reported = len(os.read(read_end, 10**6))
    os.close(read_end)
    n_rows += verify(round, n_reported)
for round in range(20):
    verify(round, 0)
connection = store._backend.database._pop_idle().connection
assert connection.execute("PRAGMA integrity_check").fetchall() == [(b"ok",)]
assert not list(store.path.glob("*.damaged"))
print(n_rows)
"""


@needs_fork
def test_killed_writers(store, start, finish):
    """20 writers are killed at random moments: what they reported is there, and all is right."""
    n_rows = int(finish(start(CRASHES, store, 0)))
    assert n_rows > 20 * 40


@needs_fork
def test_killed_while_the_store_is_created(tmp_path, start, finish):
    """There may be no folder, or half a database."""
    script = """
import random
random.seed(1)
for round in range(20):
    pid = os.fork()
    if not pid:
        write(store, range(10))
        time.sleep(10)
    time.sleep(random.uniform(0, 0.03))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    there = found(store, range(10))
    assert there in ([], list(range(10)))
    if round % 4 == 3:
        store._backend.close()
        for path in store.path.glob("features-*"):
            path.unlink()
write(store, range(10))
assert found(store, range(10)) == list(range(10))
assert len(list(store.path.glob("features-*.sqlite"))) == 1
assert not list(store.path.glob("*.new*"))
"""
    finish(start(script, FeatureStore(tmp_path / "store")))


def test_counters_are_written_at_exit(store, start, finish):
    finish(start("write(store, range(5))\nfound(store, range(10))\n", store))
    stats = store.stats()
    assert (stats["hits"], stats["misses"]) == (5, 5)
    assert stats["session"]["hits"] == 0


def test_no_folder_is_created_at_exit(store, start, finish):
    script = """
import shutil
write(store, range(5))
found(store, range(5))
shutil.rmtree(store.path)
"""
    finish(start(script, store))
    assert not store.path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="opened files stay in place there")
def test_a_process_with_the_old_database_leaves_the_new_one(store, start, finish):
    """SQLite removes the log of a database by name when the last one closes it."""
    script = """
write(store, range(5))
print("ready", flush=True)
sys.stdin.readline()
"""
    other = start(script, store)
    assert other.stdout.readline() == "ready\n"
    for path in store.path.glob("features-*"):
        path.unlink()
    stored.write(store, range(10, 20))
    other.stdin.write("\n")
    other.stdin.flush()
    finish(other)
    stored.write(store, range(20, 30))
    assert stored.found(store, range(40)) == list(range(10, 30))
    logs = list(store.path.glob("features-*.sqlite-wal"))
    assert len(logs) == 1
