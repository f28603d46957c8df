"""Explanation: how much each source, column and region moved the predictions of rows."""

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from skfusion.inspection._explanation_html import explanation_html
from skfusion.inspection._notable_rows import notable_rows
from skfusion.inspection._rows_as_frame import describe_rows


class Explanation:
    """The amounts by which sources, columns and regions moved predictions.

    `explain` returns it.

    Parameters
    ----------
    base_value : float or ndarray of shape (n_rows,)
        The mean prediction of the background. An array if each row's predicted class is
        explained.

    prediction : ndarray of shape (n_rows,)
        The prediction of each row.

    sources, sources_error : DataFrame of shape (n_rows, n_sources)
        The share of each image column and of "table", and its standard error.

    table, table_error : DataFrame of shape (n_rows, n_columns)
        The share of each column of the table, and its standard error.

    regions : dict of str to sequence of (ndarray of shape (height, width) or None)
        The amounts of regions, by image column and row: by how much the prediction falls if a
        block of such places is hidden, or for "pooled" a cell. See the notes of `explain`.

    names : list of str of length n_rows
        What is predicted, in words: ``probability of 'sick'``.

    images : dict of str to list
        For each image column, what decodes the image of each row.

    data : DataFrame of shape (n_rows, n_columns), default=None
        The values of the table.

    target : object, default=None
        The class or output that is explained.

    n_passes : int, default=0
        How many images were computed by networks or other transformers.

    seconds : float, default=0.0
        How long it took.

    base_value_error : float or ndarray of shape (n_rows,), default=None
        The standard error of the base value.

    Attributes
    ----------
    n_rows : int
        The number of rows.

    See Also
    --------
    explain : Computes it.
    ExplanationDisplay : Draws one row.
    RegionDisplay : Draws the regions of one image.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skfusion import Explanation
    >>> sources = pd.DataFrame({"scan": [0.25], "table": [0.125]})
    >>> explanation = Explanation(
    ...     0.5,
    ...     np.array([0.875]),
    ...     sources,
    ...     table=pd.DataFrame({"age": [0.125]}),
    ...     names=["probability of 'sick'"],
    ... )
    >>> print(explanation.describe(0))
    probability of 'sick': 0.875, 0.375 above the average of 0.5
    """

    def __init__(
        self,
        base_value: Any,
        prediction: np.ndarray,
        sources: pd.DataFrame,
        *,
        sources_error: pd.DataFrame | None = None,
        table: pd.DataFrame | None = None,
        table_error: pd.DataFrame | None = None,
        regions: dict[str, Any] | None = None,
        names: list[str] | None = None,
        images: dict[str, Any] | None = None,
        data: pd.DataFrame | None = None,
        target: Any = None,
        n_passes: int = 0,
        seconds: float = 0.0,
        base_value_error: Any = None,
    ) -> None:
        self.base_value = base_value
        self.prediction = prediction
        self.sources = sources
        self.sources_error = sources_error
        self.table = pd.DataFrame(index=sources.index) if table is None else table
        self.table_error = table_error
        self.regions = {} if regions is None else regions
        self.names = ["prediction"] * len(prediction) if names is None else names
        self.images = {} if images is None else images
        self.data = data
        self.target = target
        self.n_passes = n_passes
        self.seconds = seconds
        self.base_value_error = base_value_error

    @property
    def n_rows(self) -> int:
        """int : The number of rows."""
        return len(self.prediction)

    def describe(self, row: int = 0) -> str:
        """Describe the prediction of a row in words.

        Parameters
        ----------
        row : int, default=0
            The position of the row in the explanation.

        Returns
        -------
        text : str
            The prediction, and how far it is from the average of the background.
        """
        row = self._check_row(row)
        base = float(np.broadcast_to(self.base_value, self.n_rows)[row])
        value = float(self.prediction[row])
        side = "above" if value >= base else "below"
        text = (
            f"{self.names[row]}: {value:.3g}, {abs(value - base):.3g} {side} the average of "
            f"{base:.3g}"
        )
        if self.base_value_error is None:
            return text
        error = float(np.broadcast_to(self.base_value_error, self.n_rows)[row])
        return text if np.isnan(error) else f"{text} ± {error:.2g}"

    def image(self, column: str, row: int = 0) -> Any:
        """Decode the image of a row, as the model reads it.

        Parameters
        ----------
        column : str
            The image column.

        row : int, default=0
            The position of the row in the explanation.

        Returns
        -------
        pixels : ndarray of shape (height, width, 1 or 3), uint8
            The image, upright; None if the row has none; a list if it has several.

        Raises
        ------
        ValueError
            If the column or the row does not exist.
        """
        row = self._check_row(row)
        if column not in self.images:
            raise ValueError(
                f"There is no image column {column!r}. The image columns are "
                f"{', '.join(map(repr, self.images))}."
            )
        return self.images[column][row].decode()

    def find_rows(self, y: ArrayLike, *, n_rows: int = 4) -> pd.DataFrame:
        """Find the rows that are typical, predicted worst, or helped and harmed by their images.

        Parameters
        ----------
        y : array-like of shape (n_rows,)
            The target of the rows.

        n_rows : int, default=4
            The number of rows of each kind.

        Returns
        -------
        rows : DataFrame
            One line for each row of a kind: the `kind`, the position of the `row`, and a `value`:

            - "most typical": the distance of its shares from the median shares;
            - "most wrong": its loss, which is the log loss or the squared error;
            - "most helped by the image", "most harmed by the image": how much larger the loss is
              without the shares of the images.
        """
        return notable_rows(self, y, n_rows)

    def summary(self) -> pd.DataFrame:
        """Compute the mean shares of the sources and table columns over the rows.

        Returns
        -------
        summary : DataFrame
            One line for each source and table column: the `mean_absolute` share; the `mean`
            share; and its standard `error`, by the choice of the rows and of the background.
        """
        names = {name: f"{name} (column)" for name in self.table if name in self.sources}
        shares = pd.concat([self.sources, self.table.rename(columns=names)], axis=1)
        variance = shares.var(ddof=1) / len(shares)
        if self.sources_error is not None:
            errors = [self.sources_error]
            if self.table_error is not None:
                errors.append(self.table_error.rename(columns=names))
            # All rows have one background: its error is not less for more of them.
            variance += pd.concat(errors, axis=1).mean().fillna(0) ** 2
        error = np.sqrt(variance)
        return pd.DataFrame(
            {"mean_absolute": shares.abs().mean(), "mean": shares.mean(), "error": error}
        ).rename_axis("source")

    def _check_row(self, row):
        """Return a position from 0 on; an error for a row that does not exist."""
        if isinstance(row, bool) or not isinstance(row, Integral):
            raise TypeError(f"row must be a position in the explanation, from 0 on. Got {row!r}.")
        if not -self.n_rows <= row < self.n_rows:
            raise ValueError(
                f"Row {row} does not exist: the explanation has {describe_rows(self.n_rows)}."
            )
        return row % self.n_rows

    def _repr_html_(self):
        return explanation_html(self, 0) if self.n_rows == 1 else self.summary()._repr_html_()

    def __repr__(self):
        columns = ", ".join(map(str, self.sources.columns))
        return f"<Explanation of {self.n_rows} row{'s' if self.n_rows > 1 else ''} by {columns}>"


def with_errors(values):
    """Return the mean over background rows, and its standard error.

    Parameters
    ----------
    values : ndarray of shape (n_players, n_rows, n_background)
        The values with each background row alone.

    Returns
    -------
    means, errors : ndarray of shape (n_rows, n_players)
        The errors are NaN with one background row. Otherwise, they count two more rows that are
        as far from the mean as the farthest: few rows hardly show the tails of a distribution.
    """
    n_background = values.shape[2]
    means = values.mean(axis=2)
    if n_background == 1:
        return means.T, np.full(values.shape[1::-1], np.nan)
    squares = (values - means[..., np.newaxis]) ** 2
    variances = (squares.sum(axis=2) + 2 * squares.max(axis=2)) / (n_background - 1)
    return means.T, np.sqrt(variances / n_background).T
