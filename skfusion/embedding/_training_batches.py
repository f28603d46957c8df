"""TrainingBatches: images that were read for training, for the features of trained networks."""

from skfusion._utils.prefetch import split
from skfusion.extraction._image_batches import ImageBatches
from skfusion.extraction._verified_digests import DigestsAt


class TrainingBatches(ImageBatches):
    """Provide some of the training images from memory.

    Parameters
    ----------
    images : TrainingImages
        The images; their pixels are read only when a batch is needed.

    places : ndarray of int
        Which distinct images. Image number ``i`` is at ``places[i]``.

    batch_size : int
        The number of images in a batch.
    """

    def __init__(self, images, places, batch_size):
        super().__init__()
        self._images = images
        self._places = places
        self._batch_size = batch_size

    @property
    def keys(self):
        """Sequence : The digest of each image."""
        return DigestsAt(self._images.digests, self._places)

    def batches(self, numbers, conversions, collate, bar):
        """Yield images in batches; see `ImageBatches.batches`."""
        for some in split(numbers, self._batch_size):
            pixels = self._images.pixels[self._places[some]]
            yield some, collate(some, [dict.fromkeys(conversions, image) for image in pixels])
            bar.update(len(some))
