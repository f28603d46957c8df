"""Images as the bytes of files."""

import io

import numpy as np
from PIL import Image


def encoded(image, format="PNG", **options):
    """Return the bytes of a file of an image, which is one of Pillow or an array."""
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def noise_png(seed, size=(12, 10)):
    """Return the bytes of a PNG file of noise."""
    return encoded(np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))
