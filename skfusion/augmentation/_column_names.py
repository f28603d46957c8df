"""What a user may call the columns of images."""


def refuse_none(found):
    if not found:
        raise ValueError(
            "No column of X holds images, or paths that end as those of images do. Name the "
            "columns with image_columns=[...]."
        )
    return found


def refuse_names(image_columns, n_columns, names=()):
    """Columns are named by strings where X has names, and by position everywhere."""
    if image_columns is None:
        return
    for name in image_columns:
        known = name in names if isinstance(name, str) else 0 <= name < n_columns
        if not known:
            there = f"columns {list(names)}" if len(names) else f"{n_columns} columns without names"
            raise ValueError(f"image_columns names {name!r}; X has {there}.")
    if not len(image_columns) or len(set(image_columns)) < len(image_columns):
        raise ValueError(f"image_columns must name some columns, each once; got {image_columns!r}.")
