"""check_target: the target of a report, an audit or a comparison."""

import numpy as np
import pandas as pd

from skfusion._utils.messages import join_names


def check_target(y):
    """Return the target as an array with one value per row.

    Parameters
    ----------
    y : array-like of shape (n_rows,) or (n_rows, 1)
        The target.

    Returns
    -------
    target : ndarray of shape (n_rows,)
        The same values.

    Raises
    ------
    ValueError
        If there are several columns, or if rows have no target.
    """
    # As objects: an array of text has the text "nan" in place of NaN.
    cells, y = np.asarray(y, dtype=object), np.asarray(y)
    if y.ndim != 1 and y.shape[1:] != (1,):
        raise ValueError(
            f"y must have one value a row, got an array of shape {y.shape}. Pass one target."
        )
    missing = np.flatnonzero(pd.isna(cells))
    if len(missing):
        raise ValueError(
            f"{len(missing)} of {len(y)} rows have no target: "
            f"{join_names(f'row {row}' for row in missing)}. Leave these rows out."
        )
    return y.ravel()
