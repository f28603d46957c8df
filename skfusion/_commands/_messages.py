"""What a command says when it can't go on, and what it warns of."""

import sys
import warnings
from contextlib import contextmanager

from skfusion._utils.messages import reword_remedies

GOES_ON = " The same command goes on from here."


@contextmanager
def told(name, remedies=None, *, after_stop=GOES_ON):
    """Turn errors that a user can mend into one line and status 2, and Ctrl-C into status 130.

    A warning becomes one line as well: where in our code it arose tells a user nothing.

    Parameters
    ----------
    name : str
        The command.

    remedies : dict of str to str, default=None
        What to say instead of remedies that are arguments of Python, as `reword_remedies` takes it.

    after_stop : str, default=GOES_ON
        What is told after Ctrl-C, beside that the command stopped.
    """
    own = remedies or {}

    def show(message, *place, **more):
        _say(name, f"warning: {' '.join(reword_remedies(own, message).split())}")

    with warnings.catch_warnings():  # which puts `showwarning` back
        warnings.showwarning = show
        try:
            yield
        except KeyboardInterrupt:
            sys.stderr.write("\n")
            _say(name, f"stopped.{after_stop}")
            sys.exit(130)
        except (ValueError, TypeError, OSError, ImportError) as error:
            _say(name, reword_remedies(own, error))
            sys.exit(2)


def _say(name, text):
    print(f"skfusion {name}: {text}", file=sys.stderr, flush=True)
