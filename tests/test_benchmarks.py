"""The benchmarks: what they import is there, and each says what it measures."""

import os
import runpy
from pathlib import Path
from unittest import mock

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "benchmarks").glob("*.py"))
BENCHMARKS = [
    path for path in FILES if "__main__" in path.read_text(encoding="utf-8")
]  # not shared code


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_each_can_be_started(path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.syspath_prepend(path.parent)
    with mock.patch.dict(os.environ):
        names = runpy.run_path(str(path), run_name="benchmark")
    assert callable(names["main"])
    assert f"benchmarks/{path.name}" in names["__doc__"]
