"""MicroBatcher: compute requests that wait at the same time in one batch."""

import threading
from collections.abc import Callable
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.utils._param_validation import Interval, validate_parameter_constraints

from skfusion._utils.process_local import ProcessLocal


class MicroBatcher:
    """Compute requests of several clients that wait at the same time in one batch.

    Each call of a pipeline has costs that don't depend on the number of rows: checks, joining of
    columns, the start of a network. If many clients send requests at the same time, a batch has
    these costs once. With one client at a time there is no gain.

    Parameters
    ----------
    predict : callable
        A function of a DataFrame that returns one answer for each row, such as
        ``model.predict_proba``.

    max_rows : int, default=32
        The most rows of a batch. A request with more rows is computed alone.

    Raises
    ------
    TypeError
        If a request is not a DataFrame.

    RuntimeError
        If it is called after it was closed.

    See Also
    --------
    warm_up : Build networks for batches of several sizes before the first request.
    required_columns : List the columns of a request.

    Notes
    -----
    No request waits for a batch to fill: as soon as a batch is computed, the next one takes all
    waiting requests. Only requests with the same columns and dtypes are computed together. If a
    batch fails, its requests are computed one by one, so that an error reaches the request that
    caused it. Several threads may use one MicroBatcher. After a fork, each process has a thread
    of its own.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion import MicroBatcher
    >>> rows = pd.DataFrame({"age": [40.0, 50.0, 60.0, 70.0]})
    >>> model = LogisticRegression().fit(rows, [0, 0, 1, 1])
    >>> with MicroBatcher(model.predict) as predict:  # for use in many threads
    ...     predict(rows[:1]), predict(rows[2:])
    (array([0]), array([1, 1]))
    """

    _parameter_constraints = {
        "predict": [callable],
        "max_rows": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, predict: Callable[[pd.DataFrame], Any], *, max_rows: int = 32) -> None:
        given = {"predict": predict, "max_rows": max_rows}
        validate_parameter_constraints(self._parameter_constraints, given, "MicroBatcher")
        self.predict = predict
        self.max_rows = max_rows
        self._closed = False
        # The thread of a parent process does not exist in a forked child.
        self._queue = ProcessLocal(_Queue)

    def __call__(self, X: pd.DataFrame) -> np.ndarray:
        """Return the answers for the rows of one request; wait until they are computed.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            The rows, one at least.

        Returns
        -------
        answers : ndarray of shape (n_rows, ...)
            The answers of `predict` for these rows.
        """
        if not isinstance(X, pd.DataFrame):
            raise TypeError(f"A request is a DataFrame, got a {type(X).__name__}.")
        request, queue = _Request(X), self._queue.get()
        with queue.changed:
            if self._closed:
                raise RuntimeError("This MicroBatcher is closed.")
            if queue.thread is None:
                queue.thread = threading.Thread(
                    target=self._work, args=(queue,), name="skfusion-batches", daemon=True
                )
                queue.thread.start()
            queue.waiting.append(request)
            queue.changed.notify()
        request.done.wait()
        if request.error is not None:
            raise request.error
        return request.answers

    def close(self) -> None:
        """Answer the waiting requests, and accept no more."""
        queue = self._queue.get()
        with queue.changed:
            self._closed = True
            queue.changed.notify()
            thread = queue.thread
        if thread is not None:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error):
        self.close()

    def _work(self, queue):
        while True:
            with queue.changed:
                queue.changed.wait_for(lambda: queue.waiting or self._closed)
                if not queue.waiting:
                    return
                batch = self._next_batch(queue)
            self._answer(batch)

    def _next_batch(self, queue):
        """Remove the oldest request and the later ones that fit into a batch with it."""
        first, n_rows = queue.waiting[0], 0
        batch, left = [], []
        for request in queue.waiting:
            fits = request.kind == first.kind and n_rows + len(request.X) <= self.max_rows
            if request is first or fits:
                batch.append(request)
                n_rows += len(request.X)
            else:
                left.append(request)
        queue.waiting = left
        return batch

    def _answer(self, batch):
        try:
            X = batch[0].X if len(batch) == 1 else pd.concat([r.X for r in batch])
            answers = np.asarray(self.predict(X))
            if len(answers) != len(X):
                raise ValueError(f"predict gave {len(answers)} answers for {len(X)} rows.")
        except BaseException as error:
            if len(batch) == 1:
                batch[0].fail(error)
            else:
                for request in batch:
                    self._answer([request])
            return
        start = 0
        for request in batch:
            request.succeed(answers[start : start + len(request.X)])
            start += len(request.X)


class _Queue:
    """The requests of one process, and the thread that computes them."""

    def __init__(self):
        self.changed = threading.Condition()
        self.waiting = []
        self.thread = None


class _Request:
    """Rows of a request that waits for its answers."""

    def __init__(self, X):
        self.X = X
        self.kind = (tuple(X.columns), tuple(X.dtypes))
        self.done = threading.Event()
        self.answers = self.error = None

    def succeed(self, answers):
        """Pass the answers to the waiting thread."""
        self.answers = answers
        self.done.set()

    def fail(self, error):
        """Pass an error to the waiting thread."""
        self.error = error
        self.done.set()
