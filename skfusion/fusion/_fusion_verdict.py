"""FusionVerdict: what each source adds, in words and numbers."""

from dataclasses import dataclass

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
        The numbers, one row a source ("table", "image"). `gain`: by how much the loss on inner
        folds is higher without the source, in nats a row (log loss) or squared units of the target
        (squared error). `low`, `high`: the ends of its 95 % interval. `accuracy_with` and
        `accuracy_without`, or `r2_with` and `r2_without`. `n_rows`: how many rows were compared,
        those with an image.

    See Also
    --------
    FusionClassifier : Has it after `fit`.
    SourceImportanceDisplay : Draws how much predictions depend on each column.

    Notes
    -----
    With both sources, a source is left out by using the other one alone. With one source, it is
    compared with a constant. The interval is that of a paired t-test over rows, or over groups,
    with the correction of Nadeau and Bengio (doi 10.1023/A:1024068626366) for training rows that
    folds share. If the strategy in use is a single source, "stacked" is compared with it.

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


def make_verdict(strategy, sources):
    """Return the verdict of a strategy and of what `source_gains` returns."""
    lines = [_describe(row, len(sources) == 1) for row in sources.reset_index().to_dict("records")]
    if len(sources) == 2 and (sources["low"] <= 0).all():
        lines.append("One of them alone may predict as well as both together.")
    n_rows = int(sources["n_rows"].iloc[0])
    images = " with an image" if "image" in sources.index else ""
    first = f"Strategy in use: {strategy}. Compared on {n_rows} rows{images}, out of fold."
    if strategy in _WORDS and len(sources) == 2:
        first += " What follows compares each source alone with both together ('stacked')."
    return FusionVerdict("\n".join([first, *lines]), sources)


def _describe(row, is_only):
    name, adds, does, it = _WORDS[row["source"]]
    if row["low"] > 0:
        finding = f"{adds} information"
    elif row["high"] < 0:
        finding = f"{does} harm"
    else:
        finding = f"{adds} nothing that these {int(row['n_rows'])} rows can show"
    kind = "r2" if "r2_with" in row else "accuracy"
    loss, label = ("squared error", "R2") if kind == "r2" else ("log loss", "accuracy")
    other = "a constant" if is_only else {"table": "images", "image": "table"}[row["source"]]
    return (
        f"{name} {finding}: without {it} ({other} alone), the {loss} "
        f"{'rises' if row['gain'] >= 0 else 'falls'} by {abs(row['gain']):.3g} (95 % interval of "
        f"the change {row['low']:+.3g} to {row['high']:+.3g}); {label} "
        f"{row[f'{kind}_with']:.3f} with {it}, {row[f'{kind}_without']:.3f} without."
    )
