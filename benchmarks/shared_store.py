"""Which table format carries a shared store: Delta Lake or Lance.

Two processes write rows of float32 at once, in many small commits, to a folder or to an S3 server
on 127.0.0.1 (moto) without any lock beside the server's conditional writes. Then half of the rows
are read by key, before and after the files are merged. Prints one line of JSON per format.

    python benchmarks/shared_store.py --format delta lance --where folder s3
"""

import argparse
import contextlib
import importlib.util
import json
import logging
import multiprocessing
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa

EXTRACTOR = "0" * 32
SCHEMA = pa.schema([("extractor", pa.string()), ("digest", pa.binary()), ("value", pa.binary())])


def rows_of(numbers, width):
    """Return the table of some rows; the keys are those of random content."""
    rng = np.random.default_rng(0)
    keys = rng.bytes(16 * (max(numbers) + 1))
    values = np.random.default_rng(numbers[0]).random((len(numbers), width), dtype=np.float32)
    columns = [EXTRACTOR] * len(numbers), [keys[16 * n : 16 * n + 16] for n in numbers]
    return pa.table([*columns, [value.tobytes() for value in values]], schema=SCHEMA)


class Delta:
    """The package deltalake."""

    package, parts = "deltalake", ("deltalake", "arro3")

    def __init__(self, where):
        self.where = where
        self.options = {"AWS_ALLOW_HTTP": "true"} if where.startswith("s3") else None

    def create(self):
        from deltalake import DeltaTable

        DeltaTable.create(
            self.where, SCHEMA, partition_by=["extractor"], storage_options=self.options
        )

    def append(self, table):
        from deltalake import CommitProperties, write_deltalake

        many = CommitProperties(max_commit_retries=1000)
        options = {"storage_options": self.options, "commit_properties": many}
        write_deltalake(self.where, table, mode="append", **options)

    def read(self, keys):
        from pyarrow import dataset

        table = self._open().to_pyarrow_dataset()
        chosen = (dataset.field("extractor") == EXTRACTOR) & dataset.field("digest").isin(keys)
        return table.to_table(columns=["digest", "value"], filter=chosen)

    def compact(self):
        self._open().optimize.compact()

    def _open(self):
        from deltalake import DeltaTable

        return DeltaTable(self.where, storage_options=self.options)


class Lance:
    """The package pylance."""

    package, parts = "lance", ("lance", "lance_namespace", "lance_namespace_urllib3_client")

    def __init__(self, where):
        self.where = where
        self.options = {"allow_http": "true"} if where.startswith("s3") else None

    def create(self):
        self._write(SCHEMA.empty_table(), "create")

    def append(self, table):
        self._write(table, "append")

    def read(self, keys):
        chosen = ",".join(f"X'{key.hex()}'" for key in keys)
        return self._open().to_table(columns=["digest", "value"], filter=f"digest IN ({chosen})")

    def compact(self):
        table = self._open()
        table.optimize.compact_files()
        table.create_scalar_index("digest", "BTREE")

    def _write(self, table, mode):
        import lance

        lance.write_dataset(table, self.where, mode=mode, storage_options=self.options)

    def _open(self):
        import lance

        return lance.dataset(self.where, storage_options=self.options)


FORMATS = {"delta": Delta, "lance": Lance}


def write(name, where, first, n_rows, options):
    """Write rows in batches, in a process of its own."""
    table = FORMATS[name](where)
    for start in range(first, first + n_rows, options.batch):
        table.append(rows_of(range(start, start + options.batch), options.width))


def measure(name, where, options):
    """Return the seconds of writing and reading in one place."""
    table = FORMATS[name](where)
    table.create()
    context = multiprocessing.get_context("spawn")
    share = options.rows // options.writers
    writers = [
        context.Process(target=write, args=(name, where, number * share, share, options))
        for number in range(options.writers)
    ]
    result = {"write_s": timed(lambda: [each.start() for each in writers] and join(writers))[0]}
    keys = rows_of(range(options.rows), 1)["digest"].to_pylist()[::2]
    for step in ("read_s", "read_compacted_s"):
        result[step], found = timed(lambda: table.read(keys))
        result["rows_lost"] = len(keys) - found.num_rows
        before = psutil.Process().io_counters().read_chars
        result[step.replace("read", "read_few")] = timed(lambda: table.read(keys[::100]))[0]
        n_bytes = psutil.Process().io_counters().read_chars - before
        result[step.replace("read", "read_few")[:-1] + "MB"] = round(n_bytes / 1e6, 1)
        if step == "read_s":
            result["compact_s"] = timed(table.compact)[0]
    return result


def timed(function):
    """Return the seconds that a call takes, and its result."""
    started = time.perf_counter()
    result = function()
    return round(time.perf_counter() - started, 2), result


def join(processes):
    """Wait for processes, which must not fail."""
    for process in processes:
        process.join()
        assert process.exitcode == 0


def installed_bytes(name):
    """Return the size of what a format installs beside pyarrow."""
    total = 0
    for part in FORMATS[name].parts:
        (folder,) = importlib.util.find_spec(part).submodule_search_locations
        total += folder_bytes(folder)
    return total


def folder_bytes(folder):
    """Return the size of all files below a folder."""
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


@contextlib.contextmanager
def place(kind):
    """Yield the address of an empty folder or bucket, and a function that measures its bytes."""
    if kind == "folder":
        with tempfile.TemporaryDirectory() as folder:
            yield f"{folder}/table", lambda: folder_bytes(folder)
        return
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(there,))
    server.start()
    os.environ |= {
        "AWS_ENDPOINT_URL": here.recv(),
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
    }
    import s3fs

    system = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)
    system.mkdir("bucket")
    yield "s3://bucket/table", lambda: system.du("bucket")
    here.send("end")
    server.join()


def serve(ends):
    """Serve S3 until the other end of a pipe is used; send the address first."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    ends.send("http://{}:{}".format(*server.get_host_and_port()))
    ends.recv()
    server.stop()


def main():
    """Measure each format in each place and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--where", nargs="+", choices=["folder", "s3"], default=["folder", "s3"])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--writers", type=int, default=2)
    options = parser.parse_args()
    for kind in options.where:
        for name in options.format:
            with place(kind) as (where, used):
                result = {"format": name, "where": kind} | measure(name, where, options)
                result["stored_MB"] = round(used() / 1e6, 1)
                result["installed_MB"] = round(installed_bytes(name) / 1e6, 1)
                print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
