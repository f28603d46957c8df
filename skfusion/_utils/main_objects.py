"""MainObjectsMixin: saved estimators whose parameters are defined in a script or notebook."""

import copy
import pickle
import sys
from functools import partial
from types import FunctionType, MethodType

from skfusion._utils.plain_data import plain_data

# The second name is that of the script in a process that multiprocessing spawned.
_MAIN = ("__main__", "__mp_main__")


class MainObjectsMixin:
    """Mixin for estimators that can be loaded where functions among their parameters are missing.

    A pickle refers to a function or class by its module and name. For those that a script or
    notebook defines, the module is ``__main__``, and another process doesn't find them there. If
    only `fit` uses such a parameter, it is replaced by a MissingObject, and the fitted estimator
    can be used. If predictions need it, loading the estimator raises an error.

    cloudpickle, which sends estimators to worker processes, stores the objects themselves.

    Examples
    --------
    >>> from skfusion import PretrainedGAP
    >>> from skfusion._utils.main_objects import MainObjectsMixin
    >>> issubclass(PretrainedGAP, MainObjectsMixin)
    True
    """

    # Names of the parameters that a fitted estimator doesn't use.
    _fit_only_parameters: tuple[str, ...] = ()

    def __getstate__(self):
        state = dict(super().__getstate__())
        for name in set(self._get_param_names()) & set(state):
            facts = {
                "estimator": type(self).__name__,
                "parameter": name,
                "is_needed": name not in self._fit_only_parameters,
            }
            state[name] = _map_items(state[name], partial(_wrap, facts=facts))
        return state

    def __setstate__(self, state):
        state = dict(state)
        for name in set(self._get_param_names()) & set(state):
            state[name] = _map_items(state[name], _unwrap)
        super().__setstate__(state)

    def _validate_params(self):
        for name in self._get_param_names():
            _map_items(getattr(self, name), _refuse_missing)
        super()._validate_params()


@plain_data
class MainObject:
    """Wrap an object of ``__main__`` in the state of an estimator that is being saved.

    Parameters
    ----------
    value : object
        A function, a class, or an instance of a class.

    facts : dict
        What messages need: the class of the `estimator`, the name of the `parameter`, and
        `is_needed`, whether the fitted estimator uses the object.
    """

    def __init__(self, value, facts):
        _teach_cloudpickle()
        self.value = value
        name = getattr(value, "__qualname__", type(value).__qualname__)
        self.facts = {**facts, "name": name}

    def __reduce__(self):
        return _load, (pickle.dumps(self.value), self.facts)

    def __getstate__(self):  # for skops, whose files hold no pickles
        return {"facts": self.facts}

    def __setstate__(self, state):
        self.facts = state["facts"]

    def __deepcopy__(self, memo):
        return copy.deepcopy(self.value, memo)


@plain_data
class MissingObject:
    """Replace an object that can't be found where an estimator is loaded.

    Parameters
    ----------
    facts : dict
        The facts of the MainObject that was saved.

    Examples
    --------
    >>> from skfusion._utils.main_objects import MissingObject
    >>> MissingObject({"name": "build"})
    <missing build>
    """

    # The pickle of the object, to look for it again in another process. Only `_load` sets it: a
    # skops file can call the constructor, and must not bring a pickle.
    _payload = None

    def __init__(self, facts):
        self._facts = facts
        self.__name__ = facts["name"]

    def __call__(self, *args, **kwargs):
        """Raise an error."""
        raise ValueError(
            f"{self._facts['parameter']}={self._facts['name']} of this "
            f"{self._facts['estimator']} was defined in the script or notebook that saved it, and "
            "is missing here. The fitted model can be used without it. To fit again, set the "
            "parameter to a function that exists here, or define it in a module that both "
            "processes can import and save the model again."
        )

    def __repr__(self):
        return f"<missing {self._facts['name']}>"

    def __reduce__(self):
        if self._payload is None:
            return _missing, (self._facts,)
        return _load, (self._payload, self._facts)

    def __getstate__(self):  # for skops
        return {"facts": self._facts}

    def __setstate__(self, state):  # nothing else of a file is used
        self.__init__(state["facts"])


def _is_of_main(item):
    """Return whether an object is defined in the script or notebook that runs."""
    if isinstance(item, partial):
        return _is_of_main(item.func)
    if isinstance(item, MethodType):
        return _is_of_main(item.__self__)
    return (item if isinstance(item, (FunctionType, type)) else type(item)).__module__ in _MAIN


def _map_items(value, function):
    """Apply a function to a value, or to the items of a dict, list or tuple."""
    if type(value) is dict:
        return {key: _map_items(item, function) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_map_items(item, function) for item in value)
    return function(value)


def _wrap(item, facts):
    return MainObject(item, facts) if _is_of_main(item) else item


def _load(payload, facts):
    """Load the object of a MainObject, or return a MissingObject if it can't be found."""
    try:
        return pickle.loads(payload)
    except (AttributeError, ImportError):
        missing = _missing(facts)
        missing._payload = payload
        return missing


def _missing(facts):
    """Return a MissingObject, or raise an error if predictions need the object."""
    if facts["is_needed"]:
        raise AttributeError(
            f"{facts['parameter']}={facts['name']} of this {facts['estimator']} was defined in the "
            "script or notebook that saved it, and is missing here. Predictions need it: define "
            "it in a module that both processes can import, fit and save the model again."
        )
    return MissingObject(facts)


def _unwrap(item):
    if not isinstance(item, MainObject):
        return item
    return item.value if "value" in vars(item) else _missing(item.facts)


def _refuse_missing(item):
    return item() if isinstance(item, MissingObject) else item


def _reduce_to_value(item):
    return _return, (item.value,)


def _return(value):
    return value


def _teach_cloudpickle():
    """Let each copy of cloudpickle that is imported store the objects themselves."""
    for name, module in list(sys.modules.items()):
        if name.endswith("cloudpickle") and hasattr(module, "CloudPickler"):
            module.CloudPickler.dispatch_table[MainObject] = _reduce_to_value


_teach_cloudpickle()  # joblib's workers copy the table before they see an estimator
