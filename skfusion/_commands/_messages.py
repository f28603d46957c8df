"""Print the errors and warnings of a command in its own terms."""

import sys
import warnings
from contextlib import contextmanager

from skfusion._utils.messages import reword_remedies

CONTINUES = " Run the same command again to continue."

# Errors of the library name arguments of Python. A command replaces these remedies, by name, with
# sentences that name its options. Some commands share those of folders with classes and of weights.
FOLDER_REMEDIES = {
    "split": "Use the folders in them (--classes last), or name one of them.",
    "parts": "Use no classes if they are none (--classes none), or name one of them.",
}
WEIGHTS_REMEDIES = {
    "own weights": "Use a file of weights (--weights FILE), or random ones (--weights none).",
    "fetch weights": "Use a file of weights (--weights FILE), or run this once with network "
    "access.",
    "which weights": "--weights is a file, 'imagenet', or 'none' for random weights.",
}


@contextmanager
def exit_on_error(name, remedies=None, *, after_stop=CONTINUES):
    """Print an error that a user can correct on one line and exit with status 2.

    Ctrl-C exits with status 130. Warnings are printed on one line, without the place in the code.

    Parameters
    ----------
    name : str
        The name of the command.

    remedies : dict of str to str, default=None
        Remedies that name options of the command, to replace those of the library, which name
        arguments of Python; see `reword_remedies`.

    after_stop : str, default=CONTINUES
        The sentence to print after Ctrl-C.
    """
    own = remedies or {}

    def show(message, *place, **more):
        _print(name, f"warning: {' '.join(reword_remedies(own, message).split())}")

    with warnings.catch_warnings():  # restores `showwarning`
        warnings.showwarning = show
        try:
            yield
        except KeyboardInterrupt:
            sys.stderr.write("\n")
            _print(name, f"stopped.{after_stop}")
            sys.exit(130)
        except (ValueError, TypeError, OSError, ImportError) as error:
            _print(name, reword_remedies(own, error))
            sys.exit(2)


def _print(name, text):
    print(f"skfusion {name}: {text}", file=sys.stderr, flush=True)
