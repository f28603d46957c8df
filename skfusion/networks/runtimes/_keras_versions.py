"""The versions of Keras and its backend, found without importing them."""

import json
import os
from pathlib import Path

from skfusion._utils.saved_state import installed_version

_PACKAGES = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "jax": ("jax",),
    "torch": ("torch",),
}


def keras_versions():
    """Return Keras's version, the name of its backend and the backend's version."""
    backend = os.environ.get("KERAS_BACKEND") or _configured_backend() or "tensorflow"
    versions = [installed_version(package) for package in _PACKAGES.get(backend, ())]
    return installed_version("keras"), backend, next(filter(None, versions), None)


def _configured_backend():
    """Return the backend that Keras's own configuration file names, or None."""
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    try:
        return json.loads(Path(home, "keras.json").read_text()).get("backend")
    except (OSError, ValueError):
        return None
