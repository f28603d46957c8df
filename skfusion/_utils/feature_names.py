"""Feature names with an index."""

from collections.abc import Sequence


class IndexedNames(Sequence[str]):
    """The names ``prefix_0000``, ``prefix_0001``, ..., made when they are read.

    A prediction of one row does not need its hundred thousand names. Indexes have at least four
    digits, so that names sort.

    Parameters
    ----------
    prefix : str
        What the names begin with.

    count : int
        The number of names.

    Examples
    --------
    >>> from skfusion._utils.feature_names import IndexedNames
    >>> list(IndexedNames("pixel", 2))
    ['pixel_0000', 'pixel_0001']
    """

    def __init__(self, prefix, count):
        self._prefix = prefix
        self._digits = max(4, len(str(count - 1)))
        self._range = range(count)

    def __len__(self):
        return len(self._range)

    def __getitem__(self, position):
        return f"{self._prefix}_{self._range[position]:0{self._digits}d}"
