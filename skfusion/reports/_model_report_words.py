"""Words and numbers of a ModelReport, for its renderers."""

import numbers

import numpy as np

_NAMES = {
    "roc_auc": "ROC AUC",
    "r2": "R²",
    "brier_score": "Brier score",
}
_MEANINGS = {
    "accuracy": "share of rows whose class is right",
    "balanced_accuracy": "mean recall of the classes",
    "sensitivity": "share of {positive} that is found",
    "specificity": "share of {negative} that is found",
    "precision": "share of predicted {positive} that is right",
    "roc_auc": "probability that a row of a class is ranked above one that is not of it",
    "average_precision": "mean precision over the ranks of {positive}",
    "log_loss": "nats per row",
    "brier_score": "mean squared error of the probabilities",
    "r2": "share of the variance that is explained",
    "mean_absolute_error": "in units of the target",
    "root_mean_squared_error": "in units of the target",
    "median_absolute_error": "in units of the target",
}


def name_of_score(name):
    """Return the name of a score in words."""
    return _NAMES.get(name, name.replace("_", " "))


def meaning_of_score(name, classes):
    """Return what a score measures; of two classes, the second is the positive one."""
    labels = classes or ["", ""]
    return _MEANINGS.get(name, "").format(
        negative=format_label(labels[0]), positive=format_label(labels[-1])
    )


def format_number(value, digits=3):
    """Return a number with three significant digits; a dash where it is not defined.

    Examples
    --------
    >>> from skfusion.reports._model_report_words import format_number
    >>> [format_number(value) for value in (0.98765, 12345.6, float("nan"), 0.00001234)]
    ['0.988', '12,346', '–', '1.23e-05']
    """
    if value is None or np.isnan(value):
        return "–"
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if value and abs(value) < 10**-digits:
        return f"{value:.{digits - 1}e}"
    return f"{value:.{digits}f}" if abs(value) <= 1 else f"{value:#.{digits + 1}g}"


def format_label(label):
    """Return a class or a number as text."""
    is_number = isinstance(label, numbers.Real) and not isinstance(label, (bool, np.bool_))
    if is_number and not float(label).is_integer():
        return format_number(float(label))
    if is_number:
        return str(int(label))
    return str(label)


def describe_model_line(model):
    """Return what a model is in one line."""
    steps = f" of {', '.join(model['steps'])}" if model["steps"] else ""
    n_images, n_columns = len(model["image_columns"]), len(model["table_columns"])
    images = "1 column of images" if n_images == 1 else f"{n_images} columns of images"
    columns = "1 other column" if n_columns == 1 else f"{n_columns} other columns"
    rows = "1 row" if model["n_rows"] == 1 else f"{model['n_rows']} rows"
    return f"{model['kind']}{steps}; {rows} with {images} and {columns}"


def describe_protocol(protocol):
    """Return how the scores were made in one line."""
    percent = f"{protocol['confidence']:.0%} intervals"
    if protocol["n_groups"] is not None:
        percent += f" over {protocol['n_groups']} groups"
    if protocol["rows"] == "out-of-fold":
        return f"out-of-fold, {protocol['n_folds']} folds, {protocol['n_rows']} rows; {percent}"
    return f"the given model on {protocol['n_rows']} rows; {percent}"


def describe_timings(timings):
    """Return pairs of a part and its time with a unit."""
    seconds = [
        (name, f"{format_number(value)} s")
        for name, value in timings.items()
        if name != "milliseconds_per_row"
    ]
    if "milliseconds_per_row" not in timings:
        return seconds
    return [*seconds, ("predict a row", f"{format_number(timings['milliseconds_per_row'])} ms")]
