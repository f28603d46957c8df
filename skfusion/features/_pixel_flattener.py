"""PixelFlattener: pixels as columns."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_array, check_is_fitted

from skfusion._utils.plain_data import plain_data
from skfusion._utils.typing import Shape, Size
from skfusion.base import ImageTransformer
from skfusion.extraction._resizing import Resizing, resample_of
from skfusion.features._pixel_extractor import DEVIATIONS, PixelExtractor
from skfusion.images._image_reader import ImageReader
from skfusion.images._image_size import check_size_param
from skfusion.images._probe import common_channels, common_size, probe_column


@plain_data
class PixelFlattener(ImageTransformer):
    """Flatten each image to a row of pixel values.

    The simplest way to put images beside a table: a 32 x 32 color image becomes 3072
    columns. Good for small, aligned images (digits, scans in one frame), and as the baseline
    that any network has to beat. `inverse_transform` turns such rows back to images: those that
    a PCA has learned, for instance.

    Parameters
    ----------
    image_size : tuple (height, width) or None, default=None
        The size to which every image is resized, in pixels. None uses the size that all
        images have, and refuses images of several sizes.

    color_mode : {"auto", "rgb", "grayscale"}, default="auto"
        The number of channels of the images. See :term:`color_mode`.

    scaling : {"unit", "standard"} or None, default=None
        The scaling of the values, which are in 0..255: None leaves them; "unit" scales them to
        0..1; "standard" gives each image the mean 0 and the standard deviation 1, so that
        brightness and contrast count for nothing. A flat image becomes 0 then.

    image_shape : tuple (height, width[, channels]) or None, default=None
        The shape of the images if X is a table of flattened images. See :term:`image_shape`.

    combine : {"mean", "max"} or None, default=None
        How several images of a row become one line of features. See :term:`combine`.

    missing : {"error", "nan", "zero", "mean"}, default="error"
        The features of rows without an image. See :term:`missing`.

    add_indicator : bool, default=False
        Whether to append columns that mark missing images. See :term:`add_indicator`.

    corrupt : {"error", "missing"}, default="error"
        Whether unreadable images are an error or count as missing. See :term:`corrupt`.

    reader : ImageReader or None, default=None
        How cells become pixels; None is ``ImageReader()``. See :term:`reader`.

    drift : {"warn", "ignore"}, default="warn"
        Whether `transform` warns of images unlike those of `fit`. See :term:`drift`.

    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Names of the columns in `fit`, where they had names.

    n_features_out_ : int
        Number of columns that `transform` gives.

    reader_ : ImageReader
        The reader in use.

    value_ranges_ : list of (tuple (low, high) or None)
        What is black and white in each image column, for floats and signed integers; None where
        `fit` saw none of these. See :ref:`pixel_values`.

    Raises
    ------
    ImageReadError
        If images are missing or can't be read, with all rows and reasons.

    ValueError
        If X holds no images, or if they differ in size and `image_size` is None.

    See Also
    --------
    ImageDescriptors : Measured properties of images, of any size.
    CNNEmbedder : Activations of a network that is trained on the images.

    Notes
    -----
    Values are in the order of ``ndarray.reshape``: rows from the top, pixels from the left,
    channels last.

    The columns are those of one fixed frame, so an image that is shifted by a few pixels is
    another row altogether: compare with :class:`ImageDescriptors` or a network.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skfusion import PixelFlattener
    >>> images = load_digits().images / 16
    >>> images.shape
    (1797, 8, 8)
    >>> flattener = PixelFlattener()
    >>> flattener.fit_transform(images).shape
    (1797, 64)
    >>> flattener.get_feature_names_out()[:2]
    array(['x0_pixel_0000', 'x0_pixel_0001'], dtype=object)

    What the first component of a PCA looks like:

    >>> from sklearn.decomposition import PCA
    >>> pca = PCA(10).fit(flattener.transform(images))
    >>> flattener.inverse_transform(pca.components_[:1], dtype="float32").shape
    (1, 8, 8)
    """

    _parameter_constraints: dict[str, Any] = {
        **ImageTransformer._parameter_constraints,
        "scaling": [StrOptions({"unit", "standard"}), None],
    }

    def __init__(
        self,
        image_size: Size | None = None,
        color_mode: str = "auto",
        *,
        scaling: str | None = None,
        image_shape: Shape | None = None,
        combine: str | None = None,
        missing: str = "error",
        add_indicator: bool = False,
        corrupt: str = "error",
        reader: ImageReader | None = None,
        drift: str = "warn",
        verbose: int = 0,
    ) -> None:
        self.image_size = image_size
        self.color_mode = color_mode
        self.scaling = scaling
        self.image_shape = image_shape
        self.combine = combine
        self.missing = missing
        self.add_indicator = add_indicator
        self.corrupt = corrupt
        self.reader = reader
        self.drift = drift
        self.verbose = verbose

    def inverse_transform(
        self, X: ArrayLike, *, dtype: str = "uint8"
    ) -> np.ndarray | list[np.ndarray]:
        """Transform rows back to images of the size and scale that they had before `transform`.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features_out)
            Rows as `transform` gives them: also means or components of them, or what a PCA's own
            `inverse_transform` gives.

        dtype : {"uint8", "float32"}, default="uint8"
            "uint8" rounds and cuts off what is not in 0..255, and NaN, the row of a missing
            image, is black. "float32" gives the values as they are: for what is no image,
            such as PCA components, which have both signs.

        Returns
        -------
        images : ndarray of shape (n_rows, height, width) or (n_rows, height, width, 3)
            Gray or color, as `fit` learned. A list of such arrays, in column order, if `fit` saw
            several columns.

        Raises
        ------
        ValueError
            If X has another number of columns than `transform` gives.

        Notes
        -----
        The size is `image_size`: what resizing lost does not come back. With
        ``scaling="standard"`` neither do an image's brightness and contrast: its mean becomes
        127.5, and its standard deviation 42.5, so that three of them reach black or white.
        """
        check_is_fitted(self)
        if dtype not in ("uint8", "float32", np.uint8, np.float32):
            raise ValueError(f"dtype must be 'uint8' or 'float32', got {dtype!r}.")
        rows = check_array(X, dtype=np.float32, ensure_all_finite="allow-nan", estimator=self)
        widths = [math.prod(shape) for shape in self._shapes]
        n_indicators = len(self._shapes) if self._rows.add_indicator else 0
        if rows.shape[1] != sum(widths) + n_indicators:
            raise ValueError(
                f"X has {rows.shape[1]} columns, but the images that fit saw, of shape "
                f"{' and '.join(str(shape) for shape in self._shapes)}, take {sum(widths)}"
                f"{f', and {n_indicators} are indicators' if n_indicators else ''}."
            )
        rows = _unscaled(rows[:, : sum(widths)], self._scaling)
        if np.dtype(dtype) == np.uint8:
            rows = np.rint(np.nan_to_num(rows, nan=0).clip(0, 255)).astype(np.uint8)
        blocks = np.split(rows, np.cumsum(widths)[:-1], axis=1)
        images = [
            block.reshape(-1, *(shape if shape[2] > 1 else shape[:2]))
            for block, shape in zip(blocks, self._shapes, strict=True)
        ]
        return images[0] if len(images) == 1 else images

    def _fit_columns(self, columns, y):
        self._scaling = self.scaling
        self._shapes = [self._learn_shape(column) for column in columns]
        size = None if self.image_size is None else check_size_param(self.image_size)
        self._conversions = [
            Resizing(
                shape,
                grayscale=self.color_mode == "grayscale",
                resample=resample_of(self.reader_),
                fixed_size=size is None,
                decode_size=size,
            )
            for shape in self._shapes
        ]

    def _learn_shape(self, column):
        shapes = probe_column(self.reader_, column)
        if self.image_size is None:
            size = common_size(column, shapes)
        else:
            size = check_size_param(self.image_size)
        return *size, common_channels(self.color_mode, shapes)

    def _extractors(self, position):
        return [PixelExtractor(self._conversions[position], self._scaling)]


def _unscaled(rows, scaling):
    """Undo the scaling, with a mean and a deviation that suit the range."""
    if scaling is None:
        return rows
    if scaling == "unit":
        return rows * np.float32(255)
    return rows * np.float32(127.5 / DEVIATIONS) + np.float32(127.5)
