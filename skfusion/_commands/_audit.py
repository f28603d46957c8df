"""Command `skfusion audit`."""

from skfusion._commands._files import find_root, load_model, read_rows, take_column, write_json
from skfusion._commands._messages import exit_on_error
from skfusion._commands._options import (
    add_groups,
    add_images,
    add_outputs,
    add_quiet,
    add_remote,
    add_root,
    add_seed,
    add_table,
    remote_options,
)

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
    add_table(parser)
    parser.add_argument(
        "--target", metavar="COLUMN", required=True, help="the column of the target"
    )
    add_images(parser)
    add_groups(parser)
    parser.add_argument(
        "--fold", metavar="COLUMN", help="the test fold of each row (default: folds are made)"
    )
    parser.add_argument("--cv", type=int, default=5, metavar="N", help="folds (default: 5)")
    add_root(parser)
    add_remote(parser)
    parser.add_argument(
        "--model",
        metavar="FILE",
        help="a file of joblib.dump, to measure what leaks are worth. WARNING: such a file can run "
        "any code: use only files that you trust",
    )
    add_outputs(parser)
    add_seed(parser)
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(options):
    """Audit the table, print the report and write the files."""
    with exit_on_error("audit", _REMEDIES, after_stop=" No file was written."):
        from skfusion import ImageReader, audit
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
        model = None if options.model is None else load_model(options.model)
        found = audit(
            X.drop(columns=taken),
            y,
            cv=options.cv if folds is None else _splits(folds),
            groups=groups,
            estimator=model,
            image_columns=options.image,
            random_state=options.seed,
            reader=ImageReader(find_root(options), **remote_options(options)),
            verbose=int(not options.quiet),
        )
        if options.html is not None:
            found.to_html(options.html)
        write_json(options.json, found)
    print(found)
    return 1 if found.is_grave else 0


def _splits(folds):
    """Return the splits of a column of test folds."""
    from sklearn.model_selection import LeaveOneGroupOut

    return list(LeaveOneGroupOut().split(folds, groups=folds))
