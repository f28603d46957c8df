"""ImageDescriptors: measured properties of pictures as columns."""

import os
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import NamedTuple

import numpy as np
from sklearn.utils._param_validation import StrOptions

from skfusion._extractor import Extractor
from skfusion._typing import PathLike, Shape, Size
from skfusion.base import ImageTransformer, check_size_param
from skfusion.features._gradients import hog_names, measure_hog
from skfusion.features._intensity import (
    color_names,
    intensity_names,
    measure_color,
    measure_intensity,
)
from skfusion.features._picture import Picture
from skfusion.features._shape import measure_shape, shape_names
from skfusion.features._texture import glcm_names, lbp_names, measure_glcm, measure_lbp
from skfusion.images._probe import common_channels, probe_column
from skfusion.images._reader import ImageReader
from skfusion.store._feature_store import FeatureStore
from skfusion.store._stored_rows import digest_text


class Family(NamedTuple):
    """Descriptors that are measured together.

    Parameters
    ----------
    names : callable
        From the number of channels to the names of the values.

    measure : callable
        From a Picture to its values, in the order of the names.
    """

    names: Callable
    measure: Callable


# Raised when the same picture would give other values than before: stored rows are not used then.
FORMAT = 1

FAMILIES = {
    "intensity": Family(intensity_names, measure_intensity),
    "color": Family(color_names, measure_color),
    "hog": Family(hog_names, measure_hog),
    "lbp": Family(lbp_names, measure_lbp),
    "glcm": Family(glcm_names, measure_glcm),
    "shape": Family(shape_names, measure_shape),
}


