"""A web server that tests start, on a port of its own, and always stop."""

import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "serving"
PATIENCE = 150  # seconds until the server must be ready; it imports TensorFlow


@contextmanager
def running(command, environment, log, ready="/ready"):
    """Run a server; `PORT` in the command is replaced by a free port. Gives its address."""
    import httpx

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(part).replace("PORT", str(port)) for part in command]
    with open(log, "w") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=EXAMPLE,
            env={**os.environ, **_paths(), **environment},
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that it can be stopped with all that it starts
        )
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + PATIENCE
        while not _is_ready(httpx, address + ready):
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the server is not ready:\n{Path(log).read_text()[-3000:]}")
            time.sleep(0.1)
        yield address
    finally:
        _stop(server)


def _paths():
    """Where a server finds this package, and the commands that it starts by their names.

    MLflow starts `uvicorn`; nobody has to activate the environment that the tests run in.
    """
    commands = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    return {"PYTHONPATH": str(EXAMPLE.parents[1]), "PATH": commands}


def _stop(server):
    """Ask the server and its workers to end; those that don't are ended."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, number)
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=20)


def _is_ready(httpx, address):
    try:
        return httpx.get(address, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
