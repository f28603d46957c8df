"""ImageReport: what was found about the images of a table, as data."""

import os
from typing import Any

import pandas as pd

from skfusion._utils.atomic_write import write_atomically
from skfusion._utils.typing import PathLike
from skfusion.images._files import expand_root
from skfusion.reports._image_report_html import render_html
from skfusion.reports._image_report_text import render_text


class ImageReport:
    """The result of `check_images`.

    ``print(report)`` shows it as text, and a notebook as tables.

    Parameters
    ----------
    rows : DataFrame
        One line an image.

    decode : bool, default=True
        Whether images were decoded.

    root : str, PathLike or None, default=None
        The folder that relative paths start from.

    Attributes
    ----------
    rows : DataFrame
        One line for each row and column, several where a cell is a list. ``row`` counts from 0;
        ``status`` is "ok", "missing" or "broken", and ``reason`` explains what is broken.
        ``height``, ``width`` and ``channels`` are those that the reader gives; ``format``,
        ``mode`` and ``frames`` those of the file. ``content`` and ``pixels`` are digests: equal
        where bytes, or pixels, are equal. ``blank`` images have one color only.

    See Also
    --------
    check_images : Read images and make the report.

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
      - Correct what is broken, or pass corrupt="missing" and missing="nan" to a transformer.
      - Sizes differ: pass image_size=(height, width) to bring all images to one.
    >>> report.reasons
    reason
    no such file    1
    Name: count, dtype: int64
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

    def __str__(self):
        return render_text(self)

    def _repr_html_(self) -> str:
        return render_html(self)

    @property
    def n_ok(self) -> int:
        """int : The number of images that can be read."""
        return int((self.rows["status"] == "ok").sum())

    @property
    def n_missing(self) -> int:
        """int : The number of cells without an image."""
        return int((self.rows["status"] == "missing").sum())

    @property
    def n_broken(self) -> int:
        """int : The number of images that can't be read."""
        return int((self.rows["status"] == "broken").sum())

    @property
    def ok(self) -> pd.DataFrame:
        """DataFrame : The rows whose image can be read."""
        return self.rows[self.rows["status"] == "ok"]

    @property
    def broken(self) -> pd.DataFrame:
        """DataFrame : The rows whose image can't be read."""
        return self.rows[self.rows["status"] == "broken"]

    @property
    def reasons(self) -> "pd.Series[Any]":
        """Series : The number of broken images for each reason, the most frequent first."""
        return self.broken["reason"].value_counts()

    @property
    def sizes(self) -> "pd.Series[Any]":
        """Series : The number of images of each (height, width), the most frequent first."""
        return self.ok[["height", "width"]].value_counts()

    @property
    def modes(self) -> "pd.Series[Any]":
        """Series : The number of images of each mode, the most frequent first."""
        return self.ok["mode"].value_counts()

    @property
    def duplicates(self) -> list[list[int]]:
        """list of list of int : Lines of `rows` that show the same image."""
        ok = self.ok
        groups = ok.groupby("pixels" if self.decode else "content", sort=False).indices
        return [ok.index[places].tolist() for places in groups.values() if len(places) > 1]

    @property
    def advice(self) -> list[str]:
        """list of str : What to do about what was found."""
        advice = []
        if self.n_broken and (self.broken["reason"] == "no such file").all() and not self.n_ok:
            folder = os.path.abspath("." if self.root is None else expand_root(self.root))
            advice.append(f"Relative paths start from {folder}: pass another root.")
        elif self.n_broken:
            advice.append(
                'Correct what is broken, or pass corrupt="missing" and missing="nan" to a '
                "transformer."
            )
        elif self.n_missing:
            advice.append('Pass missing="nan" or missing="zero" to a transformer.')
        n_sizes = self.ok.groupby("column")[["height", "width"]].nunique()
        if (n_sizes > 1).any(axis=None):
            advice.append(
                "Sizes differ: pass image_size=(height, width) to bring all images to one."
            )
        if self.duplicates:
            advice.append("Rows with the same image belong in one fold: see GroupKFold.")
        return advice

    def to_csv(self, path: PathLike) -> None:
        """Write `rows` to a file, as a whole or not at all.

        Parameters
        ----------
        path : str or PathLike
            The file; an existing one is replaced.
        """
        write_atomically(path, lambda unfinished: self.rows.to_csv(unfinished, index=False))
