"""Do the steps of the container file without a container engine, in a folder, and ask the service.

    python dry_run.py            # takes minutes: it installs TensorFlow into a new environment

COPY, RUN, WORKDIR, ENV and CMD are done for real, with absolute paths moved into a temporary
folder; what only an engine can do (the base image, the user, the ports) is left out. The size that
is printed is that of the files which the image would hold beside its base image.
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
        print("ready after", ask(command, where, environment), "s", flush=True)


def read_steps(path):
    """The instructions of a container file: pairs of a name and the rest of the line."""
    lines = Path(path).read_text().replace("\\\n", " ").splitlines()
    steps = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    return [(name, rest.strip()) for name, rest in steps]


def do_steps(folder):
    """Do the steps; gives what the container would run, where, and in which environment."""
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
    """As `.dockerignore` has it: of the whole checkout, only what is tracked."""
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


def ask(command, where, environment):
    """Start the service on a free port, wait until it is ready, and stop it."""
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
                return round(time.monotonic() - start, 1)
            except OSError:
                time.sleep(0.2)
        raise SystemExit("the service does not become ready")
    finally:
        service.terminate()
        service.wait(timeout=30)


if __name__ == "__main__":
    main()
