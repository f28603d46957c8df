"""RowsDisplay: the images of rows that are worth a look."""

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from skfusion._utils.typing import ImageInput
from skfusion.inspection._explain import explain
from skfusion.inspection._explanation import Explanation
from skfusion.inspection._explanation_parts import image_and_heat
from skfusion.inspection._figures import new_figure


class RowsDisplay:
    """Draw the images of rows that are typical, wrong, helped or harmed most by their image.

    Use `from_estimator` or `from_explanation`.

    Parameters
    ----------
    explanation : Explanation
        The explanation of all rows.

    rows : DataFrame
        The result of its `find_rows`.

    column : str, default=None
        The image column. None is the first.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One row of axes for each kind.

    figure_ : matplotlib Figure
        The figure around them.

    See Also
    --------
    Explanation : Its method `find_rows` finds the rows.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skfusion import Explanation, RowsDisplay
    >>> sources = pd.DataFrame({"scan": [0.25, -0.5], "table": [0.125, 0.0]})
    >>> explanation = Explanation(0.5, np.array([0.875, 0.0]), sources)
    >>> rows = explanation.find_rows([1.0, 1.0], n_rows=1)
    >>> rows["kind"].tolist()
    ['most typical', 'most wrong', 'most helped by the image', 'most harmed by the image']
    >>> RowsDisplay(explanation, rows).plot().axes_.shape
    (4, 1)
    """

    def __init__(
        self, explanation: Explanation, rows: pd.DataFrame, *, column: str | None = None
    ) -> None:
        self.explanation = explanation
        self.rows = rows
        self.column = column

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: ImageInput,
        y: ArrayLike,
        *,
        n_rows: int = 4,
        column: str | None = None,
        background: ImageInput | None = None,
        target: Any = None,
        random_state: Any = None,
    ) -> Self:
        """Explain the sources of all rows and draw the images of notable ones.

        Parameters
        ----------
        model : estimator
            A fitted model, as in `explain`.

        X : DataFrame, Series, list or ndarray
            The rows.

        y : array-like of shape (n_rows,)
            Their target.

        n_rows : int, default=4
            The number of rows of each kind.

        column : str, default=None
            The image column. None is the first.

        background, target, random_state : object
            As in `explain`.

        Returns
        -------
        display : RowsDisplay
            The display, with its attributes.
        """
        explanation = explain(
            model,
            X,
            background=background,
            target=target,
            random_state=random_state,
            regions=False,
        )
        return cls.from_explanation(explanation, y, n_rows=n_rows, column=column)

    @classmethod
    def from_explanation(
        cls,
        explanation: Explanation,
        y: ArrayLike,
        *,
        n_rows: int = 4,
        column: str | None = None,
    ) -> Self:
        """Draw the images of notable rows of an explanation.

        Parameters
        ----------
        explanation : Explanation
            The explanation of all rows.

        y : array-like of shape (n_rows,)
            Their target.

        n_rows : int, default=4
            The number of rows of each kind.

        column : str, default=None
            The image column. None is the first.

        Returns
        -------
        display : RowsDisplay
            The display, with its attributes.
        """
        return cls(explanation, explanation.find_rows(y, n_rows=n_rows), column=column).plot()

    def plot(self) -> Self:
        """Draw the images, one kind of rows below the other.

        Returns
        -------
        display : RowsDisplay
            The display itself.
        """
        kinds = list(dict.fromkeys(self.rows["kind"]))
        n_columns = int(self.rows["kind"].value_counts().max())
        self.figure_ = new_figure(max(4.0, 1.9 * n_columns), 2.2 * len(kinds))
        self.axes_ = self.figure_.subplots(len(kinds), n_columns, squeeze=False)
        names = sorted(set(self.explanation.names))
        self.figure_.suptitle(f"Rows with their {', '.join(names)}", x=0.01, ha="left")
        for axes, kind in zip(self.axes_, kinds, strict=True):
            for ax in axes:
                ax.set_axis_off()
            some = self.rows.loc[self.rows["kind"] == kind, "row"]
            for ax, row in zip(axes, some, strict=False):
                self._draw(ax, row)
            axes[0].set_title(f"{kind}\n{axes[0].get_title()}", loc="left", fontsize="small")
            axes[0].set_title("")
        return self

    def _draw(self, ax, row):
        """Draw the image of a row with its prediction."""
        images = self.explanation.images
        column = next(iter(images), None) if self.column is None else self.column
        image = None if column is None else image_and_heat(self.explanation, column, row)[0]
        label = self.explanation.sources.index[row]
        name = f"row {row}" if label == row else f"row {row} (index {label})"
        ax.set_title(f"{name}: {self.explanation.prediction[row]:.3g}", fontsize="small")
        if image is None:
            ax.text(0.5, 0.5, "no image", ha="center", va="center", transform=ax.transAxes)
            return
        ax.imshow(np.broadcast_to(image, (*image.shape[:2], 3)))
