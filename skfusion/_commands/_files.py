"""The files that several commands read and write."""

import json
from pathlib import Path

from skfusion._utils.atomic_write import write_atomically


def read_rows(path):
    """Return a table whose numbers are numbers."""
    from skfusion.io._read_table import read_table

    if not Path(path).expanduser().exists():
        raise ValueError(f"there is no table {path!r}")
    table = read_table(Path(path).expanduser(), as_text=False)
    if table.empty:
        raise ValueError(f"the table {path!r} has no rows")
    return table


def take_column(table, name, path, option):
    """Return a column; None where none is named."""
    from skfusion._utils.messages import join_names

    if name is None:
        return None
    if name not in table.columns:
        names = join_names(map(repr, table.columns))
        raise ValueError(f"{path} has no column {name!r} for {option}; it has {names}")
    return table[name]


def find_root(options):
    """Return the folder that relative paths start from: --root, or that of the table."""
    return options.root or Path(options.table).expanduser().absolute().parent


def load_model(path):
    """Load a model; whatever goes wrong is one error."""
    import joblib

    if not Path(path).expanduser().is_file():
        raise ValueError(f"there is no file {path!r}")
    try:
        return joblib.load(Path(path).expanduser())
    except Exception as error:
        raise ValueError(
            f"{path} is no model that can be loaded here ({type(error).__name__}: {error})"
        ) from error


def write_json(path, found):
    """Write the data of a report to a file; None writes nothing."""
    if path is not None:
        text = json.dumps(found.to_dict(), allow_nan=False, indent=1)
        write_atomically(path, lambda unfinished: Path(unfinished).write_text(text, "utf-8"))
