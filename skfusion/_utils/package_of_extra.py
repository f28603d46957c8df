"""import_extra: import a package that an extra installs."""

from importlib import import_module

from skfusion.exceptions import ExtraNotFoundError


def import_extra(package, extra, what):
    """Import a package.

    Parameters
    ----------
    package : str
        The name of the package.

    extra : str
        The extra that installs it.

    what : str
        What needs it, in the plural.

    Returns
    -------
    module : module
        The package.

    Raises
    ------
    ExtraNotFoundError
        If it can't be imported.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise ExtraNotFoundError(
            f"{what} need {package}, which can't be imported ({error}): "
            f"pip install 'skfusion[{extra}]'"
        ) from error
