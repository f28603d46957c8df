"""Progress bars, shown only where the user asked for them."""

import contextlib
import sys


class _NoBar:
    def update(self, n=1):
        """Do nothing."""

    def set_postfix(self, **values):
        """Do nothing."""


def progress_bar(verbose, *, total, description, unit):
    """A context manager that gives a bar with `update` and `set_postfix`.

    Parameters
    ----------
    verbose : int
        0 gives a bar that shows nothing.

    total : int
        How many units make the whole.

    description : str
        What stands before the bar.

    unit : str
        What is counted, as in "image" (shown as images a second).
    """
    if not verbose:
        return contextlib.nullcontext(_NoBar())
    from tqdm.auto import tqdm

    return tqdm(total=total, desc=description, unit=unit, smoothing=0.1)


def tell(verbose, text):
    """A line beside the progress bars, for users who asked for them."""
    if verbose:
        sys.stderr.write(f"{text}\n")
