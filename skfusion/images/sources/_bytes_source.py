"""BytesSource: encoded files in memory."""

from contextlib import contextmanager

from skfusion.images._hashing import content_digest
from skfusion.images.formats._open_encoded import is_readable, open_content
from skfusion.images.formats._signature import may_begin_open_range
from skfusion.images.sources._cell_source import CellSource


class BytesSource(CellSource):
    """Bytes, a bytearray or a memoryview of an encoded file."""

    @classmethod
    def accepts(cls, cell):
        """Return whether a cell is bytes."""
        return isinstance(cell, (bytes, bytearray, memoryview))

    @contextmanager
    def open(self, options):
        """Open the content."""
        if not self._n_bytes():
            raise ValueError("no bytes")
        with open_content(bytes(self.cell), options, self.describe()) as image:
            yield image

    def key(self):
        """Return the content."""
        return bytes(self.cell)

    def digest(self, options):
        """Return the digest of the content."""
        return content_digest("bytes", bytes(self.cell))

    def describe(self):
        """Return the length."""
        return f"{self._n_bytes()} bytes"

    def content(self):
        """Return the bytes."""
        return bytes(self.cell)

    def looks_like_image(self):
        """Return whether the header is that of an image."""
        return is_readable(bytes(self.cell))

    def may_have_open_range(self):
        """Return whether the first bytes are those of such a format."""
        return may_begin_open_range(bytes(self.cell[:16]))

    def _n_bytes(self):
        return memoryview(self.cell).nbytes