class ImageDescriptors(ImageTransformer):
    """Measure brightness, colour, edges, texture and shape of each picture.

    Columns that image software has always measured, and whose names say what they mean. Good
    where rows are too few for a network, where a model has to be explained, or where texture is
    what matters (tissue, materials, scans); also as a baseline. No training, no weights, no
    network: each picture is measured by itself, and `fit` learns no more than whether there is
    colour.

    Parameters
    ----------
    descriptors : str, list or tuple of str, \
            default=("intensity", "color", "hog", "lbp", "glcm", "shape")
        The families to measure, in the order of their columns; one or several of

        - "intensity": 12 first-order statistics of the grey values;
        - "color": mean, standard deviation and a histogram of 16 bins for each channel, 18
          columns for grey pictures and 54 for colour;
        - "hog": 324 values of histograms of oriented gradients;
        - "lbp": 28 shares of local binary patterns;
        - "glcm": 24 properties of grey-level co-occurrence;
        - "shape": 13 properties of what stands out from the background.

    image_size : tuple (height, width) or None, default=(128, 128)
        The size to which every picture is resized, in pixels. None measures each picture at its
        own size; the number of columns is the same. Texture and patterns are measured at
        distances in pixels, so they compare only between pictures of one scale.

    color_mode : {"auto", "rgb", "grayscale"}, default="auto"
        Three values a pixel or one. "auto" takes one where no fitted picture has colour. All
        families but "color" and "hog" look at grey values only.

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

    cache : str, PathLike, FeatureStore or None, default=None
        Where features are kept, so that no picture is measured twice: a folder, or a store.

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
        If X holds no pictures, or if `descriptors` is empty, names a family twice or one that
        there is not.

    See Also
    --------
    PixelFlattener : The pixels themselves as columns.
    PretrainedGAP : Columns from a network trained on other pictures.

    Notes
    -----
    White is 255 and black is 0. Grey is the ITU-R BT.601 luma of colour. Means, deviations and
    percentiles are taken of the values as they are; everything else is measured on whole levels,
    clipped to 0..255. Pictures that use a small part of that range, such as 12 bits stored in 16,
    leave few levels for histograms and texture: rescale them first. All values are finite for
    every picture that can be read, of one pixel or one level too.

    **intensity** follows the Image Biomarker Standardisation Initiative (arXiv 1612.07003):
    kurtosis is 0 for a normal distribution, entropy (in bits) and uniformity are those of a
    histogram of 32 bins over 0..255. Skewness and kurtosis of a flat picture are 0.

    **color** holds shares of the pixels, which sum to 1 for each channel.

    **hog** (Dalal and Triggs 2005, doi:10.1109/CVPR.2005.177): the picture is cut into 4 x 4
    cells whatever its size, with 9 orientations over 180 degrees. Each of the 3 x 3 overlapping
    blocks of 2 x 2 cells is normalised by L2-Hys. A pixel counts with the channel in which its
    gradient is largest. Columns run over blocks, the cells in them, and orientations.

    **lbp** (Ojala, Pietikäinen and Mäenpää 2002, doi:10.1109/TPAMI.2002.1017623): rotation
    invariant uniform patterns of 8 points at radius 1 and of 16 points at radius 2. Index k is
    the share of pixels with k neighbours at least as bright, side by side; the last index is that
    of all other patterns. Ties are decided in integers, alike on every machine.

    **glcm** (Haralick, Shanmugam and Dinstein 1973, doi:10.1109/TSMC.1973.4309314): symmetric
    matrices of 32 levels over 0..255 at distances of 1 and 3 pixels, as in
    :func:`skimage.feature.graycomatrix`. ``mean`` and ``range`` (largest minus smallest) are
    taken over the directions 0, 45, 90 and 135 degrees. Homogeneity is the inverse difference
    moment, energy the square root of the angular second moment, entropy the joint entropy in
    bits. A picture of one level has a correlation of 1; where no two pixels are so far apart, it
    counts as one of a single level.

    **shape**: the threshold of Otsu (1979, doi:10.1109/TSMC.1979.4310076) cuts the picture in
    two; the foreground is the part that holds less of the picture's border, so that dark objects
    on a bright ground are measured as bright ones on a dark ground are. Perimeter is relative to
    that of the picture, compactness is 4 pi area / perimeter**2, solidity the share of the convex
    hull and extent that of the bounding box. The moments of Hu (1962,
    doi:10.1109/TIT.1962.1057692) are given as orders of magnitude above 1e-12 with the moment's
    sign, and as 0 below. All are 0 for a picture of one level, which has no foreground.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skfusion import ImageDescriptors
    >>> images = load_digits().images[:100] / 16
    >>> descriptors = ImageDescriptors(["intensity", "shape"], image_size=(32, 32))
    >>> descriptors.fit_transform(images).shape
    (100, 25)
    >>> descriptors.get_feature_names_out()[[0, 1, 12, -1]]
    array(['x0_intensity_mean', 'x0_intensity_std', 'x0_shape_area_fraction',
           'x0_shape_hu_7'], dtype=object)
    """

    _parameter_constraints: dict = {
        **ImageTransformer._parameter_constraints,
        "descriptors": [StrOptions(set(FAMILIES)), list, tuple],
        "cache": [str, os.PathLike, FeatureStore, None],
    }

    # Measuring takes about as long as decoding: small batches keep all threads at work.
    batch_size = 16

    def __init__(
        self,
        descriptors: str | Sequence[str] = ("intensity", "color", "hog", "lbp", "glcm", "shape"),
        image_size: Size | None = (128, 128),
        color_mode: str = "auto",
        *,
        image_shape: Shape | None = None,
        combine: str | None = None,
        missing: str = "error",
        add_indicator: bool = False,
        corrupt: str = "error",
        reader: ImageReader | None = None,
        cache: PathLike | FeatureStore | None = None,
        verbose: int = 0,
    ):
        self.descriptors = descriptors
        self.image_size = image_size
        self.color_mode = color_mode
        self.image_shape = image_shape
        self.combine = combine
        self.missing = missing
        self.add_indicator = add_indicator
        self.corrupt = corrupt
        self.reader = reader
        self.cache = cache
        self.verbose = verbose

    def _fit_columns(self, columns, y):
        self._families = check_descriptors(self.descriptors)
        self._size = None if self.image_size is None else check_size_param(self.image_size)
        self._channels = [self._learn_channels(column) for column in columns]

    def _learn_channels(self, column):
        shapes = probe_column(self.reader_, column) if self.color_mode == "auto" else []
        return common_channels(self.color_mode, shapes)

    def _labels(self, position):
        channels = self._channels[position]
        return [
            f"{family}_{name}"
            for family in self._families
            for name in FAMILIES[family].names(channels)
        ]

    def _prepare_picture(self, position, pixels):
        size = pixels.shape[:2] if self._size is None else self._size
        picture = Picture(self._resized(pixels, (*size, self._channels[position])))
        return np.concatenate([FAMILIES[family].measure(picture) for family in self._families])

    def _extractors(self, position):
        channels = self._channels[position]
        recipe = (self._families, self._size, channels, version("scikit-image"), FORMAT)
        return [
            Extractor(
                len(self._labels(position)),
                np.stack,
                lambda batch: batch.astype(np.float32),
                fingerprint=digest_text("ImageDescriptors", *recipe),
            )
        ]


def check_descriptors(descriptors):
    """Return the families to measure as a tuple of distinct, known names."""
    names = (descriptors,) if isinstance(descriptors, str) else tuple(descriptors)
    valid = f"one or several of {list(FAMILIES)}"
    if not names:
        raise ValueError(f"descriptors is empty: name {valid}.")
    unknown = [name for name in names if not isinstance(name, str) or name not in FAMILIES]
    if unknown:
        raise ValueError(f"descriptors must be {valid}, got {unknown[0]!r}.")
    if len(set(names)) < len(names):
        raise ValueError(f"descriptors names a family twice: {descriptors!r}.")
    return names
