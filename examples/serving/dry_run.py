"""Run the steps of the container file without a container engine, and send requests to the service.

    python dry_run.py            # takes minutes: it installs TensorFlow into a new environment

COPY, RUN, WORKDIR, ENV and CMD are run with absolute paths moved into a temporary folder. Steps
that need an engine (the base image, the user, the ports) are left out. The size that is printed is
that of the files which the container image would hold in addition to its base image.
"""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# A PNG file of 32 x 32 pixels, in base64.
GRAY_IMAGE = (
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAAAAABWESUoAAAAGElEQV"
    "R42mNsYMAPmBhGFYwqGFUwQhUAAJe+AMD8WknZAAAAAElFTkSuQmCC"
)
MOVED = re.compile(r"(?<![\w./])/(opt|src|service)\b")


def main():
    with tempfile.TemporaryDirectory() as folder:
        command, where, environment = do_steps(Path(folder))
        megabytes = (
            sum(
                file.stat().st_size
                for place in ("opt", "service")
                for file in (Path(folder) / place).rglob("*")
                if not file.is_symlink()
            )
            / 1e6
        )
        print(f"{megabytes:.0f} MB beside the base image", flush=True)
        subprocess.run(
            [f"{folder}/opt/venv/bin/python", HERE / "train.py", environment["MODEL"]], check=True
        )
        seconds, answer = try_service(command, where, environment)
        print(f"ready after {seconds} s; first answer: {answer}", flush=True)


def read_steps(path):
    """Return the instructions of a container file as pairs of a name and the rest of the line."""
    lines = Path(path).read_text().replace("\\\n", " ").splitlines()
    steps = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    return [(name, rest.strip()) for name, rest in steps]


def do_steps(folder):
    """Run the steps; return the command of the container, its folder and its environment."""
    where, environment, command = folder, dict(os.environ), None
    environment.pop("PYTHONPATH", None)
    for name, rest in read_steps(HERE / "Dockerfile"):
        rest = MOVED.sub(rf"{folder}/\1", rest)
        if name == "WORKDIR":
            where = Path(rest)
            where.mkdir(parents=True, exist_ok=True)
        elif name == "ENV":
            environment.update(pair.split("=", 1) for pair in shlex.split(rest))
        elif name == "COPY" and not rest.startswith("--from"):
            copy(*rest.split(), where)
        elif name == "RUN":
            print("RUN", rest, flush=True)
            path = f"{Path(sys.executable).parent}:{environment['PATH']}"
            subprocess.run(
                rest, shell=True, check=True, cwd=where, env={**environment, "PATH": path}
            )
        elif name == "CMD":
            command = json.loads(rest)
    return command, where, environment


def copy(source, target, where):
    """Copy a file, or the tracked files of a checkout, as `.dockerignore` selects them."""
    if source != ".":
        shutil.copy2(ROOT / source, where / target)
        return
    tracked = subprocess.run(
        [
            "git",
            "ls-files",
            "examples/serving",
            "pyproject.toml",
            "LICENSE",
            "README.md",
            "requirements",
            "skfusion",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in tracked:
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, where / name)


def try_service(command, where, environment):
    """Start the service on a free port, send a request when it is ready, and stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [address if part == "0.0.0.0:8000" else part for part in command]
    start = time.monotonic()
    service = subprocess.Popen(command, cwd=where, env=environment)
    try:
        while time.monotonic() < start + 120 and service.poll() is None:
            try:
                urllib.request.urlopen(f"http://{address}/ready", timeout=5)
            except OSError:
                time.sleep(0.2)
            else:
                return round(time.monotonic() - start, 1), predict(address)
        raise SystemExit("the service does not become ready")
    finally:
        service.terminate()
        service.wait(timeout=30)


def predict(address):
    """Request a prediction for one row, with the columns that the service lists."""
    listed = json.load(urllib.request.urlopen(f"http://{address}/columns"))
    row = dict.fromkeys(listed["columns"], 0.5)
    row |= dict.fromkeys(listed["images"], GRAY_IMAGE)
    body = json.dumps({"rows": [row]}).encode()
    return json.load(urllib.request.urlopen(f"http://{address}/predict", body))["predictions"][0]


if __name__ == "__main__":
    main()
