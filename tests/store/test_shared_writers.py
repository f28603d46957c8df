"""Several processes and threads use a shared store at once, and compact it meanwhile."""

import threading
from datetime import timedelta

import numpy as np
import pytest

from skfusion import CNNEmbedder, FeatureStore, StoreWarning
from skfusion.datasets import make_image_table
from tests.networks_for_tests import tiny_maps
from tests.store import stored

lance = pytest.importorskip("lance", reason="the extra shared-store is not installed")


@pytest.fixture
def machine(tmp_path):
    """A function that returns the store of a machine; all share a folder."""
    return lambda name, **options: FeatureStore(
        tmp_path / name, shared=tmp_path / "shared", **options
    )


def in_threads(functions):
    """Run functions at once, and raise what one of them raises."""
    errors = []

    def run(function):
        try:
            function()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


_WRITE = """
store = FeatureStore(sys.argv[1], shared=sys.argv[2])
first = int(sys.argv[3])
for start in range(first, first + 60, 6):
    write(store, range(start, start + 9))
    store.flush()
"""
_COMPACT = """
store = FeatureStore(sys.argv[1], shared=sys.argv[2])
for _ in range(4):
    store.compact()
"""


def test_writers_and_compaction_at_once(machine, start, finish, tmp_path):
    stored.write(machine("first"), range(2000, 2005))
    machine("first").flush()
    running = [
        start(_WRITE, machine("a"), tmp_path / "shared", 0),
        start(_WRITE, machine("b"), tmp_path / "shared", 30),  # the same images, in part
        start(_COMPACT, machine("c"), tmp_path / "shared"),
    ]
    for process in running:
        finish(process)
    expected = [*range(93), *range(2000, 2005)]
    assert stored.found(machine("d"), range(2010)) == expected
    machine("d").compact()
    about = machine("d").stats()["shared"]
    assert about["rows"] == lance.dataset(machine("d").shared).count_rows() == len(expected)


def test_threads_of_one_process(machine):
    store = machine("a")

    def work(number):
        for start in range(0, 40, 10):
            stored.write(store, range(100 * number + start, 100 * number + start + 10))
            store.flush()
            assert stored.found(store, range(100 * number, 100 * number + start + 10))

    in_threads([lambda number=number: work(number) for number in range(4)])
    expected = [100 * number + i for number in range(4) for i in range(40)]
    assert stored.found(machine("b"), range(400)) == expected
    assert lance.dataset(store.shared).count_rows() == 160


def test_machines_that_start_at_once(machine):
    """Each finds no table, and creates it."""
    stores = [machine(name) for name in "abcd"]
    for number, store in enumerate(stores):
        stored.write(store, [number])
    in_threads([store.flush for store in stores])
    for store in stores:
        store.flush()
    assert stored.found(machine("e"), range(5)) == [0, 1, 2, 3]


def test_conflicts_are_tried_again(machine, monkeypatch):
    real, n_calls = lance.write_dataset, []

    def write(*args, **options):
        n_calls.append(1)
        if len(n_calls) <= 2:
            raise OSError("Commit conflict for version 3: another transaction was committed")
        return real(*args, **options)

    monkeypatch.setattr("lance.write_dataset", write)
    monkeypatch.setattr("skfusion.store._shared_table.time.sleep", lambda seconds: None)
    stored.write(machine("a"), range(3))
    machine("a").flush()
    assert len(n_calls) == 3
    assert stored.found(machine("b"), range(3)) == [0, 1, 2]
    monkeypatch.setattr(
        "lance.write_dataset", lambda *args, **options: write(*args, **options, wrong=1)
    )
    n_calls.clear()
    monkeypatch.setattr("skfusion.store._shared_table._ATTEMPTS", 2)
    stored.write(machine("a"), range(3, 5))
    with pytest.warns(StoreWarning, match="the table can't be read or written: OSError"):
        machine("a").flush()
    assert len(n_calls) == 2


def test_more_rows_than_one_query(machine):
    numbers = range(5000)
    stored.write(machine("a"), numbers, width=2)
    machine("a").flush()
    order = np.random.default_rng(0).permutation(6000).tolist()
    found = stored.found(machine("b"), order, width=2)
    assert found == [number for number in order if number < 5000]
    about = lance.dataset(machine("a").shared)
    assert len(about.get_fragments()) == 3  # a commit for each 2048 rows
    machine("a").compact()
    assert len(lance.dataset(machine("a").shared).get_fragments()) == 1
    assert stored.found(machine("c"), order, width=2) == found


def test_a_small_local_folder(machine):
    """Rows that were evicted from the folder are found in the shared store."""
    small = machine("a", max_bytes=100_000)
    for start in range(0, 100, 20):
        stored.write(small, range(start, start + 20), width=500)
        small.flush()
    assert FeatureStore(small.path).stats()["rows"] < 60
    assert small.stats()["shared"]["rows"] == 100
    assert stored.found(small, range(110), width=500) == list(range(100))


def test_removal_by_age(machine):
    store = machine("a")
    stored.write(store, range(3))
    store.flush()
    assert store.clear(older_than=timedelta(minutes=1)) == 0
    assert store.clear(older_than=timedelta(0)) == 3
    assert machine("b").clear() == 0
    assert machine("b").stats()["shared"]["rows"] == 0
    machine("b").compact()


def test_compaction_of_nothing(machine):
    machine("a").compact()
    assert machine("a").stats()["shared"] == {
        "location": machine("a").shared,
        "rows": 0,
        "runs": 0,
        "bytes": 0,
    }
    with pytest.raises(ValueError, match="The store holds no features"):
        machine("a").export(machine("a").path / "all.parquet")


def test_an_embedder_is_trained_once(machine):
    table = make_image_table(24, image_size=(8, 8), random_state=0)
    features = []
    for name in "ab":
        embedder = CNNEmbedder(
            tiny_maps, cut_layer=-1, epochs=1, random_state=0, early_stopping=False,
            cache=machine(name),
        )  # fmt: skip
        features.append(embedder.fit_transform(table.frame[["image"]], table.target))
    assert np.abs(features[0] - features[1]).max() == 0
    assert machine("a").stats()["session"]["trainings"] == 1
    about = machine("b").stats()
    assert about["session"]["trainings"] == 0
    assert about["trainings_saved"] == 1
    assert about["hits"] == 24
