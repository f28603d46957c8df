"""HeldUrl: a URL in a column, with its content for as long as the column needs it."""

import threading
from concurrent.futures import CancelledError

import numpy as np

from skfusion._utils.prefetch import REMOTE_THREADS
from skfusion._utils.urls import scheme_of
from skfusion.images.remote._download import download, find_state
from skfusion.images.remote._remote_state import Download

HELD_BYTES = 1 << 28


class ByteBudget:
    """The number of bytes that the downloads of a column may hold in memory.

    Downloads that were read ahead are held until they are decoded, beyond this number.

    Parameters
    ----------
    n_bytes : int, default=268435456
        The number.
    """

    def __init__(self, n_bytes=HELD_BYTES):
        self._left, self._lock = n_bytes, threading.Lock()

    def take(self, n_bytes):
        """Return whether so many bytes are left, and reserve them."""
        with self._lock:
            fits = n_bytes <= self._left
            self._left -= n_bytes * fits
            return fits

    def give_back(self, n_bytes):
        """Return bytes that are no longer held."""
        with self._lock:
            self._left += n_bytes


class HeldUrl(str):
    """A URL that is downloaded once, although several steps of one call read it.

    It lives as long as the column of one call, so that the next call finds what changed. In a
    pickle, and for all else, it is text.

    Parameters
    ----------
    url : str
        The URL.

    budget : ByteBudget
        Shared by the column.
    """

    __slots__ = ("_budget", "_failure", "_future", "_held", "_state")

    def __new__(cls, url, budget):
        """Make the text."""
        made = super().__new__(cls, url)
        made._budget, made._held, made._failure, made._future = budget, None, None, None
        made._state = ()  # not looked for yet
        return made

    def __reduce__(self):
        return str, (str(self),)

    @property
    def n_bytes(self):
        """int : The bytes that were downloaded ahead and wait to be decoded."""
        future = self._future
        if future is None or not future.done() or future.cancelled() or future.exception():
            return 0
        return len(future.result().content)

    def state(self, access):
        """Return the RemoteState; it is asked for once."""
        if self._state == ():
            self._state = None if self._failure else find_state(str(self), access)
        return self._state

    def download(self, access):
        """Return the Download: one that is held, or is under way, or a new one."""
        access.check(self)
        future = self._future
        if future is not None:
            try:
                return future.result()
            except CancelledError:
                pass
        if self._failure is not None:
            raise ValueError(self._failure)
        held = self._held
        if held is not None:
            return held
        found = self._download(access)
        if self._held is None and self._budget.take(len(found.content)):
            self._held = found
        return found

    def start(self, pool, access):
        """Start the download in a thread of a pool."""
        if self._held is None and self._failure is None:
            self._future = pool.submit(self._download, access)

    def release(self):
        """Forget the content, which was decoded."""
        held, self._held, self._future = self._held, None, None
        if isinstance(held, Download):
            self._budget.give_back(len(held.content))

    def _download(self, access):
        state = self._state or None
        try:
            return download(str(self), access, state)
        except ValueError as error:
            self._failure = str(error)  # tried again already
            raise


def hold(cells):
    """Return cells with a HeldUrl in place of each URL; the same list where there is none.

    Parameters
    ----------
    cells : list
        The cells of a column.
    """
    places = [i for i, cell in enumerate(cells) if _has_url(cell)]
    if not places:
        return cells
    cells, budget = list(cells), ByteBudget()
    for i in places:
        cell = cells[i]
        if isinstance(cell, dict):
            cells[i] = {**cell, "path": HeldUrl(cell["path"], budget)}
        else:
            cells[i] = HeldUrl(cell, budget)
    return cells


def threads_for(cells):
    """Return how many threads read cells: many where there are URLs, else None, the default."""
    if isinstance(cells, np.ndarray):
        return None
    return REMOTE_THREADS if any(scheme_of(_url_in(cell)) for cell in cells) else None


def _url_in(cell):
    if isinstance(cell, dict):
        return None if cell.get("bytes") is not None else cell.get("path")
    return cell


def _has_url(cell):
    cell = _url_in(cell)
    return not isinstance(cell, HeldUrl) and scheme_of(cell) is not None


def download_cell(url, access):
    """Return the Download of a URL, whether it is a HeldUrl or text."""
    return url.download(access) if isinstance(url, HeldUrl) else download(str(url), access)


def state_of_cell(url, access):
    """Return the RemoteState of a URL, whether it is a HeldUrl or text."""
    return url.state(access) if isinstance(url, HeldUrl) else find_state(str(url), access)
