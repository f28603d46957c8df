"""Batches computed by Keras: from any thread, and without TensorFlow's warning about retracing."""

import contextlib
import logging
import threading

import numpy as np

from skfusion._utils.process_local import ProcessLocal
from skfusion.networks.runtimes._keras import import_keras

_PREDICTING = ProcessLocal(threading.Lock)
_THREAD = threading.local()
_WARNING = "triggered tf.function retracing"


@contextlib.contextmanager
def allow_retracing():
    """Silence TensorFlow's warning about retracing for calls of networks in this context.

    TensorFlow counts the tracings of all Keras models as those of one function. A
    cross-validation makes a network for each fold, and each is traced once for each batch shape.
    Padding keeps these few, which is what the warning advises. Warnings from other threads, and
    about models that are called outside the context, are still shown.

    Examples
    --------
    >>> import logging
    >>> from skfusion.networks.runtimes._tracing import allow_retracing
    >>> with allow_retracing():
    ...     logging.getLogger("tensorflow").warning("5 calls triggered tf.function retracing.")
    """
    logger = logging.getLogger("tensorflow")
    if _keep_record not in logger.filters:
        logger.addFilter(_keep_record)
    before = getattr(_THREAD, "allows_retracing", False)
    _THREAD.allows_retracing = True
    try:
        yield
    finally:
        _THREAD.allows_retracing = before


def predict_batch(model, batch):
    """Return the outputs of a Keras model for one batch, as an array."""
    with predicting():
        return np.asarray(model.predict_on_batch(batch))


@contextlib.contextmanager
def predicting():
    """Allow one call of a Keras model at a time where Keras needs that, and allow retracing.

    On JAX, `predict_on_batch` gives the model's variables away while it computes, so that a second
    thread would find none.
    """
    backend = import_keras().backend.backend()
    lock = _PREDICTING.get() if backend == "jax" else contextlib.nullcontext()
    with allow_retracing(), lock:
        yield


def _keep_record(record):
    """Return whether the logger emits a record."""
    return not (getattr(_THREAD, "allows_retracing", False) and _WARNING in record.getMessage())
