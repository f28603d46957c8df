"""SavedStateMixin: what a saved estimator tells about the versions that made it."""

import warnings
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pandas as pd
import sklearn

import skfusion
from skfusion._utils.doc_link import DocLinkMixin
from skfusion.exceptions import ModelVersionError, ModelVersionWarning

_STAMP = "_saved_by"
_CHECK = "It was loaded; check its predictions, then save it again."


class SavedStateMixin(DocLinkMixin):
    """Stamps what is saved with versions, and reads the stamp when it is loaded.

    Examples
    --------
    >>> from skfusion import PixelFlattener, __version__
    >>> PixelFlattener().__getstate__()["_saved_by"].skfusion == __version__
    True
    """

    # Whether estimators of scikit-learn are inside, which other versions of it may not load.
    _holds_sklearn = False

    def __getstate__(self):
        stamp = VersionStamp(type(self).__name__, self._holds_sklearn)
        state = super().__getstate__()
        return {_STAMP: stamp, **{name: _packed(value) for name, value in state.items()}}

    def __setstate__(self, state):
        if _STAMP not in state:
            warn_of_versions(
                f"This {type(self).__name__} was saved by skfusion before 0.1. {_CHECK}"
            )
        state = {name: _unpacked(value) for name, value in state.items() if name != _STAMP}
        super().__setstate__(state)


class VersionStamp:
    """The versions that saved an estimator.

    It stands first in what is saved and is judged as soon as it is read, so that a reason is
    given before something behind it fails to load.

    Parameters
    ----------
    estimator : str
        What was saved, for messages.

    holds_sklearn : bool
        Whether estimators of scikit-learn are inside.
    """

    def __init__(self, estimator, holds_sklearn):
        self.estimator = estimator
        self.holds_sklearn = holds_sklearn
        self.skfusion = skfusion.__version__
        self.sklearn = sklearn.__version__
        self.keras = installed_version("keras")

    def __setstate__(self, state):
        vars(self).update(state)
        self._judge_skfusion()
        if self.holds_sklearn and minor(self.sklearn) != minor(sklearn.__version__):
            warn_of_versions(
                f"This {self.estimator} was saved with scikit-learn {self.sklearn}, and "
                f"scikit-learn {sklearn.__version__} is installed. It holds estimators of "
                "scikit-learn, which may not load or predict otherwise: install scikit-learn=="
                f"{self.sklearn}, or fit it again."
            )

    def _judge_skfusion(self):
        """Refuse what a newer skfusion saved, and warn of what an older one did."""
        saved, here = self.skfusion, skfusion.__version__
        if minor(saved) > minor(here):
            raise ModelVersionError(
                f"This {self.estimator} was saved by skfusion {saved}, which is newer than "
                f"skfusion {here} here and may have saved it in another form. Install that "
                f"version, pip install 'skfusion=={saved}', or fit and save it again with "
                f"skfusion {here}. It was saved with scikit-learn {self.sklearn} and Keras "
                f"{self.keras}."
            )
        if minor(saved) < minor(here):
            warn_of_versions(
                f"This {self.estimator} was saved by skfusion {saved}, which is older than "
                f"skfusion {here} here. {_CHECK}"
            )


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


@lru_cache
def installed_version(package):
    """The version of a package, None where it is not installed; the package isn't imported."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


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
