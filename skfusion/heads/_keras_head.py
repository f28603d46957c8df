"""KerasHead: what is changed in SciKeras's classifier and regressor alike."""

from contextlib import nullcontext
from functools import partial
from numbers import Integral
from types import FunctionType

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_feature_names, _check_n_features, check_is_fitted

from skfusion._utils.saved_state import SavedStateMixin
from skfusion.heads._keras_model_mixin import KerasModelMixin
from skfusion.heads._predict_rows import predict_rows
from skfusion.networks.runtimes._keras import import_keras
from skfusion.networks.runtimes._seeding import seeding
from skfusion.networks.runtimes._tracing import allow_retracing

keras = import_keras()

_BATCH_SIZE = 32  # Keras's own
# What calls a callback in a prediction.
_PREDICT_HOOKS = (
    "on_predict_begin",
    "on_predict_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)


class KerasHead(SavedStateMixin, KerasModelMixin):
    """Change how SciKeras draws random numbers, keeps its model, predicts and pickles.

    A subclass names it before SciKeras's class.
    """

    _holds_sklearn = True  # SciKeras encodes y by scikit-learn's encoders

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # SciKeras names scikit-learn's mixin after its base class, so that its tags are lost.
        tags.estimator_type = self._estimator_type
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        return tags

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
        if issparse(X):
            X = X.tocsr()  # scikit-learn can't check all formats for NaN
        if X is not None:
            _check_feature_names(self, X, reset=reset)
        if not reset and getattr(X, "ndim", None) == 2 and len(self.X_shape_) == 2:
            _check_n_features(self, X, reset=False)
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
        names = {name for name in self.get_params() if name.startswith("predict__")}
        return bool(names - {"predict__batch_size"}) or any(
            getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook)
            for callback in keras.tree.flatten(self._predict_callbacks)
            for hook in _PREDICT_HOOKS
        )

    def _predict_batch_size(self, X):
        size = getattr(self, "predict__batch_size", self.batch_size)
        if size == -1:
            size = len(keras.tree.flatten(X)[0])
        return size if isinstance(size, Integral) else _BATCH_SIZE
