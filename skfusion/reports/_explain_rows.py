"""Explain chosen rows of a report, and how much each source counts."""

import numpy as np
import pandas as pd

from skfusion.images._failures import shorten
from skfusion.images.sources._find_source import describe
from skfusion.reports._row_explanation import RowExplanation, ShownImage, strongest_effect
from skfusion.reports._thumbnail import data_uri, overlay, thumbnail

# So many rows show how much each source counts.
_MOST_ROWS = 30
_LONGEST = 200


def find_obstacle(predictions, rows, background):
    """Return why predictions can't be explained; an empty text if they can."""
    if predictions.is_classes and predictions.ranking is None:
        return (
            "Explanations need a model with predict_proba or decision_function, and this one has "
            "neither."
        )
    if not rows.sources:
        return (
            "No row is explained: the model uses the table alone, so that no image moves its "
            "predictions."
        )
    if background is None and len(rows.table) == 1:
        return (
            "Explanations compare a row with others, and there is only one: pass rows of the "
            "training data as background."
        )
    return ""


def explain_rows(models, rows, predictions, chosen, *, background, regions, seed):
    """Explain the predictions of chosen rows.

    Parameters
    ----------
    models : RowModels
        The models that predicted them.

    rows : ReportRows
        All rows.

    predictions : RowPredictions
        Their predictions.

    chosen : dict of int to str
        Positions of rows, and why each was chosen.

    background : DataFrame or None
        The rows whose mean prediction is the base value; None uses all rows.

    regions : bool
        Whether the regions of images are computed.

    seed : int
        Draws what is random.

    Returns
    -------
    explanations : list of RowExplanation
        In the order of `chosen`.
    """
    explained = models.explain(
        rows.X,
        list(chosen),
        background=background,
        regions=regions,
        target=_target(predictions),
        random_state=seed,
    )
    found = []
    for (row, reason), (explanation, number) in zip(chosen.items(), explained, strict=True):
        table = explanation.table.iloc[number]
        bases = np.broadcast_to(explanation.base_value, explanation.n_rows)
        found.append(
            RowExplanation(
                row=row,
                reason=reason,
                y=None if rows.y is None else _as_python(rows.y[row]),
                predicted=_as_python(predictions.values[row]),
                output=explanation.names[number],
                prediction=float(explanation.prediction[number]),
                base_value=float(bases[number]),
                sources=explanation.sources.iloc[number],
                table=table.loc[table.abs().sort_values(ascending=False, kind="stable").index],
                images=_show_images(explanation, number, rows.table[rows.image_columns].iloc[row]),
            )
        )
    return found


def source_shares(models, rows, predictions, *, background, seed):
    """Compute how much each source moves predictions, over at most 30 rows.

    Returns
    -------
    sources : DataFrame
        By source, the largest first: the mean absolute `share`, its `standard_error` over the
        rows, and its `part` of the sum of all sources.

    n_rows : int
        The number of rows.
    """
    n_rows = len(rows.table)
    places = np.arange(n_rows)
    if n_rows > _MOST_ROWS:
        generator = np.random.default_rng(seed)
        places = np.sort(generator.choice(n_rows, _MOST_ROWS, replace=False))
    explained = models.explain(
        rows.X,
        places,
        background=background,
        regions=False,
        target=_target(predictions),
        random_state=seed,
    )
    shares = pd.DataFrame([found.sources.iloc[number] for found, number in explained]).abs()
    means, total = shares.mean(), shares.mean().sum()
    errors = shares.std(ddof=1) / np.sqrt(len(shares)) if len(shares) > 1 else means * np.nan
    table = pd.DataFrame({"share": means, "standard_error": errors, "part": means / (total or 1.0)})
    table = table.sort_values("share", ascending=False, kind="stable").rename_axis("source")
    return table, len(places)


def _target(predictions):
    """Return what is explained: of several classes, the predicted one of each row."""
    return "predicted" if predictions.is_classes and not predictions.is_binary else None


def _as_python(value):
    """Return a scalar of NumPy as one of Python."""
    return value.item() if isinstance(value, np.generic) else value


def _show_images(explanation, number, cells):
    """Return the images of a row, small, beside their regions, all on one scale."""
    found, maps, pixels = [], {}, {}
    for column, cell in cells.items():
        shown, regions = explanation.image(column, number), _regions(explanation, column, number)
        note = "" if shown is not None else "no image in this row"
        if isinstance(shown, list):
            note = f"the first of {len(shown)} images"
            shown, regions = shown[0], None if regions is None else regions[0]
        if shown is not None:
            pixels[column] = shown
        if regions is not None:
            maps[column] = regions
        source = "" if shown is None else _describe_cell(cell)
        found.append(ShownImage(column, source, note=note))
    scale = max(map(strongest_effect, maps.values()), default=0.0)
    for image in found:
        if image.column in pixels:
            small = thumbnail(pixels[image.column])
            image.image = data_uri(small)
            image.size = tuple(map(int, pixels[image.column].shape[:2]))
            if image.column in maps:
                image.regions = data_uri(overlay(small, maps[image.column], scale))
                image.strongest = strongest_effect(maps[image.column])
                image.scale = scale
    return found


def _regions(explanation, column, number):
    maps = explanation.regions.get(column)
    return None if maps is None else maps[number]


def _describe_cell(cell):
    """Return a few words by which a cell is found again."""
    if isinstance(cell, np.ndarray) and cell.dtype == object:
        cell = cell.tolist()
    first = next(iter(cell), None) if isinstance(cell, (list, tuple)) else cell
    text = shorten(describe(first).encode("utf-8", "backslashreplace").decode(), _LONGEST)
    return text if text.isprintable() else repr(text)
