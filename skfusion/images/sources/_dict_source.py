"""DictSource: dicts of bytes and path, as Hugging Face's datasets have them."""

from skfusion._utils.urls import redact, scheme_of
from skfusion.images.sources._bytes_source import BytesSource
from skfusion.images.sources._cell_source import CellSource
from skfusion.images.sources._missing_source import MissingSource
from skfusion.images.sources._path_source import PathSource
from skfusion.images.sources._unknown_source import UnknownSource
from skfusion.images.sources._url_source import UrlSource

_KEYS = {"bytes", "path"}


class DictSource(CellSource):
    """A dict of `bytes`, an encoded file, and `path`, its name; one of them may be None.

    The bytes are read where there are some; then the path is only the name of the image.
    """

    @classmethod
    def accepts(cls, cell):
        """Return whether a cell is a dict of these keys alone."""
        return isinstance(cell, dict) and bool(cell) and set(cell) <= _KEYS

    def __init__(self, cell):
        super().__init__(cell)
        self._content = self._find_content()

    def open(self, options):
        """Open the bytes, or the file."""
        return self._content.open(options)

    def key(self):
        """Return the bytes, or the path."""
        return self._content.key()

    def digest(self, options):
        """Return the digest of the bytes, or of the file's content."""
        return self._content.digest(options)

    def describe(self):
        """Return the path, and of bytes their length."""
        name, content = self.cell.get("path"), self._content.describe()
        holds_bytes = isinstance(self._content, BytesSource)
        if not holds_bytes or not isinstance(name, str) or not name:
            return content
        return f"{name if scheme_of(name) is None else redact(name)}, {content}"

    @property
    def is_missing(self):
        """bool : Whether the dict has neither bytes nor a path."""
        return self._content.is_missing

    @property
    def path(self):
        """str, PathLike or None : The path, where there are no bytes."""
        return self._content.path

    @property
    def url(self):
        """str or None : The URL, where there are no bytes."""
        return self._content.url

    def content(self):
        """Return the bytes; None where there are none."""
        return self._content.content()

    def looks_like_image(self):
        """Return whether the bytes, or the path, look like an image."""
        return self._content.looks_like_image()

    def may_have_open_range(self):
        """Return whether the bytes, or the path, may leave the range open."""
        return self._content.may_have_open_range()

    def _kind_of_path(self):
        return UrlSource if UrlSource.accepts(self.cell.get("path")) else PathSource

    def _find_content(self):
        for name, kind in (("bytes", BytesSource), ("path", self._kind_of_path())):
            value = self.cell.get(name)
            if not MissingSource.accepts(value):
                return kind(value) if kind.accepts(value) else UnknownSource(value)
        return MissingSource(None)
