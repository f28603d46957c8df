"""Random operations of three machines on one shared store, compared with plain dicts."""

import numpy as np
import pytest

from skfusion import FeatureStore
from tests.store import stored

lance = pytest.importorskip("lance", reason="the extra shared-store is not installed")
NAMES = "abc"
EXTRACTORS = ("one", "two")


class Model:
    """What a shared store must hold: the rows of each folder, and those that were sent."""

    def __init__(self):
        self.local = {name: set() for name in NAMES}
        self.waiting = {name: set() for name in NAMES}
        self.shared = set()

    def write(self, name, rows):
        self.local[name] |= rows
        self.waiting[name] |= rows

    def send(self, name):
        self.shared |= self.waiting[name]
        self.waiting[name] = set()

    def read(self, name, rows):
        found = rows & (self.local[name] | self.shared)
        if self.waiting[name]:  # then copies wait, too, and are sent if they were cleared meanwhile
            self.waiting[name] |= found - self.local[name]
        self.local[name] |= found
        return found

    def clear(self, name):
        # Folders of other machines keep what they have; what waits there is sent later.
        self.local[name], self.waiting[name], self.shared = set(), set(), set()


class Machines:
    """Three stores with folders of their own."""

    def __init__(self, folder, rng):
        self.folder, self.rng, self.model = folder, rng, Model()

    def store(self, name):
        return FeatureStore(self.folder / name, shared=self.folder / "shared")

    def step(self):
        """Do one operation, and compare what it returns."""
        name = NAMES[self.rng.integers(3)]
        work = self.rng.choice(
            ["write", "read", "send", "compact", "clear"], p=[0.35, 0.35, 0.2, 0.07, 0.03]
        )
        getattr(self, work)(name)

    def write(self, name):
        extractor, numbers = self.draw()
        stored.write(self.store(name), numbers, extractor=extractor)
        self.model.write(name, {(extractor, number) for number in numbers})

    def read(self, name):
        extractor, numbers = self.draw()
        found = stored.found(self.store(name), numbers, extractor=extractor)
        expected = self.model.read(name, {(extractor, number) for number in numbers})
        assert sorted(found) == sorted(number for _, number in expected)

    def send(self, name):
        self.store(name).flush()
        self.model.send(name)
        self.compare()

    def compact(self, name):
        self.store(name).compact()
        self.model.send(name)
        self.compare()
        assert self.n_copies() == len(self.model.shared)

    def clear(self, name):
        self.store(name).clear()
        self.model.clear(name)
        self.compare()

    def draw(self):
        extractor = EXTRACTORS[self.rng.integers(2)]
        return extractor, self.rng.choice(40, size=self.rng.integers(1, 12), replace=False).tolist()

    def compare(self):
        assert self.store("a").stats()["shared"]["rows"] == len(self.model.shared)

    def n_copies(self):
        exists = (self.folder / "shared").exists()
        return lance.dataset(self.folder / "shared").count_rows() if exists else 0


@pytest.mark.parametrize("seed", range(3))
def test_random_operations(tmp_path, seed):
    machines = Machines(tmp_path, np.random.default_rng(seed))
    for _ in range(60):
        machines.step()
    for name in NAMES:
        machines.send(name)
    for extractor in EXTRACTORS:
        expected = sorted(n for key, n in machines.model.shared if key == extractor)
        fresh = FeatureStore(tmp_path / f"fresh {extractor}", shared=tmp_path / "shared")
        assert stored.found(fresh, range(40), extractor=extractor) == expected


def test_rows_that_were_cleared_elsewhere_come_back_when_they_are_written(tmp_path):
    machines = Machines(tmp_path, np.random.default_rng(0))
    first, second = machines.store("a"), machines.store("b")
    stored.write(first, range(4))
    first.flush()
    assert stored.found(second, range(4)) == [0, 1, 2, 3]
    first.clear()
    assert stored.found(machines.store("c"), range(4)) == []
    assert stored.found(second, range(4)) == [0, 1, 2, 3]  # its own copies
    second.flush()  # copies are not sent: they came from there
    assert second.stats()["shared"]["rows"] == 0
    stored.write(second, range(2))
    second.flush()
    assert stored.found(machines.store("c"), range(4)) == [0, 1]
