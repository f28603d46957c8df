"""The figure of cross-validated scores."""

import numpy as np
import pytest
from PIL import Image

from skfusion.inspection._draw_scores import draw_scores

SCORES = {
    "table only": np.array([0.7, 0.75]),
    "image only": np.array([0.01, 0.03]),
    "fused": np.array([0.9, 1.0]),
}


@pytest.fixture
def axes(monkeypatch, tmp_path):
    """The axes of the figure that is saved."""
    from matplotlib.figure import Figure

    saved = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **options: saved.append(figure))
    draw_scores(SCORES, tmp_path / "scores.png", title="Accuracy", highlight={"fused"}, label="AUC")
    (figure,) = saved
    figure.canvas.draw()
    return figure.axes[0]


def test_bars_are_means_and_dots_are_folds(axes):
    means = [bar.get_width() for bar in axes.patches]
    assert means == pytest.approx([values.mean() for values in SCORES.values()])
    for line, values in zip(axes.lines, SCORES.values(), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), values)
    assert [label.get_text() for label in axes.get_yticklabels()] == list(SCORES)
    assert axes.get_xlabel() == "AUC (bar: mean, dots: folds)"


def test_scores_are_readable(axes):
    """White inside a long bar, dark beside a short one."""
    for text, bar, values in zip(axes.texts, axes.patches, SCORES.values(), strict=True):
        assert text.get_text() == f"{values.mean():.3f}"
        box, extent = text.get_window_extent(), bar.get_window_extent()
        is_inside = extent.x0 <= box.x0 < box.x1 <= extent.x1
        assert is_inside == (text.get_color() == "white")
        assert is_inside or box.x0 > extent.x1


def test_one_color_is_the_highlight(axes):
    table, image, fused = (bar.get_facecolor() for bar in axes.patches)
    assert table == image != fused


def test_the_file(tmp_path):
    draw_scores(SCORES, tmp_path / "scores.png", title="Accuracy", highlight=set())
    with Image.open(tmp_path / "scores.png") as image:
        assert image.width == 900
