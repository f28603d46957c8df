"""Images on disk, and what the files of a folder of features hold."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("pyarrow")


def encoded(seed, size=(12, 10)):
    """Return a PNG file of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def paths(tmp_path):
    """The paths of twelve images."""
    folder = tmp_path / "images"
    folder.mkdir()
    for i in range(12):
        (folder / f"{i}.png").write_bytes(encoded(i))
    return [str(folder / f"{i}.png") for i in range(12)]


def read_manifest(path):
    """Return the content of a manifest."""
    return json.loads(Path(path).read_text())


def computed(manifest):
    """Return the names of the shards that the last call computed."""
    return [shard["name"] for shard in read_manifest(manifest)["shards"] if shard["computed"]]
