"""The help of each command, and what all commands have in common."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from skfusion import __version__, cli
from tests.processes import run_python

ROOT = Path(__file__).parents[2]


def help_of(capsys, *words):
    """Return the help that a command prints, with a wide terminal."""
    with pytest.raises(SystemExit, match="0"):
        cli.main([*words, "--help"])
    return capsys.readouterr().out


def commands():
    """Return the names of the commands, as the help lists them."""
    shown = subprocess.run(
        [sys.executable, "-m", "skfusion", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return re.findall(r"^    (\w+) ", shown.stdout, re.MULTILINE)


COMMANDS = commands()
each_command = pytest.mark.parametrize("command", COMMANDS)


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


def test_the_commands_are_listed_with_what_they_do(capsys):
    shown = help_of(capsys)
    assert {"augment", "check", "demo", "embed"} <= set(COMMANDS)
    for command in COMMANDS:
        assert re.search(rf"^ +{command} +\S+ \S+", shown, re.MULTILINE), command


@each_command
def test_each_option_is_described(command, capsys):
    shown = help_of(capsys, command)
    lines = shown.splitlines()
    options = [i for i, line in enumerate(lines) if re.match(r"  -", line)]
    assert options
    for i in options:
        described = re.search(r"  -\S.*?  +\S", lines[i])
        assert described or lines[i + 1].startswith("        "), lines[i]


@each_command
def test_a_description_is_a_sentence(command, capsys):
    shown = help_of(capsys, command)
    description = shown.split("\n\n")[1]
    assert description[0].isupper()
    assert description.rstrip().endswith(".")


@each_command
def test_an_unknown_option(command, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main([command, "--colour"])
    message = capsys.readouterr().err
    assert message.startswith("usage: skfusion")
    assert "--colour" in message or "are required" in message
    assert "Traceback" not in message


def test_an_unknown_command(capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["train"])
    message = capsys.readouterr().err
    assert "'train'" in message
    for command in COMMANDS:
        assert command in message


@each_command
def test_the_documentation_names_it(command):
    pages = [*(ROOT / "docs").glob("*.rst"), ROOT / "README.md"]
    assert any(f"skfusion {command}" in page.read_text(encoding="utf-8") for page in pages)


HELP = """
import sys
from skfusion import cli
try:
    cli.main([*sys.argv[1:], "--help"])
except SystemExit as stop:
    assert stop.code == 0
print(sorted({"keras", "tensorflow", "pandas", "sklearn", "matplotlib"} & set(sys.modules)))
"""


@each_command
def test_help_loads_no_large_package(command):
    assert run_python(HELP, command) == "[]"


def test_the_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"skfusion {__version__}\n"
