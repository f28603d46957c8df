"""KerasClassifier: a Keras function of the user as a classifier."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import ClassifierTags

from skfusion.heads._base_wrapper import BaseWrapper
from skfusion.heads._keras_head import KerasHead
from skfusion.heads._scikeras import import_wrappers

wrappers = import_wrappers()


class KerasClassifier(KerasHead, wrappers.KerasClassifier, BaseWrapper):  # type: ignore[name-defined]  # imported late
    """Classify with a Keras model that a function of yours builds.

    Use it where the layers of `DenseClassifier` are not enough. It needs the extra ``scikeras``.

    Parameters
    ----------
    model : callable or keras.Model, default=None
        A function that returns a Keras model, compiled or not. It may take `meta`, a dict of what
        `fit` learned (`n_features_in_`, `n_classes_`, `n_outputs_`, `target_type_`),
        `compile_kwargs`, and parameters of its own, which are passed as ``model__<name>``. A
        Keras model is trained as it is, in place; `clone` copies it.

    build_fn : callable, default=None
        An old name of `model`.

    warm_start : bool, default=False
        Whether `fit` continues with the model of the last fit instead of building a new one.

    random_state : int, RandomState instance or None, default=None
        Seed of weights, dropout and shuffles. Pass an int for the same results in each fit. No
        global state is changed. On a GPU, some operations of TensorFlow are not deterministic.

    optimizer : str, keras.optimizers.Optimizer instance or class, default="rmsprop"
        Used if `model` returns a model that is not compiled. Parameters of a name or class are
        passed as ``optimizer__<name>``, as in ``optimizer__learning_rate=0.01``.

    loss : str, keras.losses.Loss instance or class, or callable, default=None
        Used if `model` returns a model that is not compiled. For classes as
        whole numbers, "sparse_categorical_crossentropy"; "categorical_crossentropy" makes one
        column a class of y, and "binary_crossentropy" goes with one output for two classes.

    metrics : list, default=None
        Keras metrics that `history_` holds beside the loss.

    batch_size : int or None, default=None
        Rows of a batch in training and prediction; None is 32, and -1 all rows.

    validation_batch_size : int or None, default=None
        Rows of a batch in validation.

    verbose : int, default=1
        What Keras prints while it trains; 0 prints nothing.

    callbacks : list of keras.callbacks.Callback instances or classes, default=None
        Callbacks of Keras. Parameters of classes are passed as ``callbacks__<index>__<name>``.

    validation_split : float, default=0.0
        The fraction of rows, the last ones, that is held out to measure the validation loss.

    shuffle : bool, default=True
        Whether rows are shuffled in each epoch.

    run_eagerly : bool, default=False
        Whether Keras runs without a compiled function, for debugging.

    epochs : int, default=1
        Number of passes over the rows.

    class_weight : dict, "balanced" or None, default=None
        Weights of classes, which `sample_weight` is multiplied with.

    **kwargs : dict
        Routed parameters: ``model__``, ``optimizer__``, ``loss__``, ``metrics__``, ``compile__``,
        ``fit__`` and ``predict__`` before a name pass it there. Each can be searched.

    Attributes
    ----------
    model_ : keras.Model
        The fitted model.

    history_ : dict of list
        Loss and metrics of each epoch, by name.

    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.

    n_classes_ : int
        Number of classes.

    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Names of the columns in `fit`, if they had names.

    Raises
    ------
    ExtraNotFoundError
        If SciKeras is not installed. Raised when the class is imported.

    ValueError
        If X or y hold NaN, or y has another form than the model.

    RuntimeError
        In a process that was forked after TensorFlow was used in its parent.

    See Also
    --------
    KerasRegressor : The same for numbers.
    DenseClassifier : A dense network without an extra, and the default head.

    Notes
    -----
    The class is SciKeras's own, with some of its methods replaced. SciKeras's documentation
    describes routed parameters in full. What differs is listed in :ref:`keras_functions`.

    Loading a pickle imports SciKeras, and with it Keras and TensorFlow. Nothing of them runs before
    the first prediction, so that a model may be loaded before processes are forked.

    Examples
    --------
    >>> import keras
    >>> from sklearn.datasets import load_iris
    >>> from skfusion import KerasClassifier
    >>> def build(meta, hidden=8):
    ...     inputs = keras.Input((meta["n_features_in_"],))
    ...     x = keras.layers.Dense(hidden, activation="relu")(inputs)
    ...     outputs = keras.layers.Dense(meta["n_classes_"], activation="softmax")(x)
    ...     return keras.Model(inputs, outputs)
    >>> X, y = load_iris(return_X_y=True)
    >>> head = KerasClassifier(
    ...     build,
    ...     loss="sparse_categorical_crossentropy",
    ...     optimizer="adam",
    ...     optimizer__learning_rate=0.01,
    ...     model__hidden=16,
    ...     epochs=30,
    ...     random_state=0,
    ...     verbose=0,
    ... )
    >>> head.fit(X, y).predict(X[[0, 50, 100]])
    array([0, 1, 2])
    """

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, **kwargs: Any
    ) -> Self:
        """Build a model and train it.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features) or (n_rows, ...)
            Numbers.

        y : array-like of shape (n_rows,) or (n_rows, n_labels)
            Classes of any type; or a column of 0 and 1 for each label.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows in the loss.

        **kwargs : dict
            Further arguments of ``keras.Model.fit``. Prefer ``fit__<name>`` in the constructor.

        Returns
        -------
        self : object
            The fitted classifier.
        """
        return super().fit(X, y, sample_weight=_copied(sample_weight), **kwargs)

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        **kwargs: Any,
    ) -> Self:
        """Train for one epoch, from where the last call ended.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features) or (n_rows, ...)
            Numbers.

        y : array-like of shape (n_rows,) or (n_rows, n_labels)
            Some of the classes.

        classes : ndarray of shape (n_classes,), default=None
            All classes. None takes those of the first call.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows in the loss.

        **kwargs : dict
            Further arguments of ``keras.Model.fit``.

        Returns
        -------
        self : object
            The fitted classifier.
        """
        return super().partial_fit(
            X, y, classes=classes, sample_weight=_copied(sample_weight), **kwargs
        )

    def predict_proba(self, X: ArrayLike, **kwargs: Any) -> np.ndarray:
        """Compute probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features) or (n_rows, ...)
            Numbers.

        **kwargs : dict
            Arguments of ``keras.Model.predict``, which is used if there are any.

        Returns
        -------
        probabilities : ndarray of shape (n_rows, n_classes)
            In the order of `classes_`.
        """
        outputs = self._predict_raw(X, **kwargs)
        probabilities = self.target_encoder_.inverse_transform(outputs, return_proba=True)
        # SciKeras drops axes of length 1, and with them the axis of a single row.
        return probabilities[np.newaxis] if len(outputs) == 1 else probabilities

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(poor_score=True, multi_label=True)
        return tags


def _copied(sample_weight):
    """Copy weights, which SciKeras multiplies in place by those of classes."""
    return None if sample_weight is None else np.array(sample_weight, dtype=np.float64)
