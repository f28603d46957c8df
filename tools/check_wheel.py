"""Install a wheel alone, in a new environment outside the checkout, and import its public names.

    python tools/check_wheel.py dist/skfusion-*.whl

Finds what an editable installation hides: a module or file that the wheel lacks, and a package
that is imported but not declared as a mandatory dependency.
"""

import argparse
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "requirements" / "constraints.txt"
PROGRAM = Path(__file__).with_name("import_public_names.py")


def main():
    """Check the wheel that the command line names, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    wheel = parser.parse_args().wheel.resolve(strict=True)
    with tempfile.TemporaryDirectory(prefix="skfusion-wheel-") as folder:
        python = make_environment(Path(folder) / "venv")
        install = ["-m", "pip", "install", "--quiet", "--no-compile", "--constraint", PINS, wheel]
        subprocess.run([python, *install], cwd=folder, check=True)
        # -I ignores PYTHONPATH and the working directory, so that only the wheel provides modules.
        return subprocess.run([python, "-I", PROGRAM], cwd=folder, check=False).returncode


def make_environment(folder):
    """Make a virtual environment and return the path of its Python."""
    venv.create(folder, with_pip=True)
    windows = sys.platform == "win32"
    return folder / ("Scripts/python.exe" if windows else "bin/python")


if __name__ == "__main__":
    sys.exit(main())
