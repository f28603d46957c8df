"""Stores that tests share, and processes that use them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from skfusion import FeatureStore
from skfusion.store._backend_registry import _REGISTRY

ROOT = Path(__file__).parents[2]


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
    """A function that closes a store and opens it as a new process would."""

    def close(store):
        backend = _REGISTRY.get()._backends.pop(os.path.realpath(store.path), None)
        if backend is not None:
            backend.close()
        return FeatureStore(store.path, store.max_bytes)

    return close


_PRELUDE = """
import os, signal, sys, threading, time, warnings
import numpy as np
import numpy.testing  # else a thread imports it on first use, while another one forks
warnings.simplefilter("error")
from skfusion import FeatureStore
from tests.store import stored
from tests.store.stored import features, found, keys, write

store = FeatureStore(sys.argv[1])
"""


@pytest.fixture
def start():
    """A function that starts Python with the store of a path; stopped after the test."""
    running = []

    def run(script, store, *args):
        process = subprocess.Popen(
            [sys.executable, "-c", _PRELUDE + script, str(store.path), *map(str, args)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]])},
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
    """A function that waits for a process and returns its output; fails if the process does."""

    def wait(process, seconds=60):
        output, errors = process.communicate(timeout=seconds)
        assert process.returncode == 0, errors
        return output

    return wait
