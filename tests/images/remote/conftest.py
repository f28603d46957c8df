"""A server of images on 127.0.0.1, and a socket that counts connections."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.remote_servers import FileServer


def encoded(seed, size=(12, 10)):
    """Return a PNG file of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def server():
    """A running FileServer without files."""
    with FileServer().running() as running:
        yield running


@pytest.fixture
def contents():
    """Six encoded images."""
    return [encoded(seed) for seed in range(6)]
