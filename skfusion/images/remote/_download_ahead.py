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
        self._groups = [[url for url in group if isinstance(url, HeldUrl)] for group in groups]
        self._access, self._started, self._unused = access, set(), set()
        self._lock, self._pool = threading.Lock(), None
        if access is not None and any(self._groups):
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
            waiting = [url for place in self._unused for url in self._groups[place]]
            # Large files are downloaded when they are decoded, so that memory stays bounded.
            has_room = sum(url.n_bytes for url in waiting) < HELD_BYTES
            end = position + (_WINDOW if has_room else 1)
            for place in range(position, min(end, len(self._groups))):
                if place not in self._started:
                    self._started.add(place)
                    self._unused.add(place)
                    for url in self._groups[place]:
                        url.start(self._pool, self._access)

    def release(self, position):
        """Forget the content of a group that was decoded."""
        if self._pool is not None:
            with self._lock:
                self._unused.discard(position)
            for url in self._groups[position]:
                url.release()
