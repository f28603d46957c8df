"""TensorFlow's warning that a function is traced too often, where that is what has to happen."""

import contextlib
import logging
import threading

import numpy as np

_HERE = threading.local()
_WORDS = "triggered tf.function retracing"


@contextlib.contextmanager
def tracing_is_due():
    """Calls of networks inside may trace; TensorFlow doesn't warn of it.

    It counts the tracings of all Keras models as those of one function. A cross-validation makes
    a network for each fold, and each is traced once for each batch shape, of which padding leaves
    a few: what the warning advises is done. Warnings of other threads, and of models that are
    called elsewhere, come through.

    Examples
    --------
    >>> import logging
    >>> from skfusion.networks.runtimes._tracing import tracing_is_due
    >>> with tracing_is_due():
    ...     logging.getLogger("tensorflow").warning("5 calls triggered tf.function retracing.")
    """
    logger = logging.getLogger("tensorflow")
    if _drop_expected not in logger.filters:
        logger.addFilter(_drop_expected)
    before = getattr(_HERE, "is_due", False)
    _HERE.is_due = True
    try:
        yield
    finally:
        _HERE.is_due = before


def outputs_of(model, batch):
    """What a Keras model gives for a batch, as an array."""
    with tracing_is_due():
        return np.asarray(model.predict_on_batch(batch))


def _drop_expected(record):
    return not (getattr(_HERE, "is_due", False) and _WORDS in record.getMessage())
