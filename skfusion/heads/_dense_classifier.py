"""DenseClassifier: a dense network that predicts classes."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import type_of_target, unique_labels

from skfusion._utils.dask_rows import lazy_for_dask
from skfusion._utils.decorators import available_if, fit_context, with_callbacks
from skfusion._utils.plain_data import plain_data
from skfusion._utils.typing import RandomState
from skfusion.heads._base_dense import BaseDense, has_partial_fit
from skfusion.heads._known_target import encode_classes, encode_labels
from skfusion.training._target_encoding import TargetEncoding, as_targets
from skfusion.training._training_options import TrainingOptions


@plain_data
class DenseClassifier(ClassifierMixin, BaseDense):
    """Classify rows of numbers with dropout and a softmax layer, or with a deeper dense network.

    Use it on features that networks compute from images: thousands of columns, a few hundred
    rows, and dropout against overfitting. For few columns and no hidden layers, scikit-learn's
    LogisticRegression gives the same result faster.

    Parameters
    ----------
    hidden : tuple of int or int, default=()
        Number of units of each hidden layer; () adds none.

    dropout : float, default=0.5
        Fraction that is dropped at random in each training step: of the outputs of each hidden
        layer, or of the columns if there is none.

    activation : {"relu", "elu", "gelu", "selu", "sigmoid", "silu", "tanh"}, default="relu"
        Activation of the hidden layers.

    batch_norm : bool, default=False
        Whether hidden layers are normalized over the batch, before their activation.

    weight_decay : float, default=0.0
        Factor of the sum of squared weights that is added to the training loss (L2, as `alpha` in
        scikit-learn's MLPClassifier). It is part of the training loss in `history_`, not of the
        validation loss.

    optimizer : str, default="adam"
        "adam", "adamw", "sgd", "rmsprop", "adadelta", "adagrad", "adamax" or "nadam".

    learning_rate : float or None, default=None
        None chooses the rate by the optimizer: 1.0 for adadelta, ``min(0.1, 1 / n_features)`` for
        sgd, ``min(0.1, 0.3 / sqrt(n_features))`` for adagrad, and
        ``min(0.01, 0.03 / sqrt(n_features))`` for the others.

    batch_size : int, default=64
        Number of rows in a training step.

    epochs : int, default=100
        Maximum number of passes over the training rows.

    validation_fraction : float, default=0.1
        Fraction of the rows, stratified by class where possible, that is held out to measure the
        validation loss. 0 trains on all rows.

    early_stopping : bool, default=False
        Whether to stop when the validation loss (the training loss, if there are no validation
        rows) has not decreased for `n_iter_no_change` epochs, and to restore the best weights.
        False trains all epochs and keeps the last weights.

    n_iter_no_change : int, default=10
        Number of epochs without a lower loss after which training stops. Used if
        `early_stopping` is True.

    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, which `sample_weight` is multiplied with; "balanced" gives all
        classes the same total.

    standardize : bool, default=True
        Whether to scale columns to mean 0 and standard deviation 1 first. Columns of different
        scales need it; pooled activations alone do not.

    options : TrainingOptions or None, default=None
        Settings that are rarely changed: learning rate schedules, Keras callbacks. None is
        ``TrainingOptions()``. A search reaches them by nested names, such as
        ``options__lr_schedule``.

    random_state : int, RandomState instance or None, default=None
        Seed of the weights, dropout, shuffles and the validation split. Pass an int for the same
        results in each fit. No global state is changed.

    warm_start : bool, default=False
        Whether `fit` continues with the network and the scaling of the last fit, for `epochs`
        more, instead of starting again. The optimizer starts again.

    verbose : int, default=0
        Set to 1 to show a progress bar of the epochs.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted; for several labels a row, the numbers of the columns of y.

    history_ : DataFrame
        One row per epoch: `loss` and, for one class a row, `accuracy`; the same with ``val_`` for
        the held-out rows; and the learning rate. Training values are means over the rows of the
        epoch, by their weights, while the network learns. Validation values are those of the
        network after the epoch.

    network_ : DenseNetwork
        Trained network, as data; ``network_.to_model()`` returns the Keras model, which expects
        standardized columns.

    scaler_ : StandardScaler or None
        Scaling of the columns; None if `standardize` is False.

    n_outputs_ : int
        Number of units of the output layer.

    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Names of the columns in `fit`, if they had names.

    Raises
    ------
    ValueError
        If X or y hold NaN, or y holds a single class.

    FloatingPointError
        If the loss becomes NaN or infinite.

    BackendNotFoundError
        If Keras has no backend. Predictions need none.

    See Also
    --------
    DenseRegressor : The same for numbers.
    TrainingHistoryDisplay : What `plot_history` draws.

    Notes
    -----
    Dropout was proposed by Srivastava et al. (2014, JMLR 15, 1929-1958), batch normalization by
    Ioffe and Szegedy (arXiv:1502.03167), Adadelta by Zeiler (arXiv:1212.5701). The weights of the
    output layer start at zero: with more columns than rows, most of a random start would remain.

    Keras trains the network, and NumPy computes predictions. A pickle never imports Keras, and
    one row takes a fraction of a millisecond.

    y may hold one class a row, or a column of 0 and 1 for each label (multi-label). For several
    columns of classes, use scikit-learn's `MultiOutputClassifier`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skfusion import DenseClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> head = DenseClassifier(hidden=(16,), dropout=0.2, random_state=0).fit(X, y)
    >>> head.predict(X[[0, 50, 100]])
    array([0, 1, 2])
    >>> head.predict_proba(X[:1]).round()
    array([[1., 0., 0.]])
    """

    _parameter_constraints: dict[str, Any] = {
        **BaseDense._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        hidden: tuple[int, ...] | int = (),
        *,
        dropout: float = 0.5,
        activation: str = "relu",
        batch_norm: bool = False,
        weight_decay: float = 0.0,
        optimizer: str = "adam",
        learning_rate: float | None = None,
        batch_size: int = 64,
        epochs: int = 100,
        validation_fraction: float = 0.1,
        early_stopping: bool = False,
        n_iter_no_change: int = 10,
        class_weight: dict[str, Any] | str | None = None,
        standardize: bool = True,
        options: TrainingOptions | None = None,
        random_state: RandomState = None,
        warm_start: bool = False,
        verbose: int = 0,
    ) -> None:
        self.hidden = hidden
        self.dropout = dropout
        self.activation = activation
        self.batch_norm = batch_norm
        self.weight_decay = weight_decay
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.standardize = standardize
        self.options = options
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_rows, n_features)
            Numbers. A sparse matrix is converted to a dense one.

        y : array-like of shape (n_rows,) or (n_rows, n_labels)
            Classes of any type; or a column of 0 and 1 for each label.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, in the scaling of the columns and in the loss. Only their ratios
            matter.

        Returns
        -------
        self : object
            The fitted classifier.
        """
        target = self._fit(X, y, sample_weight, class_weight=self.class_weight)
        return self._keep_classes(target)

    @available_if(has_partial_fit)
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch, from where the last call ended.

        The first call learns the scaling of the columns; later calls keep it. The learning rate
        is constant: the options `lr_schedule` and `warmup_epochs` have no effect.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_rows, n_features)
            Numbers.

        y : array-like of shape (n_rows,) or (n_rows, n_labels)
            Some of the classes; or a column of 0 and 1 for each label.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows in the loss. Unlike in `fit`, they count as they are: a row of
            weight 2 has twice the gradient.

        classes : array-like of shape (n_classes,), default=None
            All classes, of this call and later ones. Required in the first call.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        ValueError
            If the first call has no `classes`, y holds other classes, `class_weight` is
            "balanced", or `early_stopping` is set.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "partial_fit sees some of the rows and can't balance classes. Pass class_weight "
                "as a dict of weights by class instead of 'balanced'."
            )
        classes = self._all_classes(classes)

        def learn_target(y, sample_weight):
            if type_of_target(as_targets(y), input_name="y") == "multilabel-indicator":
                return encode_labels(y, len(classes))
            return encode_classes(y, classes)

        target = self._partial_fit(
            X, y, sample_weight, learn_target, class_weight=self.class_weight
        )
        return self._keep_classes(target)

    def _all_classes(self, classes):
        """Return the classes of all calls of partial_fit."""
        if not self.__sklearn_is_fitted__():
            if classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit.")
            if len(unique_labels(classes)) < 2:
                raise ValueError(f"classes={classes!r} holds one class only; pass at least two.")
            return unique_labels(classes)
        if classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
            raise ValueError(
                f"classes={classes!r} are not those of the first call, {self.classes_.tolist()}."
            )
        return self.classes_

    def _get_options(self):
        options = super()._get_options()
        if options.loss != "auto" or options.target_bins is not None:
            raise ValueError(
                f"The options loss={options.loss!r} and target_bins={options.target_bins!r} are "
                "for regression. Pass loss='auto' and target_bins=None to DenseClassifier."
            )
        return options

    def _learn_target(self, y, sample_weight):
        return TargetEncoding(y, "classification")

    def _recall_target(self, y, *, is_whole):
        if self._is_multilabel:
            return encode_labels(y, self.n_outputs_)
        target = encode_classes(y, self.classes_)
        if is_whole and len(np.unique(target.values)) < self.n_outputs_:
            raise ValueError(
                "warm_start=True needs the same classes as the last fit, "
                f"{self.classes_.tolist()}; y has {np.unique(np.asarray(y)).tolist()} only. Pass "
                "warm_start=False to start again."
            )
        return target

    def _keep_classes(self, target):
        self.classes_ = target.classes
        self._is_multilabel = target.kind == "labels"
        return self

    @lazy_for_dask
    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Compute the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_rows, n_features)
            Numbers.

        Returns
        -------
        probabilities : ndarray of shape (n_rows, n_classes)
            In the order of `classes_`. They sum to 1 for classes, not for labels.
        """
        return self._outputs(X)

    @lazy_for_dask
    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the most probable class of each row, or all labels above one half.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_rows, n_features)
            Numbers.

        Returns
        -------
        classes : ndarray of shape (n_rows,) or (n_rows, n_labels)
            In the form of y.
        """
        probabilities = self._outputs(X)
        if self._is_multilabel:
            return (probabilities > 0.5).astype(int)
        return self.classes_[probabilities.argmax(axis=1)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
