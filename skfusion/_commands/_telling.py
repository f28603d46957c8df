"""What a command says when it can't go on."""

import sys
from contextlib import contextmanager


@contextmanager
def told(name):
    """Turn errors that a user can mend into one line and status 1, and Ctrl-C into status 130.

    Parameters
    ----------
    name : str
        The command.
    """
    try:
        yield
    except KeyboardInterrupt:
        print(f"\nskfusion {name}: stopped. The same command goes on from here.", file=sys.stderr)
        sys.exit(130)
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f"skfusion {name}: {error}", file=sys.stderr)
        sys.exit(1)
