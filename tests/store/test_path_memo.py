"""Files that were read before are known by their size, times and inode, unless in doubt."""

import os
import sqlite3
import time

import pytest

from skfusion.store import _image_digests, _path_memo
from skfusion.store._image_digests import ImageDigests
from skfusion.store._path_memo import RACY_NS, FileState, PathMemo

HOUR = 3600 * 10**9


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"first")
    return path


@pytest.fixture
def read_files(monkeypatch):
    """Which files are read."""
    paths = []

    def digest_file(path):
        paths.append(os.path.basename(path))
        return original(path)

    original = _image_digests.digest_file
    monkeypatch.setattr(_image_digests, "digest_file", digest_file)
    return paths


@pytest.fixture
def later(monkeypatch):
    """A function that lets time go by for the memo, clocks of the process and of files alike."""
    ahead, real = [0], time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + ahead[0])
    monkeypatch.setattr(PathMemo, "now_ns", lambda self: time.time_ns())

    def wait(nanoseconds):
        ahead[0] += nanoseconds

    return wait


def write_in_place(path, content, *, like=None):
    """Write into a file without replacing it; with the times that it had, if asked."""
    with open(path, "r+b") as file:
        file.write(content)
    if like is not None:
        os.utime(path, ns=(like.st_atime_ns, like.st_mtime_ns))


def test_a_file_is_read_once(store, file, read_files, later):
    later(HOUR)
    digest = store.digests.of(file)
    assert store.digests.of(file) == digest
    assert store.digests.of_many([file, str(file)]) == [digest, digest]
    assert store.digests.of("a.png", root=file.parent) == digest
    assert read_files == ["a.png"]
    assert digest == ImageDigests().of(b"first")


def test_later_sessions_know_it_too(store, file, read_files, later, reopen):
    later(HOUR)
    digest = store.digests.of(file)
    assert reopen(store).digests.of(file) == digest
    assert read_files == ["a.png"]


def test_a_fresh_file_is_read_again(store, file, read_files):
    """It may change again within the tick of the clock in which it was read."""
    store.digests.of(file)
    store.digests.of(file)
    assert read_files == ["a.png", "a.png"]


def test_rewritten_in_place_within_the_second_at_the_same_size(store, file):
    contents = [b"%05d" % i for i in range(200)]
    for content in contents:
        write_in_place(file, content)
        assert store.digests.of(file) == ImageDigests().of(content)


def test_rewritten_in_place_and_its_time_set_back(store, file, read_files, later):
    """The time of the last change of a file's data can be set, that of the file itself can't."""
    os.utime(file, (10**9, 10**9))
    about = file.stat()
    for content in (b"third", b"forth", b"fifth"):
        before = store.digests.of(file)
        write_in_place(file, content, like=about)
        assert file.stat().st_mtime_ns == about.st_mtime_ns
        assert file.stat().st_size == about.st_size
        assert store.digests.of(file) == ImageDigests().of(content) != before
    later(HOUR)
    assert store.digests.of(file) == ImageDigests().of(b"fifth")
    time.sleep(0.02)  # a tick of the file system's clock
    write_in_place(file, b"sixth", like=about)
    assert store.digests.of(file) == ImageDigests().of(b"sixth")


def test_replaced_by_a_file_with_the_same_times(store, file, later, tmp_path):
    later(HOUR)
    store.digests.of(file)
    about = file.stat()
    (tmp_path / "b.png").write_bytes(b"other")
    os.utime(tmp_path / "b.png", ns=(about.st_atime_ns, about.st_mtime_ns))
    os.replace(tmp_path / "b.png", file)
    assert store.digests.of(file) == ImageDigests().of(b"other")


def test_another_size(store, file, later):
    later(HOUR)
    store.digests.of(file)
    about = file.stat()
    file.write_bytes(b"longer")
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert store.digests.of(file) == ImageDigests().of(b"longer")


def test_renamed_files_are_read_once_more(store, file, read_files, later, tmp_path):
    later(HOUR)
    digest = store.digests.of(file)
    file.rename(tmp_path / "b.png")
    assert store.digests.of(tmp_path / "b.png") == digest
    assert read_files == ["a.png", "b.png"]


