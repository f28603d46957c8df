"""A web service around a saved pipeline.

    MODEL=model.joblib IMAGES=image uvicorn app:app

The model is loaded by plain joblib. ``POST /predict`` takes JSON, with images in base64:

    {"rows": [{"image": "iVBORw0...", "number_0": 0.5, ...}]}

``POST /predict/form`` takes one row as a form: a file for each column of images, and a field
`columns` that holds the others as JSON. Both answer {"predictions": [{"label": ..., ...}]}.

Settings are environment variables: MODEL, the file; IMAGES, the columns that hold images,
with commas between them; MAX_BODY and MAX_IMAGE, the most bytes of a request and of an image;
MAX_PIXELS, the most pixels of an image; MAX_ROWS, the most rows of a request; THREADS, how many
requests are computed at once.
"""

import asyncio
import base64
import binascii
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import joblib
import pandas as pd
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from python_multipart.exceptions import FormParserError

from skfusion import ImageReader, ImageReadError, warm_up

MODEL = os.environ.get("MODEL", "model.joblib")
IMAGES = os.environ.get("IMAGES", "image").split(",")
MAX_BODY = int(os.environ.get("MAX_BODY", 16_000_000))
MAX_IMAGE = int(os.environ.get("MAX_IMAGE", 8_000_000))
MAX_PIXELS = int(os.environ.get("MAX_PIXELS", 25_000_000))
MAX_ROWS = int(os.environ.get("MAX_ROWS", 64))
THREADS = int(os.environ.get("THREADS", 4))

# Loaded here, so that workers that are forked later (`gunicorn --preload`) share its memory. It
# computes nothing before the fork: TensorFlow isn't even imported by this.
model = joblib.load(MODEL)
header_reader = ImageReader(max_pixels=MAX_PIXELS)
is_ready = threading.Event()
if not set(IMAGES) <= set(model.feature_names_in_):
    raise SystemExit(f"IMAGES={IMAGES}, but the model takes {list(model.feature_names_in_)}.")


class BadRequest(ValueError):
    """What is wrong with a request, and in which rows of it."""

    def __init__(self, message, rows=(), status=400):
        super().__init__(message)
        self.rows, self.status = list(rows), status


# Requests become data frames.


async def read_body(request):
    """The body, refused as soon as it is larger than allowed."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise BadRequest(f"The request has more than {MAX_BODY} bytes.", status=413)
    return bytes(body)


def parse_rows(body):
    """The rows of a JSON request, with images as bytes."""
    try:
        rows = json.loads(body)["rows"]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadRequest('Expected JSON of the form {"rows": [{column: value}]}.') from None
    if not 1 <= len(rows) <= MAX_ROWS:
        raise BadRequest(f"Expected 1 to {MAX_ROWS} rows, got {len(rows)}.")
    return [
        {name: decode(i, value) if name in IMAGES else value for name, value in row.items()}
        for i, row in enumerate(rows)
    ]


def decode(row, text):
    """An image's bytes. A string never reaches the model: it would be taken for a path."""
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise BadRequest("An image isn't base64.", [{"row": row, "reason": "no base64"}]) from None


async def parse_form(request):
    """The one row of a form."""
    body = await read_body(request)  # within the limit, before anything is parsed

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    form = Request(request.scope, receive).form
    try:
        async with form(max_files=len(IMAGES), max_fields=1, max_part_size=MAX_BODY) as parts:
            row = parse_columns(parts.get("columns", "{}"))
            for name in IMAGES:
                if hasattr(parts.get(name), "read"):
                    row[name] = await parts[name].read()
    except FormParserError:
        raise BadRequest("The form can't be parsed.") from None
    return [row]


def parse_columns(text):
    """The columns of a form that aren't images."""
    try:
        row = json.loads(text)
        if not isinstance(row, dict):
            raise TypeError
    except (ValueError, TypeError, RecursionError):
        raise BadRequest("The field `columns` must be a JSON object.") from None
    return {name: value for name, value in row.items() if name not in IMAGES}


def make_frame(rows):
    """A data frame with the columns that the model was fitted on."""
    names = list(model.feature_names_in_)
    lacking = sorted({name for row in rows for name in names if name not in row})
    if lacking:
        raise BadRequest(f"Columns are missing: {', '.join(lacking)}.")
    for i, row in enumerate(rows):
        for name in IMAGES:
            check_image(i, name, row[name])
    return pd.DataFrame({name: [row[name] for row in rows] for name in names})


def check_image(row, name, content):
    """Refuse a large image by its size and by its header, before it is decoded."""
    if content is None:
        return
    reason = f"more than {MAX_IMAGE} bytes" if len(content) > MAX_IMAGE else None
    try:
        if reason is None:
            header_reader.probe(content)
    except ValueError as error:
        reason = str(error)
    if reason is not None:
        raise BadRequest(f"Image {name}: {reason}.", [{"row": row, "reason": reason}])


# The service.


@asynccontextmanager
async def lifespan(app):
    """Warm up beside the server, so that it can already say that it isn't ready."""
    app.state.pool = ThreadPoolExecutor(THREADS)
    starting = threading.Thread(target=start)
    starting.start()
    yield
    starting.join()
    app.state.pool.shutdown()


def start():
    warm_up(model)
    is_ready.set()


app = FastAPI(title="skfusion", lifespan=lifespan)


@app.get("/live")
async def live():
    """The process answers."""
    return {"live": True, "pid": os.getpid()}


@app.get("/ready")
async def ready():
    """The networks are built: requests will be answered without delay."""
    return JSONResponse({"ready": is_ready.is_set()}, 200 if is_ready.is_set() else 503)


@app.post("/predict")
async def predict(request: Request):
    """Predict rows of JSON, with images in base64."""
    body = await read_body(request)
    return await answer(lambda: parse_rows(body))


@app.post("/predict/form")
async def predict_form(request: Request):
    """Predict one row, with images as files."""
    rows = await parse_form(request)
    return await answer(lambda: rows)


async def answer(parse):
    """Compute in a thread, so that the server goes on answering.

    Requests that come before the service is ready wait for the warm-up to end.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(app.state.pool, lambda: compute(make_frame(parse())))


def compute(frame):
    """The predictions of a data frame."""
    try:
        if not hasattr(model, "predict_proba"):
            return {"predictions": [{"value": value} for value in model.predict(frame).tolist()]}
        scores = model.predict_proba(frame)
    except ImageReadError as error:
        rows = [{"row": row, "reason": reason} for row, _, reason in error.failures]
        raise BadRequest(str(error), rows) from error
    except (ValueError, TypeError) as error:  # a value that the table's columns don't take
        raise BadRequest(str(error)) from error
    classes = [str(name) for name in model.classes_]
    return {
        "predictions": [
            {
                "label": classes[row.argmax()],
                "scores": dict(zip(classes, row.tolist(), strict=True)),
            }
            for row in scores
        ]
    }


@app.exception_handler(BadRequest)
async def tell(request, error):
    """What was wrong, with the rows that it was wrong in."""
    return JSONResponse({"detail": str(error), "rows": error.rows}, error.status)
