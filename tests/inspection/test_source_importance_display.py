import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from skfusion import FusionClassifier, SourceImportanceDisplay
from tests.fusion.conftest import classifier, make_rows


def test_the_bars_are_the_numbers():
    fusion = classifier().fit(*make_rows(60, table=1.0, image=0.5))
    display = SourceImportanceDisplay.from_estimator(fusion)
    for kind in ("left_out", "permuted"):
        widths = [bar.get_width() for bar in display.bars_[kind]]
        expected = fusion.source_importance_[kind].tolist()
        assert widths == pytest.approx(expected, nan_ok=True)
    shown = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert shown == ["table (all columns)", "age", "sex", "scan"]
    assert display.ax_.get_xlabel() == "rise of the log loss (nats per row) on inner folds"


def test_own_axes_and_a_single_source():
    importance = pd.DataFrame(
        {"left_out": [0.2], "permuted": [float("nan")], "permuted_std": [float("nan")]},
        index=["table"],
    )
    axes = Figure().add_subplot()
    display = SourceImportanceDisplay(importance).plot(ax=axes)
    assert display.ax_ is axes
    assert display.figure_ is axes.figure
    assert list(display.bars_) == ["left_out"]
    (text,) = axes.get_legend().get_texts()
    assert text.get_text() == "without the whole source"


@pytest.mark.parametrize("width", [3.6, 6])
def test_legend_and_label_are_inside_the_figure(width):
    importance = pd.DataFrame(
        {"left_out": [0.3, None], "permuted": [0.4, 0.1], "permuted_std": [0.01, 0.02]},
        index=["table (all columns)", "body_mass_index"],
    )
    figure = Figure(figsize=(width, 3), layout="constrained")
    display = SourceImportanceDisplay(importance, loss="log loss").plot(ax=figure.add_subplot())
    figure.canvas.draw()
    for item in (display.ax_.get_legend(), display.ax_.xaxis.label):
        box = item.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= figure.bbox.x1


def test_other_models():
    with pytest.raises(TypeError, match="FusionRegressor, got a LogisticRegression"):
        SourceImportanceDisplay.from_estimator(LogisticRegression())


def test_not_fitted():
    with pytest.raises(NotFittedError):
        SourceImportanceDisplay.from_estimator(FusionClassifier())
