"""AuditImages: the images of a table as they were read once, and the facts of each row."""

import os
import re

import numpy as np
import pandas as pd

from skfusion.images._files import locate
from skfusion.images.formats._acquisition import find_acquisition
from skfusion.images.sources._find_source import find_source, is_missing
from skfusion.reports._distinct_cells import list_entries, map_distinct, source_text
from skfusion.reports._image_facts import read_with_facts
from skfusion.reports.audit.duplicates._thumbnails import Thumbnails

_MEASURED = ("format", "mode", "height", "width", "channels", "frames", "bytes")
# Words of names: with their numbers, and without.
_WORDS = (re.compile(r"[^\W_]{2,}"), re.compile(r"[^\W\d_]{2,}"))
MISSING = "missing image"
# Tokens of names are facts where at least this many rows, and at least this share, have them.
_FEWEST, _SHARE = 5, 0.02


class AuditImages:
    """The images of a table, read once.

    Parameters
    ----------
    rows : AuditRows
        The rows.

    reader : ImageReader
        Reads the cells.

    verbose : int
        1 shows a progress bar.

    Attributes
    ----------
    entries : DataFrame
        A line per image, with `row`, `column`, `source`, the facts of `check_images`, those of
        the acquisition, and the `place` of its thumbnail, -1 where there is none.

    thumbnails : Thumbnails
        Small copies of the distinct images.
    """

    def __init__(self, rows, reader, verbose=0):
        listed = [
            entry
            for name in rows.image_columns
            for entry in list_entries(name, list(rows.table[name]))
        ]
        cells = [cell for *_, cell in listed]
        self.thumbnails = Thumbnails(len(cells))

        def look(number, cell):
            return self._look(reader, number, cell)

        found = map_distinct(look, cells, verbose, "read")
        self.n_rows, self.image_columns = len(rows.table), rows.image_columns
        self.entries = pd.DataFrame(
            {
                "row": [row for _, row, _ in listed],
                "column": [name for name, *_ in listed],
                "source": [None if is_missing(c) else source_text(c) for c in cells],
                "path": [_path_of(cell) for cell in cells],
                "missing": [one is None for one in found],
            }
        )
        facts = pd.DataFrame([{} if one is None else one for one in found])
        facts.index = self.entries.index
        self.entries = pd.concat([self.entries, facts.dropna(axis=1, how="all")], axis=1)
        for name in ("reason", "content", "pixels", "blank", "number"):
            if name not in self.entries:
                self.entries[name] = None
        seen = self.entries.dropna(subset="pixels").drop_duplicates("pixels")
        self.thumbnails.keep(seen["number"].astype(int).to_numpy())
        places = {key: place for place, key in enumerate(seen["pixels"])}
        self.entries["place"] = [places.get(key, -1) for key in self.entries["pixels"]]

    def _look(self, reader, number, cell):
        """Return the facts of an image, and keep small copies of it."""
        facts, pixels, source = read_with_facts(reader, cell)
        if pixels is not None:
            self.thumbnails.set(number, pixels)
            facts |= find_acquisition(_file_of(source, reader), facts["format"])
        return facts | {"number": number}

    def of_column(self, name):
        """Return the first image of each row in a column, by row."""
        some = self.entries[self.entries["column"] == name]
        return some.drop_duplicates("row").set_index("row").reindex(range(self.n_rows))

    def lacks_image(self):
        """Return which rows lack an image in any column."""
        lacking = [self.of_column(name)["missing"].to_numpy(bool) for name in self.image_columns]
        return np.any(lacking, axis=0)

    def facts(self):
        """Return what is known of each row that is no pixel.

        Returns
        -------
        facts : DataFrame of shape (n_rows, n_facts)
            A column for each fact.

        absent : dict of str to ndarray of bool of shape (n_rows,)
            The rows without an image, for each fact of an image.
        """
        found, absent = {}, {}
        for name in self.image_columns:
            images = self.of_column(name)
            missing = images["missing"].to_numpy(bool)
            label = f"{name}: " if len(self.image_columns) > 1 else ""
            found[f"{label}{MISSING}"] = images["missing"].astype(float)
            for fact, values in _facts_of(images).items():
                found[f"{label}{fact}"] = values
                absent[f"{label}{fact}"] = missing
        return pd.DataFrame(found, index=range(self.n_rows)), absent


def _file_of(source, reader):
    path = None if isinstance(source, bytes) else find_source(source).path
    return source if path is None else locate(path, getattr(reader, "root", None))


def _path_of(cell):
    if is_missing(cell):
        return None
    source = find_source(cell)
    name = source.path if source.url is None else source.url
    return None if name is None else os.fsdecode(name).replace("\\", "/")


def _facts_of(images):
    """Return the facts of one image a row."""
    found = {}
    others = [name for name in images.columns if name.startswith(("EXIF", "DICOM"))]
    others += ["compression", "dpi", "color profile"]
    for name in (*_MEASURED, *others):
        if name in images and not name.endswith(("PatientID", "StudyInstanceUID", "DateTime")):
            found[name] = images[name]
    if {"height", "width"} <= set(images):
        height, width = (images[name].astype(float) for name in ("height", "width"))
        found["aspect"] = width / height
        found["pixels"] = height * width
        if "bytes" in images:
            found["bytes per pixel"] = images["bytes"].astype(float) / (height * width)
    paths = images["path"].dropna()
    if len(paths):
        found["folder"] = images["path"].map(os.path.dirname, na_action="ignore")
        found["extension"] = images["path"].map(
            lambda path: os.path.splitext(path)[1], na_action="ignore"
        )
        found |= _tokens(images["path"])
    return found


def _tokens(paths):
    """Return for each frequent word of the file names which rows have it."""
    words = paths.map(_words, na_action="ignore")
    held = words.dropna()
    counts = pd.Series([word for some in held for word in some], dtype=object).value_counts()
    least = max(_FEWEST, _SHARE * len(paths))
    frequent = counts[(counts >= least) & (counts <= len(held) - least)].index[:50]
    return {
        f"name has {word!r}": words.map(lambda some, word=word: float(word in some), "ignore")
        for word in frequent
    }


def _words(path):
    stem = os.path.splitext(os.path.basename(path))[0].lower()
    return {word for pattern in _WORDS for word in pattern.findall(stem)}
