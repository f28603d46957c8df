"""Errors and warnings that skfusion raises."""

from collections.abc import Sequence


class ImageReadError(ValueError):
    """Some images could not be turned into pixels.

    Parameters
    ----------
    message : str
        The whole message: counts, rows, sources, reasons and the remedy.

    failures : list of tuple (int, str, str), default=()
        Row position (0-based), source and reason of each failure.

    Attributes
    ----------
    failures : list of tuple (int, str, str)
        Row position (0-based), source and reason of each failure.

    Examples
    --------
    >>> from skfusion import ImageReadError, PixelFlattener
    >>> import pandas as pd
    >>> photos = pd.DataFrame({"photo": ["nowhere.png"]})
    >>> try:
    ...     PixelFlattener(image_size=(8, 8)).fit_transform(photos)
    ... except ImageReadError as error:
    ...     error.failures
    [(0, 'nowhere.png', 'no such file')]
    """

    def __init__(self, message: str, failures: Sequence[tuple[int, str, str]] = ()) -> None:
        super().__init__(message)
        self.failures = list(failures)

    def __reduce__(self):
        # The default reduction of exceptions passes `args` only: it would lose the failures
        # on the way back from a worker process.
        return type(self), (self.args[0], self.failures), self.__dict__


class ImageError(ValueError):
    """One image can't be used, though it was read; `ImageReadError` names its row.

    Examples
    --------
    >>> from skfusion.exceptions import ImageError
    >>> issubclass(ImageError, ValueError)
    True
    """


class WeightsNotFoundError(FileNotFoundError):
    """The weights of a network are not on this machine and could not be fetched.

    Examples
    --------
    >>> from skfusion import PretrainedGAP, WeightsNotFoundError
    >>> import numpy as np
    >>> gap = PretrainedGAP("MobileNet", weights="nowhere.weights.h5")
    >>> try:
    ...     gap.fit(np.zeros((1, 32, 32, 3), dtype="uint8"))
    ... except WeightsNotFoundError as error:
    ...     print(error)
    No weights for MobileNet at 'nowhere.weights.h5': no such file. ...
    """


class BackendNotFoundError(ImportError):
    """Keras has no backend (TensorFlow, JAX or PyTorch) to run on.

    Examples
    --------
    >>> from skfusion import BackendNotFoundError
    >>> issubclass(BackendNotFoundError, ImportError)
    True
    """


class ExtraNotFoundError(ImportError):
    """A cell needs a package that an extra of skfusion brings, and it isn't installed.

    Examples
    --------
    >>> from skfusion import ExtraNotFoundError
    >>> issubclass(ExtraNotFoundError, ImportError)
    True
    """


class UnreadableImageWarning(UserWarning):
    """Unreadable images were treated as missing (``corrupt="missing"``).

    Examples
    --------
    >>> from skfusion import UnreadableImageWarning
    >>> issubclass(UnreadableImageWarning, UserWarning)
    True
    """


class ImageDriftWarning(UserWarning):
    """Images differ from those of the fit in depth, channels, size, or in how many are missing.

    Said once for each fitted transformer and kind; ``drift="ignore"`` turns it off.

    Examples
    --------
    >>> from skfusion import ImageDriftWarning
    >>> issubclass(ImageDriftWarning, UserWarning)
    True
    """


class StoreWarning(UserWarning):
    """A feature store is damaged, full, locked or not to be written; features are computed.

    Examples
    --------
    >>> from skfusion.exceptions import StoreWarning
    >>> issubclass(StoreWarning, UserWarning)
    True
    """


class ModelVersionError(RuntimeError):
    """A saved model needs other versions of skfusion or Keras than are installed.

    Examples
    --------
    >>> from skfusion import ModelVersionError
    >>> issubclass(ModelVersionError, RuntimeError)
    True
    """


class ModelVersionWarning(UserWarning):
    """A saved model comes from other versions of skfusion or Keras; it was loaded nevertheless.

    Examples
    --------
    >>> from skfusion import ModelVersionWarning
    >>> issubclass(ModelVersionWarning, UserWarning)
    True
    """
