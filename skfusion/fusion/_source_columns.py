"""SourceColumns: selects the columns of one source, for a ColumnTransformer."""

import warnings

from skfusion._utils.plain_data import plain_data
from skfusion.tabular._check_table import to_pandas
from skfusion.tabular._column_roles import ColumnRoles


@plain_data
class SourceColumns:
    """Select the columns of one source, for a ColumnTransformer.

    Parameters
    ----------
    source : {"table", "image"}
        Which columns to select.

    image_columns : str, list of str or None
        The columns that hold images; None finds them.

    id_columns : str, list of str or None, default=None
        The columns that identify rows, which are of no source; None finds them.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.fusion._source_columns import SourceColumns
    >>> SourceColumns("table", None)(pd.DataFrame({"age": [61], "scan": ["a.png"]}))
    ['age']
    """

    def __init__(self, source, image_columns, id_columns=None):
        self.source = source
        self.image_columns = image_columns
        self.id_columns = id_columns

    def __call__(self, X):
        """Return the names of the columns, or their positions where they are not text."""
        table = to_pandas(X)
        are_text = all(isinstance(name, str) for name in table.columns)
        table = table.set_axis([str(name) for name in table.columns], axis=1)
        with warnings.catch_warnings():
            if self.source == "image":  # the selector of the table warns
                warnings.simplefilter("ignore", UserWarning)
            roles = ColumnRoles.of(table, self.image_columns, self.id_columns)
        names = getattr(roles, self.source)
        return names if are_text else [table.columns.get_loc(name) for name in names]

    def __repr__(self):
        return f"SourceColumns({self.source!r}, {self.image_columns!r}, {self.id_columns!r})"
