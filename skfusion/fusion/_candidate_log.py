"""CandidateLog: how long each candidate took, and why others were left out."""

import time
import warnings
from contextlib import contextmanager

import numpy as np
import pandas as pd

from skfusion._utils.messages import caller_stacklevel

USED, UNUSED, SKIPPED, FAILED = "used", "not used", "no time", "failed"


class CandidateLog:
    """Measure the time of candidates, and note which are left out.

    A candidate is an embedder or a model, by its name.

    Parameters
    ----------
    skipped : collection of str, default=()
        The candidates that are not started.

    deadline : float, default=inf
        The time, on `time.perf_counter`, after which no candidate is started.

    Attributes
    ----------
    seconds : dict of str to float
        The time of each candidate that was started.

    left_out : dict of str to tuple (status, reason)
        The candidates that were not started or that failed.

    Examples
    --------
    >>> from skfusion.fusion._candidate_log import CandidateLog
    >>> log = CandidateLog(skipped=["forest"])
    >>> log.may_start("linear"), log.may_start("forest")
    (True, False)
    """

    def __init__(self, skipped=(), deadline=np.inf):
        self.skipped = frozenset(skipped)
        self.deadline = deadline
        self.seconds = {}
        self.left_out = {}

    def may_start(self, name, is_needed=False):
        """Return whether a candidate may start; one that is needed always may."""
        if is_needed or (name not in self.skipped and time.perf_counter() < self.deadline):
            return True
        self.left_out[name] = (SKIPPED, "max_time")
        return False

    @contextmanager
    def timing(self, name):
        """Add the time of a block to a candidate."""
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def note_failure(self, name, error):
        """Note that a candidate raised an error."""
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        self.left_out[name] = (FAILED, reason)

    def note_unused(self, reasons):
        """Note candidates that predictions don't need, with the reason of each."""
        self.left_out |= {name: (UNUSED, reason) for name, reason in reasons.items()}


def make_report(logs, used, with_seconds):
    """Return a table of candidates: their status, the reason, and their seconds in all folds.

    Parameters
    ----------
    logs : list of CandidateLog
        The logs of all fits.

    used : collection of str
        The candidates of which predictions are made.

    with_seconds : bool
        Whether to add the time, which differs from one run to the next.
    """
    names = list(dict.fromkeys(name for log in logs for name in [*log.seconds, *log.left_out]))
    # What stopped a candidate first counts.
    left_out = {name: note for log in reversed(logs) for name, note in log.left_out.items()}
    lines = {}
    for name in names:
        seconds = sum(log.seconds.get(name, 0.0) for log in logs)
        lines[name] = (*_find_status(name, used, left_out), seconds)
    frame = pd.DataFrame.from_dict(lines, orient="index", columns=["status", "reason", "seconds"])
    frame = frame.rename_axis("candidate")
    return frame if with_seconds else frame.drop(columns="seconds")


def _find_status(name, used, left_out):
    """Return the status of a candidate, and the reason."""
    if name in left_out:
        return left_out[name]
    if name in used:
        return USED, ""
    for embedder, note in left_out.items():
        of_embedder = name.startswith(f"{embedder}, ") or f" + {embedder}, " in name
        if note[0] == SKIPPED and of_embedder:  # its models are not built in later folds
            return note
    return UNUSED, "not built in every fit, because the number of columns differs"


def warn_of_failures(report):
    """Warn of the models of a report that failed."""
    failed = report[report["status"] == FAILED]
    if len(failed):
        warnings.warn(
            f"Models in estimators failed and were left out: {failed['reason'].to_dict()}. Remove "
            "them, or use them within their limits.",
            UserWarning,
            stacklevel=caller_stacklevel(),
        )
