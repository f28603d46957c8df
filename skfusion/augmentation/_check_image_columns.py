"""Checks of the parameter `image_columns`."""


def check_found(positions):
    """Return the positions of columns of images; raise an error if there are none."""
    if not positions:
        raise ValueError(
            "No column of X holds images, or paths with the extension of an image. Pass the "
            "columns as image_columns=[...]."
        )
    return positions


def check_image_columns(image_columns, n_columns, names=()):
    """Check that `image_columns` names columns of X.

    Parameters
    ----------
    image_columns : list of str or int, or None
        Names, if X has names, or positions of columns. None is not checked.

    n_columns : int
        Number of columns of X.

    names : list of str, default=()
        The names of the columns of X, if it has names.

    Raises
    ------
    ValueError
        If a column is unknown or repeated, or the list is empty.
    """
    if image_columns is None:
        return
    for name in image_columns:
        is_known = name in names if isinstance(name, str) else 0 <= name < n_columns
        if not is_known:
            has = f"columns {list(names)}" if len(names) else f"{n_columns} columns without names"
            raise ValueError(f"image_columns has {name!r}; X has {has}.")
    if not len(image_columns) or len(set(image_columns)) < len(image_columns):
        raise ValueError(
            f"image_columns must have at least one column, and each once; got {image_columns!r}."
        )
