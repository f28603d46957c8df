"""MicroBatcher: requests that wait at the same time are computed together."""

import os
import threading
import weakref
from collections.abc import Callable
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.utils._param_validation import Interval, validate_parameter_constraints

_ALIVE: weakref.WeakSet["MicroBatcher"] = weakref.WeakSet()


class MicroBatcher:
    """Compute the requests of several clients that wait at the same time in one batch.

    Most of what one row costs in a pipeline is paid again for each call: checks, joining of
    columns, the start of a network. Where many clients ask at once, a batch pays it once. With
    one client at a time it gains nothing.

    Parameters
    ----------
    predict : callable
        From a DataFrame to one answer a row, such as ``model.predict_proba``.

    max_rows : int, default=32
        The most rows of a batch. A request of more rows is computed by itself.

    Raises
    ------
    TypeError
        If a request is no DataFrame.

    RuntimeError
        If it is asked after it was closed.

    See Also
    --------
    warm_up : Build networks for batches of all these sizes before the first request.

    Notes
    -----
    Nobody waits for a batch to fill: one thread takes all that waits as soon as it is free. Only
    requests of the same columns and dtypes are put together. If a batch fails, its requests are
    computed one by one, so that an error reaches the one that caused it. Safe to call from
    several threads; after a fork each process has a thread of its own.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion import MicroBatcher
    >>> rows = pd.DataFrame({"age": [40.0, 50.0, 60.0, 70.0]})
    >>> model = LogisticRegression().fit(rows, [0, 0, 1, 1])
    >>> with MicroBatcher(model.predict) as ask:  # many threads may ask
    ...     ask(rows[:1]), ask(rows[2:])
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
        self._thread: threading.Thread | None = None
        self._start_afresh()
        _ALIVE.add(self)

    def __call__(self, X: pd.DataFrame) -> np.ndarray:
        """The answers for the rows of one request; waits until they are there.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            The rows, one at least.

        Returns
        -------
        answers : ndarray of shape (n_rows, ...)
            What `predict` gives for these rows.
        """
        if not isinstance(X, pd.DataFrame):
            raise TypeError(f"A request is a DataFrame, got a {type(X).__name__}.")
        request = _Request(X)
        with self._changed:
            if self._closed:
                raise RuntimeError("This MicroBatcher is closed.")
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="skfusion-batches", daemon=True
                )
                self._thread.start()
            self._waiting.append(request)
            self._changed.notify()
        request.done.wait()
        if request.error is not None:
            raise request.error
        return request.answers

    def close(self) -> None:
        """Answer what waits, and take no more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error):
        self.close()

    def _start_afresh(self):
        """As in the child of a fork, where the thread is not, and nobody waits."""
        self._changed = threading.Condition()
        self._waiting = []
        self._thread = None

    def _work(self):
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                batch = self._take()
            self._answer(batch)

    def _take(self):
        """The first that waits, and of those after it what fits."""
        first, n_rows = self._waiting[0], 0
        batch, left = [], []
        for request in self._waiting:
            fits = request.kind == first.kind and n_rows + len(request.X) <= self.max_rows
            if request is first or fits:
                batch.append(request)
                n_rows += len(request.X)
            else:
                left.append(request)
        self._waiting = left
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


class _Request:
    """Rows whose answers somebody waits for."""

    def __init__(self, X):
        self.X = X
        self.kind = (tuple(X.columns), tuple(X.dtypes))
        self.done = threading.Event()
        self.answers = self.error = None

    def succeed(self, answers):
        """Hand the answers to who waits."""
        self.answers = answers
        self.done.set()

    def fail(self, error):
        """Hand an error to who waits."""
        self.error = error
        self.done.set()


def _after_fork():
    for batcher in list(_ALIVE):
        batcher._start_afresh()


os.register_at_fork(after_in_child=_after_fork)
