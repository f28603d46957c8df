"""Facts about the model and the software that made a report."""

import platform
from importlib.metadata import version

from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from skfusion._utils.saved_state import installed_version

_PACKAGES = (
    "skfusion", "scikit-learn", "keras", "tensorflow", "tensorflow-cpu", "jax", "torch",
    "onnxruntime", "numpy", "pandas", "pillow",
)  # fmt: skip


def describe_model(model, rows):
    """Return what kind of model it is, and which columns it uses.

    Parameters
    ----------
    model : estimator
        The fitted model.

    rows : ReportRows
        The rows of the report.

    Returns
    -------
    facts : dict
        `kind`, `steps`, `task`, `classes`, `image_columns`, `table_columns`, `n_rows`.
    """
    best = getattr(model, "best_estimator_", model)
    steps = [type(step).__name__ for _, step in best.steps] if isinstance(best, Pipeline) else []
    classes = list(model.classes_) if is_classifier(model) else None
    return {
        "kind": type(model).__name__,
        "steps": steps,
        "task": "regression" if classes is None else "classification",
        "classes": classes,
        "image_columns": rows.image_columns,
        "table_columns": rows.table_columns,
        "n_rows": len(rows.table),
    }


def list_versions():
    """Return the versions of Python and of the packages that predictions depend on."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        found = version(package) if package == "skfusion" else installed_version(package)
        if found is not None:
            versions[package] = found
    return versions
