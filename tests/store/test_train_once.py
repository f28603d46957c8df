"""One thread of all processes trains a network; the others wait for it."""

import json
import signal
import threading
import time

import numpy as np
import pytest

from skfusion import FeatureStore
from tests.processes import run_python
from tests.store import stored

BLOB = bytes(range(256)) * 40


@pytest.fixture
def training():
    """A training that runs until the event `end` is set."""
    return Training()


class Training:
    def __init__(self):
        self.began, self.end, self.n_calls = threading.Event(), threading.Event(), 0

    def __call__(self):
        self.n_calls += 1
        self.began.set()
        assert self.end.wait(20)
        return "key", b"network"


def test_it_is_trained_once(store):
    calls = []

    def train():
        calls.append(1)
        return "key", BLOB

    assert store.train_once("key", train) == (BLOB, True)
    assert store.train_once("key", train) == (BLOB, False)
    assert len(calls) == 1
    stats = store.stats()
    assert (stats["trainings"], stats["trainings_saved"]) == (1, 1)


def test_it_is_stored_under_the_key_that_the_training_returns(store):
    assert store.train_once("before", lambda: ("after", BLOB)) == (BLOB, True)
    assert stored.find_run(store, "before") is None
    assert stored.find_run(store, "after") == BLOB


def test_a_failed_training_stores_nothing(store):
    def fail():
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        store.train_once("key", fail)
    stats = store.stats()
    assert (stats["trainings"], stats["runs"]) == (0, 0)
    stored.add_run(store, "key", BLOB)


def test_a_training_may_train_another_network(store):
    def train():
        stored.add_run(store, "inner", b"inner")
        return "outer", store.train_once("inner", None)[0] + b" and outer"

    assert store.train_once("outer", train) == (b"inner and outer", True)


def test_threads_train_once(store):
    calls, results = [], []

    def train():
        calls.append(1)
        time.sleep(0.2)
        return "key", BLOB

    def work():
        results.append(FeatureStore(store.path).train_once("key", train))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert sorted(trained for _, trained in results) == [False] * 7 + [True]
    assert {blob for blob, _ in results} == {BLOB}


def test_another_key_does_not_wait(store, training):
    first = stored.in_thread(lambda: store.train_once("key", training))
    assert training.began.wait(5)
    stored.add_run(store, "other key", b"other")
    assert not first.is_set()
    training.end.set()
    assert first.wait(5)


def test_a_failed_training_releases_the_threads_that_wait(store, training):
    def fail():
        training()
        raise ZeroDivisionError

    def first():
        with pytest.raises(ZeroDivisionError):
            store.train_once("key", fail)

    failed = stored.in_thread(first)
    assert training.began.wait(5)
    second = stored.in_thread(lambda: stored.add_run(store, "key", b"second"))
    assert not second.wait(0.1)
    training.end.set()
    assert failed.wait(5)
    assert second.wait(5)
    assert stored.find_run(store, "key") == b"second"


# Trains until a line is written to its standard input.
TRAIN = """
def train():
    print("trains", flush=True)
    sys.stdin.readline()
    return "key", b"network"
print("ready", flush=True)
blob, trained = store.train_once("key", train)
print(trained, blob.decode(), flush=True)
"""


def go_on(process):
    process.stdin.write("\n")
    process.stdin.flush()


def test_a_thread_waits_for_another_process(store, start, finish):
    other = start(TRAIN, store)
    assert [other.stdout.readline() for _ in range(2)] == ["ready\n", "trains\n"]
    results = []
    done = stored.in_thread(lambda: results.append(store.train_once("key", None)))
    assert not done.wait(0.3)
    go_on(other)
    assert done.wait(10)
    assert results == [(b"network", False)]
    assert finish(other) == "True network\n"


def test_a_process_waits_for_a_thread_of_another(store, training, start, finish):
    """Also while this process acquires and releases other locks of the same file."""
    done = stored.in_thread(lambda: store.train_once("key", training))
    assert training.began.wait(5)
    other = start(TRAIN, store)
    assert other.stdout.readline() == "ready\n"
    for i in range(20):
        stored.add_run(store, f"other key {i}", b"other")
        time.sleep(0.01)
    assert other.poll() is None
    training.end.set()
    assert done.wait(5)
    assert finish(other) == "False network\n"


def test_it_survives_the_death_of_the_process_that_trains(store, start):
    other = start(TRAIN, store)
    assert [other.stdout.readline() for _ in range(2)] == ["ready\n", "trains\n"]
    done = stored.in_thread(lambda: stored.add_run(store, "key", b"mine"))
    assert not done.wait(0.2)
    other.send_signal(signal.SIGKILL)
    assert done.wait(10)
    assert stored.find_run(store, "key") == b"mine"


def test_two_programs_train_once(store, start, finish):
    script = TRAIN.replace("sys.stdin.readline()", "time.sleep(0.5)")
    outputs = sorted(finish(process).split() for process in [start(script, store) for _ in "ab"])
    assert outputs == [["ready", "False", "network"], ["ready", "trains", "True", "network"]]
    stats = store.stats()
    assert (stats["trainings"], stats["trainings_saved"]) == (1, 1)
    assert stats["seconds_saved"] == pytest.approx(0.5, abs=0.4)


def test_the_file_of_locks_does_not_grow(store):
    for i in range(100):
        stored.add_run(store, f"run {i}", b"network")
    assert (store.path / "locks").stat().st_size == 0
    assert store._backend.locks._locks == {}


EMBED = """
import json, sys
import numpy as np
from skfusion import CNNEmbedder, FeatureStore

rng = np.random.default_rng(0)
images = rng.integers(0, 256, (24, 12, 12, 1), dtype=np.uint8)
embedder = CNNEmbedder(cut_layer="dense", cv=2, epochs=2, random_state=0, cache=sys.argv[1])
features = embedder.fit_transform(images, np.arange(24) % 2)
store = FeatureStore(sys.argv[1])
store.flush()
print(json.dumps([store.stats()["session"]["trainings"], features.tolist()]))
"""


def test_two_programs_that_fit_an_embedder_train_each_network_once(tmp_path):
    results = []
    programs = [
        stored.in_thread(lambda: results.append(json.loads(run_python(EMBED, tmp_path / "store"))))
        for _ in range(2)
    ]
    for program in programs:
        assert program.wait(200)
    (first, first_features), (second, second_features) = results
    assert first + second == 3  # of two folds, and of all rows
    np.testing.assert_array_equal(first_features, second_features)
    stats = FeatureStore(tmp_path / "store").stats()
    assert (stats["trainings"], stats["trainings_saved"], stats["runs"]) == (3, 3, 3)
