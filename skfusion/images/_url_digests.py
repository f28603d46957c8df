"""UrlDigests: the digests of files on servers."""

import threading

from skfusion._utils.prefetch import REMOTE_THREADS, map_ahead
from skfusion.images._hashing import content_digest
from skfusion.images.remote._addresses import memo_name
from skfusion.images.remote._held_url import download_cell, state_of_cell

_PER_WRITE = 256


class UrlDigests:
    """Compute the digests of files on servers, and remember them by URL, size and ETag.

    Parameters
    ----------
    memo : PathMemo or None
        Remembers digests.
    """

    def __init__(self, memo):
        self._memo, self._lock, self._unwritten = memo, threading.Lock(), []

    def of_many(self, urls, access, defer=False):
        """Return the digests of some URLs.

        Parameters
        ----------
        urls : list of str
            The URLs.

        access : RemoteAccess or None
            What is allowed.

        defer : bool, default=False
            Whether to leave out a file that the memo does not have, although it could: then a
            caller who reads it anyway downloads it once.

        Returns
        -------
        digests : list of (bytes or None)
            None for a file that can't be read, or is left out.
        """
        if access is None:
            return [None] * len(urls)
        states, digests = self._find(urls, access)
        missing = [
            i
            for i, digest in enumerate(digests)
            if digest is None and not (defer and states[i] is not None)
        ]

        def read(i):
            try:
                return self.load(urls[i], access)[1]
            except ValueError:
                return None

        read_now = map_ahead(read, missing, REMOTE_THREADS)
        for i, digest in zip(missing, read_now, strict=True):
            digests[i] = digest
        self.flush()
        return digests

    def identities(self, urls, access):
        """Return what changes with the content: URL, size and ETag, or else a digest."""
        if access is None:
            return [None] * len(urls)
        states = self._states(urls, access)
        unknown = [i for i, state in enumerate(states) if state is None]
        read = dict(zip(unknown, self.of_many([urls[i] for i in unknown], access), strict=True))
        return [
            read[i]
            if state is None
            else content_digest("url", memo_name(url).encode(), repr(tuple(state)).encode())
            for i, (url, state) in enumerate(zip(urls, states, strict=True))
        ]

    def load(self, url, access):
        """Return content and digest of a URL; ValueError if it can't be read."""
        before = None if self._memo is None else self._memo.now_ns()
        found = download_cell(url, access)
        digest = content_digest("bytes", found.content)
        state = None if self._memo is None else _state_with(found, url, access)
        if state is not None:
            entry = memo_name(url), state.as_file_state(), before, digest
            with self._lock:
                self._unwritten.append(entry)
                full = len(self._unwritten) >= _PER_WRITE
            if full:
                self.flush()
        return found.content, digest

    def flush(self):
        """Write the digests that were computed to the memo."""
        with self._lock:
            entries, self._unwritten = self._unwritten, []
        if entries:
            self._memo.add(entries)

    def _find(self, urls, access):
        """Return the states of files, and the digests that the memo has."""
        if self._memo is None or not urls:
            return [None] * len(urls), [None] * len(urls)
        states = self._states(urls, access)
        known = [None if state is None else state.as_file_state() for state in states]
        return states, self._memo.find([memo_name(url) for url in urls], known)

    def _states(self, urls, access):
        return list(map_ahead(lambda url: state_of_cell(url, access), urls, REMOTE_THREADS))


def _state_with(found, url, access):
    """Return the state of a file with the content that was downloaded; None if not certain."""
    if found.state is not None:
        return found.state
    # It was downloaded before its state was asked for, to find its size.
    state = state_of_cell(url, access)
    return state if state is not None and state.is_of(found.content) else None
