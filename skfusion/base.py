"""ImageTransformer: the template that every picture-to-columns transformer follows."""

import os
import sys
import warnings
from abc import abstractmethod
from importlib.metadata import version
from inspect import signature
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context, clone
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skfusion._callbacks import CallbackSupportMixin, with_callbacks
from skfusion._progress import progress_bar, tell
from skfusion._saved_state import SavedStateMixin
from skfusion._typing import Features, ImageInput
from skfusion.exceptions import ImageReadError, PictureError, UnreadableImageWarning
from skfusion.images._arrays import convert_channels, resize_pixels
from skfusion.images._batches import map_ahead, split
from skfusion.images._column import describe
from skfusion.images._input import read_columns
from skfusion.images._medical import versions as medical_versions
from skfusion.images._probe import find_white
from skfusion.images._reader import ImageReader
from skfusion.store._feature_store import as_store
from skfusion.store._stored_rows import StoredRows, digest_text

_NAMED_IN_ERRORS = 5


class ImageTransformer(SavedStateMixin, CallbackSupportMixin, TransformerMixin, BaseEstimator):
    """Base class of transformers that turn columns of pictures into columns of numbers.

    A subclass declares parameters and fills in four steps: `_fit_columns` learns,
    `_prepare_picture` runs ahead in threads, `_extractors` give the features of a batch, and
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

    _parameter_constraints: dict = {
        "image_size": ["array-like", None],
        "color_mode": [StrOptions({"auto", "rgb", "grayscale"})],
        "image_shape": ["array-like", None],
        "missing": [StrOptions({"error", "nan", "zero"})],
        "corrupt": [StrOptions({"error", "missing"})],
        "reader": [HasMethods(["read", "probe", "get_params"]), None],
        "verbose": ["verbose"],
    }

    # How many pictures are read and computed at once where the user has no say.
    batch_size = 64

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ImageInput, y: ArrayLike | None = None) -> Self:
        """Learn what `transform` needs from the pictures.

        Parameters
        ----------
        X : Series, DataFrame, list or ndarray
            One or several columns of pictures: paths, bytes, PIL images or arrays; or an array of
            shape (n_rows, height, width[, channels]); or, with `image_shape`, numbers of shape
            (n_rows, n_pixels).

        y : array-like of shape (n_rows,), default=None
            Ignored by transformers that need no target.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        context = self._init_callback_context().call_on_fit_task_begin(estimator=self, X=X, y=y)
        self._fit_columns(self._start_fit(X), y)
        self._fitted = True
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def transform(self, X: ImageInput) -> Features:
        """Turn pictures into columns.

        Parameters
        ----------
        X : Series, DataFrame, list or ndarray
            Pictures in any of the forms that `fit` takes.

        Returns
        -------
        features : ndarray of shape (n_rows, n_features_out), float32
            Or a DataFrame, as `set_output` says. Rows without a picture hold NaN or 0, as
            `missing` says.

        Raises
        ------
        ImageReadError
            If pictures are missing or can't be read, and `missing` or `corrupt` is "error".
        """
        check_is_fitted(self)
        columns = self._read_columns(X, reset=False)
        return self._output(X, [self._features(i, column) for i, column in enumerate(columns)])

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Names of the columns: ``<column>_<extractor>_<index>``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            The names of the picture columns, where `fit` has not seen them.

        Returns
        -------
        names : ndarray of str
            One name a column.
        """
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        if self._image_shape is not None:
            names = ["image"]
        pairs = [f"{name}_{label}" for i, name in enumerate(names) for label in self._labels(i)]
        return np.asarray(pairs, dtype=object)

    @property
    def n_features_out_(self):
        """int : The number of columns that `transform` gives."""
        return sum(len(self._labels(i)) for i in range(self._n_columns))

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
        """The feature names of one column of pictures, without the column's name."""

    @abstractmethod
    def _prepare_picture(self, position, pixels):
        """Bring one picture's pixels into the form of a batch; runs in a thread.

        A PictureError says why this picture can't be used; it is reported with its row.
        """

    @abstractmethod
    def _extractors(self, position):
        """The extractors whose columns stand side by side, in order."""

    # What subclasses use.

    def _start_fit(self, X):
        """Check X and the reader. Until the fit is through, the transformer is not fitted."""
        self._fitted = False
        columns = self._read_columns(X, reset=True)
        reader = ImageReader() if self.reader is None else clone(self.reader)
        if hasattr(reader, "_validate_params"):
            reader._validate_params()
        self._n_columns = len(columns)
        # Kept, so that set_params changes nothing before the next fit.
        self._image_size, self._color_mode = self.image_size, self.color_mode
        self._image_shape = self.image_shape
        self._white = [find_white(column) for column in columns]
        self.reader_ = reader
        return columns

    def _read_columns(self, X, reset):
        shape = self.image_shape if reset else self._image_shape
        columns = read_columns(self, X, shape, reset=reset)
        if self.missing == "error":
            for column in columns:
                _refuse_missing(column, column.missing)
        return columns

    def _resized(self, pixels, shape):
        """The picture in a (height, width, channels); grey in 3 channels where colour is off."""
        if self._color_mode == "grayscale":
            pixels = convert_channels(pixels, 1)
        resized = resize_pixels(pixels, shape[:2], getattr(self.reader_, "resample", "bilinear"))
        return convert_channels(resized, shape[2])

    def _refuse_other_size(self, pixels, size):
        """Where the user named no size, all pictures have the one that was fitted."""
        if self._image_size is None and pixels.shape[:2] != tuple(size):
            raise PictureError(
                f"{pixels.shape[0]} x {pixels.shape[1]} pixels where fit saw {size[0]} x "
                f"{size[1]}; pass image_size=(height, width) to resize every picture"
            )

    def _features(self, position, column):
        """The features of every row of one column."""
        extractors = self._extractors(position)
        store = as_store(getattr(self, "cache", None))
        digests = self._digests(store, column)
        rows = self._stored_rows(position, column, extractors, store, digests)
        wanted = np.flatnonzero(~np.all([some.found for some in rows], axis=0))
        self._tell_found(column, len(column.first) - len(wanted))

        def prepare(places, pictures):
            return [
                None if some.found[places].all() else extractor.prepare(pictures)
                for some, extractor in zip(rows, extractors, strict=True)
            ]

        def keep(places, batch):
            for some, extractor, inputs in zip(rows, extractors, batch, strict=True):
                if inputs is not None:
                    some.compute(places, extractor.compute, inputs)

        gone = self._read_all(position, column, wanted, prepare, keep, digests)
        if store is not None:
            store.flush()
        values = [some.values for some in rows]
        features = values[0] if len(values) == 1 else np.hstack(values)
        return expand(features, column, gone, self._fill)

    def _stored_rows(self, position, column, extractors, store, digests):
        """What a store knows of the distinct pictures, for each extractor."""
        rows = []
        for extractor in extractors:
            known, key = None, None
            if store is not None and extractor.fingerprint is not None:
                known, key = store, self._store_key(position, column, extractor.fingerprint)
            shape = (len(column.first), extractor.width)
            rows.append(StoredRows(known, key, digests, shape, column.describe))
        return rows

    def _digests(self, store, column):
        """The digests of the distinct pictures."""
        if store is None:
            return None
        cells = [column.cells[row] for row in column.first]
        return store.digests.of_many(cells, **self._where())

    def _where(self):
        """Where the reader finds files, and how large a picture may be."""
        return {
            "root": getattr(self.reader_, "root", None),
            "strict_root": getattr(self.reader_, "strict_root", False),
            "max_pixels": getattr(self.reader_, "max_pixels", None),
        }

    def _target_size(self, position):
        """The (height, width) that pictures will be resized to, None if they stay as they are."""
        return None if self._image_size is None else check_size_param(self._image_size)

    def _hints(self, position):
        """What `read` is told so that it decodes no more than is needed; a reader may not ask."""
        size = self._target_size(position)
        asks = "size" in signature(self.reader_.read).parameters
        return {"size": size} if asks and size is not None else {}

    def _store_key(self, position, column, fingerprint):
        """A fingerprint of all that changes the features of a picture of known content."""
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
            self._image_size is None,  # then a picture of another size is an error, not a row
            version("pillow"),
            medical_versions(),
        )

    def _tell_found(self, column, n_found):
        if n_found:
            title = f"{type(self).__name__} {column.name}"
            tell(self.verbose, f"{title}: {n_found} of {len(column.first)} from the store")

    @property
    def _fill(self):
        return np.nan if self.missing == "nan" else 0.0

    def _read_all(self, position, column, wanted, prepare_batch, keep, digests):
        """Read pictures, hand them to `keep(places, batch)`, and tell which rows have none.

        `wanted` are places in ``column.first``: the distinct pictures that have to be read. Their
        `digests`, if there are any, are brought up to date with what was read.
        """
        failures, readable = [], np.ones(len(column.first), dtype=bool)
        batches = self._batches(position, column, wanted, prepare_batch, digests)
        for places, batch, failed in batches:
            readable[[place for place, _ in failed]] = False
            failures += [(int(column.first[place]), reason) for place, reason in failed]
            stop = failures and self.corrupt == "error"  # read on, to report all that is wrong
            if batch is not None and not stop:
                keep(places, batch)
        gone = column.missing
        if failures:
            self._report(column, failures)
            gone = gone | ~readable[column.group]
            if self.missing == "error":
                _refuse_missing(column, gone)
        return gone

    def _white_of(self, position, column):
        """The value that is white: as learnt in fit or, where fit saw no such array, from here."""
        white = self._white[position]
        return find_white(column) if white is None else white

    def _batches(self, position, column, wanted, prepare_batch, digests):
        """Read, prepare and yield pictures: places, batch, [(place, reason)]."""
        hints = {"white": self._white_of(position, column), **self._hints(position)}

        def read(places):
            pictures, kept, failed = [], [], []
            for place in places:
                cell = self._content(column.cells[column.first[place]], place, digests)
                pixels, reason = self._read_one(cell, hints)
                self._confirm(cell, place, digests)
                if reason is None:
                    try:
                        pictures.append(self._prepare_picture(position, pixels))
                    except PictureError as error:
                        reason = str(error)
                if reason is None:
                    kept.append(place)
                else:
                    failed.append((place, reason))
            batch = prepare_batch(kept, pictures) if pictures else None
            return kept, batch, failed

        tasks = split(wanted, self.batch_size)
        bar = progress_bar(
            self.verbose if len(wanted) else 0,
            total=len(wanted),
            description=f"{type(self).__name__} {column.name}",
            unit="image",
        )
        with bar as shown:
            for kept, batch, failed in map_ahead(read, tasks):
                yield kept, batch, failed
                shown.update(len(kept) + len(failed))

    def _content(self, cell, place, digests):
        """What to decode: with a store, the very bytes that its digest is of.

        A file may change between two looks at it, and the features of the new content must not be
        stored under the digest of the old.
        """
        if digests is None or not isinstance(cell, (str, os.PathLike)):
            return cell
        try:
            content, digests[place] = as_store(self.cache).digests.load(cell, **self._where())
        except ValueError:
            digests[place] = None
            return cell  # the reader says what is wrong with it
        return content

    def _confirm(self, cell, place, digests):
        """Forget the digest of a file that was read in place and changed meanwhile."""
        in_place = digests is not None and isinstance(cell, (str, os.PathLike))
        if not in_place or digests[place] is None:
            return
        try:
            now = as_store(self.cache).digests.of(cell, **self._where())
        except ValueError:
            now = None
        if now != digests[place]:
            digests[place] = None

    def _read_one(self, cell, hints):
        """Pixels and None, or None and the reason why there are none."""
        try:
            return self.reader_.read(cell, **hints), None
        except ValueError as error:
            return None, str(error)

    def _report(self, column, failures):
        """Raise or warn about pictures that could not be read."""
        reasons = {column.group[row]: reason for row, reason in failures}
        named = [
            (row, describe(column.cells[row]), reasons[group])
            for row, group in enumerate(column.group)
            if group in reasons
        ]
        text = (
            f"{len(named)} of {len(column)} images of column {column.name!r} could not be read: "
            f"{_listed(f'row {row} ({source}): {reason}' for row, source, reason in named)}."
        )
        if self.corrupt == "error":
            raise ImageReadError(f"{text} Pass corrupt='missing' to treat them as missing.", named)
        text = f"{text} They count as missing."
        warnings.warn(text, UnreadableImageWarning, stacklevel=_level_of_the_caller())

    def _output(self, X, blocks):
        """Columns side by side, with the index of a Series where pandas is asked for.

        scikit-learn's `set_output` keeps the index of a DataFrame but not that of a Series.
        """
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


def _level_of_the_caller():
    """The `stacklevel` of the first frame that is neither ours nor scikit-learn's."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(("skfusion", "sklearn")):
        frame, level = frame.f_back, level + 1
    return level


def _refuse_missing(column, gone):
    rows = np.flatnonzero(gone)
    if len(rows):
        raise ImageReadError(
            f"{len(rows)} of {len(column)} images of column {column.name!r} are missing: "
            f"{_listed(f'row {row}' for row in rows)}. Pass missing='nan' or missing='zero' to "
            "accept rows without a picture.",
            [(int(row), describe(column.cells[row]), "missing") for row in rows],
        )


def _listed(items):
    items = list(items)
    more = len(items) - _NAMED_IN_ERRORS
    return "; ".join(items[:_NAMED_IN_ERRORS]) + (f"; and {more} more" if more > 0 else "")


def expand(features, column, gone, fill):
    """From one line a distinct picture to one a row."""
    in_order = len(features) == len(column) and not gone.any()
    if in_order:  # every row its own picture: no copy
        return features
    rows = np.full((len(column), features.shape[1]), fill, dtype=np.float32)
    rows[~gone] = features[column.group[~gone]]
    return rows
