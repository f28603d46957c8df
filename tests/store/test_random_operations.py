"""Long random sequences of operations on a store, beside a dict that does the same."""

import copy
import pickle

import h5py
import numpy as np
import pyarrow.parquet
import pytest

from skfusion import FeatureStore

EXTRACTORS = ["a" * 32, "b" * 32, "ab" * 16]
N_DIGESTS, N_STEPS = 30, 60


class Model:
    """A store and a dict, whose operations are compared."""

    def __init__(self, path, seed):
        self.store, self.rows, self.runs = FeatureStore(path), {}, {}
        self.random = np.random.default_rng(seed)
        self.path, self.hits, self.misses, self.trainings = path, 0, 0, [0, 0]
        self.version = 0

    def some_digests(self):
        """Return numbers of digests, some of them repeated, and None for some."""
        numbers = self.random.integers(N_DIGESTS, size=self.random.integers(1, 12)).tolist()
        return [None if self.random.random() < 0.1 else number for number in numbers]

    def some_extractor(self):
        """Return an extractor and the number of its columns."""
        place = self.random.integers(len(EXTRACTORS))
        return EXTRACTORS[place], 3 + int(place)

    def write(self):
        numbers, (extractor, width) = self.some_digests(), self.some_extractor()
        self.version += 1  # content that is computed again may have other features
        features = np.array([[self.version, number or 0, *range(width - 2)] for number in numbers])
        sources = [f"{number}.png" for number in numbers]
        self.store.write(extractor, digests(numbers), features, sources, label=extractor[:2])
        for number, row in zip(numbers, features, strict=True):
            if number is not None:
                self.rows[extractor, number] = np.float32(row)

    def read(self):
        numbers, (extractor, width) = self.some_digests(), self.some_extractor()
        given, found = self.store.read(extractor, digests(numbers), width)
        known = [self.rows.get((extractor, number)) for number in numbers]
        assert found.tolist() == [row is not None for row in known]
        for row, expected in zip(given, known, strict=True):
            np.testing.assert_array_equal(
                row, np.full(width, np.nan) if expected is None else expected
            )
        self.hits += int(found.sum())
        self.misses += int((~found).sum())

    def read_another_width(self):
        numbers, (extractor, width) = self.some_digests(), self.some_extractor()
        _, found = self.store.read(extractor, digests(numbers), width + 1)
        assert not found.any()
        self.misses += len(numbers)

    def train(self):
        key = f"{self.random.integers(8):032x}"
        blob = self.random.bytes(int(self.random.integers(1, 200)))
        given, trained = self.store.train_once(key, lambda: (key, blob))
        assert trained == (key not in self.runs)
        assert given == self.runs.setdefault(key, blob)
        self.trainings[0 if trained else 1] += 1

    def measure(self):
        stats = self.store.stats()
        assert stats["rows"] == len(self.rows)
        assert stats["runs"] == len(self.runs)
        assert (stats["hits"], stats["misses"]) == (self.hits, self.misses)
        assert [stats["trainings"], stats["trainings_saved"]] == self.trainings
        assert stats["bytes"] > 0 or not (self.rows or self.runs)

    def replace(self):
        """Go on with a copy, which shares everything with the store."""
        how = self.random.integers(3)
        if how == 0:
            self.store = pickle.loads(pickle.dumps(self.store))
        elif how == 1:
            self.store = copy.deepcopy(self.store)
        else:
            self.store = FeatureStore(str(self.path))

    def flush(self):
        self.store.flush()

    def widths(self):
        for place, extractor in enumerate(EXTRACTORS):
            is_known = any(key == extractor for key, _ in self.rows)
            assert self.store.width(extractor) == (3 + place if is_known else None)

    def clear(self):
        if self.random.random() < 0.15:
            assert self.store.clear() == len(self.rows) + len(self.runs)
            self.rows, self.runs = {}, {}
            self.hits = self.misses = 0
            self.trainings = [0, 0]

    def step(self):
        operations = [self.write] * 4 + [self.read] * 4 + [self.train, self.measure, self.replace]
        operations += [self.read_another_width, self.flush, self.widths, self.clear]
        operations[self.random.integers(len(operations))]()


