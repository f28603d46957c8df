"""The parts of an estimator that get weights and groups of rows."""

from inspect import Parameter, signature

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter


def fit_arguments(estimator, **arguments):
    """Return the arguments that an estimator's `fit` accepts, by the names that it accepts.

    Parameters
    ----------
    estimator : estimator
        For a Pipeline, each step gets what it accepts.

    **arguments : ndarray or None
        `sample_weight` and `groups`; None is not passed on.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skfusion.fusion._fit_arguments import fit_arguments
    >>> fit_arguments(make_pipeline(StandardScaler(), Ridge()), sample_weight=1)
    {'standardscaler__sample_weight': 1, 'ridge__sample_weight': 1}
    """
    if isinstance(estimator, Pipeline):
        return {
            f"{step}__{name}": value
            for step, part in estimator.steps
            if part is not None and part != "passthrough"
            for name, value in fit_arguments(part, **arguments).items()
        }
    return {
        name: value
        for name, value in arguments.items()
        if value is not None and _accepts(estimator, name)
    }


def accepts_weights(model):
    """Return whether a model learns from weights: for a Pipeline, whether its last step does."""
    if isinstance(model, Pipeline):
        return accepts_weights(model.steps[-1][1])
    return _accepts(model, "sample_weight")


def _accepts(estimator, name):
    if has_fit_parameter(estimator, name):
        return True
    parameters = signature(estimator.fit).parameters.values()
    if not any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters):
        return False
    # Searches, and regressors of a transformed target, pass weights on to their estimator.
    inner = getattr(estimator, "estimator", getattr(estimator, "regressor", None))
    return inner is not None and name == "sample_weight" and accepts_weights(inner)
