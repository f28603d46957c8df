"""No URL is read unless the reader allows it, however the cell comes in."""

import runpy
import socket

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from skfusion import (
    CNNEmbedder,
    FusionClassifier,
    ImageAugmenter,
    ImageDescriptors,
    ImageReader,
    ImageReadError,
    MicroBatcher,
    PixelFlattener,
    UnreadableImageWarning,
    check_images,
    explain,
)
from skfusion.cli import main
from skfusion.datasets import load_image_folder, make_image_table
from tests.serving.servers import EXAMPLE

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
    "two in a list cell": lambda url: pd.Series([[url, url + "x"]]),
    "polars": lambda url: pl.DataFrame({"photo": [url]}),
    "polars list": lambda url: pl.DataFrame({"photo": [[url]]}),
    "text of Arrow": lambda url: pd.DataFrame({"photo": pd.array([url], dtype="str")}),
    "dict cell": lambda url: frame([{"bytes": None, "path": url}]),
    "dict in a list": lambda url: frame([[{"path": url}]]),
    "upper case": lambda url: [url.upper()],
}


@pytest.mark.parametrize("way", WAYS)
def test_transformers(way, url):
    with pytest.raises(ImageReadError, match=":// "):
        PixelFlattener((8, 8), combine="mean").fit_transform(WAYS[way](url))
    tolerant = PixelFlattener((8, 8), combine="mean", missing="nan", corrupt="missing")
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
    pytest.importorskip("keras")
    embedder = CNNEmbedder(image_size=(16, 16))
    with pytest.raises(ImageReadError, match=":// is off"):
        embedder.fit([url, np.zeros((8, 8), dtype=np.uint8)], [0, 1])


@pytest.fixture(scope="module")
def fusion():
    """Return a fitted model of an image column and numbers, and its rows."""
    data = make_image_table(24, image_size=(8, 8), random_state=0)
    rows = data.frame[["image", "number_0", "number_1"]]
    model = FusionClassifier(
        PixelFlattener((8, 8)),
        image_columns=["image"],
        strategy="early",
        estimators={"joint": LogisticRegression(max_iter=1000)},
        cv=2,
    )
    return model.fit(rows, data.target), rows, data.target


def with_url(rows, url):
    """Return rows of which the first has the URL as its image."""
    return rows.assign(image=pd.Series([url, *rows["image"][1:]], rows.index, dtype=object))


def test_fusion(url, fusion):
    model, rows, y = fusion
    with pytest.raises(ImageReadError, match=":// is off"):
        model.predict(with_url(rows, url))
    with pytest.raises(ImageReadError, match=":// is off"):
        FusionClassifier(PixelFlattener((8, 8)), image_columns=["image"], cv=2).fit(
            with_url(rows, url), y
        )


def test_explain(url, fusion):
    model, rows, _ = fusion
    with pytest.raises(ImageReadError, match=":// is off"):
        explain(model, with_url(rows, url), rows=[0], regions=False)
    with pytest.raises(ImageReadError, match=":// is off"):
        explain(model, rows[1:2], background=with_url(rows, url), regions=False)


def test_augmentation(url):
    augmenter = ImageAugmenter(image_columns=["photo"], random_state=0)
    with pytest.raises(ValueError, match=":// is off"):
        augmenter.fit_resample(frame([url, *np.zeros((2, 8, 8), dtype=np.uint8)]), [0, 1, 1])


def test_a_web_service(url, fusion, tmp_path, monkeypatch):
    pytest.importorskip("fastapi")
    joblib.dump(fusion[0], tmp_path / "model.joblib")
    monkeypatch.setenv("MODEL", str(tmp_path / "model.joblib"))
    app = runpy.run_path(str(EXAMPLE / "app.py"))
    body = pd.DataFrame({"image": [url], "number_0": 0.0, "number_1": 0.0}).to_json(
        orient="records"
    )
    with pytest.raises(app["BadRequest"], match="isn't base64"):
        app["parse_rows"](f'{{"rows": {body}}}'.encode())


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
    network = ["--backbone", "MobileNet", "--weights", "none", "--image-size", "32"]
    with pytest.raises(SystemExit):
        main(["embed", str(table), "--image", "photo", "--out", str(tmp_path), *network])
    assert ":// is off" in capsys.readouterr().err
    for command in (["check", url], ["embed", url, "--backbone", "MobileNet", "--out", "out"]):
        with pytest.raises(SystemExit):
            main(command)
        assert ":// is off" in capsys.readouterr().err
