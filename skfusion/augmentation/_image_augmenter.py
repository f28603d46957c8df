"""ImageAugmenter: additional rows with changed copies of images, in fit only."""

import warnings
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _check_feature_names, check_consistent_length, validate_data

from skfusion._utils.decorators import fit_context
from skfusion._utils.doc_link import DocLinkMixin
from skfusion._utils.main_objects import MainObjectsMixin
from skfusion._utils.messages import caller_stacklevel, join_names
from skfusion._utils.prefetch import map_ahead
from skfusion._utils.progress import progress_bar
from skfusion._utils.typing import ImageInput, RandomState, Shape, Size
from skfusion.augmentation._augmentation import make_augmentation
from skfusion.augmentation._copy_plan import (
    STRATEGIES,
    choose_origins,
    class_labels,
    copies_by_class,
    number_copies,
)
from skfusion.augmentation._original_image import OriginalImage
from skfusion.augmentation._sampler_tags import as_sampler_tags
from skfusion.augmentation._wrap_rows import take_rows, wrap_rows
from skfusion.exceptions import ImageReadError, UnreadableImageWarning
from skfusion.images._image_column import ImageColumn
from skfusion.images._image_reader import ImageReader, check_reader
from skfusion.images._image_size import check_size_param
from skfusion.images._learn_value_range import learn_value_range
from skfusion.images._read_columns import resolve_shape
from skfusion.images.sources._find_source import describe


