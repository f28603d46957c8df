"""RegionDisplay: the regions of an image that moved a prediction."""

from typing import Any, Self

import numpy as np

from skfusion._utils.typing import ImageInput
from skfusion.inspection._draw_regions import draw_regions
from skfusion.inspection._explain_row import explain_row
from skfusion.inspection._explanation import Explanation
from skfusion.inspection._explanation_parts import (
    check_regions,
    image_and_heat,
    mean_image_and_heat,
)
from skfusion.inspection._figures import given_or_new, wrap_title

# The longer side of the image in a new figure, in inches.
_SIDE = 4.5


class RegionDisplay:
    """Draw the regions of an image that raised and lowered a prediction.

    The image is gray under the colors: orange regions raised the prediction, and blue ones lowered
    it. Use `from_estimator` or `from_explanation`.

    Parameters
    ----------
    image : ndarray of shape (height, width, 1 or 3), uint8
        The image.

    heat : ndarray of shape (height, width)
        The signed amounts.

    name : str, default="prediction"
        What is predicted, in words.

    title : str, default=""
        The title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the image.

    figure_ : matplotlib Figure
        The figure around them.

    image_ : matplotlib AxesImage
        The image with its regions.

    colorbar_ : matplotlib Colorbar
        The color bar, up to the largest amount.

    See Also
    --------
    explain : Computes the regions.
    ExplanationDisplay : Draws sources and table columns too.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion import RegionDisplay
    >>> image, heat = np.zeros((8, 12, 1), dtype="uint8"), np.zeros((8, 12))
    >>> heat[2:4, 3:6] = 0.25
    >>> display = RegionDisplay(image, heat, name="probability of 'sick'").plot()
    >>> display.ax_.get_xlabel()
    'x (pixels)'
    """

    def __init__(
        self,
        image: np.ndarray,
        heat: np.ndarray,
        *,
        name: str = "prediction",
        title: str = "",
    ) -> None:
        self.image = image
        self.heat = heat
        self.name = name
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: ImageInput,
        *,
        row: int = 0,
        column: str | None = None,
        background: ImageInput | None = None,
        target: Any = None,
        random_state: Any = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Explain one row and draw the regions of its image.

        Parameters
        ----------
        model : estimator
            A fitted model, as in `explain`.

        X : DataFrame, Series, list or ndarray
            The rows.

        row : int, default=0
            The position of the row in X.

        column : str, default=None
            The image column. None is the first.

        background : DataFrame, Series, list or ndarray, default=None
            As in `explain`; None is X.

        target : object, default=None
            As in `explain`; with more than two classes, None is the predicted class.

        random_state : int, RandomState instance or None, default=None
            As in `explain`.

        ax : matplotlib Axes, default=None
            The axes to draw on. None creates a figure.

        **options : dict
            Further arguments of `explain`.

        Returns
        -------
        display : RegionDisplay
            The display, with its attributes.
        """
        options |= {"background": background, "random_state": random_state}
        explanation = explain_row(model, X, row, target, **options)
        return cls.from_explanation(explanation, column=column, ax=ax)

    @classmethod
    def from_explanation(
        cls,
        explanation: Explanation,
        *,
        row: int | None = 0,
        column: str | None = None,
        ax: Any = None,
    ) -> Self:
        """Draw the regions of one image of an explanation.

        Parameters
        ----------
        explanation : Explanation
            The result of `explain`.

        row : int or None, default=0
            The position of the row in the explanation. None is the mean over rows, for images
            that are aligned.

        column : str, default=None
            The image column. None is the first.

        ax : matplotlib Axes, default=None
            The axes to draw on. None creates a figure.

        Returns
        -------
        display : RegionDisplay
            The display, with its attributes.

        Raises
        ------
        ValueError
            If the row has no image, or the explanation no regions.
        """
        column = next(iter(explanation.images), None) if column is None else column
        check_regions(explanation, column)
        if row is None:
            image, heat = mean_image_and_heat(explanation, column)
            title = f"{column}: mean of {explanation.n_rows} rows"
            return cls(image, heat, name=explanation.names[0], title=title).plot(ax=ax)
        image, heat = image_and_heat(explanation, column, row)
        if image is None:
            raise ValueError(
                f"Row {row} has no image in column {column!r}, so there are no regions to draw."
            )
        name, title = explanation.names[row], f"{column}: {explanation.describe(row)}"
        return cls(image, heat, name=name, title=title).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw the image and its regions.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. None creates a figure.

        Returns
        -------
        display : RegionDisplay
            The display itself.
        """
        height, width = self.image.shape[:2]
        scale = _SIDE / max(height, width)
        title = wrap_title(self.title, max(_SIDE / 2, width * scale))
        ax = given_or_new(ax, width * scale + 2.2, height * scale + 1.3)
        self.ax_, self.figure_ = ax, ax.figure
        self.image_, self.colorbar_ = draw_regions(ax, self.image, self.heat, self.name)
        ax.set_title(title, loc="left", fontsize="medium")
        return self
