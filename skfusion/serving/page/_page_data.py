"""The data of a model for the script of a page, from the metadata of its ONNX file."""

import json

from skfusion.networks.onnx._onnx_file import OnnxFile
from skfusion.reports._model_report_words import (
    describe_protocol,
    meaning_of_score,
    name_of_score,
)

_REMEDY = "Make it with skfusion.to_onnx(model, form='graph')"
_TASKS = ("classification", "multilabel", "regression")
# Scores of a strategy beside another one mean nothing where only one is shown.
_BESIDE_OTHERS = ("difference", "standard error")
_MEANINGS = {"loss": "mean over the rows, by which strategies are compared; lower is better"}
# ONNX's numbers of types, by their names in ONNX Runtime Web.
_TYPES = {
    1: "float32", 2: "uint8", 6: "int32", 7: "int64", 8: "string", 9: "bool", 11: "float64"
}  # fmt: skip


def read_page_data(path, title=None, report=None):
    """Read what a page shows of a model.

    Parameters
    ----------
    path : Path
        The ONNX file.

    title : str or None, default=None
        The title of the page.

    report : dict or None, default=None
        A `ModelReport` as plain data: its scores are shown in place of those in the file.

    Returns
    -------
    data : dict
        Plain data, for JSON.

    Raises
    ------
    ValueError
        If the file is no graph of a whole model, or can't run in a browser.
    """
    file = OnnxFile(path)
    if file.external_files:
        raise ValueError(f"{path} has weights in other files; save the model as one file")
    facts = _read_metadata(file.model, path)
    return {
        "title": title
        or ("Predict a number" if facts["task"] == "regression" else "Predict a class"),
        "task": facts["task"],
        "classes": facts.get("classes"),
        "target_unit": facts.get("target_unit"),
        "inputs": _read_inputs(file.model.graph, facts["inputs"], path),
        "outputs": facts["outputs"],
        "measured": _measured_in_file(facts) if report is None else _measured_in_report(report),
        "facts": _facts(facts),
    }


def _read_metadata(model, path):
    text = next((entry.value for entry in model.metadata_props if entry.key == "skfusion"), None)
    if text is None:
        raise ValueError(f"{path} has no metadata of skfusion. {_REMEDY}")
    facts = json.loads(text)
    if facts.get("format") != 1:
        raise ValueError(
            f"{path} has metadata of format {facts.get('format')}, which this version of skfusion "
            "can't read. Update skfusion, or convert the model again"
        )
    if facts["task"] not in _TASKS:
        raise ValueError(f"{path} computes features, no predictions. {_REMEDY} of a whole model")
    return facts


def _read_inputs(graph, inputs, path):
    """Return the inputs with the types and the number of axes that the graph has."""
    tensors = {each.name: each.type.tensor_type for each in graph.input}
    missing = [each["name"] for each in inputs if each["name"] not in tensors]
    if missing or len(inputs) != len(tensors):
        raise ValueError(f"{path} has other inputs than its metadata names. {_REMEDY}")
    return [
        each
        | {
            "type": _TYPES.get(tensors[each["name"]].elem_type, "unknown"),
            "rank": len(tensors[each["name"]].shape.dim),
        }
        for each in inputs
    ]


def _measured_in_file(facts):
    measured = facts.get("measured")
    if not measured:
        return None
    scores = [
        {
            "name": name_of_score(name),
            "meaning": meaning_of_score(name, facts.get("classes")) or _MEANINGS.get(name, ""),
            "value": value,
        }
        for name, value in measured["scores"].items()
        if name not in _BESIDE_OTHERS
    ]
    strategy = f", with the strategy {measured['strategy']}" if measured.get("strategy") else ""
    protocol = f"Measured in training, by {measured['source']}{strategy}"
    return {"protocol": protocol, "scores": scores}


def _measured_in_report(report):
    if not report.get("scores"):
        raise ValueError("the report has no scores: make it with the column of the target")
    classes = report["model"]["classes"]
    scores = [
        {
            "name": name_of_score(each["score"]),
            "meaning": meaning_of_score(each["score"], classes),
            "value": each["value"],
            "low": each["low"],
            "high": each["high"],
        }
        for each in report["scores"]
    ]
    return {"protocol": f"Measured: {describe_protocol(report['protocol'])}", "scores": scores}


def _facts(facts):
    """Return pairs of a name and a text."""
    networks = [
        f"{each['name']} (weights: {each.get('weights_license') or 'license not known'})"
        for each in facts.get("networks") or ()
    ]
    versions = [f"{name} {version}" for name, version in (facts.get("versions") or {}).items()]
    found = {
        "Networks": "; ".join(networks),
        "Precision": facts.get("precision") or "",
        "Made with": ", ".join(versions),
    }
    return [[name, text] for name, text in found.items() if text]
