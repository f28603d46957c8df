"""SciKeras, imported without what it changes in Keras."""

from contextlib import contextmanager
from importlib import import_module

from skfusion.exceptions import ExtraNotFoundError
from skfusion.networks.runtimes._keras import import_keras

# What SciKeras puts on Keras's classes when it is imported.
_REPLACED = ("__reduce__", "__deepcopy__")


def import_wrappers():
    """Import SciKeras's estimators, and leave Keras as it is.

    SciKeras replaces how all models, losses, metrics and optimizers of the process are pickled
    and copied. Where it was imported before, Keras has been changed already, and stays so.

    Returns
    -------
    wrappers : module
        ``scikeras.wrappers``.

    Raises
    ------
    ExtraNotFoundError
        If SciKeras is not installed.

    BackendNotFoundError
        If Keras has no backend.
    """
    keras = import_keras()
    changed = (keras.Model, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer)
    with _unchanged(changed):
        return import_extra("scikeras.wrappers")


def import_extra(name):
    """Import a module that the extra ``scikeras`` brings.

    Raises
    ------
    ExtraNotFoundError
        If its package is not installed.
    """
    package = name.partition(".")[0]
    try:
        return import_module(name)
    except ImportError as error:
        if (error.name or "").partition(".")[0] != package:
            raise
        raise ExtraNotFoundError(
            f"KerasClassifier and KerasRegressor need {package}, which is not installed. Install "
            "it with pip install 'skfusion[scikeras]'. DenseClassifier and DenseRegressor need "
            "no extra.",
            name=package,
        ) from error


@contextmanager
def _unchanged(classes):
    """Restore, afterwards, the methods of classes in `_REPLACED`."""
    before = [(cls, name, vars(cls).get(name)) for cls in classes for name in _REPLACED]
    try:
        yield
    finally:
        for cls, name, method in before:
            if method is not None:
                setattr(cls, name, method)
            elif name in vars(cls):
                delattr(cls, name)
