"""A file that was read before is not read again, unless it may have changed."""

import os
import sqlite3
import time

import pytest

from skfusion._utils.file_state import FileState
from skfusion.images import _image_digests
from skfusion.images._image_digests import ImageDigests
from skfusion.store import _path_memo
from skfusion.store._path_memo import RACY_NS, PathMemo, is_racy

HOUR = 3600 * 10**9


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"first")
    return path


@pytest.fixture
def remembered(store):
    """Digests of files that the store remembers."""
    return ImageDigests(store.path_memo)


@pytest.fixture
def read_files(monkeypatch):
    """The names of the files that were read."""
    paths = []

    def digest_file(path):
        paths.append(os.path.basename(path))
        return original(path)

    original = _image_digests.digest_file
    monkeypatch.setattr(_image_digests, "digest_file", digest_file)
    return paths


@pytest.fixture
def later(monkeypatch):
    """A function that sets the clocks of the process and of the file system."""
    ahead, real = [0], time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + ahead[0])
    monkeypatch.setattr(PathMemo, "now_ns", lambda self: time.time_ns())

    def wait(nanoseconds):
        ahead[0] += nanoseconds

    return wait


def write_in_place(path, content, *, like=None):
    """Write into a file without replacing it; restore the times of `like`."""
    with open(path, "r+b") as file:
        file.write(content)
    if like is not None:
        os.utime(path, ns=(like.st_atime_ns, like.st_mtime_ns))


def test_a_file_is_read_once(remembered, file, read_files, later):
    later(HOUR)
    digest = remembered.of(file)
    assert remembered.of(file) == digest
    assert remembered.of_many([file, str(file)]) == [digest, digest]
    assert remembered.of("a.png", root=file.parent) == digest
    assert read_files == ["a.png"]
    assert digest == ImageDigests().of(b"first")


def test_later_sessions_do_not_read_it(store, remembered, file, read_files, later, reopen):
    later(HOUR)
    digest = remembered.of(file)
    assert ImageDigests(reopen(store).path_memo).of(file) == digest
    assert read_files == ["a.png"]


def test_a_fresh_file_is_read_again(remembered, file, read_files):
    """It may change again within the tick of the clock in which it was read."""
    remembered.of(file)
    remembered.of(file)
    assert read_files == ["a.png", "a.png"]


def test_rewritten_in_place_within_the_second_at_the_same_size(remembered, file):
    contents = [b"%05d" % i for i in range(200)]
    for content in contents:
        write_in_place(file, content)
        assert remembered.of(file) == ImageDigests().of(content)


def test_rewritten_in_place_and_its_time_set_back(remembered, file, read_files, later):
    """The time of the last change of a file's data can be set, that of the file itself can't."""
    os.utime(file, (10**9, 10**9))
    about = file.stat()
    for content in (b"third", b"forth", b"fifth"):
        before = remembered.of(file)
        write_in_place(file, content, like=about)
        assert file.stat().st_mtime_ns == about.st_mtime_ns
        assert file.stat().st_size == about.st_size
        assert remembered.of(file) == ImageDigests().of(content) != before
    later(HOUR)
    assert remembered.of(file) == ImageDigests().of(b"fifth")
    time.sleep(0.02)  # a tick of the file system's clock
    write_in_place(file, b"sixth", like=about)
    assert remembered.of(file) == ImageDigests().of(b"sixth")


def test_replaced_by_a_file_with_the_same_times(remembered, file, later, tmp_path):
    later(HOUR)
    remembered.of(file)
    about = file.stat()
    (tmp_path / "b.png").write_bytes(b"other")
    os.utime(tmp_path / "b.png", ns=(about.st_atime_ns, about.st_mtime_ns))
    os.replace(tmp_path / "b.png", file)
    assert remembered.of(file) == ImageDigests().of(b"other")


def test_another_size(remembered, file, later):
    later(HOUR)
    remembered.of(file)
    about = file.stat()
    file.write_bytes(b"longer")
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert remembered.of(file) == ImageDigests().of(b"longer")


def test_renamed_files_are_read_once_more(remembered, file, read_files, later, tmp_path):
    later(HOUR)
    digest = remembered.of(file)
    file.rename(tmp_path / "b.png")
    assert remembered.of(tmp_path / "b.png") == digest
    assert read_files == ["a.png", "b.png"]


