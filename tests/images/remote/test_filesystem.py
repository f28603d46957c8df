"""File systems of fsspec that a user passes to the reader."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from skfusion import ImageDescriptors, ImageReader, ImageReadError

fsspec = pytest.importorskip("fsspec", reason="the extra remote is not installed")


@pytest.fixture
def memory(contents):
    """fsspec's memory, with six images."""
    system = fsspec.filesystem("memory", skip_instance_cache=True)
    for i, content in enumerate(contents):
        system.pipe_file(f"/photos/{i}.png", content)
    yield system
    system.store.clear()


def urls_of(n=6):
    return [f"memory://photos/{i}.png" for i in range(n)]


def test_features_equal_those_of_files(memory, contents, tmp_path):
    expected = ImageDescriptors("intensity", None).fit_transform(contents)
    reader = ImageReader(filesystem=memory)
    descriptors = ImageDescriptors("intensity", None, reader=reader, cache=tmp_path)
    assert (clone(descriptors).fit_transform(urls_of()) == expected).all()
    restored = pickle.loads(pickle.dumps(descriptors.fit(urls_of())))
    assert (restored.transform(urls_of()) == expected).all()
    assert reader.read(urls_of()[0]).shape == (12, 10, 3)
    # The digest of an address is not remembered.
    memory.pipe_file("/photos/0.png", contents[3])
    assert (descriptors.transform(urls_of())[0] == expected[3]).all()


def test_missing_and_large_files(memory):
    reader = ImageReader(filesystem=memory, max_bytes=50, retries=0)
    cells = ["memory://photos/none.png", *urls_of(1)]
    with pytest.raises(ImageReadError, match="no such file") as info:
        ImageDescriptors("intensity", None, reader=reader).fit_transform(cells)
    assert "more than 50 bytes" in str(info.value)


def test_other_addresses_stay_refused(memory):
    with pytest.raises(ValueError, match="addresses of memory:// can't be read"):
        ImageReader(remote=True).read(urls_of()[0])
    reader = ImageReader(filesystem=memory)
    for url in ("s3://bucket/1.png", "https://example.org/1.png", "file:///etc/hostname"):
        with pytest.raises(ValueError, match=r":// is off; ImageReader\(remote="):
            reader.read(url)


class System:
    """Like a file system of fsspec."""

    def __init__(self, protocol, **storage_options):
        self.protocol, self.storage_options = protocol, storage_options

    cat_file = info = print


@pytest.mark.parametrize(
    "options",
    [
        {"password": "word"},
        {"key": "word", "secret": "word"},
        {"client_kwargs": {"aws_secret_access_key": "word"}},
        {"connection_string": "word"},
        {"endpoint_url": "https://me:word@example.org"},
    ],
    ids=["password", "key", "nested", "connection", "url"],
)
def test_credentials_never_reach_a_pickle(options, contents):
    reader = ImageReader(filesystem=System("sftp", host="example.org", **options))
    for use in (
        pickle.dumps,
        lambda reader: reader.read("sftp://example.org/1.png"),
        lambda reader: ImageDescriptors("intensity", None, reader=reader).fit(contents),
    ):
        with pytest.raises(ValueError, match="options of filesystem hold credentials") as info:
            use(reader)
        assert "word" not in str(info.value).replace("password", "")


def test_harmless_options():
    fine = System("sftp", host="example.org", username="me", anon=True, token="anon", key=None)
    assert ImageReader(filesystem=fine).__getstate__()["filesystem"] is fine


@pytest.mark.parametrize("protocol", ["file", ("file", "local"), "https", ("http", "https")])
def test_ways_around_the_rules(protocol):
    with pytest.raises(ValueError, match=r"filesystem is one of .*Read local files by their paths"):
        ImageReader(filesystem=System(protocol)).read("file:///etc/hostname")


def test_array_of_objects(memory, contents):
    reader = ImageReader(filesystem=memory)
    column = np.array([[url] for url in urls_of()], dtype=object)
    found = ImageDescriptors("intensity", None, reader=reader).fit_transform(column)
    assert (found == ImageDescriptors("intensity", None).fit_transform(contents)).all()
