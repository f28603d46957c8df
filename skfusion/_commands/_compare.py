"""Command `skfusion compare`."""

from pathlib import Path

from skfusion._commands._files import find_root, read_rows, take_column, write_json
from skfusion._commands._messages import WEIGHTS_REMEDIES, exit_on_error
from skfusion._commands._options import (
    add_groups,
    add_images,
    add_outputs,
    add_quiet,
    add_root,
    add_seed,
    add_table,
)

_REMEDIES = WEIGHTS_REMEDIES | {
    "accept missing": "Add images to these rows.",
    "accept unreadable": "Repair the images, or count them as missing (--unreadable missing).",
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
    add_table(parser)
    parser.add_argument("--target", required=True, metavar="COLUMN", help="the column to predict")
    add_outputs(parser)
    parser.add_argument(
        "--title", metavar="TEXT", help="the title (default: the name of the table)"
    )
    add_quiet(parser)
    _add_rows(parser)
    _add_models(parser)
    _add_scores(parser)
    parser.set_defaults(run=run)


def _add_rows(parser):
    group = parser.add_argument_group("rows")
    add_images(group)
    group.add_argument(
        "--id",
        action="append",
        metavar="COLUMN",
        help="a column to leave out; can be repeated (default: columns that identify rows)",
    )
    add_groups(group)
    add_root(group)
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
    add_seed(group)


def run(options):
    """Print the comparison and write the files."""
    remedies = _REMEDIES | {
        "root": f"Relative paths start from {find_root(options)}. Use another folder (--root)."
    }
    with exit_on_error("compare", remedies, after_stop=" No file was written."):
        from skfusion import compare
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
        write_json(options.json, found)
    print(found)
    return 1 if images_add(found) is False else 0


def _read_rows(options):
    """Return the table without target and group, and these two."""
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
        "reader": ImageReader(find_root(options)),
        "missing": "nan",
        "corrupt": options.unreadable,
    }
    if options.backbone == "descriptors":
        return ImageDescriptors(**reading)
    if options.weights is not None:
        reading["weights"] = None if options.weights == "none" else options.weights
    return PretrainedGAP(options.backbone, **reading)
