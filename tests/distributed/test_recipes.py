"""The examples for other engines than Dask. They are recipes: the engines are no dependencies."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "distributed"


def run(name, **environment):
    """Run an example in a process of its own, and return what it prints."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path[1:]), **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("package", "name"),
    [("ray.data", "ray_data"), ("daft", "daft_udf"), ("pyspark.sql", "spark_udf")],
    ids=["ray", "daft", "spark"],
)
def test_features_equal_those_of_one_process(package, name):
    pytest.importorskip(package, reason="the engine is not installed")
    assert "150 rows; difference to one process: 0.0\n" in run(name)


@pytest.mark.parametrize("name", ["ray_data", "daft_udf", "spark_udf"])
def test_without_the_engine(name, tmp_path):
    engine = {"ray_data": "ray", "daft_udf": "daft", "spark_udf": "pyspark"}[name]
    (tmp_path / f"{engine}.py").write_text("raise ImportError")
    path = os.pathsep.join([str(tmp_path), *sys.path[1:]])
    assert "pip install" in run(name, PYTHONPATH=path)
