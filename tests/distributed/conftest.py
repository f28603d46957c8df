"""Images on disk, and what the files of a folder of features hold."""

import json
from pathlib import Path

import pytest

from tests.encoded_images import noise_png

pytest.importorskip("pyarrow")


@pytest.fixture
def paths(tmp_path):
    """The paths of twelve images."""
    folder = tmp_path / "images"
    folder.mkdir()
    for i in range(12):
        (folder / f"{i}.png").write_bytes(noise_png(i))
    return [str(folder / f"{i}.png") for i in range(12)]


def read_manifest(path):
    """Return the content of a manifest."""
    return json.loads(Path(path).read_text())


def computed(manifest):
    """Return the names of the shards that the last call computed."""
    return [shard["name"] for shard in read_manifest(manifest)["shards"] if shard["computed"]]
