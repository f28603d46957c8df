"""Many networks in one process are nothing that TensorFlow has to warn of."""

import logging
import threading

import pytest

from skfusion.networks.runtimes._tracing import tracing_is_due
from tests.processes import run_python

WARNING = "5 out of the last 5 calls to <f> triggered tf.function retracing."


@pytest.fixture
def told(caplog):
    """What TensorFlow's logger let through."""
    logger = logging.getLogger("tensorflow")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def texts(told):
    return {record.getMessage() for record in told.records}


def test_only_that_warning_and_only_inside(told):
    logger = logging.getLogger("tensorflow")
    with tracing_is_due():
        with tracing_is_due():
            pass
        logger.warning(WARNING)
        logger.warning("another")
        assert texts(told) == {"another"}
    logger.warning(WARNING)
    assert texts(told) == {"another", WARNING}


def test_other_threads_are_warned(told):
    with tracing_is_due():
        thread = threading.Thread(target=logging.getLogger("tensorflow").warning, args=[WARNING])
        thread.start()
        thread.join()
    assert texts(told) == {WARNING}


def test_it_ends_where_an_error_leaves_it(told):
    with pytest.raises(ZeroDivisionError), tracing_is_due():
        raise ZeroDivisionError
    logging.getLogger("tensorflow").warning(WARNING)
    assert texts(told) == {WARNING}


MANY_NETWORKS = """
import logging
import numpy as np
from skfusion import CNNEmbedder

records = []
handler = logging.Handler()
handler.emit = records.append
logging.getLogger("tensorflow").addHandler(handler)
pixels = np.zeros((8, 28, 28, 1), dtype=np.uint8)
for seed in range(8):
    CNNEmbedder("small_cnn", epochs=1, random_state=seed).fit_transform(pixels, np.arange(8) % 2)
print(sum("retracing" in record.getMessage() for record in records))
"""


def test_many_networks():
    """In a process of its own, as TensorFlow warns no more than twice."""
    assert run_python(MANY_NETWORKS) == "0"
