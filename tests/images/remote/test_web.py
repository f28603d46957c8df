"""Images on web servers: features, limits, failures, and what is never fetched."""

import pickle
import socket
import time
import traceback

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from skfusion import (
    ImageDescriptors,
    ImageReader,
    ImageReadError,
    PixelFlattener,
    UnreadableImageWarning,
    check_images,
)
from skfusion.cli import main
from tests.encoded_images import encoded

pytest.importorskip("urllib3", reason="the extra remote is not installed")

LOCAL = {"remote": ["http"], "allow_local": ["127.0.0.1"], "timeout": 10, "retries": 2}


def stored(folder, **options):
    """Return descriptors whose features are kept in a folder."""
    return ImageDescriptors("intensity", None, reader=reader(), cache=folder, **options)


def reader(**options):
    return ImageReader(**{**LOCAL, **options})


@pytest.fixture
def urls(server, contents):
    return [server.put(f"/{i}.png", content) for i, content in enumerate(contents)]


@pytest.fixture
def short_pauses(monkeypatch):
    """Pauses between tries are recorded, not slept."""
    slept = []
    monkeypatch.setattr("skfusion.images.remote._retries.time.sleep", slept.append)
    return slept


def saved(contents, folder):
    paths = []
    for i, content in enumerate(contents):
        path = folder / f"{i}.png"
        path.write_bytes(content)
        paths.append(str(path))
    return paths


@pytest.mark.parametrize("with_store", [False, True])
def test_features_equal_those_of_files(urls, contents, tmp_path, with_store):
    local = ImageDescriptors("intensity", None).fit_transform(saved(contents, tmp_path))
    remote = stored(tmp_path / "store" if with_store else None).fit_transform(urls)
    assert np.abs(local - remote).max() == 0


@pytest.mark.parametrize("with_store", [False, True])
def test_each_image_is_downloaded_once(server, contents, tmp_path, with_store):
    # Size, channels and range have to be found, and the column repeats images.
    images = [np.random.default_rng(i).normal(size=(9, 7)).astype(np.float32) for i in range(3)]
    cells = [server.put(f"/{i}.tif", encoded(image, "TIFF")) for i, image in enumerate(images)] * 2
    flattener = stored(tmp_path / "store") if with_store else PixelFlattener(reader=reader())
    flattener.fit_transform(cells)
    assert server.downloads() == 3
    flattener.transform(cells)
    assert server.downloads() == (3 if with_store else 6)


def test_a_changed_file_is_read_again(server, contents, tmp_path):
    url = server.put("/a.png", contents[0])
    flattener = stored(tmp_path).fit([url])
    before = flattener.transform([url])
    assert (flattener.transform([url]) == before).all()
    server.put("/a.png", contents[1])
    after = flattener.transform([url])
    assert (after == ImageDescriptors("intensity", None).fit_transform([contents[1]])).all()
    assert (after != before).any()


def test_a_server_without_tags(server, contents, tmp_path):
    server.with_tags = False
    url = server.put("/a.png", contents[0])
    flattener = stored(tmp_path).fit([url])
    for content in contents[:3]:
        server.put("/a.png", content)
        expected = ImageDescriptors("intensity", None).fit_transform([content])
        assert (flattener.transform([url]) == expected).all()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_passing_failures_are_tried_again(server, urls, contents, status, short_pauses):
    server.failures["/2.png"] = [status, status]
    features = PixelFlattener((8, 8), reader=reader()).fit_transform(urls)
    assert (features == PixelFlattener((8, 8)).fit_transform(contents)).all()
    assert server.downloads("/2.png") == 3
    assert len(short_pauses) >= 2


def test_lasting_failures_are_errors_of_their_rows(server, urls, short_pauses):
    server.failures["/2.png"] = [503] * 99
    server.failures["/4.png"] = [500] * 99
    with pytest.raises(ImageReadError) as info:
        PixelFlattener((8, 8), reader=reader()).fit_transform(urls)
    rows = [(row, reason) for row, _, reason in info.value.failures]
    assert rows == [
        (2, "the server answers 503 (3 tries)"),
        (4, "the server answers 500 (3 tries)"),
    ]
    assert server.downloads("/2.png") == 3
    tolerant = PixelFlattener((8, 8), reader=reader(), corrupt="missing", missing="nan")
    with pytest.warns(UnreadableImageWarning, match="row 2"):
        features = tolerant.fit_transform(urls)
    assert np.isnan(features).all(axis=1).tolist() == [False, False, True, False, True, False]


def test_a_missing_file_is_not_tried_again(server, urls):
    with pytest.raises(ValueError, match=r"the server has no such file \(status 404\)"):
        reader().read(f"{server.address}/none.png")
    assert server.downloads("/none.png") == 1


