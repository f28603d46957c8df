"""`skfusion demo`."""


def add_parser(commands):
    """Add this command to the parser's commands."""
    parser = commands.add_parser(
        "demo",
        help="cross-validate, search, save and reload a model on real data (about a minute)",
        description=(
            "Hand-written digits beside iris measurements, both from scikit-learn: compares table, "
            "images and both, searches cut layers and heads, saves the best model, loads it in "
            "a new process and checks that it predicts the same."
        ),
    )
    parser.add_argument(
        "--out",
        default="skfusion_demo",
        metavar="FOLDER",
        help="where model.joblib and scores.png are written (default: skfusion_demo)",
    )
    parser.set_defaults(run=run)


def run(options):
    """Run the demo into ``options.out``."""
    from skfusion._commands._demo_run import run_demo

    return run_demo(options.out)
