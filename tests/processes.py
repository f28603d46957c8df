"""Scripts that tests run in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run_python(script, *arguments, timeout=180):
    """Run a script, text or a file, in a new process and return the last line that it prints."""
    option = [] if isinstance(script, Path) else ["-c"]
    command = [sys.executable, *option, str(script), *map(str, arguments)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},  # else `tests` is looked for by the script
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]
