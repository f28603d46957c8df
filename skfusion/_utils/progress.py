"""Progress bars and messages for estimators with ``verbose=1``."""

import contextlib
import sys


class _NullBar:
    """A progress bar that shows nothing."""

    def update(self, n=1):
        """Do nothing."""

    def set_postfix(self, **values):
        """Do nothing."""


def progress_bar(verbose, *, total, description, unit):
    """Return a context manager that yields a progress bar.

    Parameters
    ----------
    verbose : int
        0 yields a bar that shows nothing.

    total : int
        The number of units.

    description : str
        The text before the bar.

    unit : str
        The name of a unit, as in "image" (the bar shows images per second).

    Returns
    -------
    context : context manager
        Yields an object with the methods `update` and `set_postfix`, as in tqdm.
    """
    if not verbose:
        return contextlib.nullcontext(_NullBar())
    from tqdm.auto import tqdm

    return tqdm(total=total, desc=description, unit=unit, smoothing=0.1)


def log(verbose, message):
    """Write a line to the standard error stream, unless `verbose` is 0."""
    if verbose:
        sys.stderr.write(f"{message}\n")
