"""CopyWriter: changed copies of one image, as files."""

import os
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from PIL import Image

from skfusion.augmentation._original import Original
from skfusion.images._image_reader import ImageReader

_SAVING = {"png": {}, "jpg": {"format": "JPEG", "quality": 95}}


class Copy(NamedTuple):
    """One file that is to be written."""

    name: str
    number: int  # of the copies of its origin, from 0


class CopyWriter:
    """Makes copies of images and saves them.

    Parameters
    ----------
    transform : Augmentation
        How a copy is changed.

    seed : int
        Where random numbers start.

    image_size : tuple (height, width) or None
        The size of the copies.

    file_format : {"png", "jpg"}
        Their format.
    """

    def __init__(self, transform, seed, image_size, file_format):
        self.transform = transform
        self.seed = seed
        self.image_size = image_size
        self.saving = _SAVING[file_format]

    def write(self, target, source, image_id, copies):
        """Write the copies of one image; why it can't be read, or None."""
        try:
            original = Original(source, ImageReader(), None, self.image_size)
        except ValueError as error:
            return str(error)
        words = np.frombuffer(digest_of(image_id), dtype=np.uint32).tolist()
        for copy in copies:
            rng = np.random.default_rng([self.seed, copy.number, *words])
            changed = self.transform(original.pixels[np.newaxis], rng)[0]
            target.write(copy.name, lambda path, changed=changed: self._save(changed, path))
        return None

    def _save(self, pixels, path):
        pixels = np.rint(pixels.clip(0, 255)).astype(np.uint8)
        image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        image.save(path, **self.saving)


def digest_of(text):
    """16 bytes that tell a text, the name of a file say, from others."""
    return blake2b(os.fsencode(text), digest_size=16).digest()
