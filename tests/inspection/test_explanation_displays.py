"""Displays of explanations, importance of sources, notable rows, HTML."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import (
    Explanation,
    ExplanationDisplay,
    PixelFlattener,
    RegionDisplay,
    RowsDisplay,
    SourceImportanceDisplay,
    explain,
    source_importance,
)
from skfusion.datasets import make_image_table

QUICK = {"n_background": 4, "max_passes": 20, "random_state": 0}


def fit(head=None, n_rows=60, target=None):
    data = make_image_table(n_rows, image_size=(12, 20), n_columns=2, noise=0.3, random_state=0)
    numbers = ["number_0", "number_1"]
    parts = [("images", PixelFlattener((6, 6)), ["image"]), ("numbers", StandardScaler(), numbers)]
    head = LogisticRegression(max_iter=2000) if head is None else head
    y = data.target if target is None else target
    return make_pipeline(ColumnTransformer(parts), head).fit(data.frame, y), data.frame, y


def test_display_of_a_row():
    model, frame, _ = fit()
    display = ExplanationDisplay.from_estimator(model, frame, row=3, **QUICK)
    explanation = display.explanation
    widths = [bar.get_width() for bar in display.bars_]
    assert widths[:2] == pytest.approx(explanation.sources.iloc[0].tolist())
    assert sorted(widths[2:]) == pytest.approx(sorted(explanation.table.iloc[0].tolist()))
    assert display.figure_.get_suptitle() == explanation.describe(0)
    assert "probability of 1" in display.ax_.get_xlabel()
    names = [label.get_text().strip() for label in display.ax_.get_yticklabels()]
    assert names[:2] == ["image", "table"]
    assert any(name.startswith("number_0 = ") for name in names)
    assert display.axes_[1].get_title(loc="left") == "image"


def test_display_in_own_axes():
    model, frame, _ = fit()
    ax = Figure().add_subplot()
    display = ExplanationDisplay.from_estimator(model, frame, row=0, ax=ax, **QUICK)
    assert display.axes_.tolist() == [ax]


def test_long_names_leave_space_for_the_bars():
    long = "mean corpuscular haemoglobin concentration of the first visit"
    sources = pd.DataFrame({long: [0.3], "table": [0.2]})
    table = pd.DataFrame({long + "_unbroken" * 9: [0.15], "b": [0.05]})
    display = ExplanationDisplay(Explanation(0.5, np.array([1.0]), sources, table=table)).plot()
    importance = pd.DataFrame({"permuted": [0.2], "permuted_std": [0.1]}, index=[long])
    importance["left_out"] = np.nan
    for figure, ax in (
        (display.figure_, display.ax_),
        ((other := SourceImportanceDisplay(importance).plot()).figure_, other.ax_),
    ):
        figure.draw_without_rendering()
        edges = [label.get_window_extent().x0 for label in ax.get_yticklabels()]
        assert min(edges) >= 0
        assert ax.get_position().width > 0.4


def test_display_of_the_predicted_class():
    model, frame, _ = fit(target=np.array(["a", "b", "c"])[np.arange(60) % 3])
    display = ExplanationDisplay.from_estimator(model, frame, row=3, regions=False)
    predicted = str(model.predict(frame[3:4])[0])
    assert display.explanation.names == [f"probability of {predicted!r}"]


def test_region_display():
    model, frame, _ = fit()
    display = RegionDisplay.from_estimator(model, frame, row=3, **QUICK)
    assert display.heat.shape == (12, 20)
    assert display.image_.get_array().shape == (12, 20, 3)
    low, high = display.colorbar_.mappable.get_clim()
    assert low == -high
    assert high == pytest.approx(np.abs(display.heat).max())
    assert "probability of 1" in display.colorbar_.ax.get_ylabel()
    assert display.ax_.get_aspect() == 1
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("x (pixels)", "y (pixels)")


def test_without_regions():
    model, frame, _ = fit()
    explanation = explain(model, frame, rows=[3], regions=False, random_state=0)
    for row in (0, None):
        with pytest.raises(ValueError, match="no regions to draw"):
            RegionDisplay.from_explanation(explanation, row=row)
    with pytest.raises(ValueError, match="no image column 'scan'"):
        RegionDisplay.from_explanation(explanation, column="scan")


def test_mean_regions():
    model, frame, _ = fit()
    explanation = explain(model, frame, rows=[0, 1, 2], **QUICK)
    display = RegionDisplay.from_explanation(explanation, row=None)
    expected = np.mean(list(explanation.regions["image"]), axis=0)
    np.testing.assert_allclose(display.heat, expected, atol=1e-6)


def test_row_that_does_not_exist():
    model, frame, _ = fit()
    for display in (ExplanationDisplay, RegionDisplay):
        with pytest.raises(ValueError, match="Row 60 does not exist"):
            display.from_estimator(model, frame, row=60)
    explanation = explain(model, frame, regions=False, **QUICK)
    with pytest.raises(ValueError, match="Row 60 does not exist"):
        ExplanationDisplay.from_explanation(explanation, row=60)
    with pytest.raises(ValueError, match="no image column 'scan'"):
        explanation.image("scan")


def test_row_without_an_image():
    model, frame, y = fit()
    frame = frame.copy()
    frame.loc[0, "image"] = None
    model.set_params(columntransformer__images__missing="zero").fit(frame, y)
    explanation = explain(model, frame, rows=[0], **QUICK)
    display = ExplanationDisplay.from_explanation(explanation)
    assert len(display.axes_) == 1
    assert "no image" in explanation._repr_html_()
    with pytest.raises(ValueError, match="no image in column 'image'"):
        RegionDisplay.from_explanation(explanation)


def test_importance():
    model, frame, y = fit()
    table = source_importance(model, frame, y, random_state=0)
    assert list(table.index) == ["image", "table (all columns)", "number_0", "number_1"]
    assert table["source"].tolist() == ["image", "table", "table", "table"]
    assert table.loc["image", "permuted"] > 3 * table.loc["image", "permuted_error"]
    display = SourceImportanceDisplay.from_estimator(model, frame, y, random_state=0)
    assert display.ax_.get_xlabel() == "rise of the log loss (nats per row) on these rows"
    widths = [bar.get_width() for bar in display.bars_["permuted"]]
    assert widths == pytest.approx(table["permuted"].tolist())


def test_importance_by_a_scorer():
    model, frame, y = fit()
    options = {"scoring": "accuracy", "random_state": 0}
    first = source_importance(model, frame, y, **options)
    pd.testing.assert_frame_equal(first, source_importance(model, frame, y, **options))
    display = SourceImportanceDisplay.from_estimator(model, frame, y, **options)
    assert display.ax_.get_xlabel() == "fall of the accuracy on these rows"
    with pytest.raises(ValueError, match="n_repeats"):
        source_importance(model, frame, y, n_repeats=0)
    with pytest.raises(ValueError, match="inconsistent numbers"):
        source_importance(model, frame, y[:5])


def test_notable_rows():
    sources = pd.DataFrame({"scan": [0.4, -0.4, 0.0, 0.1], "table": [0.0, 0.0, 0.0, 0.0]})
    explanation = Explanation(
        0.5,
        np.array([0.9, 0.1, 0.5, 0.6]),
        sources,
        names=["probability of 'sick'"] * 4,
        target="sick",
    )
    rows = explanation.find_rows(["sick"] * 4, n_rows=1).set_index("kind")["row"]
    assert rows["most wrong"] == 1
    assert rows["most helped by the image"] == 0
    assert rows["most harmed by the image"] == 1
    assert rows["most typical"] in (2, 3)
    with pytest.raises(ValueError, match="y has shape"):
        explanation.find_rows(["sick"])


def test_rows_display():
    model, frame, y = fit(Ridge())
    display = RowsDisplay.from_estimator(model, frame, y, n_rows=2, random_state=0)
    assert display.axes_.shape == (display.rows["kind"].nunique(), 2)
    assert len(display.axes_[0, 0].get_images()) == 1


def test_html_is_escaped():
    sources = pd.DataFrame({"scan<b>": [0.25], "table": [0.125]})
    explanation = Explanation(
        0.5,
        np.array([0.875]),
        sources,
        table=pd.DataFrame({"<script>": [0.1], "b": [0.025]}),
        data=pd.DataFrame({"<script>": ["<i>"], "b": [2.0]}),
        names=["probability of '<u>'"],
    )
    html = explanation._repr_html_()
    assert "&lt;script&gt; = &lt;i&gt;" in html
    assert "scan&lt;b&gt;" in html
    for tag in ("<script>", "<i>", "<u>", "<b>"):
        assert tag not in html


def test_html_shows_the_image():
    model, frame, _ = fit()
    one = explain(model, frame, rows=[0], **QUICK)._repr_html_()
    assert one.count("data:image/png;base64,") == 1
    several = explain(model, frame, regions=False, **QUICK)
    assert "mean_absolute" in several._repr_html_()
    assert repr(several) == "<Explanation of 60 rows by image, table>"
