"""The figure of a comparison."""

import numpy as np
import pytest

from skfusion import ComparisonDisplay
from tests.reports.comparison.fixed_scores import compare_scores
from tests.reports.comparison.test_verdict import IMAGE, NOISE, TABLE


@pytest.fixture(scope="module")
def found():
    return compare_scores(
        {"table": TABLE, "image": IMAGE, "stacked": TABLE + NOISE}, ["table", "image", "both"]
    )


def test_scores(found):
    display = ComparisonDisplay.from_comparison(found)
    assert display.means_ == pytest.approx(found.scores["mean"].to_dict())
    ax = display.ax_
    assert [label.get_text() for label in ax.get_yticklabels()] == ["table", "image", "stacked"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first is at the top
    dots, interval, mean = ax.lines[3:6]
    assert dots.get_xdata().tolist() == IMAGE.tolist()
    assert interval.get_xdata() == pytest.approx(found.scores.loc["image", ["low", "high"]])
    assert mean.get_xdata() == pytest.approx([IMAGE.mean()])
    assert ax.get_xlabel().startswith("read_score\npoints: means")


@pytest.mark.parametrize("reference", [None, "table"])
def test_differences(found, reference):
    display = ComparisonDisplay.from_comparison(found, kind="differences", reference=reference)
    first = reference or "stacked"
    values = found.split_scores
    expected = {name: (values[first] - values[name]).mean() for name in values if name != first}
    assert display.means_ == pytest.approx(expected)
    name = next(iter(expected))
    line = display.ax_.lines[1].get_xdata()
    assert line == pytest.approx(found.differences.loc[(first, name), ["low", "high"]])
    assert display.ax_.get_title(loc="left") == (
        f"{first} minus each other estimator (100 rows, 5 splits)"
    )


def test_one_split_has_points_alone():
    one = compare_scores({"a": TABLE, "b": IMAGE}, cv=[(np.arange(20, 100), np.arange(20))])
    display = ComparisonDisplay(one).plot()
    assert len(display.ax_.lines) == 4
    assert display.means_ == {"a": 0.8, "b": 0.6}


def test_own_axes_and_long_names():
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(3.5, 3))
    found = compare_scores({"a": TABLE, "a very long name of an estimator " * 3: IMAGE})
    display = ComparisonDisplay.from_comparison(found, ax=ax)
    assert display.figure_ is figure
    assert max(len(text.get_text()) for text in ax.get_yticklabels()) <= 54
    figure.draw_without_rendering()


@pytest.mark.parametrize("options", [{"kind": "bars"}, {"reference": "late"}], ids=str)
def test_wrong_options(found, options):
    ((name, value),) = options.items()
    with pytest.raises(ValueError, match=rf"{name}.*{value}"):
        ComparisonDisplay(found, **options).plot()
