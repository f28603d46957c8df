"""No URL is read unless the reader allows it, however the cell comes in."""

import socket

import numpy as np
import pandas as pd
import pytest

from skfusion import (
    CNNEmbedder,
    ImageDescriptors,
    ImageReader,
    ImageReadError,
    MicroBatcher,
    PixelFlattener,
    UnreadableImageWarning,
    check_images,
)
from skfusion.cli import main
from skfusion.datasets import load_image_folder

SCHEMES = ["az", "file", "gs", "hf", "http", "https", "s3"]


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Nothing may look for a server, nor connect to one."""

    def refuse(*args, **options):
        pytest.fail(f"the network was used: {args}")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(params=SCHEMES)
def url(request):
    return f"{request.param}://bucket.example/18.png"


def frame(cells):
    return pd.DataFrame({"photo": pd.Series(cells, dtype=object)})


WAYS = {
    "DataFrame": lambda url: frame([url]),
    "Series": lambda url: pd.Series([url]),
    "list": lambda url: [url],
    "array": lambda url: np.array([url]),
    "list cell": lambda url: frame([[url]]),
    "dict cell": lambda url: frame([{"bytes": None, "path": url}]),
    "dict in a list": lambda url: frame([[{"path": url}]]),
    "upper case": lambda url: [url.upper()],
}


@pytest.mark.parametrize("way", WAYS)
def test_transformers(way, url):
    with pytest.raises(ImageReadError, match=":// "):
        PixelFlattener((8, 8), combine="mean").fit_transform(WAYS[way](url))
    tolerant = PixelFlattener((8, 8), missing="nan", corrupt="missing")
    with pytest.warns(UnreadableImageWarning, match=":// "):
        assert np.isnan(tolerant.fit_transform(WAYS[way](url))).all()


def test_a_store(url, tmp_path):
    descriptors = ImageDescriptors("intensity", cache=tmp_path)
    descriptors.fit([np.zeros((8, 8), dtype=np.uint8)])
    with pytest.raises(ImageReadError, match=":// is off"):
        descriptors.transform([url])


def test_masks(url):
    table = pd.DataFrame({"photo": [np.zeros((8, 8), dtype=np.uint8)], "mask": [url]})
    with pytest.raises(ImageReadError, match=":// is off"):
        ImageDescriptors("intensity", mask=["mask"]).fit_transform(table)


def test_another_scheme_than_the_one_allowed(url):
    others = [scheme for scheme in SCHEMES if not url.startswith(f"{scheme}:")]
    with pytest.raises(ValueError, match=":// is off"):
        ImageReader(remote=others).read(url)


def test_a_service(url):
    flattener = PixelFlattener((8, 8)).fit(frame([np.zeros((8, 8), dtype=np.uint8)]))
    with MicroBatcher(flattener.transform) as batcher, pytest.raises(ImageReadError, match="off"):
        batcher(frame([url]))


def test_training(url):
    embedder = CNNEmbedder(image_size=(16, 16))
    with pytest.raises(ImageReadError, match=":// is off"):
        embedder.fit([url, np.zeros((8, 8), dtype=np.uint8)], [0, 1])


def test_check_images(url):
    assert check_images([url]).broken["reason"].str.contains(":// is off").all()


def test_load_image_folder(url):
    with pytest.raises(ValueError, match=":// is off"):
        load_image_folder(url)


def test_commands(url, tmp_path, capsys):
    table = tmp_path / "table.csv"
    pd.DataFrame({"photo": [url]}).to_csv(table, index=False)
    assert main(["check", str(table), "--image", "photo", "--quiet"]) == 1
    assert ":// is off" in capsys.readouterr().out
    for command in (["check", url], ["embed", url, "--backbone", "MobileNet", "--out", "out"]):
        with pytest.raises(SystemExit):
            main(command)
        assert ":// is off" in capsys.readouterr().err