def test_no_answer(server, urls):
    server.latency = 1
    with pytest.raises(ValueError, match=r"no answer within 0.1 seconds$"):
        reader(timeout=0.1, retries=0).read(urls[0])


@pytest.mark.parametrize("limit", [10, 100])
def test_large_files_are_refused(urls, limit):
    with pytest.raises(ValueError, match=f"more than {limit} bytes"):
        reader(max_bytes=limit).read(urls[0])


def test_secrets_are_in_no_message_pickle_or_store(server, tmp_path, short_pauses):
    secret = "0a1b2c3d4e"
    url = server.put("/a.png", b"no image") + f"?X-Amz-Signature={secret}"
    flattener = stored(tmp_path)
    for failures in ([], [500] * 9, [403]):
        server.failures["/a.png"] = failures
        with pytest.raises(ImageReadError) as info:
            flattener.fit_transform([url])
        text = "".join(traceback.format_exception(info.value)) + repr(info.value.failures)
        assert secret not in text
        assert "/a.png?..." in text
    report = check_images([url], reader())
    assert secret not in str(report) + report.rows.to_csv()
    assert secret.encode() not in pickle.dumps(flattener)
    assert all(secret.encode() not in f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())


def test_a_password_in_a_url_is_refused(server, urls):
    url = urls[0].replace("://", "://me:secret@")
    with pytest.raises(ImageReadError, match="user name or a password") as info:
        PixelFlattener((8, 8), reader=reader()).fit_transform([url])
    assert "secret" not in str(info.value)
    assert not server.requests


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"])
def test_local_addresses_are_refused(server, urls, host):
    url = urls[0].replace("127.0.0.1", host)
    with pytest.raises(ValueError, match=r"an address of this machine|unknown"):
        reader(allow_local=False, retries=0).read(url)
    assert not server.requests


