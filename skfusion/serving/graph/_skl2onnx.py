"""Estimators of numbers, converted by skl2onnx and onnxmltools."""

import warnings
from importlib import import_module
from importlib.util import find_spec

from skfusion.exceptions import ExtraNotFoundError
from skfusion.serving.graph._graph_builder import DOUBLE, FLOAT, OPSETS, at_opset
from skfusion.serving.graph._not_convertible import NotConvertible

_HINT = "pip install 'skfusion[onnx-graph]'"
_LIGHTGBM = ("lightgbm.operator_converters.LightGbm", "convert_lightgbm")
_XGBOOST = ("xgboost.operator_converters.XGBoost", "convert_xgboost")
# Converters of onnxmltools by the name of a class: module, function, and whether it has classes.
_BOOSTING = {
    "LGBMClassifier": (*_LIGHTGBM, True),
    "LGBMRegressor": (*_LIGHTGBM, False),
    "XGBClassifier": (*_XGBOOST, True),
    "XGBRegressor": (*_XGBOOST, False),
}


def to_part(estimator, width):
    """Convert an estimator that takes numbers.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator.

    width : int
        How many columns it takes.

    Returns
    -------
    model : onnx.ModelProto
        Its only input is a matrix.

    dtype : int
        The type of the input: float64, or float32 where the converter has no other.

    Raises
    ------
    NotConvertible
        If there is no converter for it.

    ExtraNotFoundError
        If skl2onnx is not installed.
    """
    skl2onnx = _import("skl2onnx")
    _register_boosting(estimator)
    types = import_module("skl2onnx.common.data_types")
    reason = ""
    for kind, dtype in ((types.DoubleTensorType, DOUBLE), (types.FloatTensorType, FLOAT)):
        for options in ({"zipmap": False}, {}):
            try:
                model = _convert(skl2onnx, estimator, [("X", kind([None, width]))], options)
                _check_loads(model)
                return at_opset(model), dtype
            except Exception as error:  # neither package has exceptions of its own for all cases
                reason = reason or " ".join(str(error).split())
    raise NotConvertible(f"{type(estimator).__name__} can't be converted: {reason:.200}")


def _convert(skl2onnx, estimator, types, options):
    options = {id(estimator): options} if options else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return skl2onnx.to_onnx(
            estimator, initial_types=types, options=options, target_opset=dict(OPSETS)
        )


def _check_loads(model):
    """Raise an error if ONNX Runtime has no kernel for the types of a part."""
    onnxruntime = _import("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _import(name):
    try:
        return import_module(name)
    except ImportError as error:
        raise ExtraNotFoundError(
            f"A model becomes one graph with the help of {name}, which could not be imported "
            f"({error}): {_HINT}."
        ) from error


def _register_boosting(estimator):
    """Register the converter of LightGBM's and XGBoost's estimators."""
    name = type(estimator).__name__
    if name not in _BOOSTING:
        return
    if find_spec("onnxmltools") is None:
        raise NotConvertible(f"{name} is converted by onnxmltools: pip install onnxmltools")
    module, function, predicts_classes = _BOOSTING[name]
    shapes = import_module("skl2onnx.common.shape_calculator")
    convert = getattr(import_module(f"onnxmltools.convert.{module}"), function)
    calculate, options = shapes.calculate_linear_regressor_output_shapes, None
    if predicts_classes:
        calculate = shapes.calculate_linear_classifier_output_shapes
        options = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
    _import("skl2onnx").update_registered_converter(
        type(estimator), f"skfusion{name}", calculate, convert, options=options
    )
