"""Prefetching: decoding in threads while the caller computes."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

# Decoding releases the interpreter lock, but more threads would compete with the network.
MAX_THREADS = 4
# Threads that wait for servers compete with nothing.
REMOTE_THREADS = 64


def map_ahead(function, tasks, n_threads=None):
    """Map a function over tasks in threads and yield its results in order.

    Parameters
    ----------
    function : callable
        Called with one task, in a thread.

    tasks : sequence
        The tasks. A single task runs in the thread of the caller.

    n_threads : int or None, default=None
        The largest number of threads; None is up to four, one per processor.

    Yields
    ------
    result : object
        The results, in the order of the tasks. The number of results that are computed ahead is at
        most the number of threads plus one, so memory does not grow with the number of tasks.
    """
    if len(tasks) < 2:
        yield from map(function, tasks)
        return
    if n_threads is None:
        n_threads = min(MAX_THREADS, os.cpu_count() or 1)
    n_threads = min(n_threads, len(tasks))
    futures = deque()
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="skfusion-read")
    try:
        for task in tasks:
            futures.append(pool.submit(function, task))
            if len(futures) > n_threads:
                yield futures.popleft().result()
        while futures:
            yield futures.popleft().result()
    finally:
        # Also reached when the caller stops early: the remaining tasks are cancelled.
        pool.shutdown(wait=True, cancel_futures=True)


def split(rows, batch_size):
    """Split a sequence of rows into batches of at most `batch_size` rows."""
    return [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
