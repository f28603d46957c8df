"""The pinned versions agree with the lower bounds that the package declares."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
# Tools aren't tested at their lower bounds. The extra `test` holds neither ONNX, JAX, Dask nor
# what reads URLs, so that the set of oldest versions doesn't either. KerasHub needs a newer Keras
# than the oldest.
NOT_IN_OLDEST = {
    "dask",
    "dev",
    "dist",
    "docs",
    "hub",
    "jax",
    "lint",
    "neighbors",
    "onnx",
    "onnx-export",
    "onnx-graph",
    "openvino",
    "remote",
    "shared-store",
    "test",
}


def pins(name):
    """Return the (package, version) pairs of a file of constraints."""
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("==")) for line in lines if "==" in line and line[0] != "#"]


def requirements(extras):
    """Return what pyproject.toml requires by itself and for some extras."""
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in EXTRAS[extra])]
    parsed = [Requirement(text) for text in texts]
    return [requirement for requirement in parsed if requirement.name != PROJECT["name"]]


@pytest.mark.parametrize("name", ["constraints.txt", "oldest.txt"])
def test_no_package_is_pinned_twice(name):
    packages = [package for package, _ in pins(name)]
    assert sorted(packages) == sorted(set(packages))


def test_oldest_versions_are_the_lower_bounds():
    bounds = {
        requirement.name: Version(specifier.version)
        for requirement in requirements(set(EXTRAS) - NOT_IN_OLDEST)
        for specifier in requirement.specifier
        if specifier.operator == ">="
    }
    oldest = {package: Version(version) for package, version in pins("oldest.txt")}
    assert bounds == {package: oldest.get(package) for package in bounds}


def test_current_versions_are_allowed():
    current = dict(pins("constraints.txt"))
    for requirement in requirements(EXTRAS):
        assert requirement.specifier.contains(current[requirement.name]), requirement
