"""PixelFlattener: the pixels themselves as columns."""

import math

import numpy as np

from skfusion._extractor import Extractor
from skfusion._typing import Shape, Size
from skfusion.base import ImageTransformer, check_size_param, indexed
from skfusion.images._probe import common_channels, common_size, probe_column
from skfusion.images._reader import ImageReader


class PixelFlattener(ImageTransformer):
    """Flatten each picture to a row of pixel values.

    The simplest way to put pictures beside a table: a 32 x 32 colour picture becomes 3072
    columns. Good for small, aligned pictures (digits, scans in one frame), and as the baseline
    that any network has to beat.

    Parameters
    ----------
    image_size : tuple (height, width) or None, default=None
        The size to which every picture is resized, in pixels. None takes the size that all
        pictures have, and refuses pictures of several sizes.

    color_mode : {"auto", "rgb", "grayscale"}, default="auto"
        Three values a pixel or one. "auto" takes one where no fitted picture has colour.

    image_shape : tuple (height, width[, channels]) or None, default=None
        The shape of the pictures where X is a table of flattened pictures; one entry may be -1.

    combine : {"mean", "max"} or None, default=None
        How the pictures of a row, in lists or in several columns, become one line: by the mean or
        the maximum of each feature. All pictures of a row count the same. None puts columns side
        by side, and refuses lists of several pictures.

    missing : {"error", "nan", "zero", "mean"}, default="error"
        What a row without a picture gets: an error, or a row of NaN, of 0, or of the mean over
        the rows of `fit` that have one.

    add_indicator : bool, default=False
        Whether to append, for each column of pictures (one in all with `combine`), the column
        ``<column>_missing``: 1 where a row has no picture, else 0.

    corrupt : {"error", "missing"}, default="error"
        Whether pictures that can't be read are an error or count as missing, with one warning.

    reader : ImageReader or None, default=None
        How cells become pixels; None is ``ImageReader()``.

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

    Raises
    ------
    ImageReadError
        If pictures are missing or can't be read, with all rows and reasons.

    ValueError
        If X holds no pictures, or if they differ in size and `image_size` is None.

    See Also
    --------
    ImageDescriptors : Measured properties of pictures, of any size.
    CNNEmbedder : Activations of a network that is trained on the pictures.

    Notes
    -----
    Values are in 0..255, in the order of ``ndarray.reshape``: rows from the top, pixels from the
    left, channels last.

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
    """

    _parameter_constraints: dict = {**ImageTransformer._parameter_constraints}

    def __init__(
        self,
        image_size: Size | None = None,
        color_mode: str = "auto",
        *,
        image_shape: Shape | None = None,
        combine: str | None = None,
        missing: str = "error",
        add_indicator: bool = False,
        corrupt: str = "error",
        reader: ImageReader | None = None,
        verbose: int = 0,
    ):
        self.image_size = image_size
        self.color_mode = color_mode
        self.image_shape = image_shape
        self.combine = combine
        self.missing = missing
        self.add_indicator = add_indicator
        self.corrupt = corrupt
        self.reader = reader
        self.verbose = verbose

    def _fit_columns(self, columns, y):
        self._shapes = [self._learn_shape(column) for column in columns]

    def _learn_shape(self, column):
        shapes = probe_column(self.reader_, column)
        if self.image_size is None:
            size = common_size(column, shapes)
        else:
            size = check_size_param(self.image_size)
        return *size, common_channels(self.color_mode, shapes)

    def _labels(self, position):
        return indexed("pixel", math.prod(self._shapes[position]))

    def _prepare_picture(self, position, pixels):
        shape = self._shapes[position]
        self._refuse_other_size(pixels, shape[:2])
        return self._resized(pixels, shape)

    def _extractors(self, position):
        width = math.prod(self._shapes[position])
        return [Extractor(width, np.stack, lambda batch: batch.reshape(len(batch), -1))]
