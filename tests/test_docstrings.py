"""Docstrings of public classes and functions: each parameter is documented, in order."""

import inspect
import re
from pathlib import Path

import pytest

import skfusion
from skfusion.base import ImageTransformer

ROOT = Path(__file__).parents[1]
PUBLIC = {name: getattr(skfusion, name) for name in skfusion.__all__ if name != "__version__"}
CLASSES = {name: item for name, item in PUBLIC.items() if inspect.isclass(item)}
FUNCTIONS = {name: item for name, item in PUBLIC.items() if inspect.isfunction(item)}
OPTIONS = {name: item for name, item in CLASSES.items() if hasattr(item, "get_params")}
# The parameters of transformers of images that have one meaning and one description.
SHARED = (
    "color_mode", "image_shape", "combine", "missing", "add_indicator", "corrupt", "reader",
    "drift",
)  # fmt: skip


def section(text, title):
    """Return the lines of a section of a numpydoc docstring."""
    match = re.search(rf"^{title}\n-+\n(.*?)(?=^\S[^\n]*\n-+\n|\Z)", text, re.M | re.S)
    return match[1] if match else ""


def documented(item):
    """Return the names and the types of the documented parameters."""
    lines = section(inspect.getdoc(item), "Parameters")
    lines = lines.replace("\\\n", "")
    return dict(re.findall(r"^([*\w, ]+?) : (.+)$", lines, re.M))


def names_of(item):
    """Return the names of the documented parameters, of which one line may have several."""
    return [name.strip("*") for names in documented(item) for name in names.split(", ")]


def signature_of(item):
    parameters = inspect.signature(item).parameters.values()
    return [parameter.name for parameter in parameters]


@pytest.mark.parametrize("item", OPTIONS.values(), ids=OPTIONS)
def test_each_parameter_of_an_estimator_is_documented_in_order(item):
    assert names_of(item) == signature_of(item)


@pytest.mark.parametrize("item", FUNCTIONS.values(), ids=FUNCTIONS)
def test_each_parameter_of_a_function_is_documented_in_order(item):
    assert names_of(item) == signature_of(item)


@pytest.mark.parametrize("item", CLASSES.values(), ids=CLASSES)
def test_each_parameter_of_a_method_is_documented_in_order(item):
    for name, method in vars(item).items():
        if not name.startswith("_") and inspect.isfunction(method):
            assert names_of(method) == signature_of(method)[1:], name


@pytest.mark.parametrize("item", OPTIONS.values(), ids=OPTIONS)
def test_defaults_in_docstrings_are_those_of_the_signature(item):
    parameters = inspect.signature(item).parameters
    for name, kind in documented(item).items():
        if name.startswith("**"):
            continue
        match = re.search(r"default=(.+)$", kind)
        if match:
            default = parameters[name].default
            assert default == pytest.approx(eval(match[1])), name
        else:
            assert parameters[name].default is inspect.Parameter.empty, name


@pytest.mark.parametrize("name", SHARED)
def test_shared_parameters_are_documented_once(name):
    """Each class has the same type and a reference; the glossary has the description."""
    users = [item for item in OPTIONS.values() if name in signature_of(item)]
    users = [item for item in users if item is not skfusion.ImageAugmenter]
    # The four transformers of images; joint networks read images by two of the parameters.
    assert len(users) == (6 if name in ("corrupt", "reader") else 4)
    assert len({documented(item)[name] for item in users}) == 1
    for item in users:
        assert f":term:`{name}`" in section(inspect.getdoc(item), "Parameters")
    glossary = (ROOT / "docs" / "reading_parameters.rst").read_text()
    assert f"\n   {name}\n      {documented(users[0])[name]}. " in glossary


def test_shared_parameters_are_declared_once():
    for name in SHARED:
        constraint = ImageTransformer._parameter_constraints[name]
        for item in OPTIONS.values():
            if name in signature_of(item) and item is not skfusion.ImageAugmenter:
                assert item._parameter_constraints[name] is constraint
