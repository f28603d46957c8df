"""A damaged store is set aside and replaced; it never returns wrong rows."""

import sqlite3
import threading
import warnings

import numpy as np
import pytest

from skfusion.exceptions import StoreWarning
from skfusion.store import _schema
from tests.helpers.image_digests import image_digests
from tests.store import stored

NUMBERS = range(300)


@pytest.fixture
def full(store, reopen):
    """Return a store with rows, whose database is not open."""
    stored.write(store, NUMBERS, width=300)
    return reopen(store)


def set_aside(store):
    return sorted(path.name for path in store.path.glob("*.damaged"))


def change(path, work):
    """Change the database without the store."""
    connection = sqlite3.connect(path, isolation_level=None)
    result = work(connection)
    connection.close()
    return result


def zeros(path):
    path.write_bytes(bytes(path.stat().st_size))


def nothing(path):
    path.write_bytes(b"")


def half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def header_only(path):
    path.write_bytes(path.read_bytes()[:100])


def text(path):
    path.write_text("not a database\n" * 1000)


def another_database(path):
    path.unlink()
    change(path, lambda connection: connection.execute("CREATE TABLE t (x)"))


def one_table_less(path):
    change(path, lambda connection: connection.execute("DROP TABLE features"))


def one_trigger_more(path):
    trigger = "CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM features; END"
    change(path, lambda connection: connection.execute(trigger))


def zeroed_beyond_the_first_page(path):
    path.write_bytes(path.read_bytes()[:4096] + bytes(path.stat().st_size - 4096))


