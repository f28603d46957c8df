"""ImageAugmenter: rows with changed copies of their images, in fit only."""

import warnings
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _check_feature_names, check_consistent_length, validate_data

from skfusion._utils.decorators import fit_context
from skfusion._utils.messages import caller_stacklevel, join_names
from skfusion._utils.prefetch import map_ahead
from skfusion._utils.progress import progress_bar
from skfusion._utils.typing import ImageInput, RandomState, Shape, Size
from skfusion.augmentation._augmentation import make_augmentation
from skfusion.augmentation._copy_plan import (
    STRATEGIES,
    class_labels,
    copies_by_class,
    number_copies,
    spread,
)
from skfusion.augmentation._original import Original
from skfusion.augmentation._tables import as_table, take_rows
from skfusion.exceptions import ImageReadError, UnreadableImageWarning
from skfusion.images._image_column import ImageColumn, describe
from skfusion.images._image_reader import ImageReader
from skfusion.images._image_size import check_size_param
from skfusion.images._probe import find_white
from skfusion.images._read_columns import resolve_shape


class ImageAugmenter(OneToOneFeatureMixin, BaseEstimator):
    """Add rows whose images are changed copies: to balance classes, or to have more rows.

    For few or unbalanced images and a model that doesn't augment by itself. A sampler after
    imbalanced-learn's protocol: in ``imblearn.pipeline.Pipeline`` it works in `fit` only, on the
    training rows of each fold, so that copies of one image never stand on both sides of a
    split. scikit-learn's own `Pipeline` refuses samplers; take imbalanced-learn's, which is used
    alike, or call `fit_resample` on training rows yourself.

    Parameters
    ----------
    sampling_strategy : str, float, dict or callable, default="auto"
        Which classes get copies, as in imbalanced-learn's over-samplers. "auto" and
        "not majority": every class gets as many rows as the largest has; "minority": the smallest
        alone does; "not minority" and "all": all but the smallest, and all. A float, for two
        classes: the rows of the smaller over those of the larger class, above 0 and at most 1.
        A dict: the rows that classes shall have. A callable: a function of y that gives a dict.

    factor : int or None, default=None
        How many rows each row becomes, itself included, whatever its class; y may be numbers then,
        or None. It takes the place of `sampling_strategy`.

    augmentation : "recipe", "light", dict, RandomTransform, keras.layers.Layer or callable, \
            default="recipe"
        How copies are changed. "recipe": rotation up to 40 degrees, shifts and zoom up to 0.2,
        shear 0.2, left and right exchanged in half of the copies, edges repeated. "light":
        rotation up to 10 degrees, shifts and zoom up to 0.1, no flips. A dict holds arguments of
        `RandomTransform`, such as ``{"rotation": 15}``. A layer or a function
        ``f(pixels, rng)`` gets arrays of shape (1, height, width, channels) in 0..255.

    image_columns : list of str or int, or None, default=None
        The columns of images, by name or position. None takes those whose cells are images or
        paths of files that can be read as such.

    image_size : tuple (height, width) or None, default=None
        The size of the copies, in pixels; None keeps each image's own. Copies stand in memory:
        one of a photograph of 12 million pixels takes 36 MB, one of 224 x 224 takes 150 kB.

    image_shape : tuple (height, width[, channels]) or None, default=None
        The shape of the images where each row of X is a flattened one; one entry may be -1.

    corrupt : {"error", "missing"}, default="error"
        Whether images that can't be read are an error, or missing in the copies, with one
        warning. Images without copies are not read.

    reader : ImageReader or None, default=None
        How cells become pixels; None is ``ImageReader()``.

    random_state : int, RandomState instance or None, default=None
        Where random numbers start. An int gives the same copies in each call.

    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    sampling_strategy_ : dict or None
        Copies by class; None with `factor`.

    sample_indices_ : ndarray of int of shape (n_rows_new,)
        The row of X that each row of the result comes from.

    image_columns_ : list of int
        Positions of the columns of images.

    n_features_in_ : int
        Number of columns of X.

    feature_names_in_ : ndarray of str
        Names of the columns of X, where all are strings.

    Raises
    ------
    ImageReadError
        If images that are to be copied can't be read, with all rows and reasons.

    ValueError
        If the strategy doesn't fit y, or if X has no images.

    See Also
    --------
    CNNEmbedder : Augments anew in every epoch, by itself.
    imblearn.pipeline.Pipeline : The pipeline that samplers work in.

    Notes
    -----
    The rows of X come first, as they are and in their order; then the copies. Within a class all
    rows get as many copies, up to one more. All other columns are carried along. In DataFrames
    and Series the index of the result counts from 0. Columns of images become columns of
    objects, in which the copies of files and PIL images are uint8 arrays (uint16 where there are
    more than 8 bits), and the copies of arrays are arrays like them. Where a row has no image,
    its copies have none either.

    What belongs to rows, such as groups, follows with ``groups[augmenter.sample_indices_]``: a
    copy is of its origin's group.

    Balancing by transformed copies before any split is a widespread recipe, and gives scores that
    are too good: a model recognizes the image. See C. Shorten and T. M. Khoshgoftaar, "A survey
    on image data augmentation for deep learning" (doi:10.1186/s40537-019-0197-0).

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

    _estimator_type = "sampler"  # by which imbalanced-learn tells samplers

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
        "image_size": ["array-like", None],
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
        """Check X and y and count the copies, without making any; use `fit_resample`.

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
            One row a sample: a table of which some columns hold images (paths, bytes, PIL
            images or arrays), one column of images, an array of shape
            (n_rows, height, width[, channels]); or, with `image_shape`, numbers of shape
            (n_rows, n_pixels). It stays as it is.

        y : array-like of shape (n_rows,), default=None
            Classes; with `factor` any target, or None.

        Returns
        -------
        X_resampled : DataFrame, Series, list or ndarray
            The rows of X and after them the copies, in the container of X.

        y_resampled : array-like of shape (n_rows_new,)
            Likewise of y.
        """
        table, labels, augmentation = self._start(X, y)
        rng_seed = int(check_random_state(self.random_state).randint(2**31))
        if self.factor is None:
            rng = np.random.default_rng(rng_seed)
            origins = spread(labels, self.sampling_strategy_, rng)
        else:
            origins = np.repeat(np.arange(table.n_rows), self.factor - 1)
        copies = {}
        for position in self.image_columns_:
            name, cells = table.column(position)
            seeds = [rng_seed, position]
            copies[position] = self._copy_column(name, cells, origins, augmentation, seeds)
        self.sample_indices_ = np.concatenate([np.arange(table.n_rows), origins])
        return table.extend(origins, copies), take_rows(y, origins)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        flattened = self.image_shape is not None
        tags.estimator_type = "sampler"
        tags.target_tags.required = self.factor is None
        tags.input_tags.two_d_array = True
        tags.input_tags.three_d_array = not flattened
        tags.input_tags.string = not flattened
        tags.input_tags.allow_nan = True
        return tags

    def _start(self, X, y):
        """Check everything; the table, each row's class (unless there is a factor), the changes."""
        if self.factor is not None and self.sampling_strategy != "auto":
            raise ValueError(
                f"sampling_strategy={self.sampling_strategy!r} balances classes, and factor="
                f"{self.factor} copies every row; give one of them."
            )
        reader = ImageReader() if self.reader is None else clone(self.reader)
        if hasattr(reader, "_validate_params"):
            reader._validate_params()
        augmentation = make_augmentation(self.augmentation)
        if self.image_size is not None:
            check_size_param(self.image_size)
        self.reader_ = reader
        table = self._read_table(X)
        labels = self._read_labels(y, table.n_rows)
        self.image_columns_ = table.find(self.image_columns, reader)
        self.sampling_strategy_ = (
            copies_by_class(self.sampling_strategy, labels) if self.factor is None else None
        )
        return table, labels, augmentation

    def _read_table(self, X):
        if self.image_shape is not None:
            checked = validate_data(self, X, dtype="numeric", ensure_all_finite="allow-nan")
            return as_table(X, resolve_shape(self.image_shape, checked.shape[1]))
        _check_feature_names(self, X, reset=True)
        table = as_table(X)
        if not table.n_rows:
            raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required.")
        self.n_features_in_ = table.n_columns
        return table

    def _read_labels(self, y, n_rows):
        if y is None:
            if self.factor is None:
                raise ValueError(
                    "ImageAugmenter requires y to be passed, but the target y is None. Pass factor "
                    "to copy every row."
                )
            return None
        lengths = [np.empty(n_rows), y]
        check_consistent_length(*lengths)
        return class_labels(y) if self.factor is None else None

    def _copy_column(self, name, cells, origins, augmentation, seeds):
        """The copies of one column's images; None where the origin has no image."""
        column = ImageColumn(name, cells)
        white = find_white(column)
        numbers = number_copies(origins)
        places = {}  # row -> the copies that are to be made of it
        for place, row in enumerate(origins):
            places.setdefault(int(row), []).append(place)
        copies = [column.cells[row] for row in origins]  # missing ones stay what they are
        rows = [row for row in places if not column.missing[row]]

        def load(row):
            try:
                return Original(column.cells[row], self.reader_, white, self.image_size), None
            except ValueError as error:
                return None, str(error)

        def change(original, row, place):
            draws = np.random.default_rng([*seeds, row, numbers[place]])
            return original.restore(augmentation(original.pixels[np.newaxis], draws)[0])

        failures = []
        with self._bar(name, len(rows)) as bar:
            for row, (original, reason) in zip(rows, map_ahead(load, rows), strict=True):
                for place in places[row]:
                    copies[place] = None if original is None else change(original, row, place)
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
        """Raise or warn about images that could not be read."""
        named = join_names(f"row {row} ({source}): {reason}" for row, source, reason in failures)
        text = f"{len(failures)} of {n_rows} images of column {name!r} could not be read: {named}."
        if self.corrupt == "error":
            raise ImageReadError(
                f"{text} Pass corrupt='missing' to leave the images of their copies out.",
                failures,
            )
        text = f"{text} The copies of these rows have no image."
        warnings.warn(text, UnreadableImageWarning, stacklevel=caller_stacklevel())
