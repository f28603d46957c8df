"""A server of images on 127.0.0.1, and a socket that counts connections."""

import pytest

from tests.encoded_images import noise_png
from tests.remote_servers import FileServer


@pytest.fixture
def server():
    """A running FileServer without files."""
    with FileServer().running() as running:
        yield running


@pytest.fixture
def contents():
    """Six encoded images."""
    return [noise_png(seed) for seed in range(6)]
