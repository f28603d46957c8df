"""ImageReport: what was found about the images of a table, to be printed or looked into."""

from typing import Any

import pandas as pd

from skfusion._utils.atomic_write import write_atomically
from skfusion._utils.typing import PathLike

_SHOWN = 10  # reasons why files are broken, sets of duplicates
_EACH_SHOWN = 3  # files that are broken for the same reason, sizes
_KINDS_SHOWN = 6  # formats, modes


class ImageReport:
    """What `check_images` found.

    Parameters
    ----------
    rows : DataFrame
        One line an image.

    decode : bool, default=True
        Whether images were decoded.

    root : str, PathLike or None, default=None
        Where relative paths start from.

    Attributes
    ----------
    rows : DataFrame
        One line for each row and column, several where a cell is a list. ``row`` counts from 0;
        ``status`` is "ok", "missing" or "broken", and ``reason`` says why it is broken. ``height``,
        ``width`` and ``channels`` are those that the reader gives; ``format``, ``mode`` and
        ``frames`` those of the file. ``content`` and ``pixels`` are digests: equal where bytes,
        or pixels, are equal. ``blank`` images have one color only.

    See Also
    --------
    check_images : Makes it.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion import check_images
    >>> report = check_images([np.eye(4), np.eye(6), "nowhere.png"])
    >>> print(report)
    Column 'image': 3 rows
      ok          2
      broken      1
      sizes       4 x 4 (1), 6 x 6 (1) - height x width
      formats     array (2)
      modes       float64 (2)
    <BLANKLINE>
    Broken
      row 2  nowhere.png: no such file
    <BLANKLINE>
    What to do
      - Mend what is broken, or pass corrupt="missing" and missing="nan" to a transformer.
      - Sizes differ: pass image_size=(height, width) to bring all images to one.
    """

    def __init__(
        self, rows: pd.DataFrame, *, decode: bool = True, root: PathLike | None = None
    ) -> None:
        self.rows = rows
        self.decode = decode
        self.root = root

    def __repr__(self):
        return (
            f"<ImageReport: {self.n_ok} ok, {self.n_missing} missing, {self.n_broken} broken; "
            "print it for more>"
        )

    @property
    def n_ok(self) -> int:
        """int : How many images can be read."""
        return int((self.rows["status"] == "ok").sum())

    @property
    def n_missing(self) -> int:
        """int : How many cells hold no image."""
        return int((self.rows["status"] == "missing").sum())

    @property
    def n_broken(self) -> int:
        """int : How many images can't be read."""
        return int((self.rows["status"] == "broken").sum())

    @property
    def broken(self) -> pd.DataFrame:
        """DataFrame : The rows whose image can't be read."""
        return self.rows[self.rows["status"] == "broken"]

    @property
    def sizes(self) -> "pd.Series[Any]":
        """Series : How many images have which (height, width), the most frequent first."""
        ok = self.rows[self.rows["status"] == "ok"]
        return ok[["height", "width"]].value_counts()

    @property
    def modes(self) -> "pd.Series[Any]":
        """Series : How many images have which mode, the most frequent first."""
        return self.rows.loc[self.rows["status"] == "ok", "mode"].value_counts()

    @property
    def duplicates(self) -> list[list[int]]:
        """list of list of int : Lines of `rows` that show the same image."""
        key = "pixels" if self.decode else "content"
        groups = self.rows[self.rows["status"] == "ok"].groupby(key, sort=False).indices
        lines = self.rows.index[self.rows["status"] == "ok"]
        return [lines[places].tolist() for places in groups.values() if len(places) > 1]

    def to_csv(self, path: PathLike) -> None:
        """Write `rows` to a file, which is there as a whole or not at all.

        Parameters
        ----------
        path : str or PathLike
            Where to write; what is there is replaced.
        """
        write_atomically(path, lambda unfinished: self.rows.to_csv(unfinished, index=False))

    def __str__(self):
        names = self.rows["column"].unique()
        parts = [self._column(name) for name in names] or [["No rows"]]
        parts += [self._listed_broken(), self._listed_duplicates(), self._advice()]
        return "\n\n".join("\n".join(lines) for lines in parts if lines)

    def _column(self, name):
        rows = self.rows[self.rows["column"] == name]
        ok = rows[rows["status"] == "ok"]
        several = f", {len(rows)} images" if rows["row"].nunique() != len(rows) else ""
        lines = [f"Column {name!r}: {rows['row'].nunique()} rows{several}"]
        for status in ("ok", "missing", "broken"):
            count = int((rows["status"] == status).sum())
            if count or status == "ok":
                lines.append(_line(status, count))
        if len(ok):
            lines.append(_line("sizes", f"{_sizes(ok)} - height x width"))
            lines += [_line(f"{key}s", _counted(ok[key])) for key in ("format", "mode")]
        frames = int((ok["frames"] > 1).sum())
        if frames:
            lines.append(_line("frames", f"{frames} have several"))
        if ok["bytes"].notna().any():
            lines.append(_line("bytes", _in_units(int(ok["bytes"].sum()))))
        blank = int(ok["blank"].sum())
        if blank:
            lines.append(_line("blank", f"{blank} of one color"))
        return lines

    def _listed_broken(self):
        broken = self.broken
        if not len(broken):
            return []
        lines = ["Broken"]
        reasons = broken["reason"].value_counts()
        for reason, count in reasons.head(_SHOWN).items():
            alike = broken[broken["reason"] == reason]
            if count == 1:
                lines.append(f"  {self._named(alike.iloc[0])}: {reason}")
                continue
            lines.append(f"  {count} images: {reason}")
            lines += [f"    {self._named(one)}" for _, one in alike.head(_EACH_SHOWN).iterrows()]
            lines += _more(count, _EACH_SHOWN, "    ")
        return lines + _more(len(reasons), _SHOWN, "  ", " reasons")

    def _listed_duplicates(self):
        groups = self.duplicates
        if not groups:
            return []
        what = "pixels" if self.decode else "bytes"
        total = sum(map(len, groups))
        sets = "1 set" if len(groups) == 1 else f"{len(groups)} sets"
        lines = [f"Duplicates: {total} images share their {what}, in {sets}"]
        for group in groups[:_SHOWN]:
            rows = self.rows.loc[group]
            places = [self._row(one) for _, one in rows.head(_EACH_SHOWN).iterrows()]
            sources = [_printable(source) for source in rows["source"].unique()]
            lines.append(f"  {_some(places, len(rows))}  {_some(sources)}")
        return lines + _more(len(groups), _SHOWN, "  ")

    def _named(self, one):
        return f"{self._row(one)}  {_printable(one['source'])}"

    def _row(self, one):
        several = self.rows["column"].nunique() > 1
        return f"row {one['row']}" + (f" of {one['column']!r}" if several else "")

    def _advice(self):
        advice = []
        if self.n_broken and (self.broken["reason"] == "no such file").all() and not self.n_ok:
            start = "the working directory" if self.root is None else self.root
            advice.append(f"Relative paths start from {start}: pass another root.")
        elif self.n_broken:
            advice.append(
                'Mend what is broken, or pass corrupt="missing" and missing="nan" to a transformer.'
            )
        elif self.n_missing:
            advice.append('Pass missing="nan" or missing="zero" to a transformer.')
        ok = self.rows[self.rows["status"] == "ok"]
        if (ok.groupby("column")[["height", "width"]].nunique() > 1).any(axis=None):
            advice.append(
                "Sizes differ: pass image_size=(height, width) to bring all images to one."
            )
        if self.duplicates:
            advice.append("Rows with the same image belong in one fold: see GroupKFold.")
        return ["What to do", *(f"  - {one}" for one in advice)] if advice else []


