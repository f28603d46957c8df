"""SavedStateMixin: the versions of the packages that saved an estimator."""

import warnings
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pandas as pd
import sklearn

import skfusion
from skfusion._utils.doc_link import DocLinkMixin
from skfusion._utils.main_objects import MainObjectsMixin
from skfusion._utils.plain_data import plain_data
from skfusion.exceptions import ModelVersionError, ModelVersionWarning

_STAMP = "_saved_by"
_ADVICE = "It was loaded. Check its predictions, then save it again."


class SavedStateMixin(MainObjectsMixin, DocLinkMixin):
    """Mixin for estimators that adds versions to a pickle, and checks them when it is loaded.

    Examples
    --------
    >>> from skfusion import PixelFlattener, __version__
    >>> PixelFlattener().__getstate__()["_saved_by"].skfusion == __version__
    True
    """

    # Whether it holds estimators of scikit-learn, which other versions of it may not load.
    _holds_sklearn = False

    def __getstate__(self):
        stamp = VersionStamp(type(self).__name__, self._holds_sklearn)
        state = super().__getstate__()
        return {_STAMP: stamp, **{name: _pack(value) for name, value in state.items()}}

    def __setstate__(self, state):
        if _STAMP not in state:
            warn_of_versions(
                f"This {type(self).__name__} was saved by skfusion before 0.1. {_ADVICE}"
            )
        state = {name: _unpack(value) for name, value in state.items() if name != _STAMP}
        super().__setstate__(state)


@plain_data
class VersionStamp:
    """The versions that saved an estimator.

    It is the first part of a pickle and is checked as soon as it is loaded, so that the message
    precedes errors from the parts that follow.

    Parameters
    ----------
    estimator : str
        The class of the estimator, for messages.

    holds_sklearn : bool
        Whether it holds estimators of scikit-learn.
    """

    def __init__(self, estimator, holds_sklearn):
        self.estimator = estimator
        self.holds_sklearn = holds_sklearn
        self.skfusion = skfusion.__version__
        self.sklearn = sklearn.__version__
        self.keras = installed_version("keras")

    def __setstate__(self, state):
        vars(self).update(state)
        self._check_skfusion()
        if self.holds_sklearn and minor(self.sklearn) != minor(sklearn.__version__):
            warn_of_versions(
                f"This {self.estimator} was saved with scikit-learn {self.sklearn}, and "
                f"scikit-learn {sklearn.__version__} is installed. It holds estimators of "
                "scikit-learn, which may fail to load or predict other values. Install "
                f"scikit-learn=={self.sklearn}, or fit it again."
            )

    def _check_skfusion(self):
        """Raise an error if a newer skfusion saved it, and warn if an older one did."""
        saved, here = self.skfusion, skfusion.__version__
        if minor(saved) > minor(here):
            raise ModelVersionError(
                f"This {self.estimator} was saved by skfusion {saved}, which is newer than "
                f"skfusion {here} here and may use another format. Install that version with "
                f"pip install 'skfusion=={saved}', or fit and save it again with skfusion {here}. "
                f"It was saved with scikit-learn {self.sklearn} and Keras {self.keras}."
            )
        if minor(saved) < minor(here):
            warn_of_versions(
                f"This {self.estimator} was saved by skfusion {saved}, which is older than "
                f"skfusion {here} here. {_ADVICE}"
            )


@plain_data
class PlainFrame:
    """A small DataFrame as arrays, which all versions of pandas and skops can load.

    Parameters
    ----------
    frame : DataFrame
        The table. Its columns and its index have one level.
    """

    def __init__(self, frame):
        self.columns = [(str(name), frame[name].to_numpy()) for name in frame.columns]
        self.index = frame.index.to_numpy()
        self.index_name = frame.index.name

    def to_pandas(self):
        """Return the DataFrame."""
        index = pd.Index(self.index, name=self.index_name)
        if np.array_equal(self.index, np.arange(len(self.index))):
            index = pd.RangeIndex(len(self.index), name=self.index_name)
        return pd.DataFrame(dict(self.columns), index=index)


@lru_cache
def installed_version(package):
    """Return the version of a package without importing it; None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def warn_of_versions(text):
    """Warn that a model was saved with other versions."""
    warnings.warn(text, ModelVersionWarning, stacklevel=3)


def minor(text):
    """Return the major and minor number of a version, for comparison."""
    return tuple(int(part) for part in text.split(".")[:2])


def _pack(value):
    return PlainFrame(value) if isinstance(value, pd.DataFrame) else value


def _unpack(value):
    return value.to_pandas() if isinstance(value, PlainFrame) else value
