"""Command line of skfusion, a thin layer over the library."""

import argparse
import os
import sys

from skfusion import __version__
from skfusion._commands import (
    _audit,
    _augment,
    _check,
    _compare,
    _demo,
    _embed,
    _export,
    _page,
    _report,
)

# In the order of `skfusion --help`. Each module adds its own parser and imports the library only
# when it runs.
COMMANDS = (_check, _audit, _augment, _embed, _compare, _report, _export, _page, _demo)


def main(arguments=None):
    """Run the command line.

    Parameters
    ----------
    arguments : list of str or None, default=None
        The arguments after the command; None uses those of the process.

    Returns
    -------
    status : int
        0 on success.
    """
    options = _parser().parse_args(arguments)
    # TensorFlow's notes about the processor would hide the output of the command.
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
