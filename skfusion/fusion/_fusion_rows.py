"""FusionRows: the rows that a fusion learns from."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class FusionRows:
    """A table with its images, the target, and what belongs to each row.

    Attributes
    ----------
    table : DataFrame of shape (n_rows, n_columns)
        The columns of both sources.

    y : ndarray of shape (n_rows,)
        Class numbers, or numbers.

    groups : ndarray of shape (n_rows,) or None
        The group of each row.

    sample_weight : ndarray of shape (n_rows,) or None
        The weight of each row.

    images : dict of str to ndarray of shape (n_rows, n_features), or None
        Features of the rows' images, by embedder; those that don't depend on the rows that are
        learned from.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skfusion.fusion._fusion_rows import FusionRows
    >>> rows = FusionRows(pd.DataFrame({"age": [61, 70, 64]}), np.array([0, 1, 1]))
    >>> rows.take([2, 0]).y.tolist()
    [1, 0]
    """

    table: pd.DataFrame
    y: np.ndarray
    groups: np.ndarray | None = None
    sample_weight: np.ndarray | None = None
    images: dict[str, np.ndarray] | None = None

    def __len__(self):
        return len(self.y)

    @property
    def weights(self):
        """ndarray of shape (n_rows,) : The weights of the rows; ones where there are none."""
        return np.ones(len(self)) if self.sample_weight is None else self.sample_weight

    def take(self, positions):
        """Return some of the rows, by their positions or by a mask."""
        arrays = {
            name: getattr(self, name)[positions]
            for name in ("y", "groups", "sample_weight")
            if getattr(self, name) is not None
        }
        if self.images is not None:
            arrays["images"] = {name: rows[positions] for name, rows in self.images.items()}
        return replace(self, table=self.table.iloc[positions], **arrays)
