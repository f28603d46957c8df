"""A fitted model in the page that `skfusion page` writes: the browser gives Python's answers."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion import FusionClassifier, to_onnx
from tests.chromium import Chromium
from tests.models_for_tests import tiny_gap
from tests.page_for_tests import PageDriver, need_npm, serve, write_page

onnx = pytest.importorskip("onnx")
pytest.importorskip("skl2onnx")

SIDES = ["both", "left", "right"]  # the values of the page's choice are their positions


def make_rows():
    draw = np.random.default_rng(0)
    age = draw.integers(20, 90, 30).astype(float)
    photos = draw.integers(0, 256, (30, 16, 20, 3), dtype=np.uint8)
    side = np.array(SIDES)[np.arange(30) % 3].astype(object)
    X = pd.DataFrame({"photo": list(photos), "age": age, "side": side})
    return X, np.array(["ill", "well"])[(age > 50).astype(int)]


def test_a_browser_gives_the_answers_of_python(tmp_path):
    need_npm()
    X, y = make_rows()
    embedder = tiny_gap("pool2", missing="nan", drift="ignore")
    model = FusionClassifier(embedder, strategy="stacked", cv=2, random_state=0).fit(X, y)
    onnx.save(to_onnx(model, "graph", background=X), tmp_path / "model.onnx")
    write_page(tmp_path / "model.onnx", tmp_path / "site")
    image = Image.fromarray(X["photo"][0]).resize((150, 190), Image.Resampling.BICUBIC)
    image.save(tmp_path / "a.png")
    image.save(tmp_path / "b.jpg", quality=85)
    cells = pd.DataFrame(
        {
            "photo": [str(tmp_path / "a.png"), str(tmp_path / "b.jpg"), None],
            "age": [61.0, 30.0, np.nan],
            "side": ["left", "right", None],
        }
    )
    expected = [dict(zip(model.classes_, row, strict=True)) for row in model.predict_proba(cells)]
    with serve(tmp_path / "site") as (url, _), Chromium(tmp_path / "profile") as browser:
        page = PageDriver(browser, url)
        page.open()
        page.fill(photo=tmp_path / "a.png", age="61", side=str(SIDES.index("left")))
        assert page.predict() == pytest.approx(expected[0], abs=1e-3)
        page.fill(photo=tmp_path / "b.jpg", age="30", side=str(SIDES.index("right")))
        assert page.predict() == pytest.approx(expected[1], abs=1e-3)
        page.open()
        assert page.predict() == pytest.approx(expected[2], abs=1e-3)
