"""JointImages: one column of images as the input of a joint network."""

import numpy as np

from skfusion._utils.plain_data import plain_data
from skfusion.features._pixel_flattener import PixelFlattener
from skfusion.fusion._frozen_extractor import FrozenExtractor, round_pixels
from skfusion.fusion._source_encoder import find_rows_with_images


@plain_data
class JointImages(PixelFlattener):
    """Read one column of images, as pixels or as what frozen layers compute of them.

    `start` learns the shape of the images, on which the network depends; the first call of
    `compute` after it ends the fit.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._joint_images import JointImages
    >>> images = JointImages(missing="nan")
    >>> pixels = np.zeros((2, 4, 4), dtype="uint8")
    >>> images.start(pixels)
    (4, 4, 1)
    >>> values, has_image = images.compute(pixels)
    >>> values.shape, has_image.tolist()
    ((2, 4, 4, 1), [True, True])
    """

    @classmethod
    def of(cls, flattener):
        """Return a fitted PixelFlattener, which older versions used, as JointImages."""
        images = cls(**flattener.get_params())
        vars(images).update(vars(flattener))
        return images

    def start(self, X):
        """Learn how images are read, and return the shape of one; no image is read yet."""
        self._fit_columns(self._start_fit(X), None)
        return self._shapes[0]

    def compute(self, X, network=None, *, store=None, batch_size=32, title="images"):
        """Read images, and compute what frozen layers make of them.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, 1)
            The images.

        network : Network or None, default=None
            The frozen layers; None returns pixels.

        store : FeatureStore or None, default=None
            Keeps outputs of the network. Images whose outputs it has are not read.

        batch_size : int, default=32
            The number of images that are computed at once.

        title : str, default="images"
            The title of progress bars.

        Returns
        -------
        values : ndarray of shape (n_rows, *shape)
            Pixels as uint8, or outputs as float32; 0 for rows without an image.

        has_image : ndarray of bool of shape (n_rows,)
            Which rows have an image.
        """
        columns = self._read_columns(X, reset=False)
        extractors, shape = self._extractors(0), self._shapes[0]
        if network is not None:
            frozen = FrozenExtractor(network, self._conversions[0], batch_size, store is not None)
            extractors, shape = [frozen], network.output_shape
        options = {"store": store, "batch_size": batch_size, "title": title}
        options = {**self._extraction_options(), **options}
        extraction = self._columns.extraction(columns, [extractors], **options)
        features, gone = extraction.compute()
        lines = extraction.rows(features, gone, None)
        if self._columns.learning:
            self._finish_fit()
        else:
            self._columns.compare_rows(columns)
        has_image = ~columns[0].rows_without(gone[0])
        lines = _without_gaps(lines, has_image)
        lines = round_pixels(lines) if network is None else lines
        return lines.reshape(len(lines), *shape), has_image

    def compute_pixels(self, lines, network=None, *, batch_size=32, **options):
        """Compute what `compute` does, from pixels that are read already.

        Parameters
        ----------
        lines : ndarray of shape (n_rows, n_pixels)
            The output of `transform`: NaN without an image.

        network, batch_size, **options
            As in `compute`; a store is not used.
        """
        has_image = find_rows_with_images(lines)
        pixels = round_pixels(_without_gaps(lines, has_image))
        pixels = pixels.reshape(len(lines), *self._shapes[0])
        if network is None:
            return pixels, has_image
        outputs = network.compute(network.prepare(pixels), batch_size)
        outputs[~has_image] = 0
        return outputs, has_image


def _without_gaps(lines, has_image):
    """Return features with 0 in rows without an image."""
    return np.where(has_image[:, np.newaxis], lines, np.float32(0))
