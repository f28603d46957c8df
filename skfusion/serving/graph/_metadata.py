"""The metadata of a graph: its inputs and outputs, as JSON.

It is the value of the key "skfusion" in the model's ``metadata_props``:

- "format": 1.
- "task": "classification", "multilabel", "regression" or "transform".
- "classes": the classes, in the order of the columns of probabilities; None without classes.
- "inputs": a dict for each input of the graph, in its order, with "name", "kind" ("image",
  "missing", "number", "category" or "date") and what is known of it: see :doc:`/onnx_graph`.
- "outputs": the "name" and "kind" of each output: "label", "probabilities", "scores", "numbers" or
  "features".
- "target_unit": the unit of predicted numbers, or None.
- "feature_names": the columns that the last step gets, where the model names them, or None.
- "networks": "name", "input", "preprocessing" and "weights_license" of each network.
- "measured": "source", "scores" and, for a fusion, "strategy": scores on rows that the model was
  not fitted on; or None.
- "precision": "float32", "float16" or "int8".
- "versions": of the packages that made the graph.
"""

import json

import numpy as np
import pandas as pd
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline

from skfusion import __version__
from skfusion._utils.saved_state import installed_version
from skfusion.serving.graph._columns import Matrix
from skfusion.tabular._dates import to_dates

KEY = "skfusion"
_PACKAGES = ("scikit-learn", "keras", "pillow", "onnx", "skl2onnx", "numpy")


def add_metadata(graph, model, g, prediction, *, outputs, background, units, precision):
    """Add the metadata to a graph.

    Parameters
    ----------
    graph : onnx.ModelProto
        The graph; it is changed.

    model : estimator
        What it was converted from.

    g : GraphBuilder
        What it was built with.

    prediction : Prediction or Matrix
        What the model computes.

    outputs : list of dict
        Name and kind of each output.

    background, units, precision : object
        As in `to_onnx`.
    """
    content = {
        "format": 1,
        "task": _task(prediction),
        "classes": _classes(prediction),
        "inputs": [_describe_input(facts, background, units) for _, facts in g.inputs.values()],
        "outputs": outputs,
        "target_unit": units.get("target"),
        "feature_names": _feature_names(model),
        "networks": g.networks,
        "measured": _measured(model),
        "precision": precision or "float32",
        "versions": _versions(),
    }
    graph.producer_version = __version__
    graph.metadata_props.add(key=KEY, value=json.dumps(content, default=_plain))


def _versions():
    found = {name: installed_version(name) for name in _PACKAGES}
    return {"skfusion": __version__} | {k: v for k, v in found.items() if v is not None}


def _task(prediction):
    if isinstance(prediction, Matrix):
        return "transform"
    if prediction.kind == "numbers":
        return "regression"
    return "multilabel" if prediction.is_multilabel else "classification"


def _classes(prediction):
    classes = getattr(prediction, "classes", None)
    return None if classes is None else np.asarray(classes).tolist()


def _describe_input(facts, background, units):
    """Return what is known of an input, with its range in the rows of the training data."""
    facts = dict(facts)
    if facts["kind"] in ("image", "missing"):
        facts.setdefault("height", None)
        facts.setdefault("width", None)
        return facts if facts["kind"] == "image" else {k: facts[k] for k in ("name", "kind", "of")}
    facts["unit"] = units.get(facts["name"])
    cells = None
    if background is not None and facts["name"] in background:
        cells = pd.Series(list(background[facts["name"]])).dropna()
    if facts["kind"] == "number":
        facts.setdefault("allows_missing", False)
        facts.update(_range(cells))
    elif facts["kind"] == "date":
        facts.update(_range(None if cells is None else _seconds(cells)))
    elif cells is not None:
        facts["categories"] = facts.get("categories") or sorted(set(map(str, cells)))
    return facts


def _range(cells):
    """Return smallest, largest and middle value, and whether all are whole."""
    numbers = np.array([] if cells is None else cells, dtype=float)
    numbers = numbers[np.isfinite(numbers)]
    if len(numbers) == 0:
        return {"range": None, "median": None, "integers": None}
    return {
        "range": [float(numbers.min()), float(numbers.max())],
        "median": float(np.median(numbers)),
        "integers": bool((numbers == np.rint(numbers)).all()),
    }


def _seconds(cells):
    """Return dates as seconds since 1970."""
    dates = to_dates(cells).dropna()
    return dates.to_numpy("datetime64[us]").astype(np.int64) / 1e6


def _feature_names(model):
    """Return the columns that the last step of a pipeline gets."""
    if isinstance(model, BaseSearchCV):
        model = model.best_estimator_
    if not isinstance(model, Pipeline) or len(model.steps) < 2:
        return None
    try:
        return [str(name) for name in model[:-1].get_feature_names_out()]
    except (AttributeError, ValueError):  # a step that names no columns
        return None


def _measured(model):
    """Return scores on rows that the model was not fitted on, where it keeps them."""
    if isinstance(model, BaseSearchCV):
        inner = _measured(model.best_estimator_)
        score = {"score" if model.scoring is None else str(model.scoring): float(model.best_score_)}
        return inner or {"source": "search", "scores": score}
    scores = getattr(model, "strategy_scores_", None)
    if scores is None:
        return None
    loss = "log loss" if "accuracy" in scores else "squared error"
    # The others compare the strategies with each other.
    chosen = scores.rename(columns={"loss": loss}).loc[model.strategy_]
    chosen = chosen.drop(["chosen", "difference", "standard_error"], errors="ignore")
    numbers = {str(name): float(value) for name, value in chosen.items() if _is_number(value)}
    return {"source": "inner folds", "scores": numbers, "strategy": model.strategy_}


def _is_number(value):
    return isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_))


def _plain(value):
    """Return an object that JSON has no form for as one that it has."""
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else str(value)
