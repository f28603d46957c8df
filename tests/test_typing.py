"""What type checkers see of the package. `make lint` runs mypy over it and over typed_use.py."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

import skfusion

PACKAGE = Path(skfusion.__file__).parent
MODULES = (
    "skfusion",
    "skfusion.datasets",
    "skfusion.distributed",
    "skfusion.exceptions",
    "skfusion.io",
)


def stub_imports():
    """Return the (module, name) pairs that the stub of the package imports."""
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return [(node.module, alias.name) for node in imports for alias in node.names]


def public_items():
    """Return the public classes and functions by their full names."""
    items = {}
    for module in map(importlib.import_module, MODULES):
        for name in getattr(module, "__all__", [name for name in vars(module) if name[0] != "_"]):
            item = getattr(module, name)
            if getattr(item, "__module__", "").startswith("skfusion"):
                items[f"{module.__name__}.{name}"] = item
    return items


def public_functions(item):
    """Yield a function, or the constructor and the public methods and properties of a class."""
    if not isinstance(item, type):
        yield item
        return
    for name in dir(item):
        if name.startswith("_") and name != "__init__":
            continue
        member = inspect.getattr_static(item, name)
        member = getattr(member, "__func__", getattr(member, "fget", member))
        if callable(member) and not isinstance(member, type):
            yield member


def lacks_annotations(function):
    """Return whether a function of skfusion leaves out an annotation."""
    function = inspect.unwrap(function)
    if not getattr(function, "__module__", "").startswith("skfusion"):
        return False
    signature = inspect.signature(function)
    parameters = [p for p in signature.parameters.values() if p.name not in ("self", "cls")]
    types = [signature.return_annotation, *(parameter.annotation for parameter in parameters)]
    return inspect.Parameter.empty in types


def test_the_stub_has_the_public_names():
    names = [name for _, name in stub_imports()]
    assert sorted([*names, "__version__"]) == sorted(skfusion.__all__)
    for module, name in stub_imports():
        assert getattr(importlib.import_module(module), name) is getattr(skfusion, name)


@pytest.mark.parametrize("name", public_items())
def test_public_signatures_are_annotated(name):
    functions = public_functions(public_items()[name])
    assert [each.__qualname__ for each in functions if lacks_annotations(each)] == []


def test_what_mypy_ignores_has_a_reason():
    pattern = re.compile(r"# type: ignore(?!\[[a-z-]+(, [a-z-]+)*\]  # \w)")
    bare = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in PACKAGE.rglob("*.py*")
        if path.suffix in (".py", ".pyi")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert bare == []
