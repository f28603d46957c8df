"""RowMixer: rows that have some columns of one row and the others of a background row."""

import numpy as np
import pandas as pd


class RowMixer:
    """Make rows whose columns come from explained rows or from background rows.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns)
        The explained rows.

    background : DataFrame of shape (n_background, n_columns)
        The rows of the background, with the same columns.

    used : list of str
        The columns that may come from the background.
    """

    def __init__(self, X, background, used):
        self.n_rows = len(X)
        self.used = used
        self._pools = {
            name: pd.concat([X[name], background[name]], ignore_index=True)
            if name in set(used)
            else X[name].reset_index(drop=True)
            for name in X.columns
        }

    def mix(self, rows, background, from_row):
        """Make rows.

        Parameters
        ----------
        rows : ndarray of int of shape (n,)
            The explained row of each.

        background : ndarray of int of shape (n,)
            The background row of each.

        from_row : dict of str to ndarray of bool of shape (n,)
            For each used column, which of the rows have the value of the explained row.

        Returns
        -------
        frame : DataFrame of shape (n, n_columns)
            The rows.
        """
        taken = {}
        for name, pool in self._pools.items():
            places = rows
            if name in from_row:
                places = np.where(from_row[name], rows, self.n_rows + background)
            taken[name] = pool.take(places).array
        return pd.DataFrame(taken)
