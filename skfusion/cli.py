"""The command `skfusion`: a thin layer over the library."""

import argparse
import os
import sys


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
    from skfusion import __version__

    parser = argparse.ArgumentParser(
        prog="skfusion", description="Fuse pictures with a table, the scikit-learn way."
    )
    parser.add_argument("--version", action="version", version=f"skfusion {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    demo = commands.add_parser(
        "demo",
        help="cross-validate, search, save and reload a model on real data (about a minute)",
        description=(
            "Hand-written digits beside iris measurements, both from scikit-learn: compares table, "
            "pictures and both, searches cut layers and heads, saves the best model, loads it in "
            "a new process and checks that it predicts the same."
        ),
    )
    demo.add_argument(
        "--out",
        default="skfusion_demo",
        metavar="FOLDER",
        help="where model.joblib and scores.png are written (default: skfusion_demo)",
    )
    demo.set_defaults(run=_demo)
    return parser


def _demo(options):
    from skfusion._demo import run_demo

    return run_demo(options.out)


if __name__ == "__main__":
    sys.exit(main())
