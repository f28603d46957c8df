"""ImageDescriptors: measured properties of images as columns."""

import os
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

from sklearn.utils._param_validation import Interval, StrOptions

from skfusion._utils.plain_data import plain_data
from skfusion._utils.typing import PathLike, Shape, Size
from skfusion.base import ImageTransformer
from skfusion.extraction._masked_column import MaskedColumn, find_mask_columns
from skfusion.extraction._resizing import resample_of
from skfusion.features._descriptor_extractor import DescriptorExtractor
from skfusion.features._descriptor_families import (
    FAMILIES,
    check_descriptors,
    check_distances,
)
from skfusion.features._descriptor_options import DescriptorOptions
from skfusion.features._measuring import Measuring
from skfusion.features._wavelet import check_wavelet
from skfusion.images._image_reader import ImageReader
from skfusion.images._image_size import check_size_param
from skfusion.images._masks import check_mask
from skfusion.images._probe import common_channels, probe_column
from skfusion.store._feature_store import FeatureStore


@plain_data
class ImageDescriptors(ImageTransformer):
    """Measure brightness, color, edges, texture and shape of each image.

    Columns that image software measures, with descriptive names. Use it
    where rows are too few for a network, where a model has to be explained, or where texture is
    what matters (tissue, materials, scans); also as a baseline. No training, no weights, no
    network: each image is measured by itself, and `fit` learns no more than whether there is
    color.

    Parameters
    ----------
    descriptors : str, list or tuple of str, \
            default=("intensity", "color", "hog", "lbp", "glcm", "shape")
        The families to measure, in the order of their columns; one or several of

        - "intensity": 21 first-order statistics of the gray values;
        - "color": moments and a histogram of 16 bins for each channel, 19 columns for gray
          images and 57 for color;
        - "hog": 324 values of histograms of oriented gradients;
        - "lbp": 28 shares of local binary patterns;
        - "glcm": 44 properties of gray-level co-occurrence for each of the `distances`;
        - "glrlm": 16 properties of runs of one gray level;
        - "glszm": 16 properties of zones of one gray level;
        - "shape": 13 properties of the mask, or of the foreground;
        - "wavelet": 35 statistics of wavelet bands. Needs the extra ``skfusion[wavelet]``.

    image_size : tuple (height, width) or None, default=(128, 128)
        The size to which every image is resized, in pixels. None measures each image at its
        own size; the number of columns is the same. Texture and patterns are measured at
        distances in pixels, so they compare only between images of one scale.

    color_mode : {"auto", "rgb", "grayscale"}, default="auto"
        The number of channels of the images. All families but "color" and "hog" use gray values
        only. See :term:`color_mode`.

    mask : "otsu", callable, list of (str or int) or None, default=None
        Which pixels are measured:

        - None: all; "shape" alone measures the foreground that Otsu's threshold finds;
        - "otsu": that foreground; all pixels of an image of one gray level;
        - a function: called with the pixels of each image, of shape (height, width, channels)
          after resizing, it gives an array of bool of shape (height, width). Features are not
          kept in a store then. Functions that can be pickled are defined in a module;
        - a list of columns of X, by name or position, which hold the masks: one for all
          columns of images, or one for each in order. Pixels above 0 belong to the mask.
          It must have its image's size, and is resized with it.

    levels : int, default=32
        The number of gray levels for textures, entropy and uniformity, from 2 to 256.

    gray_range : {"full", "image"}, default="full"
        What the levels divide: 0..255, or the range of each image's own gray values in the mask.

    distances : sequence of int, default=(1, 3)
        The distances of co-occurrence, in pixels.

    wavelet : str, default="haar"
        The wavelet of "wavelet": the name of any discrete one in PyWavelets.

    image_shape : tuple (height, width[, channels]) or None, default=None
        The shape of the images if X is a table of flattened images. See :term:`image_shape`.

    combine : {"mean", "max"} or None, default=None
        How several images of a row become one line of features. See :term:`combine`.

    missing : {"error", "nan", "zero", "mean"}, default="error"
        The features of rows without an image or without a mask. See :term:`missing`.

    add_indicator : bool, default=False
        Whether to append columns that mark missing images. See :term:`add_indicator`.

    corrupt : {"error", "missing"}, default="error"
        Whether unreadable images, and masks that cannot be used, are an error or count as missing.
        See :term:`corrupt`.

    reader : ImageReader or None, default=None
        How cells become pixels; None is ``ImageReader()``. See :term:`reader`.

    cache : str, PathLike, FeatureStore or None, default=None
        Where features are kept, so that no image is measured twice: a folder, or a store.

    drift : {"warn", "ignore"}, default="warn"
        Whether `transform` warns of images unlike those of `fit`. See :term:`drift`.

    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns in `fit`, those of masks included.

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
        If images or masks are missing or can't be used, with all rows and reasons.

    ExtraNotFoundError
        If "wavelet" is asked for, and PyWavelets isn't installed.

    ValueError
        If X holds no images; if `descriptors` is empty, names a family twice or one that
        there is not; if `mask` names columns that there are not.

    See Also
    --------
    PixelFlattener : The pixels themselves as columns.
    PretrainedGAP : Columns from a network trained on other images.

    Notes
    -----
    The page :doc:`/descriptors` lists every name with its definition and source, and describes what
    turning, mirroring and brightening an image leaves as it is. First-order statistics and
    textures are those of the Image Biomarker Standardization Initiative (arXiv:1612.07003), with
    the values that it publishes for its digital phantom.

    White is 255 and black is 0. Gray is the ITU-R BT.601 luma of color. First-order statistics,
    color moments and wavelet bands are taken of the values as they are; everything else is
    measured on whole levels, clipped to 0..255, and with ``gray_range="image"`` on levels of
    the values as they are. Images that use a small part of 0..255, such as 12 bits stored in
    16, leave few levels on the full range. All values are finite for every image that can be
    read, of one pixel or one level too.

    Textures are taken over the four directions 0, 45, 90 and 135 degrees ("2D, averaged" in
    IBSI): ``mean``, and for "glcm" also ``range``, the largest minus the smallest. Distances
    count steps to a neighbor, diagonal ones too. Where no two pixels are so far apart,
    co-occurrence is that of a single level.

    The mask bounds statistics, textures and shape. "lbp" and "wavelet" count its pixels but look
    at their surroundings too; "hog" is that of the whole image.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skfusion import ImageDescriptors
    >>> images = load_digits().images[:100] / 16
    >>> descriptors = ImageDescriptors(["intensity", "shape"], image_size=(32, 32))
    >>> descriptors.fit_transform(images).shape
    (100, 34)
    >>> descriptors.get_feature_names_out()[[0, 1, 21, -1]]
    array(['x0_intensity_mean', 'x0_intensity_std', 'x0_shape_area_fraction',
           'x0_shape_hu_7'], dtype=object)

    A column of masks beside that of the images:

    >>> import pandas as pd
    >>> table = pd.DataFrame({"digit": list(images), "ink": list(images > 0.5)})
    >>> descriptors = ImageDescriptors("glrlm", mask=["ink"], image_size=None)
    >>> descriptors.fit_transform(table).shape
    (100, 16)
    >>> descriptors.get_feature_names_out()[0]
    'digit_glrlm_short_run_emphasis_mean'
    """

    _parameter_constraints: dict[str, Any] = {
        **ImageTransformer._parameter_constraints,
        "descriptors": [StrOptions(set(FAMILIES)), list, tuple],
        "mask": [str, callable, list, tuple, None],
        "levels": [Interval(Integral, 2, 256, closed="both")],
        "gray_range": [StrOptions({"full", "image"})],
        "distances": ["array-like"],
        "wavelet": [str],
        "cache": [str, os.PathLike, FeatureStore, None],
    }

    # Measuring takes about as long as decoding: small batches keep all threads busy.
    batch_size = 16

    def __init__(
        self,
        descriptors: str | Sequence[str] = ("intensity", "color", "hog", "lbp", "glcm", "shape"),
        image_size: Size | None = (128, 128),
        color_mode: str = "auto",
        *,
        mask: str | Callable[..., Any] | Sequence[str | int] | None = None,
        levels: int = 32,
        gray_range: str = "full",
        distances: Sequence[int] = (1, 3),
        wavelet: str = "haar",
        image_shape: Shape | None = None,
        combine: str | None = None,
        missing: str = "error",
        add_indicator: bool = False,
        corrupt: str = "error",
        reader: ImageReader | None = None,
        cache: PathLike | FeatureStore | None = None,
        drift: str = "warn",
        verbose: int = 0,
    ) -> None:
        self.descriptors = descriptors
        self.image_size = image_size
        self.color_mode = color_mode
        self.mask = mask
        self.levels = levels
        self.gray_range = gray_range
        self.distances = distances
        self.wavelet = wavelet
        self.image_shape = image_shape
        self.combine = combine
        self.missing = missing
        self.add_indicator = add_indicator
        self.corrupt = corrupt
        self.reader = reader
        self.cache = cache
        self.drift = drift
        self.verbose = verbose

    def _fit_columns(self, columns, y):
        families = check_descriptors(self.descriptors)
        distances = check_distances(self.distances)
        if "wavelet" in families:
            check_wavelet(self.wavelet)
        self._measurings = [
            Measuring(
                families,
                DescriptorOptions(
                    self._learn_channels(column),
                    self.levels,
                    self.gray_range,
                    distances,
                    self.wavelet,
                ),
                size=None if self.image_size is None else check_size_param(self.image_size),
                mask="columns" if self._mask_columns is not None else self._mask,
                grayscale=self.color_mode == "grayscale",
                resample=resample_of(self.reader_),
            )
            for column in columns
        ]

    def _learn_channels(self, column):
        shapes = probe_column(self.reader_, column) if self.color_mode == "auto" else []
        return common_channels(self.color_mode, shapes)

    def _select_columns(self, columns, reset):
        if reset:
            self._mask, self._mask_columns = check_mask(self.mask), None
            if isinstance(self.mask, (list, tuple)):
                self._mask_columns = self._find_mask_columns(columns)
        if self._mask_columns is None:
            return columns
        return [MaskedColumn(columns[i], columns[j]) for i, j in self._mask_columns.items()]

    def _find_mask_columns(self, columns):
        if self.image_shape is not None:
            raise ValueError(
                f"mask={self.mask!r} names columns, but with image_shape each row of X is one "
                "image: pass mask='otsu' or a function."
            )
        if self.combine is not None:
            raise ValueError(
                f"combine={self.combine!r} joins all images of a row, so columns of masks "
                f"(mask={self.mask!r}) would be joined, too: pass mask='otsu' or a function, or "
                "combine=None."
            )
        return find_mask_columns(self.mask, columns)

    def _extractors(self, position):
        return [DescriptorExtractor(self._measurings[position])]
