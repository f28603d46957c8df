"""Command `skfusion export`."""

from pathlib import Path

from skfusion._commands._files import load_model, read_rows
from skfusion._commands._messages import exit_on_error
from skfusion._commands._options import TRUST_MODEL, add_model
from skfusion._utils.atomic_write import write_atomically


def add_parser(commands):
    """Add this command to the parser's commands."""
    parser = commands.add_parser(
        "export",
        help="convert a saved model to one ONNX file, which runs without Python",
        description=(
            "Convert a model to one ONNX file: images and table in, predictions out. " + TRUST_MODEL
        ),
    )
    add_model(parser)
    parser.add_argument("--out", metavar="FILE", required=True, help="the ONNX file to write")
    parser.add_argument(
        "--form", choices=["graph"], default="graph", help="one graph of everything (default)"
    )
    parser.add_argument(
        "--background",
        metavar="TABLE",
        help="rows of the training data (.csv, .tsv, .parquet), whose ranges the file will name",
    )
    parser.add_argument(
        "--unit",
        action="append",
        default=[],
        metavar="COLUMN=UNIT",
        help="the unit of a column, as in age=years, or of the predictions: target=dollars",
    )
    parser.add_argument(
        "--precision", choices=["float16", "int8"], help="weights of networks with fewer bits"
    )
    parser.set_defaults(run=run)


def run(options):
    """Convert the model and write the file."""
    with exit_on_error("export", after_stop=""):
        from skfusion.serving._to_onnx import to_onnx

        units = dict(_unit(text) for text in options.unit)
        background = None if options.background is None else read_rows(options.background)
        graph = to_onnx(
            load_model(options.model),
            options.form,
            background=background,
            units=units,
            precision=options.precision,
        )
        content = graph.SerializeToString()
        write_atomically(options.out, lambda path: Path(path).write_bytes(content))
    inputs = ", ".join(value.name for value in graph.graph.input)
    outputs = ", ".join(value.name for value in graph.graph.output)
    print(f"{options.out}: {len(content) / 1e6:.1f} MB, from {inputs} to {outputs}")
    return 0


def _unit(text):
    """Return a column and its unit."""
    name, is_unit, unit = text.partition("=")
    if not is_unit or not unit:
        raise ValueError(f"--unit {text!r} is not of the form COLUMN=UNIT")
    return name, unit
