"""The verdict of a comparison, in words."""

import numpy as np

from skfusion.reports.comparison._comparison_words import describe_score

# As FusionVerdict says it.
_WORDS = {
    "table": ("The table", "adds", "does", "it"),
    "image": ("The images", "add", "do", "them"),
}
# Which fusion shows what a source adds: one that uses both sources whatever inner folds say, and
# that is not chosen by the scores of the comparison.
_FUSED = ("stacked", "late", "early", "joint", "auto")


def find_reference(scores):
    """Return the estimator that the others are compared with: a fusion, else the best."""
    both = scores.index[scores["sources"] == "both"]
    fused = [name for name in _FUSED if name in both]
    fused += [name for name in both if name != "concat"]
    has_single = scores["sources"].isin(["table", "image"]).any()
    return fused[0] if fused and has_single else scores["mean"].idxmax()


def find_single(scores, source):
    """Return the best estimator of one source; None where there is none."""
    of_source = scores.loc[scores["sources"] == source, "mean"]
    return None if of_source.empty else of_source.idxmax()


def images_add(comparison):
    """Return whether the images are sure to add information; None where they are not judged."""
    single = find_single(comparison.scores, "table")
    if comparison.scores.loc[comparison.reference, "sources"] != "both" or single is None:
        return None
    return bool(comparison.differences.loc[(comparison.reference, single), "low"] > 0)


def write_verdict(comparison):
    """Return what a Comparison shows: what each source adds, and which estimator is best."""
    scores, reference = comparison.scores, comparison.reference
    lines = []
    if scores.loc[reference, "sources"] == "both":
        for source, other in (("image", "table"), ("table", "image")):
            single = find_single(scores, other)
            if single is not None:
                lines.append(_describe_gain(comparison, source, single))
        if "concat" in scores.index and reference != "concat":
            lines.append(_describe_pair(comparison, reference, "concat"))
    if len(scores) == 2 and not lines:
        other = next(name for name in scores.index if name != reference)
        lines.append(_describe_pair(comparison, reference, other))
    if len(scores) > 2:
        lines.append(_describe_best(comparison))
    single = find_single(scores, "table")
    if scores.loc[reference, "sources"] == "both" and single is not None:
        lines.append(_describe_cost(scores, reference, single))
    return "\n".join(lines)


def _describe_gain(comparison, source, single):
    """Return what a source adds to the other: the fusion beside the other source alone."""
    name, adds, does, it = _WORDS[source]
    reference, other = comparison.reference, {"table": "image", "image": "table"}[source]
    line = comparison.differences.loc[(reference, single)]
    alone = {"table": "table alone", "image": "images alone"}[other]
    score, n_rows = describe_score(comparison.protocol), comparison.protocol["n_rows"]
    means = comparison.scores["mean"]
    if np.isnan(line["low"]):
        return (
            f"Whether {name.lower()} {adds} information, one split can't show: {score} "
            f"{means[reference]:.3f} with {it} ({reference!r}), {means[single]:.3f} without "
            f"({single!r}, {alone})."
        )
    if line["low"] > 0:
        finding = f"{adds} information"
    elif line["high"] < 0:
        finding = f"{does} harm"
    else:
        finding = f"{adds} nothing that these {n_rows} rows can show"
    return (
        f"{name} {finding}: without {it} ({alone}), the {score} {_describe_change(line)}; "
        f"{means[reference]:.3f} with {it} ({reference!r}), {means[single]:.3f} without "
        f"({single!r})."
    )


def _describe_change(line):
    """Return how the score changes without a source."""
    if line["low"] == line["high"]:
        return "is the same in all splits"
    return (
        f"{'falls' if line['difference'] >= 0 else 'rises'} by {abs(line['difference']):.3g} "
        f"(95 % interval of the change {-line['high']:+.3g} to {-line['low']:+.3g})"
    )


def _describe_pair(comparison, first, second):
    line = comparison.differences.loc[(first, second)]
    score, n_rows = describe_score(comparison.protocol), comparison.protocol["n_rows"]
    means = comparison.scores["mean"]
    numbers = f"{means[first]:.3f} and {means[second]:.3f}"
    if np.isnan(line["low"]):
        return (
            f"One split can't show which of {first!r} and {second!r} is better: {score} {numbers}."
        )
    interval = (
        f"{score} {numbers}, difference {line['difference']:+.3g} (95 % interval "
        f"{line['low']:+.3g} to {line['high']:+.3g})"
    )
    if line["low"] > 0:
        return f"{first!r} predicts better than {second!r}: {interval}."
    if line["high"] < 0:
        return f"{first!r} predicts worse than {second!r}: {interval}."
    return (
        f"Between {first!r} and {second!r} there is no difference that these {n_rows} rows can "
        f"show: {interval}."
    )


def _describe_best(comparison):
    means = comparison.scores["mean"]
    best = means.idxmax()
    lines = comparison.differences.loc[best]
    close = [name for name in means.index if name != best and not lines.loc[name, "low"] > 0]
    text = f"{best!r} has the highest mean {describe_score(comparison.protocol)}, {means[best]:.3f}"
    if not close:
        return f"{text}; that of each other one is surely lower."
    names = ", ".join(map(repr, close))
    return f"{text}; not surely lower {'is' if len(close) == 1 else 'are'} {names}."


def _describe_cost(scores, reference, single):
    costs = scores["predict_milliseconds"]
    return (
        f"To predict a row takes {costs[reference]:.3g} ms with the images ({reference!r}), "
        f"{costs[single]:.3g} ms without ({single!r})."
    )
