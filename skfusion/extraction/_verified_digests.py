"""VerifiedDigests: the digests of some images, verified while the images are read."""

from collections.abc import Sequence
from typing import Any

from skfusion.images._image_digests import ImageDigests
from skfusion.images.sources._find_source import find_source


class VerifiedDigests:
    """The digest of each of some images; None for an image that has none.

    A file may change between hashing and decoding. The features of the new content must not be
    cached under the digest of the old content.

    Parameters
    ----------
    store : FeatureStore
        Remembers the digests of files.

    cells : list
        The images.

    where : dict
        Where files are found and how large an image may be, as `ImageDigests` takes it:
        `root`, `strict_root`, `max_pixels` and `remote`.

    Attributes
    ----------
    values : list of (bytes or None)
        The digests, in the order of the cells.
    """

    def __init__(self, store, cells, where):
        self._digests = ImageDigests(store.path_memo)
        self._where = where
        self.values = self._digests.of_many(cells, **self._where, defer=True)

    @property
    def keys(self):
        """List of (bytes or None) : The keys of the features of each image."""
        return self.values

    def content(self, place, cell):
        """Return what to decode: for a file, the bytes that its digest was computed from."""
        source = find_source(cell)
        if source.path is None and source.url is None:
            return cell
        try:
            content, self.values[place] = self._digests.load(cell, **self._where)
        except ValueError:
            self.values[place] = None
            return cell  # the reader raises the error
        return content

    def flush(self):
        """Write what was learned of files on servers to the store."""
        self._digests.flush()

    def confirm(self, place, cell):
        """Forget the digest of a file that was read in place and changed meanwhile."""
        if find_source(cell).path is None or self.values[place] is None:
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