def digests(numbers):
    return [None if number is None else int(number).to_bytes(16, "big") for number in numbers]


@pytest.fixture(params=range(4), ids=lambda seed: f"seed{seed}")
def model(request, tmp_path):
    """A store after many operations."""
    model = Model(tmp_path / "store", request.param)
    for _ in range(N_STEPS):
        model.step()
    for _ in range(3):
        model.write()
    return model


def test_a_store_returns_what_a_dict_returns(model):
    model.measure()
    for _ in range(10):
        model.read()


def test_another_session_finds_the_same(model, reopen):
    model.store.flush()
    model.store = reopen(model.store)
    model.measure()
    for _ in range(10):
        model.read()


@pytest.mark.parametrize("name", ["all.parquet", "all.h5"])
def test_an_export_holds_the_same(model, tmp_path, name):
    path = tmp_path / name
    model.store.export(path)
    exported = {}
    if name.endswith("parquet"):
        for line in pyarrow.parquet.read_table(path).to_pylist():
            digest = (
                line["digest"]
                if isinstance(line["digest"], bytes)
                else bytes.fromhex(line["digest"])
            )
            number = int.from_bytes(digest, "big")
            assert line["source"] == f"{number}.png"
            exported.setdefault(number, []).append(np.float32(line["features"]))
    else:
        with h5py.File(path) as file:
            for group in file.values():
                for source, row in zip(group["source"][()], group["features"][()], strict=True):
                    exported.setdefault(int(source.decode().split(".")[0]), []).append(row)
    expected = {}
    for (_, number), row in model.rows.items():
        expected.setdefault(number, []).append(row)
    assert exported.keys() == expected.keys()
    for number, rows in expected.items():
        by_width = {len(row): row for row in exported[number]}
        assert len(by_width) == len(exported[number]) == len(rows)
        for row in rows:
            np.testing.assert_array_equal(by_width[len(row)], row)


def test_one_extractor_is_exported_by_its_label(model, tmp_path):
    for place, extractor in enumerate(EXTRACTORS[:2]):
        n_rows = sum(key == extractor for key, _ in model.rows)
        if n_rows:
            model.store.export(tmp_path / "one.h5", extractor=extractor)
            with h5py.File(tmp_path / "one.h5") as file:
                (group,) = file.values()
                assert group["features"].shape == (n_rows, 3 + place)


@pytest.mark.parametrize("max_bytes", [60_000, 200_000])
def test_with_a_limit_what_is_found_is_right(tmp_path, max_bytes):
    """Rows may be removed at any time, but none is wrong, and the store stays below the limit."""
    store, random = FeatureStore(tmp_path / "small", max_bytes=max_bytes), np.random.default_rng(0)
    n_found = 0
    for _ in range(40):
        numbers = random.integers(400, size=20).tolist()
        rows = np.float32(numbers)[:, np.newaxis] + np.zeros((1, 64), dtype=np.float32)
        store.write(EXTRACTORS[0], digests(numbers), rows, [str(number) for number in numbers])
        asked = random.integers(400, size=30)
        given, found = store.read(EXTRACTORS[0], digests(asked), 64)
        np.testing.assert_array_equal(given[found], np.float32(asked[found])[:, None] * np.ones(64))
        n_found += int(found.sum())
        assert store.stats()["bytes"] <= max_bytes
    assert n_found > 0


def test_rows_that_are_written_again_have_their_new_values(tmp_path):
    store = FeatureStore(tmp_path / "store")
    for value in (1.0, 2.0):
        store.write(EXTRACTORS[0], digests([7]), np.full((1, 5), value), ["7.png"])
    rows, found = store.read(EXTRACTORS[0], digests([7]), 5)
    assert found.all()
    assert rows.tolist() == [[2.0] * 5]
    assert store.stats()["rows"] == 1
