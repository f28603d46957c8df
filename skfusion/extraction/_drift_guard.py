"""DriftGuard: a comparison of the images of `transform` with those of `fit`."""

import threading
import warnings
from contextlib import contextmanager

import numpy as np

from skfusion._utils.messages import caller_stacklevel
from skfusion._utils.plain_data import plain_data
from skfusion._utils.process_local import ProcessLocal
from skfusion.exceptions import ImageDriftWarning

# Fewer images than this do not show what is usual.
_FEWEST = 20
# Up to this share of odd images is chance; so is this rise of the share that is missing.
_MARGIN = 0.2
# Standard errors by which the share of missing images has to rise: folds of few rows vary.
_ERRORS = 3.5
_SIZE_FACTOR = 2


@plain_data
class DriftGuard:
    """Record what the images of one column are like in `fit`, and count those that differ later.

    Images come one by one, from threads that read them. What was learned is pickled; what was
    counted isn't, so that each process that loads a model counts, and warns, for itself.

    Parameters
    ----------
    name : str
        What the column is called in warnings.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.extraction._drift_guard import DriftGuard
    >>> guard = DriftGuard("photo")
    >>> for _ in range(20):
    ...     guard.learn(np.zeros((8, 8, 3), dtype="uint8"))
    >>> guard.compare(np.zeros((8, 8, 1), dtype="float32"))
    >>> guard.counts()
    {'images': 1, 'depth': 1, 'channels': 1, 'size': 0, 'rows': 0, 'missing': 0}
    """

    def __init__(self, name):
        self.name = name
        self.n_learned = 0
        self.dtypes, self.channels = set(), set()
        self.smallest, self.largest = None, None
        self.missing_share = 0.0
        self._start_counting()

    def _start_counting(self):
        self._counts = dict.fromkeys(("images", "depth", "channels", "size", "rows", "missing"), 0)
        self._warned = set()
        self._lock = ProcessLocal(threading.Lock)

    def learn(self, pixels):
        """Record an image that `fit` reads."""
        height, width, channels = pixels.shape
        with self._lock.get():
            self.n_learned += 1
            self.dtypes.add(pixels.dtype == "uint8")
            self.channels.add(channels)
            low, high = self.smallest or (height, width), self.largest or (height, width)
            self.smallest = min(low[0], height), min(low[1], width)
            self.largest = max(high[0], height), max(high[1], width)

    def learn_rows(self, missing):
        """Record which rows of `fit` have no image."""
        self.missing_share = float(missing.mean())

    def compare(self, pixels):
        """Count an image that `transform` reads."""
        if self.n_learned < _FEWEST:
            return
        height, width, channels = pixels.shape
        odd = {
            "depth": (pixels.dtype == "uint8") not in self.dtypes,
            "channels": channels not in self.channels,
            "size": height * _SIZE_FACTOR < self.smallest[0]
            or width * _SIZE_FACTOR < self.smallest[1]
            or height > self.largest[0] * _SIZE_FACTOR
            or width > self.largest[1] * _SIZE_FACTOR,
        }
        with self._lock.get():
            self._counts["images"] += 1
            for kind, is_odd in odd.items():
                self._counts[kind] += is_odd

    def compare_rows(self, missing):
        """Count the rows of `transform`, and those that have no image."""
        with self._lock.get():
            self._counts["rows"] += len(missing)
            self._counts["missing"] += int(missing.sum())

    def counts(self):
        """Return the number of images and rows compared since `fit` or loading, and unlike them.

        Returns
        -------
        counts : dict
            `images` that were read, and of these `depth`, `channels` and `size`: those that fit
            saw none like; `rows`, and of these `missing`: those without an image.
        """
        with self._lock.get():
            return dict(self._counts)

    @contextmanager
    def paused(self):
        """Return a context after which the counts and warnings are as they were before."""
        with self._lock.get():
            kept = dict(self._counts), set(self._warned)
        try:
            yield
        finally:
            with self._lock.get():
                self._counts, self._warned = kept

    def warn(self):
        """Warn once of each kind of difference that exceeds chance."""
        counts = self.counts()
        shares = {kind: _share(counts[kind], counts["images"]) for kind in _MESSAGES}
        found = [kind for kind, share in shares.items() if share > _MARGIN]
        if self._misses_more(counts["missing"], counts["rows"]):
            found.append("missing")
        with self._lock.get():
            new = [kind for kind in found if kind not in self._warned]
            self._warned.update(new)
        for kind in new:
            warnings.warn(
                f"{self._message(kind, counts)} Inspect them with skfusion.check_images; "
                "drift='ignore' turns this off.",
                ImageDriftWarning,
                stacklevel=caller_stacklevel(),
            )

    def _misses_more(self, missing, rows):
        """Return whether more rows lack an image than in `fit`, by margin and by chance."""
        if rows < _FEWEST:
            return False
        rise = missing / rows - self.missing_share
        learned = max(1, self.n_learned) / max(1 - self.missing_share, 0.01)  # rows of `fit`
        pooled = (missing + self.missing_share * learned) / (rows + learned)
        error = np.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / learned))
        return rise > _MARGIN and rise > _ERRORS * error

    def _message(self, kind, counts):
        if kind == "missing":
            return (
                f"{counts['missing']} of {counts['rows']} rows have no image in {self.name}; in "
                f"fit it was {self.missing_share:.0%}."
            )
        seen = {
            "depth": "8 bits" if True in self.dtypes else "more than 8 bits",
            "channels": f"{sorted(self.channels)[0]} channel(s)",
            "size": f"{_by(self.smallest)} to {_by(self.largest)} pixels",
        }[kind]
        share = f"{counts[kind]} of {counts['images']} images of {self.name}"
        return f"{share} {_MESSAGES[kind]}; fit saw {seen}."

    def __getstate__(self):
        state = vars(self).copy()
        for name in ("_counts", "_warned", "_lock"):
            del state[name]
        return state

    def __setstate__(self, state):
        vars(self).update(state)
        self._start_counting()


_MESSAGES = {
    "depth": "have another bit depth",
    "channels": "have another number of channels",
    "size": "are less than half or more than twice as large",
}


def _share(part, whole):
    return part / whole if whole else 0.0


def _by(size):
    return f"{size[0]} x {size[1]}"
