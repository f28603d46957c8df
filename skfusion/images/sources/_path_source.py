"""PathSource: paths of files."""

import os
from contextlib import contextmanager

from skfusion.images._files import files_of, locate
from skfusion.images._hashing import combine_digests, digest_file
from skfusion.images.formats._extensions import ends_like_image, may_end_like_open_range
from skfusion.images.formats._open_encoded import open_path
from skfusion.images.sources._cell_source import CellSource
from skfusion.images.sources._inline_text import DATA_URI, inline_kind


class PathSource(CellSource):
    """A str or PathLike that names a file."""

    @classmethod
    def accepts(cls, cell):
        """Return whether a cell is a path; the empty string is a missing image."""
        return isinstance(cell, os.PathLike) or (isinstance(cell, str) and bool(cell))

    @contextmanager
    def open(self, options):
        """Open the file."""
        self._refuse_inline()
        path = locate(self.cell, options.root, options.strict_root)
        with open_path(path, options, self.describe()) as image:
            yield image

    def key(self):
        """Return the path as text."""
        return os.fsdecode(self.cell)

    def digest(self, options):
        """Return the digest of the files' content."""
        self._refuse_inline()
        path = locate(self.cell, options.root, options.strict_root)
        return combine_digests([digest_file(file)[0] for file in files_of(path)])

    def describe(self):
        """Return the path; of encoded content, its kind and length."""
        kind = inline_kind(self.cell)
        if kind is not None:
            return f"{kind} of {len(self.cell)} characters"
        return os.fsdecode(self.cell)

    @property
    def path(self):
        """str or PathLike : The path."""
        return self.cell

    def looks_like_image(self):
        """Return whether the name ends as that of an image."""
        if not isinstance(self.cell, str):
            return True
        if inline_kind(self.cell) is not None:
            return True  # which an error explains when it is read
        return ends_like_image(self.cell)

    def may_have_open_range(self):
        """Return whether the name ends as that of such a format, or does not show the format."""
        return may_end_like_open_range(os.fsdecode(self.cell))

    def _refuse_inline(self):
        kind = inline_kind(self.cell)
        if kind is not None:
            encoded = "cell.split(',', 1)[1]" if kind == DATA_URI else "cell"
            raise ValueError(f"{kind} is no path: pass its bytes, base64.b64decode({encoded})")
