"""KerasRegressor: a Keras function of the user as a regressor."""

from sklearn.utils import RegressorTags

from skfusion.heads._base_wrapper import BaseWrapper
from skfusion.heads._keras_head import KerasHead
from skfusion.heads._scikeras import import_wrappers

wrappers = import_wrappers()


class KerasRegressor(KerasHead, wrappers.KerasRegressor, BaseWrapper):  # type: ignore[name-defined]  # imported late
    """Predict numbers with a Keras model that a function of yours builds.

    Use it where the layers of `DenseRegressor` are not enough. It needs the extra ``scikeras``.
    y is passed to the model as it is: scale it by scikit-learn's `TransformedTargetRegressor` if
    its numbers are large.

    Parameters
    ----------
    model : callable or keras.Model, default=None
        A function that returns a Keras model, compiled or not. It may take `meta`, a dict of what
        `fit` learned (`n_features_in_`, `n_outputs_`), `compile_kwargs`, and
        parameters of its own, which are passed as ``model__<name>``. A Keras model is trained as
        it is, in place; `clone` copies it.

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
        Used if `model` returns a model that is not compiled. "mean_squared_error", for
        instance.

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

    **kwargs : dict
        Routed parameters: ``model__``, ``optimizer__``, ``loss__``, ``metrics__``, ``compile__``,
        ``fit__`` and ``predict__`` before a name pass it there. Each can be searched.

    Attributes
    ----------
    model_ : keras.Model
        The fitted model.

    history_ : dict of list
        Loss and metrics of each epoch, by name.

    n_outputs_ : int
        Columns of y.

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
    KerasClassifier : The same for classes.
    DenseRegressor : A dense network without an extra, and the default head.

    Notes
    -----
    The class is SciKeras's own, with some of its methods replaced. SciKeras's documentation
    describes routed parameters in full. What differs is listed in :ref:`keras_functions`.

    Loading a pickle imports SciKeras, and with it Keras and TensorFlow. Nothing of them runs before
    the first prediction, so that a model may be loaded before processes are forked.

    Examples
    --------
    >>> import keras
    >>> from sklearn.compose import TransformedTargetRegressor
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skfusion import KerasRegressor
    >>> def build(meta, hidden=8):
    ...     inputs = keras.Input((meta["n_features_in_"],))
    ...     x = keras.layers.Dense(hidden, activation="relu")(inputs)
    ...     return keras.Model(inputs, keras.layers.Dense(meta["n_outputs_"])(x))
    >>> X, y = load_diabetes(return_X_y=True)
    >>> head = KerasRegressor(
    ...     build, loss="mean_squared_error", optimizer="adam", epochs=40, random_state=0, verbose=0
    ... )
    >>> scaled = TransformedTargetRegressor(head, transformer=StandardScaler())
    >>> model = make_pipeline(StandardScaler(), scaled).fit(X, y)
    >>> model.score(X, y) > 0.4
    True
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags = RegressorTags(poor_score=True)
        tags.target_tags.multi_output = True
        return tags
