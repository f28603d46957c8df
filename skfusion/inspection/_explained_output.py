"""ExplainedOutput: which number of a prediction is explained."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier

PREDICTED = "predicted"
# In the order of preference, with what they give in words.
_METHODS = {"predict_proba": "probability", "decision_function": "decision"}


@dataclass(frozen=True)
class ExplainedOutput:
    """The number that is explained: a probability, a decision or a prediction.

    Parameters
    ----------
    method : {"predict_proba", "decision_function", "predict"}
        The method of the model.

    position : int or None
        The column of its output; None is that of each row's predicted class.

    names : list of str
        What each column of the output is, in words.

    target : object
        The class, the number of the output, or None.

    classes : ndarray or None
        The classes of a classifier with one output.
    """

    method: str
    position: int | None
    names: list[str]
    target: Any = None
    classes: Any = None

    def positions(self, outputs):
        """Return the column of each row's explained number."""
        if self.position is None:
            return outputs.argmax(axis=1)
        return np.full(len(outputs), self.position)

    def name(self, position):
        """Return what a column of the output is, in words."""
        return self.names[position]


def find_method(model):
    """Return the method whose output is explained: of a classifier, probabilities if it has them.

    Raises
    ------
    TypeError
        If the model doesn't predict amounts.
    """
    if not is_classifier(model):
        if not hasattr(model, "predict"):
            raise TypeError(
                f"This {type(model).__name__} has no predict. Pass a classifier or a regressor, "
                "such as the Pipeline with the transformer of images and a head."
            )
        return "predict"
    method = next((name for name in _METHODS if hasattr(model, name)), None)
    if method is None:
        raise TypeError(
            f"This {type(model).__name__} has neither predict_proba nor decision_function, so "
            "its predictions have no amounts to explain. Use a head that has one of them, or put "
            "CalibratedClassifierCV around it."
        )
    return method


def find_output(model, method, target, n_outputs):
    """Find which number of a model's predictions is explained.

    Parameters
    ----------
    model : estimator
        A fitted classifier or regressor.

    method : {"predict_proba", "decision_function", "predict"}
        The method that predicts.

    target : object
        A class, the number of an output, or None.

    n_outputs : int
        The number of outputs.

    Returns
    -------
    output : ExplainedOutput
        The number.

    Raises
    ------
    ValueError
        If the model has several and `target` doesn't name one of them.
    """
    if method == "predict":
        return _of_regressor(n_outputs, target)
    word = _METHODS[method]
    if isinstance(model.classes_, list):
        return _of_several_outputs(model.classes_, method, word, target)
    return _of_classes(np.asarray(model.classes_), method, word, target)


def _of_classes(classes, method, word, target):
    names = [f"{word} of {label!r}" for label in classes.tolist()]
    is_margin = method == "decision_function" and len(classes) == 2
    if target is None and len(classes) == 2:
        target = classes[1]
    if is_margin:
        if target != classes[1]:
            raise ValueError(
                f"target={target!r}, but decision_function is that of {classes[1]!r}. Pass "
                f"target={classes[1]!r}; amounts for {classes[0]!r} have the other sign."
            )
        return ExplainedOutput(method, 0, names[1:], target, classes)
    if isinstance(target, str) and target == PREDICTED:
        return ExplainedOutput(method, None, names, target, classes)
    found = [i for i, label in enumerate(classes.tolist()) if _is_same(label, target)]
    if not found:
        asked = "needs a target" if target is None else f"has no class {target!r}"
        raise ValueError(
            f"This model {asked}. Pass one of its {len(classes)} classes as target, "
            f"{_listed(classes.tolist())}, or target={PREDICTED!r} for the predicted class of "
            "each row."
        )
    return ExplainedOutput(method, found[0], names, classes.tolist()[found[0]], classes)


def _of_several_outputs(classes, method, word, target):
    """Return the output of a classifier of several targets; `target` is a tuple."""
    pairs = [(i, label) for i, own in enumerate(classes) for label in own.tolist()]
    names = [f"{word} of {label!r} in output {i}" for i, label in pairs]
    is_pair = isinstance(target, tuple) and len(target) == 2
    if not is_pair or target not in pairs or method != "predict_proba":
        raise ValueError(
            f"This model has {len(classes)} outputs. Pass target=(number of the output, class), "
            f"such as target={pairs[0]!r}; got {target!r}."
        )
    return ExplainedOutput(method, pairs.index(target), names, target)


def _of_regressor(n_outputs, target):
    if n_outputs == 1:
        if target not in (None, 0):
            raise ValueError(f"target={target!r}, but this model predicts one number. Pass None.")
        return ExplainedOutput("predict", 0, ["prediction"])
    is_number = isinstance(target, (int, np.integer)) and not isinstance(target, bool)
    if not is_number or not 0 <= target < n_outputs:
        raise ValueError(
            f"This model has {n_outputs} outputs. Pass the number of one of them as target, from "
            f"0 to {n_outputs - 1}; got {target!r}."
        )
    names = [f"prediction of output {i}" for i in range(n_outputs)]
    return ExplainedOutput("predict", int(target), names, int(target))


def _is_same(label, target):
    """Return whether a class is meant; True is not 1, and "1" is not 1."""
    kinds = (bool, np.bool_, str)
    return isinstance(label, kinds) == isinstance(target, kinds) and bool(label == target)


def _listed(labels, most=10):
    words = [repr(label) for label in labels[:most]]
    return ", ".join(words) + (", ..." if len(labels) > most else "")