DAMAGES = [
    zeros,
    nothing,
    half,
    header_only,
    text,
    another_database,
    one_table_less,
    one_trigger_more,
    zeroed_beyond_the_first_page,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_database_is_set_aside(full, database_path, damage):
    path = database_path(full)
    damage(path)
    with pytest.warns(StoreWarning, match="set aside") as caught:
        assert stored.found(full, NUMBERS, width=300) == []
    assert len(caught) == 1
    assert str(full.path) in str(caught[0].message)
    assert set_aside(full) == [path.name + ".damaged"]
    stored.write(full, NUMBERS, width=300)
    assert stored.found(full, NUMBERS, width=300) == list(NUMBERS)
    assert database_path(full) != path


def test_writing_detects_damage(full, database_path):
    zeros(database_path(full))
    with pytest.warns(StoreWarning, match="set aside"):
        stored.write(full, [1])
    assert stored.found(full, [1]) == [1]  # written into the new one


def overwrite(store, path):
    """Fill a database with zeros while it is open."""
    with open(path, "r+b") as file:
        file.write(bytes(path.stat().st_size))
    for handle in store._backend.database._idle:
        handle.connection.execute("PRAGMA shrink_memory")  # frees cached pages


def test_damage_while_it_is_open(full, database_path):
    assert stored.found(full, NUMBERS, width=300) == list(NUMBERS)
    path = database_path(full)
    overwrite(full, path)
    with pytest.warns(StoreWarning, match="set aside"):
        assert stored.found(full, NUMBERS, width=300) == []
    stored.write(full, [1])
    assert stored.found(full, [1]) == [1]


def test_only_the_last_one_set_aside_is_kept(full, database_path, reopen):
    for _ in range(3):
        full = reopen(full)
        zeros(database_path(full))
        with pytest.warns(StoreWarning, match="set aside"):
            stored.write(full, [1])
    assert len(set_aside(full)) == 1


def test_many_threads_set_it_aside_once(full, database_path):
    stored.found(full, NUMBERS, width=300)
    overwrite(full, database_path(full))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        threads = [
            threading.Thread(target=lambda: stored.found(full, NUMBERS, width=300))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(caught) == 1
    assert len(set_aside(full)) == 1


def test_programs_set_it_aside_once(full, database_path, start, finish):
    zeros(database_path(full))
    script = (
        "warnings.simplefilter('always')\n"
        "sys.stdin.readline()\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    write(store, [int(sys.argv[2])])\n"
        "print(len(caught))\n"
    )
    programs = [start(script, full, number) for number in range(4)]
    for program in programs:
        program.stdin.write("\n")
        program.stdin.flush()
    assert sorted(int(finish(program)) for program in programs) == [0, 0, 0, 1]
    assert len(set_aside(full)) == 1
    assert stored.found(full, range(5)) == [0, 1, 2, 3]


def test_another_process_goes_on_after_it_was_set_aside(full, database_path, start, finish):
    script = (
        "assert len(found(store, range(300), 300)) == 300\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "write(store, [7])\n"
        "assert found(store, [7]) == [7]\n"
    )
    other = start(script, full)
    assert other.stdout.readline() == "ready\n"
    path = database_path(full)
    zeroed = path.read_bytes()[:100] + bytes(path.stat().st_size - 100)
    path.rename(path.with_suffix(".away"))
    path.write_bytes(zeroed)
    with pytest.warns(StoreWarning, match="set aside"):
        stored.write(full, [6])
    other.stdin.write("\n")
    other.stdin.flush()
    finish(other)
    assert stored.found(full, [6, 7]) == [6, 7]


def flip(path, position, bit):
    with open(path, "r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ (1 << bit)]))


def test_a_bit_flipped_inside_a_row(full, database_path):
    path = database_path(full)
    content = path.read_bytes()
    beginning = bytes(4) + stored.features([150], 300).tobytes()[:100]  # it took no seconds
    assert content.count(beginning) == 1
    flip(path, content.index(beginning) + 77, 3)
    with pytest.warns(StoreWarning, match="Rows of the feature store .* were damaged") as caught:
        assert stored.found(full, NUMBERS, width=300) == [n for n in NUMBERS if n != 150]
    assert len(caught) == 1
    assert set_aside(full) == []
    assert stored.found(full, NUMBERS, width=300) == [n for n in NUMBERS if n != 150]
    stored.write(full, [150], width=300)
    assert stored.found(full, NUMBERS, width=300) == list(NUMBERS)


@pytest.mark.parametrize("seed", range(30))
def test_bits_flipped_anywhere(full, database_path, seed):
    """Rows are right or not found, and can be written again."""
    path, rng = database_path(full), np.random.default_rng(seed)
    size = path.stat().st_size
    # Half of the seeds hit the pages with the tables' structure, which come first.
    for position in rng.integers(0, size if seed % 2 else 16 * 4096, size=20):
        flip(path, position, rng.integers(8))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StoreWarning)
        stored.found(full, NUMBERS, width=300)  # checks each row that is found
        stored.write(full, NUMBERS, width=300)
        found = stored.found(full, NUMBERS, width=300)
        full.stats()
        image_digests(full).of_many([str(path)])
    newer = full._backend.breaker.is_tripped(writing=False)  # a flip made it a later format
    assert newer or found == list(NUMBERS)


@pytest.mark.parametrize("value", ["NULL", "'text'", "3", "x'00'", "zeroblob(1208)"])
def test_a_row_of_another_type(full, database_path, value):
    work = f"UPDATE OR IGNORE features SET value = {value} WHERE id % 2"
    if value == "NULL":
        work = "DELETE FROM features WHERE id % 2"
    change(database_path(full), lambda connection: connection.execute(work))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StoreWarning)
        found = stored.found(full, NUMBERS, width=300)
    assert len(found) == len(NUMBERS) / 2
    stored.write(full, NUMBERS, width=300)
    assert stored.found(full, NUMBERS, width=300) == list(NUMBERS)


def test_rows_that_are_exchanged(full, database_path):
    """Each is valid, but has the key of another."""

    def exchange(connection):
        connection.execute("UPDATE features SET id = -id WHERE id <= 100")
        connection.execute("UPDATE features SET id = 101 + id WHERE id < 0")

    change(database_path(full), exchange)
    with pytest.warns(StoreWarning, match="damaged"):
        assert stored.found(full, NUMBERS, width=300) == list(range(100, 300))


def test_extractors_that_are_exchanged(store, database_path, reopen):
    stored.write(store, [1], extractor="one")
    store.write("two", stored.keys([1]), np.zeros((1, 8)), ["a"])
    store = reopen(store)

    def exchange(connection):
        connection.execute("UPDATE entries SET extractor = 10 + extractor")
        connection.execute("UPDATE entries SET extractor = 13 - extractor")

    change(database_path(store), exchange)
    with pytest.warns(StoreWarning, match="damaged"):
        assert stored.found(store, [1], extractor="one") == []


@pytest.mark.parametrize("older", range(_schema.FORMAT))
def test_an_older_format_is_set_aside(full, database_path, older):
    path = database_path(full)
    change(path, lambda connection: connection.execute(f"PRAGMA user_version = {older}"))
    with pytest.warns(StoreWarning, match=f"older format version {older}") as caught:
        assert stored.found(full, NUMBERS, width=300) == []
    assert len(caught) == 1
    assert len(set_aside(full)) == 1
    stored.write(full, [1])
    assert stored.found(full, [1]) == [1]


def test_a_newer_format_is_left_alone(full, database_path):
    path, newer = database_path(full), _schema.FORMAT + 1
    change(path, lambda connection: connection.execute(f"PRAGMA user_version = {newer}"))
    content = path.read_bytes()
    with pytest.warns(StoreWarning, match=f"format version {newer}.*Update skfusion"):
        assert stored.found(full, NUMBERS, width=300) == []
    stored.write(full, [1])
    assert stored.found(full, [1]) == []
    assert database_path(full) == path
    assert path.read_bytes() == content


def test_a_new_log_beside_a_new_database(full, database_path, reopen):
    """A log that doesn't belong to the database is not read into it."""
    stored.write(full, range(1000, 1100))
    log = database_path(full).with_suffix(".sqlite-wal").read_bytes()
    assert log
    full = reopen(full)
    path = database_path(full)
    path.with_suffix(".sqlite-wal").write_bytes(log[: len(log) // 2] + bytes(5000))
    assert stored.found(full, range(1000, 1100)) == list(range(1000, 1100))
