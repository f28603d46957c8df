"""SavedStateMixin: what a saved estimator tells about the versions that made it."""

import warnings
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pandas as pd

import skfusion
from skfusion.exceptions import ModelVersionError, ModelVersionWarning

_STAMP = "_saved_by"


class SavedStateMixin:
    """Stamps what is saved with versions, and reads the stamp when it is loaded.

    scikit-learn's own estimators bring scikit-learn's `InconsistentVersionWarning`, so that its
    version is not judged here once more.

    Examples
    --------
    >>> from skfusion import PixelFlattener, __version__
    >>> PixelFlattener().__getstate__()["_saved_by"]["skfusion"] == __version__
    True
    """

    def __getstate__(self):
        state = super().__getstate__()
        return {_STAMP: installed(), **{name: _packed(value) for name, value in state.items()}}

    def __setstate__(self, state):
        state = dict(state)
        check_skfusion(type(self).__name__, state.pop(_STAMP, None))
        super().__setstate__({name: _unpacked(value) for name, value in state.items()})


class PlainFrame:
    """A small DataFrame as arrays: every version of pandas reads them, and so does skops.

    Parameters
    ----------
    frame : DataFrame
        The table; its columns and its index have at most one level.
    """

    def __init__(self, frame):
        self.columns = [(str(name), frame[name].to_numpy()) for name in frame.columns]
        self.index = frame.index.to_numpy()
        self.index_name = frame.index.name

    def to_pandas(self):
        """The table as it was."""
        index = pd.Index(self.index, name=self.index_name)
        if np.array_equal(self.index, np.arange(len(self.index))):
            index = pd.RangeIndex(len(self.index), name=self.index_name)
        return pd.DataFrame(dict(self.columns), index=index)


def installed():
    """The versions that stand in a saved estimator."""
    others = {package: installed_version(package) for package in ("keras", "scikit-learn")}
    return {"skfusion": skfusion.__version__, **others}


@lru_cache
def installed_version(package):
    """The version of a package, None where it is not installed; the package isn't imported."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def check_skfusion(what, stamp):
    """Refuse what a newer skfusion saved, and warn of what an older one did.

    Parameters
    ----------
    what : str
        What is loaded, for the message.

    stamp : dict or None
        What `installed` gave where it was saved; None where there was no stamp yet.
    """
    stamp = stamp or {"skfusion": "0.0"}
    saved, here = stamp["skfusion"], skfusion.__version__
    if minor(saved) == minor(here):
        return
    if minor(saved) > minor(here):
        others = ", ".join(f"{name} {number}" for name, number in stamp.items())
        raise ModelVersionError(
            f"This {what} was saved by skfusion {saved}, which is newer than skfusion {here} here "
            f"and may have saved it in another form. Install that version, pip install "
            f"'skfusion=={saved}', or save the model again with skfusion {here}. Versions where "
            f"it was saved: {others}."
        )
    warn_of_versions(
        f"This {what} was saved by skfusion {saved}, which is older than skfusion {here} here. "
        "It was loaded; check its predictions, then save it again."
    )


def warn_of_versions(text):
    """Warn that a model comes from other versions."""
    warnings.warn(text, ModelVersionWarning, stacklevel=3)


def minor(text):
    """Major and minor number of a version, for comparison."""
    return tuple(int(part) for part in text.split(".")[:2])


def _packed(value):
    return PlainFrame(value) if isinstance(value, pd.DataFrame) else value


def _unpacked(value):
    return value.to_pandas() if isinstance(value, PlainFrame) else value
