"""Command `skfusion report`."""

from pathlib import Path

from skfusion._commands._files import load_model, read_rows, take_column, write_json
from skfusion._commands._messages import exit_on_error
from skfusion._commands._options import (
    TRUST_MODEL,
    add_groups,
    add_model,
    add_outputs,
    add_seed,
    add_table,
)


def add_parser(commands):
    """Add this command to the parser's commands."""
    parser = commands.add_parser(
        "report",
        help="report scores, explanations and drift of a saved model on the rows of a table",
        description=(
            "Print how good a model is on the rows of a table, what it responds to, and how the "
            "rows differ from its training data; with --out, write it as one HTML page. "
            + TRUST_MODEL
        ),
    )
    add_model(parser)
    add_table(parser)
    parser.add_argument(
        "--target", metavar="COLUMN", help="the column of the target (default: no scores)"
    )
    add_outputs(parser, "--out")
    _add_rows(parser)
    _add_scores(parser)
    parser.set_defaults(run=run)


def _add_rows(parser):
    group = parser.add_argument_group("rows and explanations")
    group.add_argument(
        "--background", metavar="TABLE", help="rows of the training data, to compare with"
    )
    group.add_argument(
        "--row",
        action="append",
        type=int,
        metavar="N",
        help="explain this row, counted from 0; can be repeated (default: up to four are chosen)",
    )
    group.add_argument(
        "--no-regions", action="store_true", help="leave out the regions of images: faster"
    )
    group.add_argument(
        "--no-explanations", action="store_true", help="leave out all explanations: fastest"
    )
    group.add_argument(
        "--root",
        metavar="FOLDER",
        help="where relative paths of images start (default: as the model reads them)",
    )


def _add_scores(parser):
    group = parser.add_argument_group("scores")
    group.add_argument(
        "--cv", type=int, metavar="N", help="fit copies of the model in N folds, and score these"
    )
    add_groups(group, "--groups")
    group.add_argument("--title", metavar="TEXT", help="the title (default: the name of the model)")
    add_seed(group)


def run(options):
    """Print the report and write the files."""
    with exit_on_error("report", after_stop=""):
        from skfusion.reports._report import report

        X = read_rows(options.table)
        y = take_column(X, options.target, options.table, "--target")
        groups = take_column(X, options.groups, options.table, "--groups")
        background = None if options.background is None else read_rows(options.background)
        model = load_model(options.model)
        images = _images_of(model, X) if options.root is not None else []
        found = report(
            model,
            _with_root(X, images, options.root),
            _as_labels(model, y),
            path=options.out,
            background=_with_root(background, images, options.root),
            rows=[] if options.no_explanations else options.row,
            cv=options.cv,
            groups=groups,
            title=options.title or f"Report on {Path(options.model).name}",
            regions=not options.no_regions,
            random_state=options.seed,
        )
        write_json(options.json, found)
    print(found)
    return 0


def _as_labels(model, y):
    """Return the target as text where the classes of the model are text."""
    import numpy as np

    classes = getattr(model, "classes_", None)
    is_text = isinstance(classes, np.ndarray) and classes.dtype.kind in "OU"
    if y is None or not is_text or not all(isinstance(label, str) for label in classes):
        return y
    return y.where(y.isna(), y.astype(str))


def _images_of(model, table):
    """Return the columns of images that a model uses."""
    from skfusion.inspection._image_sources import find_sources

    return [source.name for source in find_sources(model, list(table.columns))[0]]


def _with_root(table, columns, root):
    """Return the table with relative paths of images below a folder."""
    if root is None or table is None:
        return table
    folder = Path(root).expanduser().absolute()
    joined = {
        name: table[name].map(lambda path: str(folder / path), na_action="ignore")
        for name in columns
    }
    return table.assign(**joined)
