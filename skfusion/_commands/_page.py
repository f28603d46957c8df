"""Command `skfusion page`."""

import json
from pathlib import Path

from skfusion._commands._messages import exit_on_error
from skfusion.serving.page._browser_runtime import PACKAGE, VERSION


def add_parser(commands):
    """Add this command to the parser's commands."""
    parser = commands.add_parser(
        "page",
        help="write a web page that computes a model in the browser",
        description=(
            "Write a folder of static files for any web server: a form for the columns of a "
            "model, which is computed in the browser. The page loads nothing from other servers, "
            "and sends nothing. ONNX Runtime Web is taken from npm when the page is written."
        ),
    )
    parser.add_argument("model", metavar="MODEL", help="an ONNX file of to_onnx(form='graph')")
    parser.add_argument("--out", metavar="FOLDER", required=True, help="the folder to write")
    parser.add_argument("--title", metavar="TEXT", help="the title of the page")
    parser.add_argument(
        "--report",
        metavar="FILE",
        help="the JSON file of `skfusion report --json`, whose scores the page shows "
        "(default: those in the model's file, if any)",
    )
    parser.add_argument(
        "--runtime-from",
        metavar="PATH",
        help=f"the npm package {PACKAGE} {VERSION}, as a .tgz file or an unpacked folder "
        "(default: download it with npm)",
    )
    parser.set_defaults(run=run)


def run(options):
    """Write the page."""
    with exit_on_error("page", after_stop=""):
        from skfusion.serving.page._write_page import write_page

        sizes = write_page(
            Path(options.model).expanduser(),
            Path(options.out).expanduser(),
            title=options.title,
            report=None if options.report is None else _read_report(options.report),
            runtime=options.runtime_from,
        )
    megabytes = sum(sizes.values()) / 1e6
    print(f"{options.out}: {len(sizes)} files, {megabytes:.1f} MB")
    print(
        f"To open it here: python -m http.server --bind 127.0.0.1 --directory {options.out}, then "
        "http://127.0.0.1:8000"
    )
    return 0


def _read_report(path):
    try:
        report = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
        return {name: report[name] for name in ("model", "protocol", "scores")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is not a report of `skfusion report --json` ({type(error).__name__}: {error})"
        ) from error
