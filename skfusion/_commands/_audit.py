"""Command `skfusion audit`."""

import json
from pathlib import Path

from skfusion._commands._messages import exit_on_error
from skfusion._commands._remote_options import add_remote, remote_options

_REMEDIES = {"root": "Name the folder of the paths with --root."}


def add_parser(commands):
    """Add this command to the parser's commands."""
    parser = commands.add_parser(
        "audit",
        help="find what makes a cross-validated score too good: copies, groups, telltale facts",
        description=(
            "Find copies of images in two folds, groups such as patients that cross folds, and "
            "facts that are no pixels, such as the size of a file, that predict the target. With "
            "--model, measure what each leak is worth. The exit status is 0 if nothing grave was "
            "found, 1 if something was, and 2 if the command fails."
        ),
    )
    parser.add_argument("table", metavar="TABLE", help="a table (.csv, .tsv, .parquet)")
    parser.add_argument(
        "--target", metavar="COLUMN", required=True, help="the column of the target"
    )
    parser.add_argument(
        "--image",
        action="append",
        metavar="COLUMN",
        help="a column of paths; can be repeated (default: columns that look like paths)",
    )
    parser.add_argument(
        "--group", metavar="COLUMN", help="rows with one value, as of a patient, stay together"
    )
    parser.add_argument(
        "--fold", metavar="COLUMN", help="the test fold of each row (default: folds are made)"
    )
    parser.add_argument("--cv", type=int, default=5, metavar="N", help="folds (default: 5)")
    parser.add_argument(
        "--root", help="the folder of relative paths (default: the folder of the table)"
    )
    add_remote(parser)
    parser.add_argument(
        "--model",
        metavar="FILE",
        help="a file of joblib.dump, to measure what leaks are worth. WARNING: such a file can run "
        "any code: use only files that you trust",
    )
    parser.add_argument("--html", metavar="FILE", help="write the report to this HTML file")
    parser.add_argument("--json", metavar="FILE", help="write the data to this JSON file")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    parser.set_defaults(run=run)


def run(options):
    """Audit the table, print the report and write the files."""
    with exit_on_error("audit", _REMEDIES, after_stop=" No file was written."):
        from skfusion import ImageReader, audit
        from skfusion._commands._report import load_model, read_rows, take_column
        from skfusion._utils.atomic_write import write_atomically
        from skfusion.reports.html._page_file import check_page_path

        if options.html is not None:
            check_page_path(options.html)
        X = read_rows(options.table)
        y = take_column(X, options.target, options.table, "--target")
        groups = take_column(X, options.group, options.table, "--group")
        folds = take_column(X, options.fold, options.table, "--fold")
        taken = [name for name in (options.target, options.fold) if name is not None]
        for name in options.image or ():
            take_column(X, name, options.table, "--image")
        root = options.root or Path(options.table).expanduser().absolute().parent
        model = None if options.model is None else load_model(options.model)
        found = audit(
            X.drop(columns=taken),
            y,
            cv=options.cv if folds is None else _splits(folds),
            groups=groups,
            estimator=model,
            image_columns=options.image,
            random_state=options.seed,
            reader=ImageReader(root, **remote_options(options)),
            verbose=int(not options.quiet),
        )
        if options.html is not None:
            found.to_html(options.html)
        if options.json is not None:
            text = json.dumps(found.to_dict(), allow_nan=False, indent=1)
            write_atomically(
                options.json, lambda path: Path(path).write_text(text, encoding="utf-8")
            )
    print(found)
    return 1 if found.is_grave else 0


def _splits(folds):
    """Return the splits of a column of test folds."""
    from sklearn.model_selection import LeaveOneGroupOut

    return list(LeaveOneGroupOut().split(folds, groups=folds))
