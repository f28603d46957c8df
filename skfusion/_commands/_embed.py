"""Command `skfusion embed`."""

import ast
from pathlib import Path

from skfusion._commands._embed_cluster import embed_on_cluster
from skfusion._commands._messages import FOLDER_REMEDIES, WEIGHTS_REMEDIES, exit_on_error
from skfusion._commands._options import add_classes, add_remote, remote_options

_REMEDIES = {
    **FOLDER_REMEDIES,
    **WEIGHTS_REMEDIES,
    "accept missing": "Add images to these rows, or accept rows of NaN (--unreadable nan).",
    "accept unreadable": "Repair the images and run this again, or accept rows of NaN "
    "(--unreadable nan).",
    "larger": "Use a larger --image-size.",
    "preprocessing": "Put the file of the model there.",
    "other runtime": "Use another --runtime, or leave it out.",
    "room": "Free some space, or use another folder (--cache).",
    "other store": "Use a folder with write permission (--cache).",
    "beside": "Move them into the folder of their class, or embed all without classes "
    "(--classes none).",
    "folder columns": "Leave out --image, --target and --id, which are columns of a table.",
    "image column": "Name the column with --image.",
    "target column": "Name the column with --target.",
    "row_id column": "Name a column with a different value in each row with --id.",
    "named twice": "Run the command once for each, with another --suffix.",
    "file exists": "Replace it (--overwrite), or use another name (--suffix) or folder (--out).",
}


def add_parser(commands):
    """Add this command to the parser's commands."""
    parser = commands.add_parser(
        "embed",
        help="run pretrained networks over images once, and write their features to files",
        description=(
            "Write one file per backbone, such as gap_ResNet50.h5, with the datasets train and "
            "label, and row ids and class names as attributes. skfusion.load_features joins the "
            "files. Run the command again to continue after an interruption."
        ),
    )
    parser.add_argument(
        "source",
        metavar="FOLDER_OR_TABLE",
        help="images in one folder per class; or a table (.csv, .tsv, .parquet) with a column of "
        "images, whose paths start from the folder of the file; with --remote, paths and the "
        "folder may be URLs",
    )
    parser.add_argument(
        "--backbone",
        action="append",
        required=True,
        metavar="NAME",
        help="a name of skfusion.list_backbones(), or a .keras or .onnx file; can be repeated",
    )
    parser.add_argument("--out", required=True, metavar="FOLDER", help="the folder of the files")
    _add_network(parser)
    _add_rows(parser)
    files = parser.add_argument_group("files")
    files.add_argument("--format", choices=("h5", "parquet"), default="h5", help="default: h5")
    files.add_argument(
        "--suffix", default="", metavar="TEXT", help="suffix of the names of files and features"
    )
    files.add_argument("--overwrite", action="store_true", help="replace files with other content")
    files.add_argument(
        "--cache",
        metavar="FOLDER",
        help="the store of finished batches (default: .skfusion_store in --out)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="compute on the Dask cluster of this scheduler (tcp://...). Each backbone gets a "
        "folder of Parquet files in --out, which may be in an object store; --format and --cache "
        "are not used",
    )
    parser.set_defaults(run=run)


def _add_network(parser):
    group = parser.add_argument_group("networks")
    group.add_argument(
        "--weights",
        action="append",
        default=[],
        metavar="[NAME=]FILE",
        help="a file without top, 'imagenet' (default), or 'none' for random weights; NAME= "
        "restricts it to one backbone",
    )
    group.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="[NAME.]KEY=VALUE",
        help="an argument of the constructor of the backbone, such as alpha=0.25; NAME. restricts "
        "it to one backbone",
    )
    group.add_argument(
        "--image-size",
        type=int,
        nargs="+",
        metavar=("HEIGHT", "WIDTH"),
        help="in pixels; one number is a square (default: the size of the backbone's training)",
    )
    group.add_argument("--batch-size", type=int, default=32, metavar="N", help="default: 32")
    group.add_argument(
        "--runtime",
        choices=("keras", "onnx", "openvino"),
        help="the library that computes the networks (default: keras, and onnx for ONNX files); "
        "on a CPU, onnx is often faster",
    )


def _add_rows(parser):
    group = parser.add_argument_group("rows")
    group.add_argument("--image", metavar="COLUMN", help="the column of paths (default: detected)")
    group.add_argument("--target", metavar="COLUMN", help="the column of the target")
    group.add_argument("--id", metavar="COLUMN", help="the column of row ids (default: the paths)")
    add_classes(group)
    group.add_argument(
        "--unreadable",
        choices=("error", "nan"),
        default="error",
        help="the result for missing and unreadable images: an error (default), or rows of NaN",
    )

    add_remote(group)


def run(options):
    """Write the files and print their shapes."""
    folder = Path(options.source).expanduser().absolute().parent
    root = {"root": f"Relative paths start from {folder}, the folder of the table."}
    with exit_on_error("embed", _REMEDIES | root):
        from skfusion.io._embed_files import embed_files

        backbones = find_backbones(options.backbone, options.weights, options.option)
        if options.scheduler is not None:
            size, remote = _size(options.image_size), remote_options(options)
            embed_on_cluster(options, backbones, size, remote)
            return 0
        written = embed_files(
            options.source,
            backbones,
            options.out,
            image=options.image,
            target=options.target,
            row_id=options.id,
            classes=None if options.classes == "none" else options.classes,
            file_format=options.format,
            suffix=options.suffix,
            image_size=_size(options.image_size),
            batch_size=options.batch_size,
            runtime=options.runtime,
            unreadable=options.unreadable,
            **remote_options(options),
            cache=options.cache,
            overwrite=options.overwrite,
            verbose=1,
        )
        for file in written:
            n_rows, n_features = file.shape
            there = "  (existed)" if file.there else ""
            print(f"{file.path}: {n_rows} rows, {n_features} features{there}", flush=True)
    return 0


def _size(numbers):
    return numbers[0] if numbers is not None and len(numbers) == 1 else numbers


def find_backbones(names, weights, options):
    """Return the backbones with their weights and options.

    Parameters
    ----------
    names : list of str
        Values of --backbone.

    weights : list of str
        Values of --weights: ``FILE`` or ``NAME=FILE``.

    options : list of str
        Values of --option: ``KEY=VALUE`` or ``NAME.KEY=VALUE``.

    Returns
    -------
    backbones : list of Backbone
        In the order of `names`.
    """
    from skfusion.io._embed_job import Backbone

    for_all, own = "imagenet", {}
    for text in weights:
        name, is_own, value = text.partition("=")
        if is_own and name in names:
            own[name] = None if value == "none" else value
        else:
            for_all = None if text == "none" else text
    arguments = {name: {} for name in names}
    for text in options:
        key, is_pair, value = text.partition("=")
        if not is_pair:
            raise ValueError(f"--option {text}: KEY=VALUE is expected, as in alpha=0.25.")
        name, is_own, rest = key.partition(".")
        chosen = [name] if is_own and name in names else names
        for each in chosen:
            arguments[each][rest if is_own and name in names else key] = _value(value)
    return [Backbone(name, own.get(name, for_all), arguments[name] or None) for name in names]


def _value(text):
    """Return a number, True, False or None; all other values are text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
