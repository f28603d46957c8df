"""The options of commands that read URLs."""


def add_remote(parser):
    """Add --remote and --allow-local to a parser or a group of it."""
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
