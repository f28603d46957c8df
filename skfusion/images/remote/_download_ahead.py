"""DownloadAhead: downloads that run while earlier images are decoded."""

import threading
from concurrent.futures import ThreadPoolExecutor

from skfusion._utils.prefetch import REMOTE_THREADS
from skfusion.images.remote._held_url import HELD_BYTES, HeldUrl

# So many images are downloaded before they are decoded: twice as many as at once, so that no
# thread waits for the decoder.
_WINDOW = 2 * REMOTE_THREADS


class DownloadAhead:
    """Download the URLs among some cells shortly before they are decoded.

    Threads of their own do it: waiting for a server takes no processor, so many more images can be
    on the way than are decoded at once.

    Parameters
    ----------
    groups : list of list
        What is decoded together, in order: HeldUrl, and None for other cells.

    access : RemoteAccess or None
        What is allowed; None downloads nothing.
    """

    def __init__(self, groups, access):
        self._groups = [[u if isinstance(u, HeldUrl) else None for u in group] for group in groups]
        self._access = access
        self._next, self._lock, self._pool = 0, threading.Lock(), None
        if access is not None and any(u is not None for group in self._groups for u in group):
            n_threads = min(REMOTE_THREADS, len(groups))
            self._pool = ThreadPoolExecutor(n_threads, thread_name_prefix="skfusion-download")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def reach(self, position):
        """Start what is needed for the group at a position and those that follow it."""
        if self._pool is None:
            return
        with self._lock:
            waiting = self._groups[position : self._next]
            n_bytes = sum(url.n_bytes for group in waiting for url in group if url is not None)
            # Large files are downloaded when they are decoded, so that memory stays bounded.
            room = _WINDOW if n_bytes < HELD_BYTES else 0
            end = min(position + room, len(self._groups))
            started, self._next = self._groups[self._next : end], max(self._next, end)
        for group in started:
            for url in group:
                if url is not None:
                    url.start(self._pool, self._access)

    def release(self, position):
        """Forget the content of a group that was decoded."""
        for url in self._groups[position] if self._groups else ():
            if url is not None:
                url.release()
