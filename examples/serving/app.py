"""A web service for a saved pipeline.

    MODEL=model.joblib IMAGES=image uvicorn app:app

The model is loaded with joblib. ``GET /columns`` lists the columns that a request needs: those that
the model uses, not the target or other columns of the training table. ``POST /predict`` takes JSON,
with images in base64:

    {"rows": [{"image": "iVBORw0...", "number_0": 0.5, ...}]}

``POST /predict/form`` takes one row as a form: a file for each image column, and a field `columns`
with the others as JSON. Both return {"predictions": [{"label": ..., ...}]}. Requests that arrive at
the same time are computed in one batch.

Settings are environment variables: MODEL, the file; IMAGES, the image columns, separated by
commas; MAX_BODY and MAX_IMAGE, the most bytes of a request and of an image; MAX_PIXELS, the most
pixels of an image; MAX_ROWS, the most rows of a request; MAX_BATCH, the most rows that are computed
together; THREADS, the most requests that are processed at the same time.
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

from skfusion import ImageReader, ImageReadError, MicroBatcher, required_columns, warm_up

MODEL = os.environ.get("MODEL", "model.joblib")
IMAGES = os.environ.get("IMAGES", "image").split(",")
MAX_BODY = int(os.environ.get("MAX_BODY", 16_000_000))
MAX_IMAGE = int(os.environ.get("MAX_IMAGE", 8_000_000))
MAX_PIXELS = int(os.environ.get("MAX_PIXELS", 25_000_000))
MAX_ROWS = int(os.environ.get("MAX_ROWS", 64))
MAX_BATCH = int(os.environ.get("MAX_BATCH", 32))
THREADS = int(os.environ.get("THREADS", 32))

# The model is loaded here, so that workers that are forked later (`gunicorn --preload`) share its
# memory. Nothing is computed before the fork, and TensorFlow isn't imported.
model = joblib.load(MODEL)
is_classifier = hasattr(model, "predict_proba")
batcher = MicroBatcher(model.predict_proba if is_classifier else model.predict, max_rows=MAX_BATCH)
columns = required_columns(model)
header_reader = ImageReader(max_pixels=MAX_PIXELS)
is_ready = threading.Event()
if not set(IMAGES) <= set(columns):
    raise SystemExit(f"IMAGES={IMAGES}, but the columns of the model are {columns}.")


class BadRequest(ValueError):
    """An error of a request, with the rows that cause it."""

    def __init__(self, message, rows=(), status=400):
        super().__init__(message)
        self.rows, self.status = list(rows), status


# From a request to a data frame.


async def read_body(request):
    """Read the body; raise an error as soon as it is larger than allowed."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise BadRequest(f"The request has more than {MAX_BODY} bytes.", status=413)
    return bytes(body)


def parse_rows(body):
    """Return the rows of a JSON request, with images as bytes."""
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
    """Return the bytes of an image. A string must not reach the model: it would be a path."""
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise BadRequest("An image isn't base64.", [{"row": row, "reason": "no base64"}]) from None


async def parse_form(request):
    """Return the row of a form."""
    body = await read_body(request)  # its size is checked before anything is parsed

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    form = Request(request.scope, receive).form
    try:
        async with form(max_files=len(IMAGES), max_fields=1, max_part_size=MAX_BODY) as parts:
            row = parse_values(parts.get("columns", "{}"))
            for name in IMAGES:
                if hasattr(parts.get(name), "read"):
                    row[name] = await parts[name].read()
    except FormParserError:
        raise BadRequest("The form can't be parsed.") from None
    return [row]


def parse_values(text):
    """Return the values of a form that aren't images."""
    try:
        row = json.loads(text)
        if not isinstance(row, dict):
            raise TypeError
    except (ValueError, TypeError, RecursionError):
        raise BadRequest("The field `columns` must be a JSON object.") from None
    return {name: value for name, value in row.items() if name not in IMAGES}


def make_frame(rows):
    """Return a data frame with the columns that the model uses; others are ignored."""
    missing = [name for name in columns if any(name not in row for row in rows)]
    if missing:
        raise BadRequest(f"Columns are missing: {', '.join(missing)}.")
    for i, row in enumerate(rows):
        for name in IMAGES:
            check_image(i, name, row[name])
    return pd.DataFrame({name: [row[name] for row in rows] for name in columns})


def check_image(row, name, content):
    """Check the size and the header of an image before it is decoded."""
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
    """Warm up in a thread, so that the server answers in the meantime."""
    app.state.pool = ThreadPoolExecutor(THREADS)
    starting = threading.Thread(target=start)
    starting.start()
    yield
    starting.join()
    app.state.pool.shutdown()
    batcher.close()


def start():
    """Build the networks for the sizes of batches: powers of two."""
    warm_up(model, n_rows=[2**i for i in range(MAX_BATCH.bit_length())])
    is_ready.set()


app = FastAPI(title="skfusion", lifespan=lifespan)


@app.get("/live")
async def live():
    """Answer that the process is running."""
    return {"live": True, "pid": os.getpid()}


@app.get("/ready")
async def ready():
    """Answer whether the networks are built."""
    return JSONResponse({"ready": is_ready.is_set()}, 200 if is_ready.is_set() else 503)


@app.get("/columns")
async def list_columns():
    """List the columns of a request, and those of them that hold images."""
    return {"columns": columns, "images": IMAGES}


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
    """Compute in a thread, so that the server answers other requests.

    Requests that come before the service is ready wait until the networks are built.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(app.state.pool, lambda: compute(make_frame(parse())))


def compute(frame):
    """Return the predictions for a data frame."""
    try:
        answers = batcher(frame)
    except ImageReadError as error:
        rows = [{"row": row, "reason": reason} for row, _, reason in error.failures]
        raise BadRequest(str(error), rows) from error
    except (ValueError, TypeError) as error:  # a value of a wrong type in the table
        raise BadRequest(str(error)) from error
    if not is_classifier:
        return {"predictions": [{"value": value} for value in answers.tolist()]}
    classes = [str(name) for name in model.classes_]
    return {
        "predictions": [
            {
                "label": classes[row.argmax()],
                "scores": dict(zip(classes, row.tolist(), strict=True)),
            }
            for row in answers
        ]
    }


@app.exception_handler(BadRequest)
async def report_error(request, error):
    """Return the error and the rows that cause it."""
    return JSONResponse({"detail": str(error), "rows": error.rows}, error.status)
