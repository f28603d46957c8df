"""The options that several commands have."""

TRUST_MODEL = (
    "WARNING: the model is loaded by joblib, and such a file can run any code: use only files that "
    "you trust."
)


def add_model(parser):
    """Add the file of a model."""
    parser.add_argument("model", metavar="MODEL", help="a file of joblib.dump, which you trust")


def add_table(parser):
    """Add the table."""
    parser.add_argument("table", metavar="TABLE", help="a table (.csv, .tsv, .parquet)")


def add_images(parser):
    """Add --image, for columns of a table."""
    parser.add_argument(
        "--image",
        action="append",
        metavar="COLUMN",
        help="a column of paths; can be repeated (default: columns that look like paths)",
    )


def add_groups(parser, option="--group"):
    """Add the column of groups."""
    parser.add_argument(
        option, metavar="COLUMN", help="rows with one value, as of a patient, stay together"
    )


def add_root(parser):
    """Add --root."""
    parser.add_argument(
        "--root",
        metavar="FOLDER",
        help="the folder of relative paths (default: the folder of the table)",
    )


def add_classes(parser):
    """Add --classes, for images in folders."""
    parser.add_argument(
        "--classes",
        choices=("first", "last", "path", "none"),
        default="first",
        help="which of several nested folders names the class (default: first); none: there are "
        "no classes",
    )


def add_remote(parser):
    """Add --remote and --allow-local, for URLs."""
    parser.add_argument(
        "--remote",
        action="append",
        default=[],
        metavar="SCHEME",
        help="read URLs of this scheme: az, file, gs, hf, http, https or s3; can be repeated "
        "(default: no URL is read)",
    )
    parser.add_argument(
        "--allow-local",
        action="append",
        default=[],
        metavar="HOST",
        help="a web server whose address may be one of a local network; can be repeated",
    )


def remote_options(options):
    """Return the parameters of ImageReader."""
    return {"remote": options.remote, "allow_local": options.allow_local}


def add_outputs(parser, page="--html"):
    """Add the option of an HTML file, and --json."""
    parser.add_argument(page, metavar="FILE", help="write the report to this HTML file")
    parser.add_argument("--json", metavar="FILE", help="write the data to this JSON file")


def add_seed(parser):
    """Add --seed."""
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")


def add_quiet(parser):
    """Add --quiet."""
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