PRIVATE = [
    *("0.0.0.0", "10.0.0.1", "100.100.100.200", "168.63.129.16", "169.254.169.254", "224.0.0.1"),
    *("::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::"),
    *("fd00:ec2::254", "fe80::1", "ff02::1", "4000::1"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_names_of_local_addresses_are_refused(address, monkeypatch):
    """The name of a server can lead to several addresses, and all of them count."""

    def look_up(host, port, **options):
        return [(0, 0, 0, "", (found, port)) for found in ("93.184.215.14", address)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", lambda *args: pytest.fail("connected"))
    with pytest.raises(ValueError, match=r"example\.org is an address of this machine"):
        reader(allow_local=["other.example"]).read("http://example.org/a.png")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_connected_to(address, monkeypatch):
    connected = []

    def look_up(host, port, *args, **options):
        assert not connected
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(own, to):
        connected.append(to[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(ValueError, match="the connection to the server failed"):
        reader(retries=0).read("http://example.org/a.png")
    assert connected == [address]


def test_redirects_are_checked(server, contents):
    target = server.put("/a.png", contents[0])
    server.redirects["/moved"] = "/a.png"
    server.redirects["/local"] = target.replace("127.0.0.1", "localhost")
    server.redirects["/file"] = "file:///etc/passwd"
    server.redirects["/s3"] = "s3://bucket/a.png"
    server.redirects["/loop"] = "/loop"
    assert reader().read(f"{server.address}/moved").shape == (12, 10, 3)
    with pytest.raises(ValueError, match="localhost is an address of this machine"):
        reader().read(f"{server.address}/local")
    for kind in ("file", "s3"):
        with pytest.raises(ValueError, match=f"{kind}:// is off"):
            reader().read(f"{server.address}/{kind}")
        with pytest.raises(ValueError, match="of another kind"):
            reader(remote=["http", "file", "s3"]).read(f"{server.address}/{kind}")
    with pytest.raises(ValueError, match="redirects more than 5 times"):
        reader().read(f"{server.address}/loop")


def test_only_named_schemes_are_read(urls, tmp_path, contents):
    path = saved(contents[:1], tmp_path)[0]
    with pytest.raises(ValueError, match="http:// is off"):
        ImageReader(remote=True, allow_local=True).read(urls[0])
    with pytest.raises(ValueError, match="file:// is off"):
        reader().read(f"file://{path}")
    with pytest.raises(ValueError, match="ftp:// can't be read"):
        ImageReader(remote=True).read("ftp://example.org/a.png")
    assert ImageReader(remote=["file"]).read(f"file://{path}").shape == (12, 10, 3)
    inside = ImageReader(tmp_path / "other", strict_root=True, remote=["file"])
    with pytest.raises(ValueError, match="outside the reader's root"):
        inside.read(f"file://{path}")


def test_large_files_are_not_downloaded_far_ahead(server, urls, contents, monkeypatch):
    monkeypatch.setattr("skfusion.images.remote._download_ahead.HELD_BYTES", 1)
    many = [f"{urls[i % 6]}?{i}" for i in range(300)]
    features = PixelFlattener((8, 8), reader=reader()).fit([contents[0]]).transform(many)
    assert (features == PixelFlattener((8, 8)).fit_transform(contents * 50)).all()
    assert server.downloads() == 300


def test_readers_that_older_versions_saved(contents):
    old = ImageReader(background="black")
    for name in ("remote", "allow_local", "timeout", "retries", "max_bytes"):
        delattr(old, name)
    loaded = pickle.loads(pickle.dumps(old))
    assert loaded.get_params() == ImageReader(background="black").get_params()
    flattener = PixelFlattener((8, 8), reader=loaded)
    assert (
        flattener.fit_transform(contents) == PixelFlattener((8, 8)).fit_transform(contents)
    ).all()
    with pytest.raises(ValueError, match="https:// is off"):
        loaded.read("https://example.org/a.png")


class SlowReader(ImageReader):
    """Needs a moment to decode an image."""

    def read(self, cell, value_range=None):
        image = super().read(cell, value_range=value_range)
        time.sleep(0.05)
        return image


def test_latency_is_hidden(server, contents):
    urls = [f"{server.put('/a.png', contents[0])}?{i}" for i in range(100)]
    flattener = PixelFlattener((8, 8), reader=SlowReader(**LOCAL)).fit(contents[:1])
    seconds = []
    for server.latency in (0, 0.2):
        start = time.perf_counter()
        flattener.transform(urls)
        seconds.append(time.perf_counter() - start)
    assert seconds[0] > 0.8 * seconds[1]


class OtherReader(BaseEstimator):
    """A reader whose parameter `remote` has another meaning."""

    _parameter_constraints = {}

    def __init__(self, remote=True):
        self.remote = remote

    def read(self, cell):
        return np.full((2, 2, 1), len(cell), dtype=np.uint8)

    def probe(self, cell):
        return 2, 2, 1


def test_readers_of_other_classes():
    features = PixelFlattener((2, 2), reader=OtherReader()).fit_transform(["https://a.example/b"])
    assert features.tolist() == [[19] * 4]


def test_parameters_are_checked():
    with pytest.raises(ValueError, match="remote names 'ftp'"):
        PixelFlattener((8, 8), reader=ImageReader(remote=["ftp"])).fit([np.zeros((8, 8))])


def test_dicts_and_lists_of_urls(server, urls, contents):
    cells = [[urls[0], {"bytes": None, "path": urls[1]}], [{"path": urls[2]}]]
    joined = PixelFlattener((8, 8), reader=reader(), combine="mean")
    expected = PixelFlattener((8, 8), combine="mean").fit_transform(
        pd.Series([contents[:2], [contents[2]]])
    )
    assert (joined.fit_transform(pd.Series(cells)) == expected).all()
    assert server.downloads() == 3


def test_the_reader_changes_no_cached_feature(urls, contents, tmp_path):
    cached = stored(tmp_path / "store")
    cached.fit_transform(urls)
    paths = saved(contents, tmp_path)
    assert (cached.transform(paths) == cached.transform(urls)).all()
    assert pickle.loads(pickle.dumps(cached)).reader_.remote == ["http"]


def test_check_images(server, urls):
    report = check_images(pd.Series([*urls, urls[0], f"{server.address}/no.png"]), reader())
    assert (report.n_ok, report.n_broken) == (7, 1)
    assert server.downloads("/0.png") == 1
    assert report.broken["reason"].tolist() == ["the server has no such file (status 404)"]


def test_embed_reads_each_image_once(server, urls, tmp_path, capsys):
    pytest.importorskip("keras")
    table = tmp_path / "table.csv"
    pd.DataFrame({"photo": [f"{url}?token=0a1b2c" for url in urls]}).to_csv(table, index=False)
    command = ["embed", str(table), "--remote", "http", "--allow-local", "127.0.0.1"]
    command += ["--backbone", "MobileNet", "--weights", "none", "--option", "alpha=0.25"]
    command += ["--image-size", "32", "--out", str(tmp_path / "out")]
    assert main(command) == 0
    assert server.downloads() == 6
    assert main(command) == 0
    assert "(existed)" in capsys.readouterr().out
    assert server.downloads() == 6
    assert b"0a1b2c" not in (tmp_path / "out" / "gap_MobileNet.h5").read_bytes()