def _line(name, value):
    return f"  {name:<10}  {value}"


def _sizes(rows):
    counts = rows[["height", "width"]].value_counts()
    shown = ", ".join(
        f"{height} x {width} ({count})"
        for (height, width), count in counts.head(_EACH_SHOWN).items()
    )
    if len(counts) == 1:
        return "{} x {}".format(*counts.index[0])
    if len(counts) <= _EACH_SHOWN:
        return shown
    height, width = rows["height"], rows["width"]
    return (
        f"{len(counts)} from {height.min()} x {width.min()} to {height.max()} x {width.max()}, "
        f"most often {shown}"
    )


def _counted(values):
    counts = values.value_counts()
    shown = [f"{value} ({count})" for value, count in counts.head(_KINDS_SHOWN).items()]
    others = len(counts) - len(shown)
    return ", ".join(shown) + (f" and {others} others" if others else "")


def _in_units(n_bytes):
    for unit in ("bytes", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} GB"


def _printable(text):
    """File names may hold anything, also what moves the cursor."""
    return text if text.isprintable() else repr(text)


def _some(texts, count=None):
    """The first few, and a sign that there are more."""
    count = len(texts) if count is None else count
    shown = list(texts[:_EACH_SHOWN])
    return ", ".join(shown) + (", ..." if count > len(shown) else "")


def _more(count, shown, indent, unit=""):
    return [f"{indent}and {count - shown} more{unit}"] if count > shown else []
