"""Decode ahead in threads while the caller computes, with bounded memory."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

# Decoding releases the interpreter lock, but more threads than this only compete with the network.
MAX_THREADS = 4


def map_ahead(function, tasks):
    """Map a function over tasks in threads and yield its results in order.

    Parameters
    ----------
    function : callable
        Called with one task, in a thread.

    tasks : sequence
        What to call it with. A single task is run by the caller: no thread is started for it.

    Yields
    ------
    result : object
        The results, in the order of the tasks. At most one more than there are threads wait to be
        taken, so memory stays flat however many tasks there are.
    """
    if len(tasks) < 2:
        yield from map(function, tasks)
        return
    n_threads = min(MAX_THREADS, os.cpu_count() or 1, len(tasks))
    waiting = deque()
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="skfusion-read")
    try:
        for task in tasks:
            waiting.append(pool.submit(function, task))
            if len(waiting) > n_threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # Also reached when the caller stops early: what has not begun never will.
        pool.shutdown(wait=True, cancel_futures=True)


def split(rows, batch_size):
    """Cut a sequence of rows into batches."""
    return [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