def test_a_clock_that_goes_backwards(remembered, file, read_files, later):
    later(HOUR)
    digest = remembered.of(file)
    later(-2 * HOUR)  # the entry is from the future: the same times may come to pass again
    assert remembered.of(file) == digest
    assert remembered.of(file) == digest
    assert read_files == ["a.png"] * 3
    later(2 * HOUR)
    assert remembered.of(file) == digest
    assert read_files == ["a.png"] * 3


def test_a_file_from_the_future(remembered, file, read_files, later):
    os.utime(file, ns=(0, time.time_ns() + HOUR))
    remembered.of(file)
    remembered.of(file)
    assert read_files == ["a.png"] * 2


def test_a_clock_of_the_process_that_is_ahead(remembered, file, read_files, monkeypatch):
    """The file system's own clock is asked as well: the earlier one decides."""
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + HOUR)
    for content in (b"first", b"other", b"third"):
        write_in_place(file, content)
        assert remembered.of(file) == ImageDigests().of(content)
    assert len(read_files) == 3


def test_a_jumping_clock_never_gives_a_stale_digest(remembered, file, monkeypatch):
    real, jumps = time.time_ns, iter([0, HOUR, -HOUR, 3 * HOUR, -5 * HOUR] * 40)
    monkeypatch.setattr(time, "time_ns", lambda: real() + next(jumps))
    about = file.stat()
    for i in range(30):
        write_in_place(file, b"%05d" % i, like=about)
        assert remembered.of(file) == ImageDigests().of(b"%05d" % i)


@pytest.mark.parametrize("which", ["mtime_ns", "ctime_ns"])
def test_racy_files(which):
    state = FileState(1, 0, 0, 1)._replace(**{which: 10 * RACY_NS})
    assert is_racy(state, 10 * RACY_NS)
    assert is_racy(state, 11 * RACY_NS - 1)
    assert not is_racy(state, 11 * RACY_NS)
    assert is_racy(state, 0)


def test_a_file_that_changes_while_it_is_read(remembered, file, later, monkeypatch):
    later(HOUR)
    original = _image_digests.digest_file

    def digest_file(path):
        digest, before, _ = original(path)
        write_in_place(path, b"other")
        return digest, before, os.stat(path)

    time.sleep(0.02)
    monkeypatch.setattr(_image_digests, "digest_file", digest_file)
    remembered.of(file)
    monkeypatch.setattr(_image_digests, "digest_file", original)
    assert remembered.of(file) == ImageDigests().of(b"other")


def test_a_damaged_entry_is_not_used(store, file, read_files, later, database_path, reopen):
    later(HOUR)
    digest = ImageDigests(store.path_memo).of(file)
    for position in (0, 20, 45, 58):
        store = reopen(store)
        with sqlite3.connect(database_path(store), isolation_level=None) as connection:
            ((value,),) = connection.execute("SELECT value FROM paths").fetchall()
            flipped = bytearray(value)
            flipped[position] ^= 4
            connection.execute("UPDATE paths SET value = ?", (bytes(flipped),))
        connection.close()
        assert ImageDigests(store.path_memo).of(file) == digest
    assert len(read_files) == 5


@pytest.mark.parametrize("value", [b"", b"short", None, 3], ids=str)
def test_an_entry_of_another_type(value):
    assert _path_memo._decode(b"k" * 16, value, FileState(1, 2, 3, 4), 10) is None


def test_paths_of_any_bytes(remembered, tmp_path, read_files, later):
    path = os.fsencode(tmp_path) + b"/\xff\xfe.png"
    with open(path, "wb") as file:
        file.write(b"content")
    later(HOUR)
    digest = remembered.of(os.fsdecode(path))
    assert remembered.of(os.fsdecode(path)) == digest == ImageDigests().of(b"content")
    assert read_files == ["\udcff\udcfe.png"]


def test_many_files(remembered, tmp_path, read_files, later):
    paths = [tmp_path / f"{i}.png" for i in range(1500)]
    for i, path in enumerate(paths):
        path.write_bytes(b"%d" % (i % 1000))
    later(HOUR)
    digests = remembered.of_many(paths)
    assert len(set(digests)) == 1000
    assert remembered.of_many(paths[::-1]) == digests[::-1]
    assert len(read_files) == 1500


def test_clear_removes_digests_of_files(store, remembered, file, read_files, later):
    later(HOUR)
    remembered.of(file)
    store.clear()
    remembered.of(file)
    assert len(read_files) == 2
