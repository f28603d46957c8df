"""Command `skfusion report`."""

import json
from pathlib import Path

from skfusion._commands._messages import exit_on_error


def add_parser(commands):
    """Add this command to the parser's commands."""
    parser = commands.add_parser(
        "report",
        help="report scores, explanations and drift of a saved model on the rows of a table",
        description=(
            "Print how good a model is on the rows of a table, what it responds to, and how the "
            "rows differ from its training data; with --out, write it as one HTML page. WARNING: "
            "the model is loaded by joblib, and such a file can run any code: use only files that "
            "you trust."
        ),
    )
    parser.add_argument("model", metavar="MODEL", help="a file of joblib.dump, which you trust")
    parser.add_argument("table", metavar="TABLE", help="a table (.csv, .tsv, .parquet)")
    parser.add_argument(
        "--target", metavar="COLUMN", help="the column of the target (default: no scores)"
    )
    parser.add_argument("--out", metavar="FILE", help="write the report to this HTML file")
    parser.add_argument("--json", metavar="FILE", help="write the data to this JSON file")
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
    group.add_argument(
        "--groups", metavar="COLUMN", help="rows with one value, as of a patient, stay together"
    )
    group.add_argument("--title", metavar="TEXT", help="the title (default: the name of the model)")
    group.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")


def run(options):
    """Print the report and write the files."""
    with exit_on_error("report", after_stop=""):
        from skfusion._utils.atomic_write import write_atomically
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
        if options.json is not None:
            text = json.dumps(found.to_dict(), allow_nan=False, indent=1)
            write_atomically(
                options.json, lambda path: Path(path).write_text(text, encoding="utf-8")
            )
    print(found)
    return 0


def read_rows(path):
    """Return a table whose numbers are numbers."""
    from skfusion.io._read_table import read_table

    if not Path(path).expanduser().exists():
        raise ValueError(f"there is no table {path!r}")
    table = read_table(Path(path).expanduser(), as_text=False)
    if table.empty:
        raise ValueError(f"the table {path!r} has no rows")
    return table


def take_column(table, name, path, option):
    """Return a column; None where none is named."""
    from skfusion._utils.messages import join_names

    if name is None:
        return None
    if name not in table.columns:
        names = join_names(map(repr, table.columns))
        raise ValueError(f"{path} has no column {name!r} for {option}; it has {names}")
    return table[name]


def load_model(path):
    """Load a model; whatever goes wrong is one error."""
    import joblib

    if not Path(path).expanduser().is_file():
        raise ValueError(f"there is no file {path!r}")
    try:
        return joblib.load(Path(path).expanduser())
    except Exception as error:
        raise ValueError(
            f"{path} is no model that can be loaded here ({type(error).__name__}: {error})"
        ) from error


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
