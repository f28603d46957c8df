"""Command `skfusion compare`."""

import json
from pathlib import Path

from skfusion._commands._messages import exit_on_error

_REMEDIES = {
    "accept missing": "Add images to these rows.",
    "accept unreadable": "Repair the images, or count them as missing (--unreadable missing).",
    "own weights": "Use a file of weights (--weights FILE), or random ones (--weights none).",
    "fetch weights": "Use a file of weights (--weights FILE), or run this once with network "
    "access.",
    "which weights": "--weights is a file, 'imagenet', or 'none' for random weights.",
}


def add_parser(commands):
    """Add this command to the parser's commands."""
    parser = commands.add_parser(
        "compare",
        help="compare table, images and fusions of both by repeated cross-validation",
        description=(
            "Fit models of the table, of the images and of both on the same splits, and print "
            "their scores, paired differences with intervals, costs and a verdict. The exit status "
            "is 0 if the images add information, 1 if they add nothing that the rows can show or "
            "do harm, and 2 if the command fails."
        ),
    )
    parser.add_argument("table", metavar="TABLE", help="a table (.csv, .tsv, .parquet)")
    parser.add_argument("--target", required=True, metavar="COLUMN", help="the column to predict")
    parser.add_argument("--html", metavar="FILE", help="write the comparison to this HTML file")
    parser.add_argument("--json", metavar="FILE", help="write the data to this JSON file")
    parser.add_argument(
        "--title", metavar="TEXT", help="the title (default: the name of the table)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    _add_rows(parser)
    _add_models(parser)
    _add_scores(parser)
    parser.set_defaults(run=run)


def _add_rows(parser):
    group = parser.add_argument_group("rows")
    group.add_argument(
        "--image",
        action="append",
        metavar="COLUMN",
        help="a column of paths; can be repeated (default: columns that look like paths)",
    )
    group.add_argument(
        "--id",
        action="append",
        metavar="COLUMN",
        help="a column to leave out; can be repeated (default: columns that identify rows)",
    )
    group.add_argument(
        "--group", metavar="COLUMN", help="rows with one value, as of a patient, stay together"
    )
    group.add_argument(
        "--root", metavar="FOLDER", help="the folder of relative paths (default: that of the table)"
    )
    group.add_argument(
        "--unreadable",
        choices=("error", "missing"),
        default="error",
        help="whether an image that can't be read is an error (default), or counts as missing",
    )


def _add_models(parser):
    group = parser.add_argument_group("models")
    group.add_argument(
        "--model",
        action="append",
        metavar="NAME",
        help="a source or strategy to compare, such as table or stacked; can be repeated "
        "(default: table, image, early, late, stacked, auto and concat)",
    )
    group.add_argument(
        "--task",
        choices=("auto", "classification", "regression"),
        default="auto",
        help="default: auto, by the values of the target",
    )
    group.add_argument(
        "--backbone",
        default="ResNet50",
        metavar="NAME",
        help="a name of skfusion.list_backbones(), a .keras or .onnx file, or 'descriptors' for "
        "measured features, which need no weights (default: ResNet50)",
    )
    group.add_argument(
        "--weights", metavar="FILE", help="a file, 'imagenet' (default), or 'none' for random ones"
    )
    group.add_argument("--cache", metavar="FOLDER", help="where features of images are kept")


def _add_scores(parser):
    group = parser.add_argument_group("scores")
    group.add_argument("--cv", type=int, default=5, metavar="N", help="the folds (default: 5)")
    group.add_argument(
        "--repeats", type=int, default=3, metavar="N", help="draw the folds N times (default: 3)"
    )
    group.add_argument(
        "--scoring",
        metavar="NAME",
        help="a score of scikit-learn (default: roc_auc for two classes, accuracy for more, r2 for "
        "numbers)",
    )
    group.add_argument("--jobs", type=int, metavar="N", help="fit N models at once")
    group.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")


def run(options):
    """Print the comparison and write the files."""
    remedies = _REMEDIES | {
        "root": f"Relative paths start from {_find_root(options)}. Use another folder (--root)."
    }
    with exit_on_error("compare", remedies, after_stop=" No file was written."):
        from skfusion import compare
        from skfusion._utils.atomic_write import write_atomically
        from skfusion.reports.comparison._named_models import DEFAULT_NAMES
        from skfusion.reports.comparison._verdict import images_add

        X, y, groups = _read_rows(options)
        found = compare(
            options.model or list(DEFAULT_NAMES),
            X,
            y,
            fusion=_make_fusion(options, y),
            cv=options.cv,
            groups=groups,
            scoring=options.scoring,
            n_repeats=options.repeats,
            path=options.html,
            title=options.title or f"Comparison on {Path(options.table).name}",
            cache=options.cache,
            n_jobs=options.jobs,
            random_state=options.seed,
            verbose=int(not options.quiet),
        )
        if options.json is not None:
            text = json.dumps(found.to_dict(), allow_nan=False, indent=1)
            write_atomically(
                options.json, lambda path: Path(path).write_text(text, encoding="utf-8")
            )
    print(found)
    return 1 if images_add(found) is False else 0


def _read_rows(options):
    """Return the table without target and group, and these two."""
    from skfusion._commands._report import read_rows, take_column

    X = read_rows(options.table)
    y = take_column(X, options.target, options.table, "--target")
    groups = take_column(X, options.group, options.table, "--group")
    for option, names in (("--image", options.image), ("--id", options.id)):
        for name in names or ():
            take_column(X, name, options.table, option)
    used = [name for name in (options.target, options.group) if name is not None]
    return X.drop(columns=used), y, groups


def _make_fusion(options, y):
    """Return the fusion that the options describe."""
    from sklearn.utils.multiclass import type_of_target

    from skfusion import FusionClassifier, FusionRegressor
    from skfusion.training._amounts import look_like_amounts

    values = y.dropna().to_numpy()  # `compare` names the rows that lack it
    is_numbers = type_of_target(values).startswith("continuous") or look_like_amounts(values)
    if options.task != "auto":
        is_numbers = options.task == "regression"
    return (FusionRegressor if is_numbers else FusionClassifier)(
        _make_embedder(options), image_columns=options.image, id_columns=options.id
    )


def _make_embedder(options):
    from skfusion import ImageDescriptors, ImageReader, PretrainedGAP

    reading = {
        "reader": ImageReader(_find_root(options)),
        "missing": "nan",
        "corrupt": options.unreadable,
    }
    if options.backbone == "descriptors":
        return ImageDescriptors(**reading)
    if options.weights is not None:
        reading["weights"] = None if options.weights == "none" else options.weights
    return PretrainedGAP(options.backbone, **reading)


def _find_root(options):
    """Return the folder that relative paths start from."""
    return options.root or Path(options.table).expanduser().absolute().parent