class ImageAugmenter(MainObjectsMixin, DocLinkMixin, OneToOneFeatureMixin, BaseEstimator):
    """Add rows with changed copies of images, to balance classes or to have more rows.

    Use it for small or imbalanced sets of images and a model that does not augment by itself. It
    is a sampler with the interface of imbalanced-learn: in ``imblearn.pipeline.Pipeline`` it acts
    in `fit` only, on the training rows of each fold, so that copies of one image are never on both
    sides of a split. scikit-learn's `Pipeline` does not accept samplers. Use the one of
    imbalanced-learn instead, or call `fit_resample` on the training rows.

    Parameters
    ----------
    sampling_strategy : str, float, dict or callable, default="auto"
        Which classes get copies until they have as many rows as the largest, as for over-samplers
        in imbalanced-learn. "auto" and "not majority": all classes but the largest. "minority":
        the smallest class. "not minority": all but the smallest. "all": all classes. A float, for
        two classes: the number of rows of the smaller class divided by that of the larger, above
        0 and at most 1. A dict: the number of rows of each class. A callable: a function of y
        that returns a dict.

    factor : int or None, default=None
        Number of rows that each row becomes, itself included, regardless of its class. y may then
        be numbers, or None. It replaces `sampling_strategy`.

    augmentation : "recipe", "light", dict, RandomTransform, keras.layers.Layer or callable, \
            default="recipe"
        How copies are changed. "recipe": rotation up to 40 degrees, shifts and zoom up to 0.2,
        shear up to 0.2, left and right flipped in half of the copies, pixels at the edges
        repeated. "light": rotation up to 10 degrees, shifts and zoom up to 0.1, no flips. A dict
        has arguments of `RandomTransform`, such as ``{"rotation": 15}``. A layer or a function
        ``f(pixels, rng)`` is called with arrays of shape (1, height, width, channels) in 0..255.

    image_columns : list of str or int, or None, default=None
        The columns of images, by name or position. None finds the columns whose cells are images
        or paths of image files.

    image_size : tuple (height, width) or None, default=None
        The size of the copies in pixels. None keeps the size of each image. Copies are held in
        memory: a copy of a photograph with 12 million pixels needs 36 MB, and one of 224 x 224
        pixels needs 150 kB.

    image_shape : tuple (height, width[, channels]) or None, default=None
        The shape of the images, if each row of X is a flattened image. One entry may be -1.

    corrupt : {"error", "missing"}, default="error"
        Whether unreadable images are an error, or missing in the copies, with one warning. Images
        without copies are not read.

    reader : ImageReader or None, default=None
        How cells become pixels. None is ``ImageReader()``.

    random_state : int, RandomState instance or None, default=None
        Controls the random changes, and which rows get one copy more than others. Pass an int for
        reproducible output across multiple calls.

    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    sampling_strategy_ : dict or None
        Number of copies by class; None with `factor`.

    sample_indices_ : ndarray of int of shape (n_rows_new,)
        The row of X that each row of the result was made from.

    image_columns_ : list of int
        Positions of the columns of images.

    n_features_in_ : int
        Number of columns of X.

    feature_names_in_ : ndarray of str
        Names of the columns of X, if all are strings.

    Raises
    ------
    ImageReadError
        If images that are to be copied cannot be read, with all rows and reasons.

    ValueError
        If the strategy does not match y, or if X has no images.

    See Also
    --------
    CNNEmbedder : Augments training images again in each epoch.
    imblearn.pipeline.Pipeline : A pipeline that accepts samplers.

    Notes
    -----
    The result has the rows of X, unchanged and in their order, and then the copies. All rows of a
    class get the same number of copies, or one more. Other columns are repeated. The index of
    DataFrames and Series in the result starts from 0. Columns of images become columns of objects:
    the copies of files and PIL images are uint8 arrays (uint16 if they have more than 8 bits), and
    the copies of arrays have the same dtype and number of axes. If a row has no image, its copies
    have none either.

    Use `sample_indices_` for values that belong to rows. For example,
    ``groups[augmenter.sample_indices_]`` gives a copy the group of its original.

    Balancing by copies before the split is a common recipe. It gives scores that are too high,
    because a model recognizes the copies of an image that it was trained on. See C. Shorten and
    T. M. Khoshgoftaar, "A survey on image data augmentation for deep learning"
    (doi:10.1186/s40537-019-0197-0).

    Examples
    --------
    >>> from skfusion import ImageAugmenter
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(6, random_state=0)
    >>> X, y = data.frame[1:], data.target[1:]  # classes 1, 0, 1, 0, 1
    >>> augmenter = ImageAugmenter(random_state=0)
    >>> X_more, y_more = augmenter.fit_resample(X, y)
    >>> y_more
    array([1, 0, 1, 0, 1, 0])
    >>> augmenter.sample_indices_
    array([0, 1, 2, 3, 4, 1])
    >>> X_more["image"][5].shape
    (32, 32, 3)
    >>> bool(X_more["number_0"][5] == X_more["number_0"][1])
    True
    """

    # What imbalanced-learn recognizes an over-sampler by.
    _estimator_type = "sampler"
    _sampling_type = "over-sampling"

    _fit_only_parameters = ("sampling_strategy", "augmentation", "reader")
    _parameter_constraints: dict[str, Any] = {
        "sampling_strategy": [
            StrOptions(set(STRATEGIES)),
            Interval(Real, 0, 1, closed="right"),
            dict,
            callable,
        ],
        "factor": [Interval(Integral, 1, None, closed="left"), None],
        "augmentation": [str, dict, callable],
        "image_columns": ["array-like", None],
        "image_size": [Interval(Integral, 1, None, closed="left"), "array-like", None],
        "image_shape": ["array-like", None],
        "corrupt": [StrOptions({"error", "missing"})],
        "reader": [HasMethods(["read", "probe", "get_params"]), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        sampling_strategy: str | float | dict[str, Any] | Callable[..., Any] = "auto",
        *,
        factor: int | None = None,
        augmentation: Any = "recipe",
        image_columns: Sequence[str | int] | None = None,
        image_size: Size | None = None,
        image_shape: Shape | None = None,
        corrupt: str = "error",
        reader: ImageReader | None = None,
        random_state: RandomState = None,
        verbose: int = 0,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.factor = factor
        self.augmentation = augmentation
        self.image_columns = image_columns
        self.image_size = image_size
        self.image_shape = image_shape
        self.corrupt = corrupt
        self.reader = reader
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ImageInput, y: ArrayLike | None = None) -> Self:
        """Check X and y and count the copies.

        This makes no copies; use `fit_resample` instead.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            As in `fit_resample`.

        y : array-like of shape (n_rows,), default=None
            As in `fit_resample`.

        Returns
        -------
        self : object
            The fitted sampler.
        """
        self._start(X, y)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_resample(self, X: ImageInput, y: ArrayLike | None = None) -> tuple[Any, Any]:
        """Add rows with changed copies of images.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            The rows: a table in which some columns hold images (paths, bytes, PIL images or
            arrays), one column of images, an array of shape (n_rows, height, width[, channels]),
            or, with `image_shape`, numbers of shape (n_rows, n_pixels). It is not changed.

        y : array-like of shape (n_rows,), default=None
            Classes. With `factor`, any target or None.

        Returns
        -------
        X_resampled : DataFrame, Series, list or ndarray
            The rows of X followed by the copies, in the container of X.

        y_resampled : array-like of shape (n_rows_new,)
            The same rows of y, in the container of y.
        """
        rows, labels, augmentation = self._start(X, y)
        rng_seed = int(check_random_state(self.random_state).randint(2**31))
        if self.factor is None:
            rng = np.random.default_rng(rng_seed)
            origins = choose_origins(labels, self.sampling_strategy_, rng)
        else:
            origins = np.repeat(np.arange(rows.n_rows), self.factor - 1)
        copies = {}
        for position in self.image_columns_:
            name, cells = rows.column(position)
            seeds = [rng_seed, position]
            copies[position] = self._copy_column(name, cells, origins, augmentation, seeds)
        self.sample_indices_ = np.concatenate([np.arange(rows.n_rows), origins])
        return rows.extend(origins, copies), take_rows(y, origins)

    def __sklearn_tags__(self):
        tags = as_sampler_tags(super().__sklearn_tags__())
        flattened = self.image_shape is not None
        tags.target_tags.required = self.factor is None
        tags.input_tags.two_d_array = True
        tags.input_tags.three_d_array = not flattened
        tags.input_tags.string = not flattened
        tags.input_tags.allow_nan = True
        return tags

    def _start(self, X, y):
        """Check the arguments; return the rows, their classes (None with a factor), the changes."""
        if self.factor is not None and self.sampling_strategy != "auto":
            raise ValueError(
                f"sampling_strategy={self.sampling_strategy!r} balances classes, and factor="
                f"{self.factor} copies each row. Pass only one of them."
            )
        reader = check_reader(self.reader)
        augmentation = make_augmentation(self.augmentation)
        if self.image_size is not None:
            check_size_param(self.image_size)
        self.reader_ = reader
        rows = self._wrap(X)
        labels = self._check_target(y, rows.n_rows)
        self.image_columns_ = rows.find(self.image_columns, reader)
        self.sampling_strategy_ = (
            copies_by_class(self.sampling_strategy, labels) if self.factor is None else None
        )
        return rows, labels, augmentation

    def _wrap(self, X):
        if self.image_shape is not None:
            # A DataFrame whose columns are sparse would become a sparse matrix.
            dense = X.sparse.to_dense() if _has_sparse_columns(X) else X
            checked = validate_data(self, dense, dtype="numeric", ensure_all_finite="allow-nan")
            return wrap_rows(X, resolve_shape(self.image_shape, checked.shape[1]))
        _check_feature_names(self, X, reset=True)
        rows = wrap_rows(X)
        if not rows.n_rows:
            raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required.")
        self.n_features_in_ = rows.n_columns
        return rows

    def _check_target(self, y, n_rows):
        """Return the class of each row, None with a factor."""
        if y is None:
            if self.factor is None:
                raise ValueError(
                    "ImageAugmenter requires y to be passed, but the target y is None. Pass factor "
                    "to copy each row."
                )
            return None
        check_consistent_length(np.empty(n_rows), y)
        return class_labels(y) if self.factor is None else None

    def _copy_column(self, name, cells, origins, augmentation, seeds):
        """Return the copies of the images of one column, None if an image cannot be read."""
        column = ImageColumn(name, cells)
        value_range = learn_value_range(column, self.reader_)
        size = None if self.image_size is None else check_size_param(self.image_size)
        numbers = number_copies(origins)
        copies_of = {}  # row -> positions of its copies
        for position, row in enumerate(origins):
            copies_of.setdefault(int(row), []).append(position)
        copies = [column.cells[row] for row in origins]  # copies of missing cells are equal to them
        rows = [row for row in copies_of if not column.missing[row]]

        def load(row):
            try:
                return OriginalImage(column.cells[row], self.reader_, value_range, size), None
            except ValueError as error:
                return None, str(error)

        def change(original, row, position):
            rng = np.random.default_rng([*seeds, row, numbers[position]])
            return original.restore(augmentation(original.pixels[np.newaxis], rng)[0])

        failures = []
        with self._bar(name, len(rows)) as bar:
            for row, (original, reason) in zip(rows, map_ahead(load, rows), strict=True):
                for position in copies_of[row]:
                    copies[position] = None if original is None else change(original, row, position)
                if original is None:
                    failures.append((row, describe(column.cells[row]), reason))
                bar.update()
        if failures:
            self._report(name, len(cells), failures)
        return copies

    def _bar(self, name, n_rows):
        description = f"{type(self).__name__} {name}"
        return progress_bar(
            self.verbose if n_rows else 0, total=n_rows, description=description, unit="image"
        )

    def _report(self, name, n_rows, failures):
        """Raise an error or warn about images that could not be read."""
        named = join_names(f"row {row} ({source}): {reason}" for row, source, reason in failures)
        text = f"{len(failures)} of {n_rows} images of column {name!r} could not be read: {named}."
        if self.corrupt == "error":
            raise ImageReadError(
                f"{text} Pass corrupt='missing' to get copies of these rows without an image.",
                failures,
            )
        text = f"{text} The copies of these rows have no image."
        warnings.warn(text, UnreadableImageWarning, stacklevel=caller_stacklevel())


def _has_sparse_columns(X):
    """Return whether all columns of a pandas DataFrame are sparse."""
    return isinstance(X, pd.DataFrame) and all(isinstance(t, pd.SparseDtype) for t in X.dtypes)
