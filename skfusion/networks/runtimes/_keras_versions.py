"""The versions of Keras and its backend, and its settings, found without importing them."""

import json
import os
import sys
from pathlib import Path

from skfusion._utils.saved_state import installed_version

_PACKAGES = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "jax": ("jax",),
    "torch": ("torch",),
}


# What Keras's networks depend on, unless a configuration file or the program sets another value.
_DEFAULTS = {
    "dtype_policy": "float32",
    "floatx": "float32",
    "image_data_format": "channels_last",
}


def keras_versions():
    """Return the versions of Keras and its backend, and the settings that are not the defaults.

    Returns
    -------
    versions : tuple
        Keras's version, the name of its backend, the backend's version, and settings such as
        ``("dtype_policy", "mixed_bfloat16")``. Each makes other features.
    """
    backend = os.environ.get("KERAS_BACKEND") or _read_config().get("backend") or "tensorflow"
    versions = [installed_version(package) for package in _PACKAGES.get(backend, ())]
    settings = _loaded_settings() if "keras" in sys.modules else _settings_at_start()
    changed = [item for item in settings.items() if _DEFAULTS[item[0]] != item[1]]
    return installed_version("keras"), backend, next(filter(None, versions), None), *changed


def _loaded_settings():
    config = sys.modules["keras"].config
    return {
        "dtype_policy": config.dtype_policy().name,
        "floatx": config.floatx(),
        "image_data_format": config.image_data_format(),
    }


def _settings_at_start():
    """Return the settings that Keras will have when it is imported."""
    config = {**_DEFAULTS, **_read_config()}
    return {
        "dtype_policy": config["floatx"],
        "floatx": config["floatx"],
        "image_data_format": config["image_data_format"],
    }


def _read_config():
    """Return the content of Keras's own configuration file, empty without one."""
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    try:
        return dict(json.loads(Path(home, "keras.json").read_text()))
    except (OSError, TypeError, ValueError):
        return {}
