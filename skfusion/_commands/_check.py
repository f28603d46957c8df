"""Command `skfusion check`."""

import os
import re
from pathlib import Path

from skfusion._commands._messages import exit_on_error
from skfusion._commands._options import (
    add_images,
    add_quiet,
    add_remote,
    add_root,
    remote_options,
)

_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")


def add_parser(commands):
    """Add this command to the parser's commands."""
    parser = commands.add_parser(
        "check",
        help="read all images of a table, and report sizes, duplicates and broken files",
        description=(
            "Read all images of a table, or all below a folder, and report sizes, formats, missing "
            "images, duplicates, and broken images with the reason. The exit status is 0 if all "
            "images can be read, 1 if some are broken, and 2 if the command fails."
        ),
    )
    parser.add_argument(
        "source",
        help="a table (.csv, .tsv, .parquet) or a folder of images; with --remote, also the URL "
        "of a folder",
    )
    add_images(parser)
    add_root(parser)
    parser.add_argument("--strict-root", action="store_true", help="reject files outside the root")
    parser.add_argument(
        "--max-pixels", type=int, metavar="N", help="reject larger images, by their header"
    )
    add_remote(parser)
    parser.add_argument(
        "--headers-only", action="store_true", help="don't decode: faster, but finds less"
    )
    parser.add_argument("--out", metavar="FILE", help="write one line per image to this CSV file")
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(options):
    """Check the images and print the report."""
    with exit_on_error("check", after_stop=""):
        from skfusion import ImageReader, check_images

        X, root = _read_source(options)
        limit = {} if options.max_pixels is None else {"max_pixels": options.max_pixels}
        limit |= remote_options(options)
        reader = ImageReader(root, strict_root=options.strict_root, **limit)
        report = check_images(
            X, reader, decode=not options.headers_only, verbose=int(not options.quiet)
        )
        if options.out is not None:
            report.to_csv(options.out)
    print(report)
    return 1 if report.n_broken else 0


def _read_source(options):
    """Return the columns of images, and the folder that relative paths start from."""
    from skfusion._utils.urls import scheme_of
    from skfusion.images.remote._remote_access import find_schemes

    schemes = find_schemes(options.remote)
    if scheme_of(options.source) is not None:
        return _files_of_url(options), None
    source = Path(options.source).expanduser()
    if source.is_dir():
        if options.image:
            raise ValueError(f"{source} is a folder: --image names a column of a table")
        return _files_below(source, options.root), source
    if not source.exists():
        raise ValueError(f"there is no table or folder {options.source!r}")
    root = source.absolute().parent if options.root is None else options.root
    columns = _read_table(source, options.image, schemes)
    for name, column in columns.items():
        if _holds_numbers(column, root):
            raise ValueError(
                f"column {name!r} of {source} holds numbers, not images; name another column with "
                "--image"
            )
    return columns, root


def _files_of_url(options):
    """Return the URLs of the images below a folder in an object store."""
    import pandas as pd

    from skfusion.datasets import load_image_folder

    if options.image or options.root is not None:
        raise ValueError("a URL names a folder: leave out --image and --root")
    data = load_image_folder(options.source, classes=None, remote=options.remote)
    return pd.Series(data.frame["image"], name="file")


def _files_below(folder, root):
    """Return the paths of the images below a folder, recognized by their extensions."""
    import pandas as pd

    from skfusion.images.formats._extensions import ends_like_image

    if root is not None:
        raise ValueError("a folder is its own root: leave out --root")
    files = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [
            os.path.relpath(os.path.join(place, name), folder)
            for name in sorted(names)
            if ends_like_image(name) and not name.startswith(".")
        ]
    if not files:
        raise ValueError(f"there are no images below {folder}")
    return pd.Series(files, name="file")


def _holds_numbers(column, root):
    """Return whether all cells are numbers and none of them is the name of a file."""
    from pandas.api.types import is_any_real_numeric_dtype

    cells = column.dropna()
    if cells.empty:
        return False
    if is_any_real_numeric_dtype(cells.dtype):
        return True
    if not all(isinstance(cell, str) and _NUMBER.fullmatch(cell.strip()) for cell in cells):
        return False
    folder = os.path.expanduser(root)
    return not any(os.path.exists(os.path.join(folder, name)) for name in set(cells))


def _read_table(path, columns, schemes):
    """Return the columns of a table that hold images."""
    from skfusion._utils.messages import join_names
    from skfusion.images._find_columns import find_image_columns
    from skfusion.io._read_table import read_table

    table = read_table(path)
    unknown = [name for name in columns or () if name not in table.columns]
    if unknown:
        raise ValueError(
            f"{path} has no column {unknown[0]!r}; it has {join_names(map(repr, table.columns))}"
        )
    if not columns:
        found = find_image_columns([table[name] for name in table.columns], schemes)
        columns = [table.columns[position] for position in found]
    if not columns:
        raise ValueError(
            f"no column of {path} looks like paths of images; name one of "
            f"{join_names(map(repr, table.columns))} with --image"
        )
    return table[columns]
