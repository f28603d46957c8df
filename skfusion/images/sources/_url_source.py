"""UrlSource: files on web servers and in object stores."""

from contextlib import contextmanager

from skfusion._utils.urls import redact, scheme_of
from skfusion.images._hashing import content_digest
from skfusion.images.formats._extensions import may_end_like_open_range
from skfusion.images.formats._open_encoded import open_content
from skfusion.images.remote._held_url import download_cell
from skfusion.images.remote._remote_access import refusal
from skfusion.images.sources._cell_source import CellSource


class UrlSource(CellSource):
    """A URL. It is downloaded only if the reader allows it."""

    @classmethod
    def accepts(cls, cell):
        """Return whether a cell is text that begins like a URL."""
        return scheme_of(cell) is not None

    @contextmanager
    def open(self, options):
        """Download the file and open it."""
        content = self._download(options)
        if not content:
            raise ValueError("no bytes")
        with open_content(content, options, self.describe()) as image:
            yield image

    def key(self):
        """Return the URL."""
        return str(self.cell)

    def digest(self, options):
        """Return the digest of the content, that of a file with these bytes."""
        return content_digest("bytes", self._download(options))

    def describe(self):
        """Return the URL without credentials."""
        return redact(self.cell)

    @property
    def url(self):
        """str : The URL."""
        return self.cell

    def looks_like_image(self):
        """Return False: without leave to read it, it is no image."""
        return False

    def may_have_open_range(self):
        """Return whether the path ends as that of such a format, or does not show the format."""
        return may_end_like_open_range(self.describe().removesuffix("?..."))

    def _download(self, options):
        if options.remote is None:
            raise refusal(scheme_of(self.cell))
        return download_cell(self.cell, options.remote).content
