"""Import every public name of an installed skfusion that has its mandatory dependencies only.

`tools/check_wheel.py` runs it; it needs the standard library and skfusion.
"""

import importlib
import pkgutil
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

# docs/install.rst promises that none of them is needed, tests/test_package.py that none is loaded.
BACKENDS = {"jax", "tensorflow", "torch"}
LOADED_LATER = {"keras", "matplotlib", *BACKENDS}


def main():
    """Import everything and exit with an error where something is wrong."""
    import skfusion

    installed = Path(skfusion.__file__).parent
    assert installed.parent == Path(sysconfig.get_path("purelib")), f"imported from {installed}"
    assert (installed / "py.typed").is_file(), "py.typed is missing"
    assert version("skfusion") == skfusion.__version__
    found = BACKENDS & {module.name for module in pkgutil.iter_modules()}
    assert not found, f"not a bare environment: {found}"

    n_names = sum(import_names(name) for name in public_modules(skfusion))
    loaded = LOADED_LATER & set(sys.modules)
    assert not loaded, f"importing public names loads {loaded}"
    check_errors_of_extras(skfusion)
    extract_without_backend(skfusion)
    print(f"skfusion {skfusion.__version__}: {n_names} public names imported, no backend needed")


def public_modules(package):
    """Return the names of a package and of all modules in it without a leading underscore."""
    modules = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    names = [module.name for module in modules if "._" not in module.name]
    return [package.__name__, *names]


def import_names(module_name):
    """Import a module and the names in its `__all__`, and return the number of names."""
    module = importlib.import_module(module_name)
    names = getattr(module, "__all__", ())
    for name in names:
        assert getattr(module, name) is not None, f"{module_name}.{name}"
    return len(names)


def check_errors_of_extras(skfusion):
    """Check that a star import leaves out what needs an extra, and that its error names one."""
    for name in ("KerasClassifier", "KerasRegressor"):
        assert name not in skfusion.__all__, name
        try:
            getattr(skfusion, name)
        except ImportError as error:
            message = str(error)
        else:
            message = f"{name} was imported without SciKeras"
        assert "pip install 'skfusion[" in message, message


def extract_without_backend(skfusion):
    """Compute columns that need no network, and check the error of one that does."""
    data = skfusion.datasets.load_digits_iris()
    digits = data.frame[["digit"]].head(2)
    for extractor in (skfusion.PixelFlattener(), skfusion.ImageDescriptors()):
        assert extractor.fit_transform(digits).shape[0] == 2
    try:
        skfusion.PretrainedGAP("MobileNet", weights=None).fit(digits)
    except skfusion.BackendNotFoundError as error:
        message = str(error)
    else:
        message = "a network was built without a backend"
    assert "skfusion[cpu]" in message, message


if __name__ == "__main__":
    main()
