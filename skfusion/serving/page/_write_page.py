"""write_page: a folder of static files that predict in the browser."""

import hashlib
import json
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

from skfusion._utils.atomic_write import write_atomically
from skfusion.reports._plain_data import to_plain
from skfusion.serving.page._browser_runtime import PACKAGE, VERSION, copy_runtime
from skfusion.serving.page._page_data import read_page_data

_DATA = "model.json"  # it also marks a folder as a page


def write_page(model, folder, *, title=None, report=None, runtime=None):
    """Write a page that computes a model in the browser.

    Parameters
    ----------
    model : str or PathLike
        An ONNX file with the graph of a whole model.

    folder : str or PathLike
        The folder to write; it is created. A page that is in it is replaced.

    title : str or None, default=None
        The title of the page.

    report : dict or None, default=None
        A `ModelReport` as plain data, to show its scores.

    runtime : str, PathLike or None, default=None
        ONNX Runtime Web, as an npm package; see `copy_runtime`. None downloads it with npm.

    Returns
    -------
    sizes : dict of str to int
        The bytes of each file.
    """
    model, folder = Path(model), Path(folder)
    data = read_page_data(model, title, report)
    _check_folder(folder)
    with tempfile.TemporaryDirectory() as fetched:  # an error leaves no folder behind
        copy_runtime(Path(fetched), runtime)
        _copy_files(fetched, folder / "runtime")
    for file in files("skfusion.serving.page").joinpath("site").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    write_atomically(folder / "model.onnx", lambda path: shutil.copyfile(model, path))
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    data |= {"file": "model.onnx", "digest": digest[:16], "bytes": model.stat().st_size}
    data["facts"].append(["Computed with", f"{PACKAGE} {VERSION} (MIT license)"])
    text = json.dumps(to_plain(data), indent=1, allow_nan=False)
    write_atomically(folder / _DATA, lambda path: Path(path).write_text(text, encoding="utf-8"))
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in found}


def _copy_files(source, folder):
    """Copy files into a folder that others may read; a temporary one is private."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in Path(source).iterdir():
        shutil.copyfile(path, folder / path.name)


def _check_folder(folder):
    """Refuse a folder that holds anything but a page."""
    if folder.is_file():
        raise ValueError(f"{str(folder)!r} is a file; name a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _DATA).is_file():
        raise ValueError(f"{str(folder)!r} holds other files; name a new folder, or an empty one")
