"""Many networks in one process cause no warning about retracing."""

import logging
import threading

import pytest

from skfusion.networks.runtimes._tracing import allow_retracing
from tests.processes import run_python

WARNING = "5 out of the last 5 calls to <f> triggered tf.function retracing."


@pytest.fixture
def messages(caplog):
    """Record the messages that TensorFlow's logger emits."""
    logger = logging.getLogger("tensorflow")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def texts(messages):
    return {record.getMessage() for record in messages.records}


def test_only_that_warning_is_silenced_and_only_inside(messages):
    logger = logging.getLogger("tensorflow")
    with allow_retracing():
        with allow_retracing():
            pass
        logger.warning(WARNING)
        logger.warning("another")
        assert texts(messages) == {"another"}
    logger.warning(WARNING)
    assert texts(messages) == {"another", WARNING}


def test_other_threads_still_warn(messages):
    with allow_retracing():
        thread = threading.Thread(target=logging.getLogger("tensorflow").warning, args=[WARNING])
        thread.start()
        thread.join()
    assert texts(messages) == {WARNING}


def test_it_ends_with_an_error(messages):
    with pytest.raises(ZeroDivisionError), allow_retracing():
        raise ZeroDivisionError
    logging.getLogger("tensorflow").warning(WARNING)
    assert texts(messages) == {WARNING}


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
    """Run in a new process, because TensorFlow warns no more than twice."""
    assert run_python(MANY_NETWORKS) == "0"
