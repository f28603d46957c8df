"""PilSource: images opened or made with Pillow."""

from contextlib import contextmanager

from PIL import Image

from skfusion.images._hashing import content_digest
from skfusion.images.formats._pillow import PillowImage
from skfusion.images.formats._pillow_opening import check_size, guard_of
from skfusion.images.formats._reasons import READ_ERRORS
from skfusion.images.sources._cell_source import CellSource

_ORIENTATION = 0x0112  # EXIF's number of the tag


class PilSource(CellSource):
    """A PIL image, decoded or not."""

    @classmethod
    def accepts(cls, cell):
        """Return whether a cell is a PIL image."""
        return isinstance(cell, Image.Image)

    @contextmanager
    def open(self, options):
        """Use the image, which other threads may use as well."""
        if options.max_pixels is not None:
            check_size(self.cell, options.max_pixels)
        with guard_of(self.cell):
            self._refuse_closed()
            yield PillowImage(self.cell, options, is_shared=True)

    def key(self):
        """Return the identity of the object."""
        return id(self.cell)

    def digest(self, options):
        """Return a digest of all that the pixels depend on."""
        image = self.cell
        try:
            if options.max_pixels is not None:
                check_size(image, options.max_pixels)
            with guard_of(image):
                self._refuse_closed()
                image.load()  # some formats show more once they are decoded
                palette = image.palette
                about = (
                    image.mode,
                    image.size,
                    image.getexif().get(_ORIENTATION),
                    image.info.get("transparency"),
                    None if palette is None else palette.mode,
                    None if palette is None else image.getpalette(None),
                )
                pixels = image.tobytes()
        except READ_ERRORS as error:
            raise ValueError(str(error)) from error
        return content_digest("image", repr(about).encode(), pixels)

    def describe(self):
        """Return mode and size."""
        return f"PIL image of mode {self.cell.mode}, {self.cell.width} x {self.cell.height}"

    def may_have_open_range(self):
        """Return whether the mode has 32 bits, as integers or floats."""
        return self.cell.mode in ("I", "F")

    def _refuse_closed(self):
        """Refuse an image that was closed before its pixels were decoded."""
        file = getattr(self.cell, "fp", None)
        undecoded = getattr(self.cell, "tile", None)
        if undecoded and (file is None or getattr(file, "closed", False)):
            raise ValueError(
                "the PIL image was closed before it was decoded; call its load() first, or pass "
                "the path"
            )
