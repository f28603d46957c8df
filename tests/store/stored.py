"""Rows, runs and threads for tests of the store, also in processes that tests start."""

import threading

import numpy as np

EXTRACTOR = "f" * 32


def keys(numbers):
    """Return the digest of each number."""
    return [int(n).to_bytes(16, "big") for n in numbers]


def features(numbers, width=8):
    """Return the row of each number, so that any process can check what it reads."""
    return (np.array(list(numbers))[:, None] + np.arange(width) / 16).astype(np.float32)


def write(store, numbers, width=8, extractor=EXTRACTOR, **options):
    """Write the rows of numbers."""
    numbers = list(numbers)
    sources = [f"photos/{n}.png" for n in numbers]
    store.write(extractor, keys(numbers), features(numbers, width), sources, **options)


def found(store, numbers, width=8, extractor=EXTRACTOR):
    """Return the numbers whose rows are in the store, and check these rows."""
    numbers = list(numbers)
    rows, there = store.read(extractor, keys(numbers), width)
    assert rows.shape == (len(numbers), width)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows[there], features(numbers, width)[there])
    assert np.isnan(rows[~there]).all()
    return [n for n, is_there in zip(numbers, there, strict=True) if is_there]


def add_run(store, key, blob):
    """Train a network of the key, which must not be in the store."""
    assert store.train_once(key, lambda: (key, blob)) == (blob, True)


def find_run(store, key):
    """Return the network of a key, or None if it is not in the store."""

    def train():
        raise NotStoredError

    try:
        blob, trained = store.train_once(key, train)
    except NotStoredError:
        return None
    assert not trained
    return blob


class NotStoredError(Exception):
    """The store calls `train`."""


def in_thread(function):
    """Run a function in a thread, and return the event that is set when it ends."""
    done = threading.Event()

    def run():
        function()
        done.set()

    threading.Thread(target=run, daemon=True).start()
    return done
