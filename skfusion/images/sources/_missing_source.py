"""MissingSource: cells without an image."""

from skfusion.images.sources._unknown_source import UnknownSource


class MissingSource(UnknownSource):
    """None, NaN, NaT, pandas.NA, the empty string, and dicts of these."""

    is_missing = True

    @classmethod
    def accepts(cls, cell):
        """Return whether a cell of no other kind is a missing image."""
        if cell is None or (isinstance(cell, str) and not cell):
            return True
        if type(cell).__name__ == "NAType":  # pandas.NA, without importing pandas to ask
            return True
        try:
            return bool(cell != cell)  # NaN and NaT differ from themselves
        except (TypeError, ValueError, ArithmeticError):
            return False
