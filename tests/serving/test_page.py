"""The page of a model in headless Chromium: its answers, bad input, privacy and accessibility."""

import copy
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skfusion import ImageReader, PixelFlattener, to_onnx
from tests.browser import Browser
from tests.chromium import Chromium
from tests.models_for_tests import tiny_gap
from tests.page_for_tests import PageDriver, need_npm, serve, write_package, write_page
from tests.page_graphs import CLASSES, METADATA, need_onnx, onnx, save_graph, save_numbers_graph

need_onnx()

ort = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two pages: `class` with the runtime from npm, `number` with that of the first."""
    need_npm()
    folder = tmp_path_factory.mktemp("pages")
    strict = copy.deepcopy(METADATA)
    strict["inputs"][0] |= {"missing_input": None, "height": 20, "width": 30}
    del strict["inputs"][1]
    strict["inputs"][3] |= {"missing": None, "allows_unknown": False}
    strict["inputs"][4]["range"] = [1577836800.0, 1609459200.0]  # whole days
    save_graph(folder / "class.onnx")
    save_graph(folder / "strict.onnx", strict, has_flag=False)
    save_numbers_graph(folder / "number.onnx")
    write_page(folder / "class.onnx", folder / "class", "--title", "Where is it?")
    package = write_package(folder / "package", folder / "class" / "runtime")
    for name in ("strict", "number"):
        write_page(folder / f"{name}.onnx", folder / name, "--runtime-from", package)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with serve(folder) as found:
        yield found


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def page(browser, server):
    driver = PageDriver(browser, f"{server[0]}class/")
    driver.open()
    return driver


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Files of one smooth image, by name."""
    folder = tmp_path_factory.mktemp("images")
    colors = np.random.default_rng(3).integers(0, 256, (6, 5, 4), dtype=np.uint8)
    rgba = Image.fromarray(colors).resize((121, 83), Image.Resampling.BICUBIC)
    rgb, turned = rgba.convert("RGB"), Image.Exif()
    turned[0x0112] = 6
    rgb.save(folder / "rgb.png")
    rgb.resize((30, 20)).save(folder / "small.png")
    rgb.convert("L").save(folder / "gray.png")
    rgb.quantize(32).save(folder / "palette.png")
    rgb.save(folder / "rgb.webp", lossless=True)
    rgb.save(folder / "turned.webp", exif=turned)
    rgb.save(folder / "chroma.jpg", quality=80, subsampling=2)
    rgb.save(folder / "progressive.jpg", quality=60, progressive=True)
    rgb.convert("L").save(folder / "gray.jpg")
    rgb.save(folder / "turned.jpg", exif=turned)
    rgb.convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8)).save(folder / "deep.png")
    rgba.putalpha(
        Image.fromarray(np.where(np.arange(121) < 60, 255, 0).astype("uint8")[None].repeat(83, 0))
    )
    rgba.save(folder / "transparent.png")
    whole = (folder / "chroma.jpg").read_bytes()
    (folder / "half.jpg").write_bytes(whole[: len(whole) // 2])
    whole = bytearray((folder / "rgb.png").read_bytes())
    whole[len(whole) // 2] ^= 255
    (folder / "damaged.png").write_bytes(whole)
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.jpg").write_text("no image", encoding="utf-8")
    (folder / "huge.png").write_bytes(huge_png(40_000, 30_000))
    return folder


def huge_png(width, height):
    """Return a valid PNG header of a large image, without pixels."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def compute(folder, pixels=None, **cells):
    """Return the probabilities that ONNX Runtime computes in Python, by class."""
    row = {"age": np.nan, "dose": 1.0, "sex": "<NA>", "visit": np.nan} | cells
    feeds = {
        name: np.array([[value]], object if name == "sex" else float) for name, value in row.items()
    }
    feeds["photo"] = np.zeros((1, 1, 1, 3), np.uint8) if pixels is None else pixels[np.newaxis]
    feeds["photo_missing"] = np.array([[pixels is None]])
    session = ort.InferenceSession(folder / "class.onnx")
    return dict(zip(CLASSES, session.run(["probabilities"], feeds)[0][0].tolist(), strict=True))


@pytest.mark.parametrize(
    "name",
    ["rgb.png", "gray.png", "palette.png", "rgb.webp", "chroma.jpg", "progressive.jpg", "gray.jpg",
     "turned.jpg"],
)  # fmt: skip
def test_probabilities_are_those_of_python(page, folder, images, name):
    page.fill(photo=images / name, dose="1.0")
    pixels = ImageReader().read(images / name)
    assert page.predict() == pytest.approx(compute(folder, pixels), abs=1e-3)
    height, width = pixels.shape[:2]
    assert page.text(".shown") == [f"{name}: {width} × {height} pixels"]


def test_an_image_is_dropped(page, folder, images):
    page.fill(photo=images / "gray.png", dose="1.0")
    content = list((images / "rgb.png").read_bytes())
    page.browser.evaluate(
        "(() => { const dataTransfer = new DataTransfer();"
        f"dataTransfer.items.add(new File([new Uint8Array({content})], 'dropped.png'));"
        "const event = new DragEvent('drop', {dataTransfer, bubbles: true, cancelable: true});"
        "document.querySelector('legend').dispatchEvent(event); })()"
    )
    pixels = ImageReader().read(images / "rgb.png")
    assert page.predict() == pytest.approx(compute(folder, pixels), abs=1e-3)
    assert (
        page.browser.evaluate("document.querySelector('[type=file]').files[0].name")
        == "dropped.png"
    )


def test_transparent_pixels_reach_the_model_as_they_are(page, folder, images):
    page.fill(photo=images / "transparent.png", dose="1.0")
    pixels = np.asarray(Image.open(images / "transparent.png")).copy()
    pixels[pixels[..., 3] == 0] = 0  # a browser keeps no color without opacity
    assert page.predict() == pytest.approx(compute(folder, pixels), abs=1e-3)


def test_values_of_the_table(page, folder):
    """Without an image; the second time with empty cells."""
    page.fill(age="71", dose="-2.5e-1", sex="1", visit="2021-03-04T05:06:07")
    cells = {"age": 71.0, "dose": -0.25, "sex": "m", "visit": 1614834367.0}
    assert page.predict() == pytest.approx(compute(folder, **cells), abs=1e-3)
    assert page.text("#answer .note") == []
    page.fill(age="", dose=" 3 ", sex="", visit="")
    assert page.text("#answer") == ["No prediction yet."]
    assert page.predict() == pytest.approx(compute(folder, dose=3.0), abs=1e-3)
    page.fill(age="91", sex="other", visit="1999-01-01T00:00")
    cells = {"age": 91.0, "dose": 3.0, "sex": "another", "visit": 915148800.0}
    assert page.predict() == pytest.approx(compute(folder, **cells), abs=1e-3)
    assert page.text("#answer .note") == [
        "age is 91; in the training data it was 18 to 90.",
        "The training data has no such category of sex.",
        "visit is outside of the training data, 2020-09-13 to 2023-11-14.",
    ]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"dose": ""}, "“dose” is empty"),
        ({"dose": "much"}, "“much” in “dose” is not a number"),
        ({"dose": "1,5"}, "Write 1.5 with a point"),
        ({"dose": "nan"}, "is not a number"),
        ({"dose": "1e999"}, "too large"),
    ],
    ids=["empty", "word", "comma", "nan", "infinite"],
)
def test_wrong_values(page, values, words):
    page.fill(**values)
    (shown,) = page.predict()
    assert words in shown
    assert page.text("#answer") == ["No prediction yet."]
    assert page.browser.evaluate("document.activeElement.value") == values["dose"]
    assert page.browser.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("half.jpg", "broken or incomplete"),
        ("damaged.png", "broken or incomplete"),
        ("empty.png", "is empty"),
        ("text.jpg", "not a PNG, JPEG or WebP image"),
        ("huge.png", "40000 × 30000 pixels, more than the 50 million"),
        ("deep.png", "16 bits"),
        ("cmyk.jpg", "CMYK"),
        ("turned.webp", "EXIF"),
    ],
)
def test_images_that_cannot_be_used(page, images, name, words):
    page.fill(photo=images / name, dose="1")
    (shown,) = page.predict()
    assert words in shown
    assert page.browser.evaluate("document.activeElement.type") == "file"
    page.browser.evaluate("[...document.querySelectorAll('button')].find(each => "
                          "each.textContent === 'Remove photo').click()")  # fmt: skip
    assert set(page.predict()) == set(CLASSES)


def test_a_browser_that_adds_noise(page, images):
    page.browser.evaluate(
        "(() => { const context = CanvasRenderingContext2D.prototype;"
        "window.readAsBefore = context.getImageData; context.getImageData = function (...place) {"
        "const found = readAsBefore.apply(this, place); found.data[40] ^= 1; return found; }; })()"
    )
    page.fill(photo=images / "rgb.png", dose="1")
    (shown,) = page.predict()
    page.browser.evaluate("CanvasRenderingContext2D.prototype.getImageData = readAsBefore; 1")
    assert "This browser changes the pixels that a page reads" in shown


def test_what_a_model_requires(browser, server, folder, images):
    page = PageDriver(browser, f"{server[0]}strict/")
    page.open()
    shown = page.predict()
    assert [words.split(" ")[:3] for words in shown] == [
        ["“photo”", "has", "no"], ["“dose”", "is", "empty."], ["“sex”", "is", "empty."]
    ]  # fmt: skip
    page.fill(photo=images / "rgb.png", dose="1", sex="0", visit="2020-06-01")
    assert "121 × 83 pixels. The model uses only images of 30 × 20" in page.predict()[0]
    assert "Only images of 30 × 20 pixels can be used. Required." in page.text(".hint")[0]
    assert "Another category" not in page.text("option")
    page.fill(photo=images / "small.png")
    pixels = ImageReader().read(images / "small.png")
    expected = compute(folder, pixels, sex="f", visit=1590969600.0)
    assert page.predict() == pytest.approx(expected, abs=1e-3)


def test_numbers(browser, server):
    page = PageDriver(browser, f"{server[0]}number/")
    page.open()
    assert page.text("#images") == [""]
    page.fill(count="7", place="north")
    page.predict()
    assert page.text("#answer strong") == ["21.5 mm"]
    assert "its quality is not known here" in page.text("#scores")[0]
    page.fill(count="1.5")
    assert "not a whole number" in page.predict()[0]
    page.fill(count="-1")
    page.predict()
    assert "gives no prediction" in page.text("#answer")[0]


def test_what_is_known_of_the_model(page):
    assert page.text("h1") == ["Where is it?"]
    assert page.browser.evaluate("document.title") == "Where is it?"
    assert "Nothing leaves this browser" in page.text("header")[0]
    hints = " ".join(page.text(".hint"))
    assert "Training data: whole numbers, 18 to 90 years." in hints
    assert "Training data: 2020-09-13 to 2023-11-14." in hints
    (scores,) = page.text("#scores")
    assert "Measured in training, by inner folds, with the strategy stacked." in scores
    assert "log loss" in scores
    assert "0.31" in scores
    assert "lower is better" in scores
    assert "difference" not in scores
    assert "Apache-2.0" in page.text("#facts")[0]


def test_with_the_keyboard_alone(page, folder):
    page.browser.evaluate("document.body.focus()")
    seen = []
    while "dose (field)" not in seen:
        page.browser.press("Tab")
        seen.append(page.browser.evaluate(
            "(each => each.labels?.length ? each.labels[0].textContent + ' (field)' "
            ": each.textContent)(document.activeElement)"
        ))  # fmt: skip
        outline = page.browser.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", seen
        assert len(seen) < 8
    assert seen == ["Skip to the form", "File (field)", "age (years) (field)", "dose (field)"]
    page.browser.type("2")
    page.browser.press("Enter", "\r")
    assert page.answer() == pytest.approx(compute(folder, dose=2.0), abs=1e-3)


def test_names_for_a_screen_reader(page):
    page.fill(dose="x")
    page.predict()
    page.browser.call("Accessibility.enable")
    nodes = page.browser.call("Accessibility.getFullAXTree")["nodes"]
    named = {}
    for node in nodes:
        role, name = (node.get(key, {}).get("value") for key in ("role", "name"))
        named.setdefault(role, []).append(name)
    for role in ("textbox", "combobox", "button", "group", "main", "heading", "DateTime"):
        assert role in named
    for role in ("textbox", "combobox", "button", "group", "heading", "link"):
        assert all(named[role]), (role, named[role])
    assert {"Image: photo", "Values"} <= set(named["group"])
    assert len(named["status"]) == 3
    assert len(named["alert"]) == 1
    dose = next(each for each in nodes if each.get("name", {}).get("value") == "dose")
    assert "“x” in “dose” is not a number" in dose["description"]["value"]


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(page, images, width):
    page.open(width=width)
    page.fill(photo=images / "rgb.png", dose="1")
    page.predict()
    assert page.browser.evaluate("innerWidth") == width
    assert page.browser.evaluate("document.documentElement.scrollWidth") <= width
    assert page.browser.console == []


def test_a_file_is_missing(browser, folder, server):
    model = folder / "number" / "model.onnx"
    moved = model.rename(folder / "moved.onnx")
    browser.open(f"{server[0]}number/", height=800)
    browser.wait("document.body.dataset.state === 'failed'")
    moved.rename(model)
    (shown,) = PageDriver(browser, "").text("#start")
    assert "The page can't start: model.onnx" in shown
    assert "can't be loaded (404)" in shown
    assert browser.evaluate("document.getElementById('predict').disabled")


def test_opened_as_a_file(folder, tmp_path):
    html, _ = Browser(tmp_path).dump(folder / "class" / "index.html")
    assert "python -m http.server" in html
    assert '<form id="form" novalidate="" autocomplete="off" hidden="">' in html


def test_nothing_is_sent(folder, images, tmp_path):
    """Not even by a script in the page or in a worker: the security policy forbids it.

    The log of the browser names the addresses that were asked for, except the page's own.
    """
    with (
        serve(folder) as (other, paths),
        serve(folder) as (url, asked),
        Chromium(tmp_path) as browser,
    ):
        page = PageDriver(browser, f"{url}class/")
        page.open()
        page.fill(photo=images / "rgb.png", dose="1")
        page.predict()
        n_asked = len(asked)
        page.fill(dose="2")
        page.predict()
        assert len(asked) == n_asked
        before = set(asked)
        send = f"fetch({json.dumps(other)}, {{mode: 'no-cors'}}).then(() => 'sent', () => 'no')"
        assert browser.evaluate(send) == "no"
        worker = json.dumps(f"{send}.then(postMessage)")
        assert browser.evaluate(
            f"new Promise(done => new Worker(URL.createObjectURL(new Blob([{worker}])))"
            ".onmessage = event => done(event.data))"
        ) == "no"  # fmt: skip
        assert browser.evaluate(
            f"new Promise(done => {{ const image = new Image(); image.src = {json.dumps(other)};"
            "image.onload = () => done('sent'); image.onerror = () => done('no'); })"
        ) == "no"  # fmt: skip
        found = browser.urls()
    assert {each.removeprefix(url[:-1]) for each in found} == before - {"/class/"}
    assert paths == []


def test_a_fitted_pipeline(browser, folder, server):
    """The page shows the probabilities of the model in Python, for PNG and JPEG files."""
    pytest.importorskip("skl2onnx")
    X, y = make_rows(folder)
    columns = make_column_transformer(
        (tiny_gap(missing="zero"), ["photo"]),
        (PixelFlattener(image_size=(6, 5), missing="zero"), ["photo"]),
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age"]),
        (OneHotEncoder(handle_unknown="ignore"), ["sex"]),
    )
    model = make_pipeline(columns, LogisticRegression(C=1e-5)).fit(X, y)
    graph = to_onnx(model, form="graph", background=X, units={"age": "years"})
    onnx.save(graph, folder / "pipeline.onnx")
    write_page(folder / "pipeline.onnx", folder / "pipeline", "--runtime-from", folder / "package")
    page = PageDriver(browser, f"{server[0]}pipeline/")
    page.open()
    assert "A number. Training data: whole numbers, 20 to 50 years." in " ".join(page.text(".hint"))
    assert page.text("option") == ["(empty)", "f", "m", "Another category"]
    for position in (0, 1, 2, 3):
        row = X.iloc[[position]]
        age = "" if row["age"].isna().all() else str(row["age"].item())
        page.fill(photo=Path(row["photo"].item()), age=age, sex=str("fm".index(row["sex"].item())))
        expected = dict(zip(["ill", "well"], model.predict_proba(row)[0].tolist(), strict=True))
        assert page.predict() == pytest.approx(expected, abs=1e-3)
        assert 0.001 < expected["ill"] < 0.999
    page.open()
    page.fill(age="33", sex="other")
    row = pd.DataFrame({"photo": [None], "age": [33.0], "sex": ["x"]})
    expected = dict(zip(["ill", "well"], model.predict_proba(row)[0].tolist(), strict=True))
    assert page.predict() == pytest.approx(expected, abs=1e-3)


def make_rows(folder):
    """Return rows with photos of two kinds of files, and their classes."""
    generator, rows = np.random.default_rng(0), []
    for number in range(16):
        colors = generator.integers(0, 256, (6, 5, 3), dtype=np.uint8)
        path = folder / f"photo_{number}.{'jpg' if number % 2 else 'png'}"
        Image.fromarray(colors).resize((90 + number, 70), Image.Resampling.BICUBIC).save(path)
        rows.append({"photo": str(path), "age": 20.0 + 2 * number, "sex": "fm"[number % 3 % 2]})
    X = pd.DataFrame(rows)
    X.loc[2, "age"] = np.nan
    return X, np.array(["ill", "well"])[np.arange(16) // 4 % 2]
