"""The command `skfusion`: a thin layer over the library."""

import argparse
import os
import sys

from skfusion import __version__
from skfusion._commands import _augment, _check, _demo, _embed

# In the order in which `skfusion --help` lists them. Each module adds its own parser and imports
# what it runs only when it runs.
COMMANDS = (_check, _augment, _embed, _demo)


def main(arguments=None):
    """Run the command line.

    Parameters
    ----------
    arguments : list of str or None, default=None
        The words after the command; None takes those of the process.

    Returns
    -------
    status : int
        0 when all went well.
    """
    options = _parser().parse_args(arguments)
    # TensorFlow's notes about the processor would bury what the command prints.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return options.run(options)


def _parser():
    parser = argparse.ArgumentParser(
        prog="skfusion", description="Fuse images with a table, the scikit-learn way."
    )
    parser.add_argument("--version", action="version", version=f"skfusion {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        command.add_parser(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
