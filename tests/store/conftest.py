"""Stores and rows that tests of the store share."""

import os
import subprocess
import sys

import numpy as np
import pytest

from skfusion.store._feature_store import FeatureStore

EXTRACTOR = "f" * 32


class Rows:
    """Keys and rows that follow from numbers, so that any process can tell what is right."""

    extractor = EXTRACTOR

    @staticmethod
    def keys(numbers):
        return [int(n).to_bytes(16, "big") for n in numbers]

    @staticmethod
    def features(numbers, width=8):
        return (np.array(list(numbers))[:, None] + np.arange(width) / 16).astype(np.float32)

    def write(self, store, numbers, width=8, extractor=EXTRACTOR, **options):
        numbers = list(numbers)
        sources = [f"photos/{n}.png" for n in numbers]
        store.write(
            extractor, self.keys(numbers), self.features(numbers, width), sources, **options
        )

    def found(self, store, numbers, width=8, extractor=EXTRACTOR):
        """The numbers whose rows are in the store; all of them are checked."""
        numbers = list(numbers)
        rows, found = store.read(extractor, self.keys(numbers), width)
        assert rows.shape == (len(numbers), width)
        assert rows.dtype == np.float32
        np.testing.assert_array_equal(rows[found], self.features(numbers, width)[found])
        assert np.isnan(rows[~found]).all()
        return [n for n, there in zip(numbers, found, strict=True) if there]


@pytest.fixture(scope="session")
def rows():
    return Rows()


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "store")


@pytest.fixture
def database_path():
    """A function that finds the database of a store."""

    def find(store):
        (path,) = store.path.glob("features-*.sqlite")
        return path

    return find


@pytest.fixture
def reopen():
    """A function that makes a store forget its open files, as a new process would."""
    from skfusion.store import _store_backend

    def forget(store):
        core = _store_backend._CORES.pop(os.path.realpath(store.path), None)
        if core is not None:
            core.close()
        return FeatureStore(store.path, store.max_bytes)

    return forget


_PRELUDE = """
import os, signal, sys, threading, time, warnings
import numpy as np
import numpy.testing  # else loaded when it is first used, by a thread, while another forks
warnings.simplefilter("error")
from skfusion.store._feature_store import FeatureStore

def keys(numbers):
    return [int(n).to_bytes(16, "big") for n in numbers]

def features(numbers, width=8):
    return (np.array(list(numbers))[:, None] + np.arange(width) / 16).astype(np.float32)

def write(store, numbers, width=8):
    sources = [f"photos/{n}.png" for n in numbers]
    store.write("f" * 32, keys(numbers), features(numbers, width), sources)

def found(store, numbers, width=8):
    rows, there = store.read("f" * 32, keys(numbers), width)
    np.testing.assert_array_equal(rows[there], features(numbers, width)[there])
    return [n for n, yes in zip(numbers, there) if yes]

store = FeatureStore(sys.argv[1])
"""


@pytest.fixture
def start():
    """A function that starts a new Python with the store of a path; stopped after the test."""
    running = []

    def run(script, store, *args):
        process = subprocess.Popen(
            [sys.executable, "-c", _PRELUDE + script, str(store.path), *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def finish():
    """A function that waits for a process and gives its output; a failure is one of the test."""

    def wait(process, seconds=60):
        output, errors = process.communicate(timeout=seconds)
        assert process.returncode == 0, errors
        return output

    return wait
