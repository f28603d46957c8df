"""Tasks that run ahead in threads."""

import threading
import time

import pytest

from skfusion._utils import prefetch
from skfusion._utils.prefetch import map_ahead, split


@pytest.fixture(params=[1, 2, 4])
def n_threads(request, monkeypatch):
    monkeypatch.setattr(prefetch.os, "cpu_count", lambda: request.param)
    return request.param


class Counter:
    """A function that counts how often it began and ended."""

    def __init__(self, seconds=0.0):
        self.seconds, self.began, self.ended, self.lock = seconds, 0, 0, threading.Lock()

    def __call__(self, task):
        with self.lock:
            self.began += 1
        time.sleep(self.seconds)
        with self.lock:
            self.ended += 1
        return task


def readers():
    return [t for t in threading.enumerate() if t.name.startswith("skfusion-read")]


def test_results_come_in_the_order_of_the_tasks(n_threads):
    def slow_at_first(task):
        time.sleep(0.01 if task < 4 else 0)
        return task * 10

    assert list(map_ahead(slow_at_first, range(20))) == [10 * task for task in range(20)]


@pytest.mark.parametrize("n_tasks", [0, 1, 2, 3, 5, 50])
def test_any_number_of_tasks(n_tasks):
    assert list(map_ahead(str, list(range(n_tasks)))) == [str(task) for task in range(n_tasks)]


def test_at_most_one_more_result_than_threads_is_ahead(n_threads):
    function = Counter()
    taken = 0
    for _ in map_ahead(function, range(40)):
        time.sleep(0.005)  # time enough for all to run ahead, if they could
        # The current result is no longer ahead.
        assert function.began - taken <= n_threads + 1
        taken += 1
    assert taken == function.ended == 40


def test_tasks_run_ahead(n_threads):
    function = Counter()
    results = map_ahead(function, range(40))
    next(results)
    deadline = time.monotonic() + 5
    while function.ended < n_threads + 1 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert function.ended == n_threads + 1
    results.close()


def test_tasks_run_side_by_side(monkeypatch):
    monkeypatch.setattr(prefetch.os, "cpu_count", lambda: 2)
    both = threading.Barrier(2, timeout=5)
    assert len(list(map_ahead(lambda task: both.wait(), range(4)))) == 4


def test_nothing_runs_before_the_first_result_is_asked_for():
    function = Counter()
    map_ahead(function, range(4))
    assert function.began == 0


def test_an_unknown_number_of_cores(monkeypatch):
    monkeypatch.setattr(prefetch.os, "cpu_count", lambda: None)
    assert list(map_ahead(str, range(3))) == ["0", "1", "2"]


def test_exceptions_reach_the_caller(n_threads):
    def fails_at_7(task):
        if task == 7:
            raise KeyError("seven")
        return task

    results, seen = map_ahead(fails_at_7, range(100)), []
    with pytest.raises(KeyError, match="seven"):
        seen.extend(results)
    assert readers() == []


def test_an_exception_stops_what_has_not_begun(n_threads):
    function = Counter(seconds=0.001)

    def fails_at_3(task):
        if task == 3:
            raise KeyError("three")
        return function(task)

    with pytest.raises(KeyError):
        list(map_ahead(fails_at_3, range(100)))
    assert function.began <= 3 + n_threads + 1


def test_stopping_early_cancels_the_rest(n_threads):
    function = Counter(seconds=0.001)
    results = map_ahead(function, range(100))
    next(results)
    results.close()
    began = function.began
    assert began <= n_threads + 1
    assert function.ended == began  # close waits for what has begun
    assert readers() == []
    time.sleep(0.02)
    assert function.began == began


def test_an_exception_of_the_caller_cancels_the_rest(n_threads):
    function = Counter()
    with pytest.raises(ZeroDivisionError):
        next(1 / task for task in map_ahead(function, range(100)))
    # The generator is gone, and its threads with it.
    assert function.began <= n_threads + 1
    assert readers() == []


def test_a_single_task_runs_in_the_thread_of_the_caller():
    assert list(map_ahead(lambda task: threading.current_thread(), [1])) == [
        threading.current_thread()
    ]


def test_several_tasks_run_in_other_threads():
    threads = list(map_ahead(lambda task: threading.current_thread(), range(8)))
    assert threading.current_thread() not in threads
    assert len(set(threads)) <= prefetch.MAX_THREADS
    assert readers() == []


@pytest.mark.parametrize(
    ("n_rows", "sizes"), [(0, []), (1, [1]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])]
)
def test_split(n_rows, sizes):
    parts = split(range(n_rows), 3)
    assert [len(part) for part in parts] == sizes
    assert [row for part in parts for row in part] == list(range(n_rows))
