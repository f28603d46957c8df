"""The container file and what it names fit together; `dry_run.py` does its steps for real."""

import json
import runpy
import tomllib
from pathlib import Path

import pytest

from tests.serving.servers import EXAMPLE

ROOT = EXAMPLE.parents[1]


@pytest.fixture(scope="module")
def steps():
    return runpy.run_path(str(EXAMPLE / "dry_run.py"))["read_steps"](EXAMPLE / "Dockerfile")


def test_what_is_copied_is_there(steps):
    sources = [rest.split()[0] for name, rest in steps if name == "COPY"]
    assert sources == [".", "--from=build", "examples/serving/app.py"]
    for source in (".", "examples/serving/app.py"):
        assert (ROOT / source).exists()


def test_what_the_build_needs_is_not_ignored():
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"]
    for path in kept:
        assert (ROOT / path).exists()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {"pyproject.toml", "skfusion", project["readme"], *project["license-files"]} <= set(kept)


def test_requirements_name_extras_that_exist():
    lines = (EXAMPLE / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    assert wanted == [".[cpu,serve]"]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {"cpu", "serve"} <= set(extras["optional-dependencies"])


def test_every_package_of_the_service_is_pinned():
    text = (ROOT / "requirements" / "constraints.txt").read_text()
    pinned = {line.split("==")[0] for line in text.splitlines() if "==" in line}
    assert {"fastapi", "gunicorn", "python-multipart", "tensorflow-cpu", "uvicorn"} <= pinned


def test_it_starts_no_shell_and_no_root(steps):
    names = dict(steps)
    assert names["USER"] == "nobody"
    assert Path(json.loads(names["CMD"])[0]).is_absolute()
    assert "--preload" in json.loads(names["CMD"])


def test_steps_that_go_over_lines(tmp_path):
    path = tmp_path / "Dockerfile"
    path.write_text("# a comment\nFROM base\n\nRUN one \\\n    two\n")
    read_steps = runpy.run_path(str(EXAMPLE / "dry_run.py"))["read_steps"]
    assert read_steps(path) == [("FROM", "base"), ("RUN", "one      two")]