def test_a_clock_that_goes_backwards(store, file, read_files, later):
    later(HOUR)
    digest = store.digests.of(file)
    later(-2 * HOUR)  # the entry is from the future: the same times may come to pass again
    assert store.digests.of(file) == digest
    assert store.digests.of(file) == digest
    assert read_files == ["a.png"] * 3
    later(2 * HOUR)
    assert store.digests.of(file) == digest
    assert read_files == ["a.png"] * 3


def test_a_file_from_the_future(store, file, read_files, later):
    os.utime(file, ns=(0, time.time_ns() + HOUR))
    store.digests.of(file)
    store.digests.of(file)
    assert read_files == ["a.png"] * 2


def test_a_clock_of_the_process_that_is_ahead(store, file, read_files, monkeypatch):
    """The file system's own clock is asked as well: the earlier one decides."""
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + HOUR)
    for content in (b"first", b"other", b"third"):
        write_in_place(file, content)
        assert store.digests.of(file) == ImageDigests().of(content)
    assert len(read_files) == 3


def test_a_jumping_clock_never_gives_a_stale_digest(store, file, monkeypatch):
    real, jumps = time.time_ns, iter([0, HOUR, -HOUR, 3 * HOUR, -5 * HOUR] * 40)
    monkeypatch.setattr(time, "time_ns", lambda: real() + next(jumps))
    about = file.stat()
    for i in range(30):
        write_in_place(file, b"%05d" % i, like=about)
        assert store.digests.of(file) == ImageDigests().of(b"%05d" % i)


@pytest.mark.parametrize("which", ["mtime_ns", "ctime_ns"])
def test_what_is_racy(which):
    state = FileState(1, 0, 0, 1)._replace(**{which: 10 * RACY_NS})
    assert state.is_racy(10 * RACY_NS)
    assert state.is_racy(11 * RACY_NS - 1)
    assert not state.is_racy(11 * RACY_NS)
    assert state.is_racy(0)


def test_a_file_that_changes_while_it_is_read(store, file, later, monkeypatch):
    later(HOUR)
    original = _image_digests.digest_file

    def digest_file(path):
        digest, before, _ = original(path)
        write_in_place(path, b"other")
        return digest, before, os.stat(path)

    time.sleep(0.02)
    monkeypatch.setattr(_image_digests, "digest_file", digest_file)
    store.digests.of(file)
    monkeypatch.setattr(_image_digests, "digest_file", original)
    assert store.digests.of(file) == ImageDigests().of(b"other")


def test_a_damaged_entry_is_no_entry(store, file, read_files, later, database_path, reopen):
    later(HOUR)
    digest = store.digests.of(file)
    for position in (0, 20, 45, 58):
        store = reopen(store)
        with sqlite3.connect(database_path(store), isolation_level=None) as connection:
            ((value,),) = connection.execute("SELECT value FROM paths").fetchall()
            flipped = bytearray(value)
            flipped[position] ^= 4
            connection.execute("UPDATE paths SET value = ?", (bytes(flipped),))
        connection.close()
        assert store.digests.of(file) == digest
    assert len(read_files) == 5


@pytest.mark.parametrize("value", [b"", b"short", None, 3], ids=str)
def test_an_entry_that_is_something_else(value):
    assert _path_memo._decode(b"k" * 16, value, FileState(1, 2, 3, 4), 10) is None


def test_paths_of_any_bytes(store, tmp_path, later):
    path = os.fsencode(tmp_path) + b"/\xff\xfe.png"
    with open(path, "wb") as file:
        file.write(b"content")
    later(HOUR)
    assert store.digests.of(os.fsdecode(path)) == store.digests.of(os.fsdecode(path))


def test_many_files(store, tmp_path, read_files, later):
    paths = [tmp_path / f"{i}.png" for i in range(1500)]
    for i, path in enumerate(paths):
        path.write_bytes(b"%d" % (i % 1000))
    later(HOUR)
    digests = store.digests.of_many(paths)
    assert len(set(digests)) == 1000
    assert store.digests.of_many(paths[::-1]) == digests[::-1]
    assert len(read_files) == 1500


def test_clear_forgets_files(store, file, read_files, later):
    later(HOUR)
    store.digests.of(file)
    store.clear()
    store.digests.of(file)
    assert len(read_files) == 2
