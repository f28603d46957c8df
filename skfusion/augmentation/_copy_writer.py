"""CopyWriter: changed copies of one image, as files."""

import os
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from PIL import Image

from skfusion.augmentation._original_image import OriginalImage
from skfusion.images._image_reader import ImageReader

_SAVE_OPTIONS = {"png": {}, "jpg": {"format": "JPEG", "quality": 95}}


class Copy(NamedTuple):
    """A copy of an image that is to be written.

    Parameters
    ----------
    name : str
        The relative path of the copy.

    number : int
        Its number among the copies of the image, from 0.
    """

    name: str
    number: int


class CopyWriter:
    """Write changed copies of images.

    Parameters
    ----------
    augmentation : Augmentation
        How a copy is changed.

    seed : int
        Seed of the random numbers.

    image_size : tuple (height, width) or None
        The size of the copies.

    file_format : {"png", "jpg"}
        Their format.
    """

    def __init__(self, augmentation, seed, image_size, file_format):
        self.augmentation = augmentation
        self.seed = seed
        self.image_size = image_size
        self.save_options = _SAVE_OPTIONS[file_format]

    def write(self, output, source, image_id, copies):
        """Write the copies of one image.

        Parameters
        ----------
        output : OutputFolder
            Where to write.

        source : str
            The path of the image.

        image_id : str
            The name of the image, which its random numbers depend on.

        copies : list of Copy
            The copies.

        Returns
        -------
        reason : str or None
            Why the image cannot be read; None if it can.
        """
        try:
            original = OriginalImage(source, ImageReader(), None, self.image_size)
        except ValueError as error:
            return str(error)
        words = np.frombuffer(_digest(image_id), dtype=np.uint32).tolist()
        for copy in copies:
            rng = np.random.default_rng([self.seed, copy.number, *words])
            changed = self.augmentation(original.pixels[np.newaxis], rng)[0]
            output.write(copy.name, lambda path, changed=changed: self._save(changed, path))
        return None

    def _save(self, pixels, path):
        pixels = np.rint(pixels.clip(0, 255)).astype(np.uint8)
        image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        image.save(path, **self.save_options)


def _digest(text):
    """Return a digest of 16 bytes of a text, such as the name of a file."""
    return blake2b(os.fsencode(text), digest_size=16).digest()
