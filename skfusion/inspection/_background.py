"""The background: rows whose average prediction is the base value."""

import numpy as np

from skfusion._utils.messages import join_names
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

    places : ndarray of int
        Their positions in what was given.

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
    places = np.arange(len(rows))
    if len(rows) > n_background:
        places = np.sort(generator.choice(len(rows), n_background, replace=False))
    return rows.iloc[places].reset_index(drop=True), places


def predict_places(model, frame, places, name):
    """Predict some rows; an error of an image names its row in all rows.

    Parameters
    ----------
    model : InspectedModel
        Predicts.

    frame : DataFrame
        The rows.

    places : ndarray of int
        Their positions in all rows.

    name : str
        The argument with all rows.

    Returns
    -------
    outputs : ndarray of shape (n_rows, n_outputs)
        The predictions.

    Raises
    ------
    ImageReadError
        If images are missing or can't be read.
    """
    try:
        return model.predict(frame)
    except ImageReadError as error:
        if not error.failures:
            raise
        failures = [(int(places[row]), *rest) for row, *rest in error.failures]
        named = join_names(f"row {row} ({source}): {reason}" for row, source, reason in failures)
        raise ImageReadError(
            f"{len(failures)} of {len(frame)} images of {name} can't be used: {named}. Pass other "
            "rows, or fit the model with missing='nan' and corrupt='missing' to accept them.",
            failures,
        ) from error
