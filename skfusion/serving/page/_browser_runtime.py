"""The files of ONNX Runtime Web, which a page computes with; they are taken from npm."""

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

# The one place of the version. `npm view onnxruntime-web@VERSION dist.integrity` prints the digest.
PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
_INTEGRITY = (
    "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7sv"
    "Nc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
)
# WebAssembly on the CPU: the other builds of the package are for GPUs, and larger.
FILES = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
_TIMEOUT = 600  # seconds: the package has 33 MB


def copy_runtime(into, source=None):
    """Write the files of the runtime into a folder.

    Parameters
    ----------
    into : Path
        The folder, which exists.

    source : str, PathLike or None, default=None
        The package as a file of ``npm pack`` (.tgz), or as an unpacked folder, such as
        ``node_modules/onnxruntime-web``. None downloads it with npm.

    Raises
    ------
    ValueError
        If npm is missing or fails, or the package is another one.
    """
    if source is None:
        with tempfile.TemporaryDirectory() as folder:
            _unpack(_download(folder), into)
    elif Path(source).is_dir():
        _copy(Path(source), into)
    else:
        _unpack(Path(source), into)


def _download(folder):
    """Download the package with npm, and return the path of the archive."""
    npm = shutil.which("npm")
    if npm is None:
        raise ValueError(
            f"the page needs {PACKAGE} {VERSION} from npm, and npm was not found. Install Node.js, "
            "or pass an unpacked package with --runtime-from"
        )
    command = [
        npm,
        "pack",
        f"{PACKAGE}@{VERSION}",
        "--pack-destination",
        folder,
        "--prefer-offline",
    ]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"npm did not download {PACKAGE} in {_TIMEOUT} seconds") from None
    found = list(Path(folder).glob("*.tgz"))
    if done.returncode or not found:
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        reason = " ".join(lines[:3]) or done.stderr[-300:]
        raise ValueError(f"npm could not download {PACKAGE} {VERSION}: {reason}")
    return found[0]


def _unpack(archive, into):
    """Unpack the files from an archive of npm, after its digest was checked."""
    if not archive.is_file():
        raise ValueError(f"there is no package {str(archive)!r}")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != _INTEGRITY:
        raise ValueError(f"{archive.name} is not {PACKAGE} {VERSION} as npm publishes it")
    with tarfile.open(archive) as opened:
        for name in FILES:
            with opened.extractfile(f"package/dist/{name}") as file:
                (into / name).write_bytes(file.read())


def _copy(package, into):
    """Copy the files from an unpacked package."""
    try:
        facts = json.loads((package / "package.json").read_text(encoding="utf-8"))
        found = f"{facts['name']} {facts['version']}"
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{package} is not an unpacked npm package ({error})") from error
    if found != f"{PACKAGE} {VERSION}":
        raise ValueError(f"{package} holds {found}; the page needs {PACKAGE} {VERSION}")
    for name in FILES:
        shutil.copyfile(package / "dist" / name, into / name)
