"""VerifiedDigests: the digests of some images, kept true while the images are read."""

import os
from collections.abc import Sequence
from typing import Any


class VerifiedDigests:
    """The digest of each of some images; None for an image that has none.

    A file may change between two looks at it, and the features of the new content must not be
    stored under the digest of the old.

    Parameters
    ----------
    store : FeatureStore
        Remembers the digests of files.

    cells : list
        The images.

    where : dict
        Where files are found and how large an image may be, as `digests` wants to know it:
        `root`, `strict_root` and `max_pixels`.

    Attributes
    ----------
    values : list of (bytes or None)
        The digests, in the order of the cells.
    """

    def __init__(self, store, cells, where):
        self._digests = store.digests
        self._where = where
        self.values = self._digests.of_many(cells, **self._where)

    @property
    def keys(self):
        """What the features of each image are stored under."""
        return self.values

    def content(self, place, cell):
        """What to decode: of a file, the very bytes that its digest is of."""
        if not isinstance(cell, (str, os.PathLike)):
            return cell
        try:
            content, self.values[place] = self._digests.load(cell, **self._where)
        except ValueError:
            self.values[place] = None
            return cell  # the reader says what is wrong with it
        return content

    def confirm(self, place, cell):
        """Forget the digest of a file that was read in place and changed meanwhile."""
        if not isinstance(cell, (str, os.PathLike)) or self.values[place] is None:
            return
        try:
            now = self._digests.of(cell, **self._where)
        except ValueError:
            now = None
        if now != self.values[place]:
            self.values[place] = None


class DigestsAt(Sequence[Any]):
    """The digests at some places, looked up when they are needed: they change with the files.

    Parameters
    ----------
    digests : list of (bytes or None)
        All digests.

    places : sequence of int
        Which of them.
    """

    def __init__(self, digests, places):
        self._digests = digests
        self._places = places

    def __len__(self):
        return len(self._places)

    def __getitem__(self, number):
        return self._digests[self._places[number]]
