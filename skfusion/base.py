"""ImageTransformer: the base class of transformers that turn images into columns."""

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skfusion._utils.dask_rows import is_dask, transform_lazily
from skfusion._utils.decorators import fit_context, with_callbacks
from skfusion._utils.saved_state import SavedStateMixin
from skfusion._utils.sklearn_compat import CallbackSupportMixin
from skfusion._utils.transformer_output import keep_series_index, tags_of_images
from skfusion._utils.typing import Features, ImageInput
from skfusion.extraction._fitted_columns import FittedColumns
from skfusion.extraction._reading_parameters import READING_PARAMETERS
from skfusion.extraction._row_options import RowOptions
from skfusion.extraction._row_weights import check_row_weights
from skfusion.images._failures import refuse_missing
from skfusion.images._image_reader import check_reader
from skfusion.images._read_columns import read_columns
from skfusion.store._as_store import as_store


class ImageTransformer(SavedStateMixin, CallbackSupportMixin, TransformerMixin, BaseEstimator, ABC):
    """Base class of transformers that turn columns of images into columns of numbers.

    A subclass declares its parameters and implements two methods: `_fit_columns` learns from the
    image columns, and `_extractors` returns what computes the features of one of them. A subclass
    whose input has columns beside images overrides `_select_columns`.

    Examples
    --------
    >>> from skfusion import PretrainedGAP, base
    >>> issubclass(PretrainedGAP, base.ImageTransformer)
    True
    """

    # With metadata routing, weights are passed on without a request by the user.
    __metadata_request__fit: dict[str, Any] = {"sample_weight": True}
    _parameter_constraints: dict[str, Any] = READING_PARAMETERS

    # Defaults of subclasses without these parameters.
    batch_size: int = 64
    cache: Any = None

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ImageInput, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn what `transform` needs from the images.

        Parameters
        ----------
        X : Series, DataFrame, list or ndarray
            One or several columns of images: paths, bytes, PIL images or arrays, with `combine`
            also lists of them; or an array of shape (n_rows, height, width[, channels]); or, with
            `image_shape`, numbers of shape (n_rows, n_pixels).

        y : array-like of shape (n_rows,), default=None
            Ignored by transformers that need no target.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows in the mean of ``missing="mean"``. Only their ratios matter.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        self._fit_rows(X, y, sample_weight)
        return self

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(
        self, X: ImageInput, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Features:
        """Fit to the images and transform them; each image is computed once.

        Parameters
        ----------
        X : Series, DataFrame, list or ndarray
            Images, as in `fit`.

        y, sample_weight : array-like of shape (n_rows,), default=None
            As in `fit`.

        Returns
        -------
        features : ndarray of shape (n_rows, n_features_out), float32
            Or a DataFrame, depending on `set_output`; the result of `fit` and `transform`.
        """
        return keep_series_index(self, X, self._fit_rows(X, y, sample_weight, True))

    def transform(self, X: ImageInput) -> Features:
        """Transform images into columns.

        Parameters
        ----------
        X : Series, DataFrame, list or ndarray
            Images in any of the forms that `fit` takes; or a DataFrame or Series of Dask.

        Returns
        -------
        features : ndarray of shape (n_rows, n_features_out), float32
            Or a DataFrame, depending on `set_output`. `missing` defines rows without an image. For
            Dask, a DataFrame of Dask, of which nothing is computed yet.

        Raises
        ------
        ImageReadError
            If images are missing or can't be read, and `missing` or `corrupt` is "error".
        """
        check_is_fitted(self)
        if is_dask(X):
            return transform_lazily(self, X)
        columns = self._read_columns(X, reset=False)
        extraction = self._extraction(columns)
        features = extraction.rows(*extraction.compute(), self._means)
        self._columns.compare_rows(columns)
        return keep_series_index(self, X, features)

    def drift_counts(self) -> dict[str, dict[str, int]]:
        """Count the images given to `transform` that are unlike those of `fit`.

        Returns
        -------
        counts : dict of str to dict of str to int
            For each image column, since `fit` or loading: `images` that were read and, of these,
            those whose `depth`, `channels` or `size` is unlike that of all images of `fit`; `rows`
            and, of these, those `missing` an image. Empty with ``drift="ignore"``.
        """
        check_is_fitted(self)
        return {guard.name: guard.counts() for guard in self._columns.guards}

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Get the names of the columns: ``<column>_<extractor>_<index>``.

        With `combine`, the names of several columns are joined: ``front_kitchen_...``. The columns
        that `add_indicator` adds are the last: ``<column>_missing``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            The names of the image columns, where `fit` had none.

        Returns
        -------
        names : ndarray of str
            One name per column.
        """
        check_is_fitted(self)
        names = list(_check_feature_names_in(self, input_features))
        names = ["image"] if self._image_shape is not None else self._columns.select_names(names)
        return np.asarray(self._rows.names(names, self._labels()), dtype=object)

    @property
    def n_features_out_(self) -> int:
        """int : The number of columns that `transform` returns."""
        labels = self._labels()
        return len(self._rows.names([""] * len(labels), labels))

    def _labels(self):
        """Return the feature names of each image column, without its own name."""
        positions = range(len(self._columns.positions))
        return [[name for part in self._extractors(i) for name in part.names] for i in positions]

    @property
    def value_ranges_(self) -> list[tuple[float, float] | None]:
        """list of tuple (low, high) or None : Black and white of each column of open range."""
        return [None if v.origin == "type" else v.ends for v in self._columns.value_ranges]

    def __sklearn_is_fitted__(self):
        return getattr(self, "_fitted", False)

    def __sklearn_tags__(self):
        return tags_of_images(
            super().__sklearn_tags__(),
            flattened=self.image_shape is not None,
            allow_nan=self.missing != "error",
        )

    @abstractmethod
    def _fit_columns(self, columns, y):
        """Learn from a list of ImageColumn."""

    @abstractmethod
    def _extractors(self, position):
        """Return the extractors of one image column, whose features are side by side."""

    def _select_columns(self, columns, reset):
        """Return the image columns among the columns of X: all of them unless overridden."""
        return columns

    def _row_options(self):
        """Return `combine`, `add_indicator` and `drift`."""
        return self.combine, self.add_indicator, self.drift

    def _start_fit(self, X):
        """Check X and the reader. Until `fit` ends, the transformer is not fitted."""
        self._fitted = False
        # Kept, so that set_params changes nothing before the next fit.
        self._image_shape = self.image_shape
        combine, add_indicator, drift = self._row_options()
        self._rows = RowOptions(combine, self.missing, add_indicator)
        self._means = None
        self.reader_ = check_reader(self.reader)
        columns = self._read_columns(X, reset=True)
        self._columns = FittedColumns(columns, self.reader_, self._rows, drift == "warn")
        return columns

    def _fit_rows(self, X, y, sample_weight, transform=False):
        """Fit; with `transform`, return the features of the rows too."""
        context = self._init_callback_context().call_on_fit_task_begin(estimator=self, X=X, y=y)
        columns = self._start_fit(X)
        weights = check_row_weights(sample_weight, columns[0].n_rows)
        self._fit_columns(columns, y)
        extraction = self._extraction(columns)
        computed, self._means = extraction.learn(weights, transform)
        self._finish_fit()
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return extraction.rows(*computed, self._means) if transform else None

    def _finish_fit(self):
        self._columns.learning = False
        self._fitted = True

    def _read_columns(self, X, reset):
        allow_nan = self._rows.missing != "error"
        columns = read_columns(
            self, X, self._image_shape, reset=reset, allow_nan=allow_nan, combine=self._rows.combine
        )
        if not allow_nan:
            refuse_missing(columns, self.reader_)
        return self._select_columns(columns, reset)

    def _extraction(self, columns):
        """Return what computes the features of these columns."""
        extractors = [self._extractors(position) for position in range(len(columns))]
        return self._columns.extraction(columns, extractors, **self._extraction_options())

    def _extraction_options(self):
        return {
            "corrupt": self.corrupt,
            "title": type(self).__name__,
            "batch_size": self.batch_size,
            "store": as_store(self.cache),
            "verbose": self.verbose,
        }
