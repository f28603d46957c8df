"""FileSource: files that the user opened."""

import io
from contextlib import contextmanager

from skfusion.images._hashing import stream_digest
from skfusion.images.formats._open_encoded import is_readable, open_stream
from skfusion.images.formats._pillow_opening import guard_of
from skfusion.images.formats._signature import HEAD_LENGTH, may_begin_open_range
from skfusion.images.sources._cell_source import CellSource


class FileSource(CellSource):
    """A binary file object that can be searched, such as an open file or BytesIO.

    It is read from its start, whatever its position; the position is restored, and the file is
    not closed.
    """

    @classmethod
    def accepts(cls, cell):
        """Return whether a cell is a file object."""
        return all(callable(getattr(cell, name, None)) for name in ("read", "seek", "tell"))

    @contextmanager
    def open(self, options):
        """Read the file from its start."""
        with self._from_start() as file, open_stream(file, options, self.describe()) as image:
            yield image

    def key(self):
        """Return the identity of the object."""
        return id(self.cell)

    def digest(self, options):
        """Return the digest of the whole content."""
        with self._from_start() as file:
            return stream_digest(file)

    def describe(self):
        """Return the name of the file, or the type of the object."""
        name = getattr(self.cell, "name", None)
        kind = f"{type(self.cell).__name__} object"
        return f"{kind} of {name}" if isinstance(name, str) and name else kind

    def content(self):
        """Return the whole content."""
        with self._from_start() as file:
            return file.read()

    def looks_like_image(self):
        """Return whether the header is that of an image."""
        try:
            with self._from_start() as file:
                return is_readable(file)
        except ValueError:
            return False

    def may_have_open_range(self):
        """Return whether the first bytes are those of such a format."""
        try:
            with self._from_start() as file:
                return may_begin_open_range(file.read(HEAD_LENGTH))
        except ValueError:
            return False

    @contextmanager
    def _from_start(self):
        """Go to the start of the file, and back in the end; one thread at a time."""
        file = self.cell
        with guard_of(file):
            try:
                position = file.tell()
                file.seek(0)
                kind = type(file.read(0)).__name__
                if kind != "bytes":
                    raise ValueError(f"its read() gives {kind}; open the file in binary mode, 'rb'")
            except (OSError, io.UnsupportedOperation) as error:
                raise ValueError(f"the file can't be read from its start: {error}") from error
            try:
                with io.BufferedReader(_BorrowedFile(file)) as borrowed:
                    yield borrowed
            finally:
                if not getattr(file, "closed", False):
                    file.seek(position)


class _BorrowedFile(io.RawIOBase):
    """A file that stays open when the libraries that read it close it."""

    def __init__(self, file):
        self._file = file

    def readable(self):
        return True

    def seekable(self):
        return True

    def readinto(self, buffer):
        content = self._file.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset, whence=io.SEEK_SET):
        return self._file.seek(offset, whence)

    def tell(self):
        return self._file.tell()
