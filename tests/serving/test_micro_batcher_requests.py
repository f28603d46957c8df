"""MicroBatcher under many requests of random sizes: each client has its own answers."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from skfusion import MicroBatcher

N_CLIENTS, N_REQUESTS = 8, 40


class Counting:
    """A function of rows that notes what it was called with, and fails for some rows."""

    def __init__(self, answer):
        self.answer, self.batches, self.threads, self.lock = answer, [], set(), threading.Lock()

    def __call__(self, X):
        with self.lock:
            self.batches.append(X)
            self.threads.add(threading.current_thread().name)
        if (X["x"] < 0).any():
            raise ZeroDivisionError(f"row {X['x'].min()}")
        return self.answer(X)


def make_requests(seed, largest=5, share_bad=0.0):
    random = np.random.default_rng(seed)
    requests = []
    for number in range(N_REQUESTS):
        values = 100 * number + np.arange(random.integers(1, largest + 1), dtype=float)
        if random.random() < share_bad:
            values[0] = -number - 1
        requests.append(pd.DataFrame({"x": values, "name": [f"row {value}" for value in values]}))
    return requests


def ask_all(batcher, requests):
    """Return the answers, or errors, of requests from several threads."""

    def ask(request):
        try:
            return batcher(request)
        except ZeroDivisionError as error:
            return error

    with ThreadPoolExecutor(N_CLIENTS) as pool:
        return list(pool.map(ask, requests))


ANSWERS = {
    "numbers": lambda X: X["x"].to_numpy() * 2,
    "columns": lambda X: np.column_stack([X["x"], -X["x"]]),
    "text": lambda X: X["name"].to_numpy(),
    "list": lambda X: X["x"].tolist(),
    "series": lambda X: X["x"] + 1,
    "images": lambda X: np.stack([np.full((2, 3), value) for value in X["x"]]),
}


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("max_rows", [1, 4, 32, 1000])
def test_answers_are_those_of_each_request_alone(kind, max_rows):
    requests, predict = make_requests(0), Counting(ANSWERS[kind])
    with MicroBatcher(predict, max_rows=max_rows) as batcher:
        answers = ask_all(batcher, requests)
    for request, answer in zip(requests, answers, strict=True):
        assert isinstance(answer, np.ndarray)
        np.testing.assert_array_equal(answer, np.asarray(ANSWERS[kind](request)))
    assert sum(map(len, predict.batches)) == sum(map(len, requests))


@pytest.mark.parametrize("max_rows", [1, 4, 7])
def test_only_a_request_alone_has_more_rows_than_allowed(max_rows):
    requests, predict = make_requests(1, largest=9), Counting(ANSWERS["numbers"])
    with MicroBatcher(predict, max_rows=max_rows) as batcher:
        ask_all(batcher, requests)
    alone = {tuple(request["x"]) for request in requests}
    for batch in predict.batches:
        assert len(batch) <= max_rows or tuple(batch["x"]) in alone


@pytest.mark.parametrize("seed", [0, 1])
def test_errors_reach_their_requests_alone(seed):
    requests = make_requests(seed, share_bad=0.2)
    bad = [(request["x"] < 0).any() for request in requests]
    assert any(bad)
    with MicroBatcher(Counting(ANSWERS["numbers"])) as batcher:
        answers = ask_all(batcher, requests)
        assert batcher(requests[bad.index(False)]) is not None  # it goes on after errors
    for request, answer, is_bad in zip(requests, answers, bad, strict=True):
        if is_bad:
            assert str(answer) == f"row {request['x'].min()}"
        else:
            np.testing.assert_array_equal(answer, request["x"] * 2)


def test_requests_keep_their_index_and_their_order():
    predict = Counting(lambda X: X.index.to_numpy())
    requests = [pd.DataFrame({"x": [1.0, 2.0]}, index=[f"a{i}", f"b{i}"]) for i in range(20)]
    with MicroBatcher(predict) as batcher:
        answers = ask_all(batcher, requests)
    for number, answer in enumerate(answers):
        assert answer.tolist() == [f"a{number}", f"b{number}"]


def test_columns_that_differ_are_computed_apart():
    random = np.random.default_rng(0)
    requests = []
    for number in range(N_REQUESTS):
        request = pd.DataFrame({"x": [float(number)], "y": [1]})
        kinds = [request, request[["y", "x"]], request.astype({"x": "float32"}), request[["x"]]]
        requests.append(kinds[random.integers(4)])
    predict = Counting(ANSWERS["numbers"])
    with MicroBatcher(predict) as batcher:
        answers = ask_all(batcher, requests)
    assert [answer[0] for answer in answers] == [2.0 * number for number in range(N_REQUESTS)]
    kinds = {(tuple(each.columns), tuple(map(str, each.dtypes))) for each in requests}
    assert {(tuple(b.columns), tuple(map(str, b.dtypes))) for b in predict.batches} == kinds


def new_threads(before):
    """Return the names of the threads that were started since."""
    return [thread.name for thread in threading.enumerate() if thread not in before]


def test_all_batches_are_computed_in_one_thread_of_its_own():
    predict, before = Counting(ANSWERS["numbers"]), set(threading.enumerate())
    with MicroBatcher(predict) as batcher:
        ask_all(batcher, make_requests(2))
        assert new_threads(before).count("skfusion-batches") == 1
    assert predict.threads == {"skfusion-batches"}
    assert "skfusion-batches" not in new_threads(before)


def test_a_batcher_that_was_never_used_has_no_thread():
    before = set(threading.enumerate())
    with MicroBatcher(len):
        assert "skfusion-batches" not in new_threads(before)


def fail_in_a_with_block(batcher):
    with batcher:
        batcher(pd.DataFrame({"x": [1.0]}))
        raise KeyError("other")


def test_closing_twice_and_in_a_with_block_that_fails():
    batcher = MicroBatcher(Counting(ANSWERS["numbers"]))
    with pytest.raises(KeyError, match="other"):
        fail_in_a_with_block(batcher)
    batcher.close()
    with pytest.raises(RuntimeError, match="closed"):
        batcher(pd.DataFrame({"x": [1.0]}))


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_any_error_of_a_batch_ends_no_thread(error):
    calls = []

    def predict(X):
        calls.append(len(X))
        if len(calls) == 1:
            raise error("stop")
        return X["x"].to_numpy()

    with MicroBatcher(predict) as batcher:
        with pytest.raises(error, match="stop"):
            batcher(pd.DataFrame({"x": [1.0]}))
        assert batcher(pd.DataFrame({"x": [3.0]})).tolist() == [3.0]


@pytest.mark.parametrize("answer", [[], [1.0], [1.0, 2.0, 3.0]], ids=len)
def test_a_wrong_number_of_answers_is_an_error_of_each_request(answer):
    with MicroBatcher(lambda X: answer) as batcher:
        message = f"predict gave {len(answer)} answers for 2 rows"
        with pytest.raises(ValueError, match=message):
            batcher(pd.DataFrame({"x": [1.0, 2.0]}))
