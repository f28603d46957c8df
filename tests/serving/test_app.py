"""The example of a web service, really started, with good requests and bad ones."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.encoded_images import encoded
from tests.processes import run_python
from tests.serving.conftest import NUMBERS, as_scores
from tests.serving.servers import EXAMPLE, running

httpx = pytest.importorskip("httpx")
for needed in ("fastapi", "multipart", "uvicorn"):
    pytest.importorskip(needed)

UVICORN = ["uvicorn", "app:app", "--host", "127.0.0.1", "--port", "PORT", "--log-level", "warning"]
LIMITS = {
    "MAX_BODY": "200000",
    "MAX_IMAGE": "50000",
    "MAX_PIXELS": "100000",
    "MAX_ROWS": "8",
    "IMAGES": "image",
}


@pytest.fixture(scope="module")
def client(model, tmp_path_factory):
    log = tmp_path_factory.mktemp("server") / "log"
    with (
        running(UVICORN, {"MODEL": str(model[1]), **LIMITS}, log) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield client


def as_json(frame):
    """Rows of a request."""
    return [
        {**row, "image": base64.b64encode(row["image"]).decode()}
        for row in frame[["image", *NUMBERS]].to_dict("records")
    ]


def as_form(frame, image=None):
    row = frame.iloc[0]
    columns = json.dumps({name: float(row[name]) for name in NUMBERS})
    return {"data": {"columns": columns}, "files": {"image": image or row["image"]}}


def with_image(frame, content):
    """One row whose image is this."""
    row = as_json(frame[:1])[0]
    return {"rows": [{**row, "image": base64.b64encode(content).decode()}]}


# Good requests.


def test_rows_of_json(client, rows, expected):
    response = client.post("/predict", json={"rows": as_json(rows)})
    assert response.status_code == 200
    np.testing.assert_allclose(as_scores(response.json()), expected, rtol=1e-4, atol=1e-6)
    labels = [row["label"] for row in response.json()["predictions"]]
    assert labels == [str(place) for place in expected.argmax(axis=1)]


def test_columns_of_a_request(client):
    """The label and the patient are columns of the table that the model was fitted on."""
    listed = client.get("/columns").json()
    assert listed == {"columns": ["image", *NUMBERS], "images": ["image"]}


def test_other_columns_are_ignored(client, rows, expected):
    body = {"rows": [{**row, "patient": 3, "label": None} for row in as_json(rows)]}
    response = client.post("/predict", json=body)
    np.testing.assert_allclose(as_scores(response.json()), expected, rtol=1e-4, atol=1e-6)


def test_a_form_with_a_file(client, rows, expected):
    response = client.post("/predict/form", **as_form(rows))
    assert response.status_code == 200
    np.testing.assert_allclose(as_scores(response.json()), expected[:1], rtol=1e-4, atol=1e-6)


def test_many_clients_at_once(client, rows, expected):
    def ask(i):
        row = rows[i % 8 : i % 8 + 1]
        return as_scores(client.post("/predict", json={"rows": as_json(row)}).json())[0]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(64)))
    for i, answer in enumerate(answers):
        np.testing.assert_allclose(answer, expected[i % 8], rtol=1e-4, atol=1e-6)


def test_a_bad_request_does_not_affect_others(client, rows, expected):
    """They may be computed in one batch."""
    missing = {"rows": [{**as_json(rows[:1])[0], "image": None}]}
    good = {"rows": as_json(rows[:1])}
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda i: client.post("/predict", json=[good, missing][i % 2]), range(32))
        )
    for i, answer in enumerate(answers):
        assert answer.status_code == [200, 400][i % 2]
        if i % 2:
            assert answer.json()["rows"] == [{"row": 0, "reason": "missing"}]
        else:
            np.testing.assert_allclose(as_scores(answer.json()), expected[:1], rtol=1e-4, atol=1e-6)


def test_it_lives_and_is_ready(client):
    assert client.get("/live").json()["live"]
    assert client.get("/ready").json() == {"ready": True}


# Images that can't be used.


def truncated():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    return encoded(noise)[:2000]


BAD_IMAGES = {
    "no image": (b"not an image", "no image format"),
    "empty": (b"", "no bytes"),
    "truncated": (truncated(), "truncated"),
    "too many bytes": (b"x" * 60_000, "more than 50000 bytes"),
    "too many pixels": (encoded(np.zeros((400, 400), dtype=np.uint8)), "pixels"),
    "a bomb": (encoded(np.zeros((9000, 9000), dtype=bool)), ""),
}


@pytest.mark.parametrize("name", BAD_IMAGES)
def test_a_bad_image_is_an_error_of_its_row(client, rows, name):
    content, reason = BAD_IMAGES[name]
    good = as_json(rows[:2])
    response = client.post("/predict", json={"rows": good + with_image(rows, content)["rows"]})
    assert response.status_code == 400
    assert [row["row"] for row in response.json()["rows"]] == [2]
    assert reason in response.json()["rows"][0]["reason"]
    if content:
        response = client.post("/predict/form", **as_form(rows, content))
        assert response.status_code == 400
        assert [row["row"] for row in response.json()["rows"]] == [0]


def test_a_path_is_no_image(client, rows, tmp_path):
    """What a client sends as an image is never opened as a file."""
    path = tmp_path / "aaaa"  # also valid base64
    path.write_bytes(rows["image"][0])
    for text in (str(path), path.name, "/etc/passwd"):
        row = {**as_json(rows[:1])[0], "image": text}
        response = client.post("/predict", json={"rows": [row]})
        assert response.status_code == 400
        assert response.json()["rows"][0]["row"] == 0
    columns = json.dumps({"image": str(path), **{name: 0.5 for name in NUMBERS}})
    response = client.post("/predict/form", data={"columns": columns})
    assert response.status_code == 400
    assert response.json()["detail"] == "Columns are missing: image."


def test_no_image(client, rows):
    row = {**as_json(rows[:1])[0], "image": None}
    response = client.post("/predict", json={"rows": [*as_json(rows[:1]), row]})
    assert response.status_code == 400
    assert response.json()["rows"] == [{"row": 1, "reason": "missing"}]


# Requests that can't be used.


BAD_BODIES = {
    "no JSON": b"{",
    "no rows": b'{"images": []}',
    "empty": b'{"rows": []}',
    "a list": b"[]",
    "rows that are no objects": b'{"rows": [1]}',
    "nested too deeply": b'{"rows": ' + b"[" * 90_000,
    "no UTF-8": b'{"rows": "\xff"}',
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_bodies_that_are_no_rows(client, body):
    assert client.post("/predict", content=body).status_code == 400


def test_too_many_rows(client, rows):
    response = client.post("/predict", json={"rows": as_json(rows) * 2})
    assert response.status_code == 400
    assert response.json()["detail"] == "Expected 1 to 8 rows, got 16."


def test_a_missing_column(client, rows):
    row = as_json(rows[:1])[0]
    del row["number_1"]
    response = client.post("/predict", json={"rows": [row]})
    assert response.status_code == 400
    assert response.json()["detail"] == "Columns are missing: number_1."


@pytest.mark.parametrize("value", ["much", [1], {"a": 1}, None])
def test_a_value_that_is_no_number(client, rows, value):
    row = {**as_json(rows[:1])[0], "number_1": value}
    assert client.post("/predict", json={"rows": [row]}).status_code == 400


def test_a_body_that_is_too_large(client):
    body = b"x" * 300_000
    assert client.post("/predict", content=body).status_code == 413
    assert client.post("/predict/form", files={"image": body}).status_code == 413
    chunks = (body[:1000] for _ in range(300))  # of a length that is not sent
    assert client.post("/predict", content=chunks).status_code == 413


@pytest.mark.parametrize(
    "request_",
    [
        {"content": b"", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"no parts", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"data": {"columns": "{"}},
        {"data": {"columns": "[]"}},
        {"files": {"columns": b"a file"}},
        {"json": {}},
    ],
    ids=["no boundary", "no parts", "no JSON", "a list", "a file", "JSON"],
)
def test_forms_that_are_none(client, request_):
    assert client.post("/predict/form", **request_).status_code == 400


def test_it_still_works_after_all_that(client, rows, expected):
    response = client.post("/predict", json={"rows": as_json(rows[:1])})
    np.testing.assert_allclose(as_scores(response.json()), expected[:1], rtol=1e-4, atol=1e-6)


# Workers.


def test_gunicorn_forks_workers_from_a_loaded_model(model, rows, expected, tmp_path):
    pytest.importorskip("gunicorn")
    command = ["gunicorn", "app:app", "--preload", "--worker-class", "asgi", "--workers", "2"]
    environment = {"MODEL": str(model[1]), "IMAGES": "image"}
    body, pids = {"rows": as_json(rows[:1])}, set()
    with running([*command, "--bind", "127.0.0.1:PORT"], environment, tmp_path / "log") as address:
        for _ in range(300):
            pids.add(httpx.get(f"{address}/live", timeout=60).json()["pid"])
            response = httpx.post(f"{address}/predict", json=body, timeout=60)
            np.testing.assert_allclose(
                as_scores(response.json()), expected[:1], rtol=1e-4, atol=1e-6
            )
            if len(pids) == 2:
                return
            time.sleep(0.1)
    pytest.fail(f"only these workers answered: {pids}")


def test_a_model_without_these_images_does_not_start(model):
    code = f"""
import os, sys
os.environ.update(MODEL={str(model[1])!r}, IMAGES="scan")
sys.path.insert(0, {str(EXAMPLE)!r})
import app
"""
    with pytest.raises(
        AssertionError, match=r"IMAGES=.'scan'., but the columns of the model are .'image'"
    ):
        run_python(code)
