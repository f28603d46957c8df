"""The charts of a ModelReport: calibration and residuals."""

import numpy as np

from skfusion.reports._model_report_words import format_label, format_number
from skfusion.reports.html._chart import Chart, x_axis, y_axis

_MOST_POINTS = 500


def calibration_chart(report):
    """Return the chart of observed against predicted values; None without a calibration."""
    table = report.calibration
    if table is None:
        return None
    classes = report.model["classes"]
    x_label, y_label = _calibration_labels(classes)
    values = table[["predicted", "observed", "low", "high"]].to_numpy()
    ends = (0.0, 1.0) if classes else (float(np.nanmin(values)), float(np.nanmax(values)))
    x, y = x_axis(*ends), y_axis(*ends)
    chart = Chart(
        "Calibration",
        f"{y_label} against {x_label} in {len(table)} bins; the line is perfect calibration.",
        x_label,
        y_label,
        x,
        y,
        lines=[(float(x.start), float(y.start), float(x.stop), float(y.stop))],
    )
    for line in table.itertuples():
        place = float(x.place(line.predicted))
        text = (
            f"predicted {format_number(line.predicted)}, observed {format_number(line.observed)}, "
            f"{line.n_rows} rows"
        )
        chart.points.append((place, float(y.place(line.observed)), text))
        if not np.isnan(line.low):
            chart.bars.append((place, float(y.place(line.low)), float(y.place(line.high))))
    return chart


def residual_chart(report):
    """Return the chart of residuals against predictions; None for classes.

    Of more than 500 rows, evenly spaced ones are shown.
    """
    table = report.residuals
    if table is None:
        return None
    if len(table) > _MOST_POINTS:
        table = table.iloc[np.linspace(0, len(table) - 1, _MOST_POINTS).astype(int)]
    largest = float(table["residual"].abs().max())
    x = x_axis(float(table["prediction"].min()), float(table["prediction"].max()))
    y = y_axis(-largest, largest)
    zero = float(y.place(0))
    chart = Chart(
        "Residuals",
        f"Residuals against predictions of {len(table)} rows; the line is 0.",
        "prediction",
        "target minus prediction",
        x,
        y,
        lines=[(float(x.start), zero, float(x.stop), zero)],
    )
    for row, line in table.iterrows():
        text = f"row {row}: prediction {format_number(line['prediction'])}"
        places = float(x.place(line["prediction"])), float(y.place(line["residual"]))
        chart.points.append((*places, f"{text}, target {format_number(line['y'])}"))
    return chart


def _calibration_labels(classes):
    if classes is None:
        return "mean prediction", "mean target"
    if len(classes) == 2:
        label = format_label(classes[1])
        label = label if len(label) <= 20 else f"{label[:17]}..."
        return f"mean predicted probability of {label}", f"share of {label}"
    return "mean probability of the predicted class", "share of right predictions"
