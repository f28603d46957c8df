"""KerasHead: what is changed in SciKeras's classifier and regressor alike."""

import os
from contextlib import nullcontext
from functools import partial
from numbers import Integral
from types import FunctionType

import keras
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_feature_names, check_is_fitted

from skfusion._utils.saved_state import SavedStateMixin
from skfusion.heads import _keras_pickle
from skfusion.heads._keras_archive import KerasArchive
from skfusion.heads._predict_rows import predict_rows
from skfusion.networks.runtimes._keras import building
from skfusion.networks.runtimes._seeding import seeding
from skfusion.networks.runtimes._tracing import allow_retracing

_BATCH_SIZE = 32  # Keras's own
# What calls a callback in a prediction.
_PREDICT_HOOKS = (
    "on_predict_begin",
    "on_predict_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)
# How the live model is kept, and what is made anew from parameters.
_LIVE = ("_model", "_model_pid")
_REBUILT = ("_fit_callbacks", "_predict_callbacks")


class KerasHead(SavedStateMixin):
    """Change how SciKeras draws random numbers, keeps its model, predicts and pickles.

    To be named before SciKeras's class. The live Keras model belongs to one process. In a pickle
    it's a ``.keras`` file, and becomes a model again in the first prediction.
    """

    @property
    def model_(self):
        """keras.Model : The fitted model."""
        if "_archive" in vars(self):
            self._load_model()
        if "_model" not in vars(self):
            raise AttributeError(f"This {type(self).__name__} has no model_ before it is fitted.")
        if self._model_pid != os.getpid():
            with building(0):  # an error where the model can't be used after a fork
                self._model_pid = os.getpid()
        return self._model

    @model_.setter
    def model_(self, model):
        vars(self).pop("_archive", None)
        self._model, self._model_pid = model, os.getpid()

    def _load_model(self):
        """Build the saved model; of threads that come at once, the first one builds."""
        with building(0):
            if "_archive" in vars(self):
                model = self._archive.to_model()
                model.make_predict_function()
                self.model_ = model

    @property
    def initialized_(self):
        """bool : Whether there is a model that can predict."""
        return "_archive" in vars(self) or "_model" in vars(self)

    def __sklearn_is_fitted__(self):
        return self.initialized_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # scikit-learn's mixin comes after its base class in SciKeras, so that its tags are lost.
        tags.estimator_type = self._estimator_type
        tags.target_tags.required = True
        return tags

    # What belongs to this process stays out of a pickle.

    def __getstate__(self):
        state = super().__getstate__()
        stamp = {name: state.pop(name) for name in list(state) if name == "_saved_by"}
        archive = state.pop("_archive", None)
        if archive is None and "_model" in state:
            archive = KerasArchive.of_model(self.model_)
        for name in _LIVE + _REBUILT:
            state.pop(name, None)
        return {**stamp, "rest": _keras_pickle.dumps({**state, "_archive": archive})}

    def __setstate__(self, state):
        rest = _keras_pickle.loads(state["rest"])
        if rest["_archive"] is None:
            del rest["_archive"]
        super().__setstate__({"_saved_by": state["_saved_by"], **rest})

    __repr__ = BaseEstimator.__repr__

    def _check_model_param(self):
        """Return the function that builds the model; unlike in SciKeras, any callable is one."""
        is_object = callable(self.model) and not isinstance(
            self.model, (keras.Model, partial, type, FunctionType)
        )
        return self.model if is_object else super()._check_model_param()

    # Random numbers.

    def _seed(self):
        """Return the seed of this call; a RandomState gives the same one each time."""
        generator = self.random_state
        if isinstance(generator, np.random.RandomState):
            state, generator = generator.get_state(), np.random.RandomState()
            generator.set_state(state)
        return int(check_random_state(generator).randint(np.iinfo(np.int32).max))

    def _build_keras_model(self):
        # With a seed, SciKeras changes TensorFlow's deterministic mode for the whole process.
        self._random_state = None
        with seeding(self._seed()):
            return super()._build_keras_model()

    def _fit_keras_model(self, X, y, **options):
        if not hasattr(self, "_fit_callbacks"):  # loaded from a pickle
            self._initialize_callbacks()
        seeded = nullcontext() if self.random_state is None else seeding(self._seed())
        with seeded, allow_retracing():
            super()._fit_keras_model(X, y, **options)

    # Rows.

    def _fit(self, X, y, **options):
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        super()._fit(X=X, y=y, **options)

    def _validate_data(self, X=None, y=None, reset=False, y_numeric=False):
        if X is not None:
            _check_feature_names(self, X, reset=reset)
        return super()._validate_data(X=X, y=y, reset=reset, y_numeric=y_numeric)

    def _predict_raw(self, X, **options):
        """Compute the model's outputs, by `Model.predict` only where its options ask for it."""
        check_is_fitted(self)
        if not hasattr(self, "_predict_callbacks"):
            self._initialize_callbacks()
        if options or self._has_predict_options():
            return super()._predict_raw(X, **options)
        X, _ = self._validate_data(X=X)
        X = self.feature_encoder_.transform(X)
        return predict_rows(self.model_, X, self._predict_batch_size(X))

    def _has_predict_options(self):
        names = [name for name in self.get_params() if name.startswith("predict__")]
        return set(names) > {"predict__batch_size"} or any(
            getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook)
            for callback in self._predict_callbacks
            for hook in _PREDICT_HOOKS
        )

    def _predict_batch_size(self, X):
        size = getattr(self, "predict__batch_size", self.batch_size)
        if size == -1:
            size = len(keras.tree.flatten(X)[0])
        return size if isinstance(size, Integral) else _BATCH_SIZE
