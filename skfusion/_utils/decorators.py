"""scikit-learn's decorators, with types: without them, type checkers lose what is decorated."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sklearn.base import _fit_context
from sklearn.utils._param_validation import validate_params as _validate_params
from sklearn.utils.metaestimators import available_if as _available_if

from skfusion._utils import sklearn_compat

Function = TypeVar("Function", bound=Callable[..., Any])


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Function], Function]:
    """Return scikit-learn's `_fit_context`: a method checks the parameters before it starts."""
    decorate: Callable[[Function], Function] = _fit_context(
        prefer_skip_nested_validation=prefer_skip_nested_validation
    )
    return decorate


def validate_params(
    constraints: Mapping[str, Any], *, prefer_skip_nested_validation: bool
) -> Callable[[Function], Function]:
    """Return scikit-learn's `validate_params`: a function checks its parameters."""
    decorate: Callable[[Function], Function] = _validate_params(
        constraints, prefer_skip_nested_validation=prefer_skip_nested_validation
    )
    return decorate


def with_callbacks(method: Function) -> Function:
    """Apply scikit-learn's `with_callbacks`, where this version has it."""
    decorated: Function = sklearn_compat.with_callbacks(method)
    return decorated


def available_if(check: Callable[[Any], bool]) -> Callable[[Function], Function]:
    """Return scikit-learn's `available_if`: a method that exists if `check` allows it."""
    decorate: Callable[[Function], Function] = _available_if(check)
    return decorate
