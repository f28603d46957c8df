"""Read a table from a file, by its extension."""

from pathlib import Path

import pandas as pd

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": "\t"}
_PARQUET = (".parquet", ".pq")
_COMPRESSED = {".gz", ".bz2", ".xz", ".zip", ".zst"}


def read_table(path, *, as_text=True):
    r"""Read a table.

    Parameters
    ----------
    path : str or PathLike
        A text file (.csv, .tsv, .tab or .txt), optionally compressed, or a Parquet file
        (.parquet or .pq).

    as_text : bool, default=True
        Whether all columns of text files are text, so that the id 007 stays 007. False finds
        numbers, as `pandas.read_csv` does.

    Returns
    -------
    table : DataFrame
        All columns.

    Raises
    ------
    ValueError
        If the file has another extension.

    Examples
    --------
    >>> import os, tempfile
    >>> from skfusion.io._read_table import read_table
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "rows.csv")
    ...     with open(path, "w") as file:
    ...         _ = file.write("id,image\n007,a.png\n")
    ...     read_table(path)["id"].tolist()
    ['007']
    """
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    suffix = suffixes[-1] if suffixes else ""
    if suffix in _PARQUET:
        return pd.read_parquet(path)
    if suffix in _SEPARATORS:
        return pd.read_csv(path, sep=_SEPARATORS[suffix], dtype=str if as_text else None)
    known = ", ".join([*_SEPARATORS, *_PARQUET])
    raise ValueError(f"{path} has no extension of a table ({known})")
