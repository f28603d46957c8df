"""The background: rows whose average prediction is the base value."""

from skfusion.exceptions import ImageReadError
from skfusion.inspection._rows_as_frame import as_frame


def choose_background(frame, background, used, n_background, generator):
    """Choose the rows of the background.

    Parameters
    ----------
    frame : DataFrame
        The rows of X, which are the background where none is given.

    background : DataFrame, Series, list, ndarray or None
        The rows as the user gave them.

    used : list of str
        The columns that the model uses.

    n_background : int
        The largest number of rows; of more, so many are drawn.

    generator : Generator
        Draws them.

    Returns
    -------
    rows : DataFrame of shape (at most n_background, n_columns)
        In the order in which they were given.

    Raises
    ------
    ValueError
        If there are none, or if they lack a column.
    """
    if background is None:
        if len(frame) == 1:
            raise ValueError(
                "X has one row, so there are no other rows to compare it with. Pass rows of the "
                "training data as background, or all rows as X and the one to explain as rows=[i]."
            )
        rows = frame
    else:
        rows = as_frame(background, "background")
        lacking = [name for name in used if name not in rows.columns]
        if lacking:
            raise ValueError(
                f"background has no column {lacking[0]!r}, which the model uses. Pass rows with "
                "the columns of X."
            )
    if len(rows) <= n_background:
        return rows.reset_index(drop=True)
    drawn = generator.choice(len(rows), n_background, replace=False)
    return rows.iloc[sorted(drawn)].reset_index(drop=True)


def predict_background(model, background):
    """Predict the background; an error of an image names the background as its place."""
    try:
        return model.predict(background)
    except ImageReadError as error:
        raise ImageReadError(f"In the rows of the background: {error}", error.failures) from error
