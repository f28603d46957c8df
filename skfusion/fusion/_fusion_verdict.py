"""FusionVerdict: what each source adds, in words and numbers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

_WORDS = {
    "table": ("The table", "adds", "does", "it"),
    "image": ("The images", "add", "do", "them"),
}


@dataclass(frozen=True)
class FusionVerdict:
    """What each source adds to the other, in words and numbers.

    It is the `verdict_` of a fitted `FusionClassifier` or `FusionRegressor`.

    Attributes
    ----------
    text : str
        The words, which `print` shows: one line for the strategy in use, and one for each source.

    sources : DataFrame
        The numbers, one row a source ("table", "image").

        - `gain` (float): by how much predictions are better with the source, out of fold. Without
          `scoring`: the rise of the loss when it is left out, in nats a row (log loss) or squared
          units of the target (squared error). With `scoring`: the fall of the score, in its unit.
          Above 0, the source adds information in both.
        - `low`, `high` (float): the ends of its 95 % interval, in the same unit; infinite with one
          group.
        - `score_with`, `score_without` (float): the scores, with `scoring` alone.
        - `accuracy_with`, `accuracy_without` (float, shares of rows), or `r2_with`, `r2_without`
          of numbers.
        - `n_rows` (int): how many rows were compared, those with an image.

        The gain and its scores are NaN where rows with an image can't be scored, as by an area
        under a curve without a row of a class.

    See Also
    --------
    FusionClassifier : Has it after `fit`.
    SourceImportanceDisplay : Draws how much predictions depend on each column.

    Notes
    -----
    With both sources, a source is left out by using the other one alone. With one source, it is
    compared with a constant. The interval is that of a paired t-test over rows, or over groups,
    with the correction of Nadeau and Bengio (doi 10.1023/A:1024068626366) for training rows that
    folds share. That of a score is over jackknife pseudo-values of at most 50 blocks of rows, or
    of groups. If the strategy in use is a single source, "stacked" is compared with it.

    Examples
    --------
    >>> from skfusion import FusionClassifier, PixelFlattener
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(60, image_size=(8, 8), random_state=0)
    >>> fusion = FusionClassifier(PixelFlattener(), cv=3, random_state=0)
    >>> verdict = fusion.fit(data.frame, data.target).verdict_
    >>> verdict.sources.index.tolist()
    ['table', 'image']
    >>> print(verdict)  # doctest: +ELLIPSIS
    Strategy in use: ...
    """

    text: str
    sources: pd.DataFrame

    def __str__(self) -> str:
        return self.text


def make_verdict(strategy, sources, scoring=None):
    """Return the verdict of a strategy and of what `source_gains` returns.

    Parameters
    ----------
    strategy : str
        The strategy in use.

    sources : DataFrame
        The gains.

    scoring : str or None
        The name of the score; None for the loss.
    """
    is_only = len(sources) == 1
    lines = [_describe(row, is_only, scoring) for row in sources.reset_index().to_dict("records")]
    if len(sources) == 2 and (sources["low"] <= 0).all():
        lines.append("One of them alone may predict as well as both together.")
    n_rows = int(sources["n_rows"].iloc[0])
    images = " with an image" if "image" in sources.index else ""
    measure = f" by {scoring}" if scoring else ""
    first = f"Strategy in use: {strategy}. Compared{measure} on {n_rows} rows{images}, out of fold."
    if strategy in _WORDS and len(sources) == 2:
        first += " What follows compares each source alone with both together ('stacked')."
    return FusionVerdict("\n".join([first, *lines]), sources)


def _describe(row, is_only, scoring):
    name, adds, does, it = _WORDS[row["source"]]
    if np.isnan(row["gain"]):
        return f"{name} can't be compared: {scoring} can't score these {int(row['n_rows'])} rows."
    if row["low"] > 0:
        finding = f"{adds} information"
    elif row["high"] < 0:
        finding = f"{does} harm"
    else:
        finding = f"{adds} nothing that these {int(row['n_rows'])} rows can show"
    other = "a constant" if is_only else {"table": "images", "image": "table"}[row["source"]]
    measure, change, scores = _find_change(row, scoring)
    return (
        f"{name} {finding}: without {it} ({other} alone), the {measure} "
        f"{'rises' if change[0] >= 0 else 'falls'} by {abs(change[0]):.3g} (95 % interval of "
        f"the change {change[1]:+.3g} to {change[2]:+.3g}); "
        f"{scores[0]} with {it}, {scores[1]} without."
    )


def _find_change(row, scoring):
    """Return what changes without a source: its name, change and interval, and both scores."""
    if scoring:
        change = -row["gain"], -row["high"], -row["low"]
        scores = f"{row['score_with']:.4g}", f"{row['score_without']:.4g}"
        return scoring, change, scores
    kind = "r2" if "r2_with" in row else "accuracy"
    loss, label = ("squared error", "R2") if kind == "r2" else ("log loss", "accuracy")
    scores = f"{label} {row[f'{kind}_with']:.3f}", f"{row[f'{kind}_without']:.3f}"
    return loss, (row["gain"], row["low"], row["high"]), scores
