"""Requests that wait at the same time are computed together."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skfusion import MicroBatcher, PixelFlattener
from skfusion.datasets import make_image_table
from tests.processes import run_python

PATIENCE = 60


class Slow:
    """Doubles numbers; holds the first batch until all others wait."""

    def __init__(self):
        self.sizes, self.began, self.go = [], threading.Event(), threading.Event()

    def __call__(self, X):
        self.sizes.append(len(X))
        self.began.set()
        assert self.go.wait(PATIENCE)
        if (X["x"] < 0).any():
            raise ValueError(f"{X['x'].min()} is below 0")
        return X["x"].to_numpy() * 2


def ask_together(batcher, slow, requests):
    """Answers, or errors, of requests that all wait while the first is computed."""
    with ThreadPoolExecutor(len(requests)) as pool:
        futures = [pool.submit(batcher, requests[0])]
        assert slow.began.wait(PATIENCE)
        for n_waiting, request in enumerate(requests[1:], start=1):
            futures.append(pool.submit(batcher, request))
            deadline = time.monotonic() + PATIENCE
            while len(batcher._queue.get().waiting) < n_waiting:
                assert time.monotonic() < deadline
                time.sleep(0.001)
        slow.go.set()
        return [future.exception(PATIENCE) or future.result() for future in futures]


def rows(*values):
    return pd.DataFrame({"x": np.array(values, dtype=float)})


def test_what_waits_is_one_batch():
    slow = Slow()
    with MicroBatcher(slow) as batcher:
        answers = ask_together(batcher, slow, [rows(1), rows(2, 3), rows(4)])
    assert [answer.tolist() for answer in answers] == [[2], [4, 6], [8]]
    assert slow.sizes == [1, 3]


def test_no_batch_has_more_rows_than_it_may():
    slow = Slow()
    with MicroBatcher(slow, max_rows=2) as batcher:
        answers = ask_together(batcher, slow, [rows(1), rows(2), rows(3, 4, 5), rows(6), rows(7)])
    assert [answer.tolist() for answer in answers] == [[2], [4], [6, 8, 10], [12], [14]]
    assert slow.sizes == [1, 2, 3, 1]


def test_an_error_is_that_of_its_request():
    slow = Slow()
    with MicroBatcher(slow) as batcher:
        answers = ask_together(batcher, slow, [rows(1), rows(2), rows(-3), rows(4)])
    assert str(answers[2]) == "-3.0 is below 0"
    assert [answers[i].tolist() for i in (0, 1, 3)] == [[2], [4], [8]]


def test_columns_and_types_are_not_mixed():
    slow = Slow()
    others = [pd.DataFrame({"x": [2]}), pd.DataFrame({"x": [3.0], "y": [1.0]})]
    with MicroBatcher(slow) as batcher:
        answers = ask_together(batcher, slow, [rows(1), *others, rows(4)])
    assert [answer.tolist() for answer in answers] == [[2], [4], [6], [8]]
    assert slow.sizes == [1, 1, 1, 1]


def test_a_pipeline_of_images():
    data = make_image_table(40, image_size=(8, 8), random_state=0)
    X = data.frame[["image"]]
    model = make_pipeline(PixelFlattener(), LogisticRegression(max_iter=1000)).fit(X, data.target)
    with MicroBatcher(model.predict_proba) as batcher, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: batcher(X[i : i + 1]), range(40)))
    expected = model.predict_proba(X)
    np.testing.assert_allclose(np.concatenate(answers), expected, rtol=1e-4)


def test_closing_answers_what_waits_and_takes_no_more():
    slow = Slow()
    batcher = MicroBatcher(slow)
    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(batcher, rows(1))
        assert slow.began.wait(PATIENCE)
        closing = pool.submit(batcher.close)
        slow.go.set()
        closing.result(PATIENCE)
        assert answer.result(PATIENCE).tolist() == [2]
    with pytest.raises(RuntimeError, match="closed"):
        batcher(rows(1))
    batcher.close()


FORK = """
import os
import pandas as pd
from skfusion import MicroBatcher

batcher = MicroBatcher(lambda X: X["x"] * 2)
row = pd.DataFrame({"x": [2]})
assert batcher(row)[0] == 4
child = os.fork()
if child == 0:
    os._exit(int(batcher(row)[0]))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), batcher(row)[0])
"""


def test_after_a_fork():
    assert run_python(FORK) == "4 4"


@pytest.mark.parametrize(
    ("request_", "error"), [([[1]], TypeError), (pd.Series([1]), TypeError), (None, TypeError)]
)
def test_requests_are_data_frames(request_, error):
    with MicroBatcher(len) as batcher, pytest.raises(error, match="A request is a DataFrame"):
        batcher(request_)


def test_answers_that_are_not_one_a_row():
    with (
        MicroBatcher(lambda X: [1, 2, 3]) as batcher,
        pytest.raises(ValueError, match="gave 3 answers for 1 rows"),
    ):
        batcher(rows(1))


@pytest.mark.parametrize("options", [{"predict": 3}, {"predict": len, "max_rows": 0}])
def test_wrong_parameters(options):
    with pytest.raises(ValueError, match="of MicroBatcher must be"):
        MicroBatcher(**options)
