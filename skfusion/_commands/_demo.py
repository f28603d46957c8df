"""Command `skfusion demo`."""


def add_parser(commands):
    """Add this command to the parser's commands."""
    parser = commands.add_parser(
        "demo",
        help="cross-validate, search, save and reload a model on real data (about a minute)",
        description=(
            "Use handwritten digits and iris measurements, both from scikit-learn: compare table, "
            "images and both, search cut layers and heads, save the best model, load it in a new "
            "process, and check that it makes the same predictions."
        ),
    )
    parser.add_argument(
        "--out",
        default="skfusion_demo",
        metavar="FOLDER",
        help="the folder for model.joblib and scores.png (default: skfusion_demo)",
    )
    parser.set_defaults(run=run)


def run(options):
    """Run the demo and write its files to ``options.out``."""
    from skfusion._commands._demo_run import run_demo

    return run_demo(options.out)
