"""Files are written completely or not at all."""

import pytest

from skfusion._utils.atomic_write import write_atomically


def write_text(text):
    def write(path):
        with open(path, "w") as file:
            file.write(text)

    return write


def test_an_existing_file_is_replaced(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    write_atomically(path, write_text("new"))
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()])
@pytest.mark.parametrize("begun", [False, True])
def test_a_failure_leaves_an_existing_file(tmp_path, error, begun):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(unfinished):
        if begun:
            write_text("ne")(unfinished)
        raise error

    with pytest.raises(type(error)):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_file_has_the_same_ending(tmp_path):
    seen = []

    def write(path):
        seen.append(path)
        write_text("new")(path)

    write_atomically(str(tmp_path / "a.csv.gz"), write)
    assert seen[0].endswith(".csv.gz")


def test_two_writers_have_different_temporary_files(tmp_path):
    path = tmp_path / "a.txt"

    def other_comes_first(unfinished):
        write_text("first")(unfinished)
        write_atomically(path, write_text("second"))

    write_atomically(path, other_comes_first)
    assert path.read_text() == "first"


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "none" / "a.txt", write_text("new"))
