"""ImageTransformer: the template that every image-to-columns transformer follows."""

import warnings
from abc import abstractmethod
from importlib.metadata import version
from inspect import signature
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skfusion._utils.callbacks import CallbackSupportMixin
from skfusion._utils.decorators import fit_context, with_callbacks
from skfusion._utils.fingerprint import digest_text
from skfusion._utils.messages import caller_stacklevel
from skfusion._utils.prefetch import split
from skfusion._utils.saved_state import SavedStateMixin
from skfusion._utils.typing import Features, ImageInput
from skfusion.exceptions import ImageError
from skfusion.extraction._aggregation import RowMean, row_features
from skfusion.extraction._column_features import ColumnFeatures
from skfusion.extraction._drift_guard import DriftGuard
from skfusion.extraction._verified_digests import VerifiedDigests
from skfusion.images._failures import refuse_missing, report_unreadable
from skfusion.images._image_reader import ImageReader
from skfusion.images._probe import find_white
from skfusion.images._read_columns import read_columns
from skfusion.images.sources._arrays import convert_channels, resize_pixels
from skfusion.images.sources._medical import versions as medical_versions
from skfusion.store._feature_store import as_store

# How many distinct images `fit` holds features of where it only needs their mean.
_MEAN_OF = 1024


class ImageTransformer(SavedStateMixin, CallbackSupportMixin, TransformerMixin, BaseEstimator):
    """Base class of transformers that turn columns of images into columns of numbers.

    A subclass declares parameters and fills in four steps: `_fit_columns` learns,
    `_prepare_image` runs ahead in threads, `_extractors` give the features of a batch, and
    `_labels` names them.

    See Also
    --------
    PixelFlattener : The smallest subclass.

    Examples
    --------
    >>> from skfusion.base import ImageTransformer
    >>> from skfusion import PretrainedGAP
    >>> issubclass(PretrainedGAP, ImageTransformer)
    True
    """

    _parameter_constraints: dict[str, Any] = {
        "image_size": ["array-like", None],
        "color_mode": [StrOptions({"auto", "rgb", "grayscale"})],
        "image_shape": ["array-like", None],
        "combine": [StrOptions({"mean", "max"}), None],
        "missing": [StrOptions({"error", "nan", "zero", "mean"})],
        "add_indicator": ["boolean"],
        "corrupt": [StrOptions({"error", "missing"})],
        "reader": [HasMethods(["read", "probe", "get_params"]), None],
        "drift": [StrOptions({"warn", "ignore"})],
        "verbose": ["verbose"],
    }

    # How many images are read and computed at once where the user has no say.
    batch_size = 64

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ImageInput, y: ArrayLike | None = None) -> Self:
        """Learn what `transform` needs from the images.

        Parameters
        ----------
        X : Series, DataFrame, list or ndarray
            One or several columns of images: paths, bytes, PIL images or arrays, with `combine`
            also lists of them; or an array of shape (n_rows, height, width[, channels]); or, with
            `image_shape`, numbers of shape (n_rows, n_pixels).

        y : array-like of shape (n_rows,), default=None
            Ignored by transformers that need no target.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        context = self._init_callback_context().call_on_fit_task_begin(estimator=self, X=X, y=y)
        columns = self._start_fit(X)
        self._fit_columns(columns, y)
        if self._missing == "mean":
            self._learn_means(columns)
        self._fitted = True
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: ImageInput, y: ArrayLike | None = None) -> Features:
        """Learn from the images and turn them into columns; each is computed once.

        Parameters
        ----------
        X : Series, DataFrame, list or ndarray
            Images, as in `fit`.

        y : array-like of shape (n_rows,), default=None
            Ignored by transformers that need no target.

        Returns
        -------
        features : ndarray of shape (n_rows, n_features_out), float32
            Or a DataFrame, as `set_output` says: what `fit` and `transform` give.
        """
        context = self._init_callback_context().call_on_fit_task_begin(estimator=self, X=X, y=y)
        columns = self._start_fit(X)
        self._fit_columns(columns, y)
        computed = self._computed(columns)
        if self._missing == "mean":
            means = [self._mean_of(*one) for one in zip(columns, computed, strict=True)]
            self._means = [self._mean_value(*one) for one in zip(columns, means, strict=True)]
        self._fitted = True
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self._output(X, self._lines(columns, computed))

    def transform(self, X: ImageInput) -> Features:
        """Turn images into columns.

        Parameters
        ----------
        X : Series, DataFrame, list or ndarray
            Images in any of the forms that `fit` takes.

        Returns
        -------
        features : ndarray of shape (n_rows, n_features_out), float32
            Or a DataFrame, as `set_output` says. Rows without an image hold what `missing` says.

        Raises
        ------
        ImageReadError
            If images are missing or can't be read, and `missing` or `corrupt` is "error".
        """
        check_is_fitted(self)
        columns = self._read_columns(X, reset=False)
        lines = self._lines(columns, self._computed(columns))
        self._tell_drift(columns)
        return self._output(X, lines)

    def drift_counts(self) -> dict[str, dict[str, int]]:
        """How many images `transform` was given that are unlike those of `fit`.

        Counted since the fit or, in a loaded model, since it was loaded.

        Returns
        -------
        counts : dict of str to dict of str to int
            For each column of images: `images` that were read (not found in a store), and of
            these those whose `depth`, `channels` or `size` `fit` saw none like; `rows`, and of
            these those that are `missing` an image. Empty with ``drift="ignore"``.
        """
        check_is_fitted(self)
        return {guard.name: guard.counts() for guard in self._drift_guards()}

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Names of the columns: ``<column>_<extractor>_<index>``.

        With `combine`, the names of several columns are joined: ``front_kitchen_...``. The columns
        that `add_indicator` gives are the last: ``<column>_missing``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            The names of the image columns, where `fit` has not seen them.

        Returns
        -------
        names : ndarray of str
            One name a column.
        """
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        names = ["image"] if self._image_shape is not None else self._image_names(names)
        if self._combine is not None:
            names = ["_".join(names)]
        pairs = [f"{name}_{label}" for i, name in enumerate(names) for label in self._labels(i)]
        if self._add_indicator:
            pairs += [f"{name}_missing" for name in names]
        return np.asarray(pairs, dtype=object)

    @property
    def n_features_out_(self) -> int:
        """int : The number of columns that `transform` gives."""
        n_labels = sum(len(self._labels(i)) for i in range(self._n_columns))
        return n_labels + (self._n_columns if self._add_indicator else 0)

    def __sklearn_is_fitted__(self):
        return getattr(self, "_fitted", False)

    def __getstate__(self):
        state = super().__getstate__()
        if "networks_" in state:  # with a store some may not be built yet; a file holds them all
            state["networks_"] = [network.network for network in state["networks_"]]
        return state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        flattened = self.image_shape is not None
        tags.input_tags.two_d_array = True
        tags.input_tags.one_d_array = not flattened
        tags.input_tags.three_d_array = not flattened
        tags.input_tags.string = not flattened
        tags.input_tags.allow_nan = self.missing != "error"
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    # What a subclass fills in.

    @abstractmethod
    def _fit_columns(self, columns, y):
        """Learn from a list of ImageColumn."""

    @abstractmethod
    def _labels(self, position):
        """The feature names of one column of images, without the column's name."""

    @abstractmethod
    def _prepare_image(self, position, pixels):
        """Bring one image's pixels into the form of a batch; runs in a thread.

        An ImageError says why this image can't be used; it is reported with its row.
        """

    @abstractmethod
    def _extractors(self, position):
        """The extractors whose columns stand side by side, in order."""

    # What a subclass may replace.

    def _image_names(self, names):
        """Of the names of all columns, those of the columns that have features."""
        return names

    def _prepare_row(self, position, column, seen, pixels):
        """As `_prepare_image`, for an image of which it is known where it stands (`Seen`)."""
        return self._prepare_image(position, pixels)

    def _known_digests(self, store, column, places, where):
        """What a store knows some of the column's distinct images by."""
        cells = [column.cells[cell] for cell in column.first[places]]
        return VerifiedDigests(store, cells, where)

    # What subclasses use.

    def _start_fit(self, X):
        """Check X and the reader. Until the fit is through, the transformer is not fitted."""
        self._fitted = False
        # Kept, so that set_params changes nothing before the next fit.
        self._image_size, self._color_mode = self.image_size, self.color_mode
        self._image_shape, self._combine = self.image_shape, self.combine
        self._missing, self._add_indicator = self.missing, self.add_indicator
        self._means = None
        columns = self._read_columns(X, reset=True)
        self._guards = []
        if self.drift == "warn":
            self._guards = [DriftGuard(column.name) for column in columns]
        for guard, column in zip(self._guards, columns, strict=False):
            guard.learn_rows(column.rows_without(column.missing))
        reader = ImageReader() if self.reader is None else clone(self.reader)
        if hasattr(reader, "_validate_params"):
            reader._validate_params()
        self._n_columns = len(columns)
        self._white = [find_white(column) for column in columns]
        self.reader_ = reader
        return columns

    def _read_columns(self, X, reset):
        columns = read_columns(
            self,
            X,
            self._image_shape,
            reset=reset,
            allow_nan=self._missing != "error",
            combine=self._combine,
        )
        if self._missing == "error":
            for column in columns:
                refuse_missing(column, column.rows_without(column.missing))
        return columns

    def _resized(self, pixels, shape):
        """The image in a (height, width, channels); gray in 3 channels where color is off."""
        if self._color_mode == "grayscale":
            pixels = convert_channels(pixels, 1)
        resized = resize_pixels(pixels, shape[:2], getattr(self.reader_, "resample", "bilinear"))
        return convert_channels(resized, shape[2])

    def _refuse_other_size(self, pixels, size):
        """Where the user named no size, all images have the one that was fitted."""
        if self._image_size is None and pixels.shape[:2] != tuple(size):
            raise ImageError(
                f"{pixels.shape[0]} x {pixels.shape[1]} pixels where fit saw {size[0]} x "
                f"{size[1]}; pass image_size=(height, width) to resize every image"
            )

    def _computed(self, columns):
        """Features of the distinct images and which cells have none, for each column."""
        results, failures = [], []
        for position, column in enumerate(columns):
            results.append(
                self._column_features(position, column).compute(
                    self._extractors(position), only_look=self._gave_up(failures)
                )
            )
            failures.append((column, results[-1][1]))
        gone = self._gone(failures)
        return [(features, none) for (features, _), none in zip(results, gone, strict=True)]

    def _lines(self, columns, computed):
        """Features of rows, and which rows have no image, for each column."""
        return [
            (
                row_features(features, column, gone, self._combine, self._fill(position)),
                column.rows_without(gone),
            )
            for position, (column, (features, gone)) in enumerate(
                zip(columns, computed, strict=True)
            )
        ]

    def _learn_means(self, columns):
        """The mean line of each column; features are not kept."""
        means, failures = [], []
        for position, column in enumerate(columns):
            mean = RowMean(column, self._combine, len(self._labels(position)))
            computing = self._column_features(position, column)
            extractors = self._extractors(position)
            failures.append((column, []))
            with computing.bar(len(column.first)) as shown:
                for places in split(np.arange(len(column.first)), _MEAN_OF):
                    features, failed = computing.compute(
                        extractors, places, only_look=self._gave_up(failures), shown=shown
                    )
                    failures[-1][1].extend(failed)
                    mean.add(places, features, [place for place, _ in failed])
            means.append(mean)
        self._gone(failures)
        self._means = [self._mean_value(*one) for one in zip(columns, means, strict=True)]

    def _mean_of(self, column, computed):
        """The mean line of what is computed already, added up as `_learn_means` does it."""
        features, gone = computed
        mean = RowMean(column, self._combine, features.shape[1])
        unreadable = np.unique(column.group[gone & ~column.missing])
        for places in split(np.arange(len(features)), _MEAN_OF):
            mean.add(places, features[places], unreadable)
        return mean

    def _mean_value(self, column, mean):
        if mean.count == 0:
            warnings.warn(
                f"{type(self).__name__} met no image in {column.title} to take a mean of: rows "
                "without an image get 0.",
                UserWarning,
                stacklevel=caller_stacklevel(),
            )
        return mean.value

    def _fill(self, position):
        """What rows without an image get."""
        if self._missing == "mean":
            return self._means[position]
        return np.nan if self._missing == "nan" else 0.0

    def _gave_up(self, failures):
        """Whether images are only looked at, to report all that can't be read."""
        return self.corrupt == "error" and any(failed for _, failed in failures)

    def _gone(self, failures):
        """Report what could not be read; the cells of each column that have no image."""
        report_unreadable(failures, self.corrupt)
        gone = [
            column.missing | np.isin(column.group, [place for place, _ in failed])
            for column, failed in failures
        ]
        if self._missing == "error":
            for (column, _), cells in zip(failures, gone, strict=True):
                refuse_missing(column, column.rows_without(cells))
        return gone

    def _column_features(self, position, column):
        """What reads one column and computes its features."""
        return ColumnFeatures(
            column,
            self.reader_,
            {"white": self._white_of(position, column), **self._hints(position)},
            self._preparing(position, column),
            batch_size=self.batch_size,
            store=as_store(getattr(self, "cache", None)),
            make_digests=self._known_digests,
            store_key=lambda fingerprint: self._store_key(position, column, fingerprint),
            tolerant=self.corrupt == "missing",
            title=f"{type(self).__name__} {column.name}",
            verbose=self.verbose,
        )

    def _preparing(self, position, column):
        """What prepares one image, after the guard against drift has looked at it."""
        guards = self._drift_guards()
        look = None
        if guards:
            look = guards[position].compare if self._fitted else guards[position].learn

        def prepare(seen, pixels):
            if look is not None:
                look(pixels)
            return self._prepare_row(position, column, seen, pixels)

        return prepare

    def _drift_guards(self):
        return vars(self).get("_guards", [])  # pickles of 0.1 have none

    def _tell_drift(self, columns):
        """Warn, once a kind, of images that are unlike those of the fit."""
        for guard, column in zip(self._drift_guards(), columns, strict=False):
            guard.compare_rows(column.rows_without(column.missing))
            guard.tell()

    def _target_size(self, position):
        """The (height, width) that images will be resized to, None if they stay as they are."""
        return None if self._image_size is None else check_size_param(self._image_size)

    def _hints(self, position):
        """What `read` is told so that it decodes no more than is needed; a reader may not ask."""
        size = self._target_size(position)
        asks = "size" in signature(self.reader_.read).parameters
        return {"size": size} if asks and size is not None else {}

    def _store_key(self, position, column, fingerprint):
        """A fingerprint of all that changes the features of an image of known content."""
        reader = self.reader_.get_params()
        # Where a file lies, and whether it is read at all.
        for name in ("root", "strict_root", "max_pixels"):
            reader.pop(name, None)
        return digest_text(
            fingerprint,
            type(self.reader_).__qualname__,
            sorted(reader.items()),
            sorted(self._hints(position).items()),
            self._white_of(position, column),
            self._color_mode,
            self._image_size is None,  # then an image of another size is an error, not a row
            version("pillow"),
            medical_versions(),
        )

    def _white_of(self, position, column):
        """The value that is white: as learned in fit or, where fit saw no such array, from here."""
        white = self._white[position]
        return find_white(column) if white is None else white

    def _output(self, X, lines):
        """Columns side by side, with the index of a Series where pandas is asked for.

        scikit-learn's `set_output` keeps the index of a DataFrame but not that of a Series.
        """
        blocks = [features for features, _ in lines]
        if self._add_indicator:
            blocks += [gone[:, np.newaxis].astype(np.float32) for _, gone in lines]
        features = blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)
        if isinstance(X, pd.Series) and _get_output_config("transform", self)["dense"] == "pandas":
            return pd.DataFrame(features, index=X.index)
        return features


def indexed(prefix, count):
    """``prefix_0000``, ``prefix_0001``, ...: at least four digits, so that names sort."""
    digits = max(4, len(str(count - 1)))
    return [f"{prefix}_{i:0{digits}d}" for i in range(count)]


def check_size_param(size, name="image_size"):
    """(height, width) as a tuple of two positive ints."""
    values = tuple(np.asarray(size).tolist())
    if len(values) != 2 or not all(isinstance(v, int) and v > 0 for v in values):
        raise ValueError(f"{name} must be two positive integers (height, width), got {size!r}")
    return values
