"""KerasModelMixin: a Keras model that belongs to one process, and pickles as bytes."""

import os
from typing import Any

from skfusion.heads import _keras_pickle
from skfusion.heads._keras_archive import KerasArchive
from skfusion.networks.runtimes._keras import building

# What belongs to a process, and what SciKeras makes again from parameters.
_TRANSIENT = ("_model", "_model_pid", "_fit_callbacks", "_predict_callbacks")


class KerasModelMixin:
    """Keep the live Keras model of an estimator in the attribute `model_`.

    The live model belongs to one process. In a pickle it is a ``.keras`` file, which becomes a
    model again in the first prediction.
    """

    _model_pid: int

    @property
    def model_(self) -> Any:
        """keras.Model : The fitted model."""
        if "_archive" in vars(self):
            self._load_model()
        if "_model" not in vars(self):
            raise AttributeError(f"This {type(self).__name__} has no model_ before it is fitted.")
        if self._model_pid != os.getpid():
            with building(0):  # raises an error where a model can't be used after a fork
                self._model_pid = os.getpid()
        return self._model

    @model_.setter
    def model_(self, model: Any) -> None:
        vars(self).pop("_archive", None)
        self._model, self._model_pid = model, os.getpid()

    def _load_model(self):
        """Build the saved model, once for all threads that need it."""
        with building(0):
            if "_archive" in vars(self):
                model = self._archive.to_model()
                model.make_predict_function()
                self.model_ = model

    @property
    def initialized_(self) -> bool:
        """bool : Whether there is a model to predict with."""
        return "_archive" in vars(self) or "_model" in vars(self)

    def __sklearn_is_fitted__(self):
        return self.initialized_

    def __getstate__(self):
        state = super().__getstate__()
        if "_model" in state:
            state["_archive"] = KerasArchive.of_model(self.model_)
        kept = {name: value for name, value in state.items() if name not in _TRANSIENT}
        return {"content": _keras_pickle.dumps(kept)}

    def __setstate__(self, state):
        super().__setstate__(_keras_pickle.loads(state["content"]))
