"""Images in an object store: a real S3 server on 127.0.0.1."""

import pickle

import numpy as np
import pandas as pd
import pytest

from skfusion import ImageDescriptors, ImageReader, ImageReadError, PixelFlattener, check_images
from skfusion.cli import main
from skfusion.datasets import load_image_folder
from tests.object_store import KEY, SECRET, name_server, need_object_store, serve_objects

need_object_store()

pytest.importorskip("s3fs", reason="the extra remote is not installed")
pytestmark = pytest.mark.filterwarnings(
    # botocore and moto call functions of Python that will go away.
    "ignore::DeprecationWarning"
)


@pytest.fixture(scope="module")
def endpoint():
    """The address of a server, which ends with the module."""
    with serve_objects() as address:
        yield address


@pytest.fixture
def bucket(endpoint, monkeypatch, contents):
    """A file system with six images in two folders, and no other configuration."""
    import s3fs

    name_server(monkeypatch, endpoint)
    system = s3fs.S3FileSystem(skip_instance_cache=True)
    if not system.exists("photos"):
        system.mkdir("photos")
    for i, content in enumerate(contents):
        system.pipe_file(f"photos/{'ab'[i % 2]}/{i}.png", content)
    system.pipe_file("photos/a/notes.txt", b"no image")
    return system


def urls_of(n=6):
    return [f"s3://photos/{'ab'[i % 2]}/{i}.png" for i in range(n)]


def s3_reader(**options):
    return ImageReader(remote=["s3"], timeout=20, retries=1, **options)


@pytest.mark.parametrize("with_store", [False, True])
def test_features_equal_those_of_files(bucket, contents, tmp_path, with_store):
    local = ImageDescriptors("intensity", None).fit_transform(contents)
    remote = ImageDescriptors(
        "intensity", None, reader=s3_reader(), cache=tmp_path if with_store else None
    )
    assert np.abs(remote.fit_transform(urls_of()) - local).max() == 0
    assert np.abs(remote.transform(urls_of()) - local).max() == 0


def test_a_known_file_is_not_downloaded_again(bucket, contents, tmp_path):
    descriptors = ImageDescriptors("intensity", None, reader=s3_reader(), cache=tmp_path)
    before = descriptors.fit_transform(urls_of())
    strict = descriptors.set_params(reader__max_bytes=1)  # a download would be an error
    assert (strict.fit(contents).transform(urls_of()) == before).all()
    bucket.pipe_file("photos/a/0.png", contents[1])
    with pytest.raises(ImageReadError, match=r"row 0 .*more than 1 bytes"):
        strict.transform(urls_of())
    strict.reader_.max_bytes = 1 << 20
    assert (strict.transform(urls_of())[0] == before[1]).all()


def test_missing_and_denied(bucket, monkeypatch):
    with pytest.raises(ImageReadError) as info:
        PixelFlattener((8, 8), reader=s3_reader()).fit_transform(
            [*urls_of(2), "s3://photos/none.png", "s3://none/none.png"]
        )
    assert [failure[0] for failure in info.value.failures] == [2, 3]
    assert "the store has no such file" in str(info.value)
    assert SECRET not in str(info.value)


def test_empty_and_large_files(bucket, contents):
    bucket.mkdir("odd")
    bucket.pipe_file("odd/empty.png", b"")
    with pytest.raises(ValueError, match="no bytes"):
        s3_reader().read("s3://odd/empty.png")
    with pytest.raises(ValueError, match="more than 100 bytes"):
        s3_reader(max_bytes=100).read("s3://photos/a/0.png")


def test_no_credentials_in_pickles_and_stores(bucket, tmp_path):
    descriptors = ImageDescriptors("intensity", None, reader=s3_reader(), cache=tmp_path)
    descriptors.fit_transform(urls_of())
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for content in [pickle.dumps(descriptors), *files]:
        assert KEY.encode() not in content
        assert SECRET.encode() not in content


def test_folders(bucket):
    data = load_image_folder("s3://photos", remote=["s3"])
    assert data.frame["image"].tolist() == sorted(urls_of())
    assert data.target_names == ["a", "b"]
    assert data.skipped == {"not an image": 1}
    assert check_images(data.frame, s3_reader()).n_ok == 6


def test_commands(bucket, tmp_path, capsys, contents):
    assert main(["check", "s3://photos", "--remote", "s3", "--quiet"]) == 0
    table = tmp_path / "table.csv"
    pd.DataFrame({"photo": urls_of(), "number": range(6)}).to_csv(table, index=False)
    assert main(["check", str(table), "--remote", "s3", "--quiet"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_busy_stores(server, contents, monkeypatch, status):
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setattr("skfusion.images.remote._retries.time.sleep", lambda seconds: None)
    for i in range(2):
        server.put(f"/photos/{i}.png", contents[i])
    # A client keeps its endpoint; one with another timeout is another client.
    timeout = 20 + server_port(server) / 1e6
    reader = ImageReader(remote=["s3"], timeout=timeout, retries=2)
    flattener = PixelFlattener((8, 8), reader=reader).fit([contents[0]])
    server.failures["/photos/0.png"] = [status, status]
    urls = ["s3://photos/0.png", "s3://photos/1.png"]
    assert (flattener.transform(urls) == flattener.transform(contents[:2])).all()
    assert server.downloads("/photos/0.png") == 3
    server.failures["/photos/1.png"] = [status] * 9
    with pytest.raises(ImageReadError, match=r"row 1 \(s3://photos/1.png\): .*\(3 tries\)") as info:
        flattener.transform(urls)
    assert len(info.value.failures) == 1
    assert server.downloads("/photos/1.png") == 4
    assert SECRET not in str(info.value)


def server_port(server):
    return int(server.address.rpartition(":")[2])
