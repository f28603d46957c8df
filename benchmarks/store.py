"""How fast the feature store reads and writes, beside a bare SQLite table of the same blobs.

    python benchmarks/store.py [--rows 100000] [--width 1280] [--batch 1000] [--repeats 5]

The bare table is `key BLOB PRIMARY KEY, value BLOB` in WAL mode; it is read by one `SELECT ... IN`
a batch, and its blobs stay bytes. The store also finds out whether each row is whole, and gives one
array. Both are asked for the same random batches in turn, in one run; rates are medians.
"""

import argparse
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import psutil

from skfusion.store._feature_store import FeatureStore

EXTRACTOR = "0123456789abcdef0123456789abcdef"
TARGET_RATIO, TARGET_OPENING = 0.5, 0.050

_OPENING = """
import sys, time
from skfusion.store._feature_store import FeatureStore
started = time.perf_counter()
_, found = FeatureStore(sys.argv[1]).read("{extractor}", [bytes.fromhex(sys.argv[2])], {width})
assert found.all()
print(time.perf_counter() - started)
"""


class BareTable:
    """The same blobs in a table of keys and values."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute("CREATE TABLE features (key BLOB PRIMARY KEY, value BLOB)")

    def write(self, keys, rows):
        self.connection.execute("BEGIN IMMEDIATE")
        pairs = zip(keys, (row.tobytes() for row in rows), strict=True)
        self.connection.executemany("INSERT INTO features VALUES (?, ?)", pairs)
        self.connection.execute("COMMIT")

    def read(self, keys):
        marks = ",".join("?" * len(keys))
        statement = f"SELECT key, value FROM features WHERE key IN ({marks})"
        return self.connection.execute(statement, keys).fetchall()


def timed(function, *args):
    started = time.perf_counter()
    result = function(*args)
    return time.perf_counter() - started, result


def rss():
    return psutil.Process().memory_info().rss / 2**20


def fill(bare, store, keys, options):
    """Write all rows into both, batch by batch in turn; seconds of each batch."""
    rng = np.random.default_rng(0)
    seconds = []
    for start in range(0, len(keys), options.batch):
        part = keys[start : start + options.batch]
        rows = rng.standard_normal((len(part), options.width), dtype=np.float32)
        sources = [f"photos/front/{start + i:06d}.jpg" for i in range(len(part))]
        bare_seconds, _ = timed(bare.write, part, rows)
        store_seconds, _ = timed(store.write, EXTRACTOR, part, rows, sources)
        if len(part) == options.batch:
            seconds.append((bare_seconds, store_seconds))
    return seconds


def look_up(bare, store, keys, options, n_batches=20):
    """Read the same random batches from both, in turn; seconds of all batches of each repeat."""
    rng = np.random.default_rng(1)
    repeats = []
    for _ in range(options.repeats):
        total = [0.0, 0.0]
        for _ in range(n_batches):
            batch = [keys[i] for i in rng.choice(len(keys), options.batch, replace=False)]
            seconds, found = timed(bare.read, batch)
            total[0] += seconds
            assert len(found) == options.batch
            seconds, (_, found) = timed(store.read, EXTRACTOR, batch, options.width)
            total[1] += seconds
            assert found.all()
        repeats.append([seconds / n_batches for seconds in total])
    return repeats


def show(what, seconds, n_rows):
    """A line with both rates and their ratio; the ratio comes back."""
    bare, store = (n_rows / statistics.median(column) for column in zip(*seconds, strict=True))
    ratio = statistics.median(a / b for a, b in seconds)
    print(f"{what:<8}{bare:>12,.0f}{store:>12,.0f}{ratio:>9.2f}")
    return ratio


def measure_opening(folder, keys, options):
    """Seconds from making a FeatureStore in a new process to its first row; the median."""
    code = _OPENING.format(extractor=EXTRACTOR, width=options.width)
    seconds = [
        float(subprocess.check_output([sys.executable, "-c", code, folder, key.hex()], timeout=120))
        for key in keys[: options.repeats]
    ]
    return statistics.median(seconds)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--width", type=int, default=1280, help="numbers in a row")
    parser.add_argument("--batch", type=int, default=1000, help="rows that are asked for at once")
    parser.add_argument("--repeats", type=int, default=5, help="at least 3")
    parser.add_argument("--folder", help="where to write; removed afterwards")
    return parser.parse_args()


def main():
    options = parse_options()
    folder = tempfile.mkdtemp(prefix="skfusion-bench-", dir=options.folder)
    try:
        keys = [os.urandom(16) for _ in range(options.rows)]
        bare = BareTable(os.path.join(folder, "bare.sqlite"))
        path = os.path.join(folder, "store")
        store = FeatureStore(path)
        print(f"{options.rows:,} rows of {options.width:,} floats, batches of {options.batch:,}\n")
        print(f"{'rows/s':<8}{'bare':>12}{'store':>12}{'ratio':>9}")
        before_writing = rss()
        show("write", fill(bare, store, keys, options), options.batch)
        before_reading = rss()
        ratio = show("read", look_up(bare, store, keys, options), options.batch)
        after_reading = rss()
        opening = measure_opening(path, keys, options)
        stats = store.stats()
        print(f"\nopening to the first row, new process: {opening * 1000:.1f} ms")
        print(
            f"memory: {before_writing:.0f} MiB, after writing {before_reading:.0f}, after reading "
            f"{after_reading:.0f}"
        )
        features = options.rows * options.width * 4
        print(f"on disk: {stats['bytes'] / 1e6:.0f} MB, features alone {features / 1e6:.0f} MB")
    finally:
        shutil.rmtree(folder)
    reached = ratio >= TARGET_RATIO and opening < TARGET_OPENING
    print(
        f"\ntargets (read ratio {TARGET_RATIO}, opening {TARGET_OPENING * 1000:.0f} ms): "
        f"{'reached' if reached else 'MISSED'}"
    )
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
