"""Messages of commands: errors, stops, warnings, and remedies that name options."""

import pickle
import subprocess
import sys
import warnings

import pytest

from skfusion import ImageReadError
from skfusion._commands._messages import exit_on_error
from skfusion._utils.messages import join_names, reword_remedies, with_remedies


def test_an_error_is_one_line(capsys):
    with pytest.raises(SystemExit, match="2"), exit_on_error("embed"):
        raise ValueError("no such thing")
    assert capsys.readouterr().err == "skfusion embed: no such thing\n"


def test_a_bug_keeps_its_traceback():
    with pytest.raises(RuntimeError, match="mistake"), exit_on_error("embed"):
        raise RuntimeError("mistake")


def test_a_stop(capsys):
    with pytest.raises(SystemExit, match="130"), exit_on_error("embed"):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == (
        "\nskfusion embed: stopped. Run the same command again to continue.\n"
    )


def test_a_warning_is_one_line(capsys):
    before = warnings.showwarning
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        with exit_on_error("embed"):
            warnings.warn("two\nlines", UserWarning, stacklevel=1)
        assert warnings.showwarning is before
    assert capsys.readouterr().err == "skfusion embed: warning: two lines\n"


def test_remedies_name_options_of_the_command(capsys):
    remedies = {"root": "Name a root.", "size": "Pass size=3."}
    own = {"size": "Add --size 3."}
    error = with_remedies(ValueError, "Too small.", remedies)
    assert str(error) == "Too small. Name a root. Pass size=3."
    with pytest.raises(SystemExit), exit_on_error("embed", own):
        raise error
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        with exit_on_error("embed", own):
            warnings.warn(with_remedies(UserWarning, "Small.", remedies), stacklevel=1)
    assert capsys.readouterr().err.splitlines() == [
        "skfusion embed: Too small. Name a root. Add --size 3.",
        "skfusion embed: warning: Small. Name a root. Add --size 3.",
    ]


@pytest.mark.parametrize(
    ("n_items", "text"),
    [(0, ""), (1, "0"), (5, "0; 1; 2; 3; 4"), (6, "0; 1; 2; 3; 4; and 1 more")],
)
def test_names(n_items, text):
    assert join_names(str(i) for i in range(n_items)) == text


def test_remedies_are_replaced_by_name():
    error = with_remedies(ValueError, "Too small.", {"root": "Pass a root.", "size": "Pass 3."})
    assert str(error) == "Too small. Pass a root. Pass 3."
    assert reword_remedies({}, error) == str(error)
    assert reword_remedies({"size": "Add --size 3."}, error) == (
        "Too small. Pass a root. Add --size 3."
    )
    assert reword_remedies({"size": "Add --size 3."}, ValueError("No remedy.")) == "No remedy."


@pytest.mark.parametrize("kind", [ValueError, FileNotFoundError, ImageReadError])
def test_remedies_survive_pickling(kind):
    error = pickle.loads(pickle.dumps(with_remedies(kind, "No.", {"size": "Pass size=3."})))
    assert type(error) is kind
    assert str(error) == "No. Pass size=3."
    assert reword_remedies({"size": "Add --size 3."}, error) == "No. Add --size 3."


def test_the_package_runs_as_the_command_does():
    for words in (["-m", "skfusion"], ["-m", "skfusion.cli"]):
        shown = subprocess.run(
            [sys.executable, *words, "check", "nowhere.csv"], capture_output=True, text=True
        )
        assert shown.returncode == 2
        assert shown.stderr == "skfusion check: there is no table or folder 'nowhere.csv'\n"
