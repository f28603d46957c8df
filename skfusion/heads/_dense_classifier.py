"""DenseClassifier: a dense network that tells classes."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils._param_validation import StrOptions

from skfusion._utils.decorators import fit_context, with_callbacks
from skfusion._utils.typing import RandomState
from skfusion.heads._base_dense import BaseDense


class DenseClassifier(ClassifierMixin, BaseDense):
    """Classify rows of numbers with dropout and a softmax layer, or a deeper dense network.

    The usual head on what networks make of images: thousands of columns, and some hundred rows
    that dropout keeps from being learned by heart. Hidden layers can be put between. For few
    columns and no hidden layers, scikit-learn's LogisticRegression says the same sooner.

    Parameters
    ----------
    hidden : tuple of int or int, default=()
        Units of each hidden layer; () has none.

    dropout : float, default=0.5
        The share that is dropped at random in each training step: of the output of each hidden
        layer; of the columns, where there is none.

    activation : {"relu", "elu", "gelu", "selu", "sigmoid", "silu", "tanh"}, default="relu"
        The activation of hidden layers.

    batch_norm : bool, default=False
        Whether hidden layers are normalized over the batch, before their activation.

    weight_decay : float, default=0.0
        The factor of the sum of squared weights that is added to the training loss (L2, as
        `alpha` in scikit-learn's MLPClassifier). The training loss in `history_` contains it, the
        validation loss doesn't.

    optimizer : str, default="adam"
        "adam", "adamw", "sgd", "rmsprop", "adadelta", "adagrad", "adamax" or "nadam".

    learning_rate : float or None, default=None
        None takes a rate that suits the optimizer: 1.0 for adadelta, ``min(0.1, 1 / n_features)``
        for sgd, ``min(0.1, 0.3 / sqrt(n_features))`` for adagrad, and for the others
        ``min(0.01, 0.03 / sqrt(n_features))``.

    batch_size : int, default=64
        Rows a training step.

    epochs : int, default=100
        The most passes over the training rows.

    validation_fraction : float, default=0.1
        The share of rows, of all classes where possible, that is kept out of training to measure
        the validation loss; 0 keeps none.

    early_stopping : int or None, default=None
        Epochs without a lower validation loss (training loss, if there are no validation rows)
        after which training stops; the best weights are restored. None trains all epochs and
        keeps the last weights.

    class_weight : dict, "balanced" or None, default=None
        Weights of classes in the loss, by class; "balanced" gives all classes the same total.

    standardize : bool, default=True
        Whether columns are brought to mean 0 and deviation 1 first. Leave it on for columns of
        different scales; recipes made of pooled activations alone do without.

    random_state : int, RandomState instance or None, default=None
        Where weights, dropout, shuffles and the validation split start. An int makes two fits
        equal. No global state is changed.

    verbose : int, default=0
        1 shows a progress bar of the epochs.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted; for several labels a row, the numbers of y's columns.

    history_ : DataFrame
        Losses, accuracies (for one class a row), and learning rate of each epoch.

    network_ : DenseNetwork
        The trained network, as data; ``network_.to_model()`` gives the Keras model, which takes
        standardized columns.

    scaler_ : StandardScaler or None
        What `standardize` learned.

    n_outputs_ : int
        Units of the output layer.

    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Names of the columns in `fit`, where they had names.

    Raises
    ------
    ValueError
        If X or y hold NaN, or y holds a single class.

    FloatingPointError
        If the loss becomes NaN or infinite.

    BackendNotFoundError
        If Keras has no backend; only `fit` needs one.

    See Also
    --------
    DenseRegressor : The same for numbers.
    TrainingHistoryDisplay : What `plot_history` draws.

    Notes
    -----
    Dropout is due to Srivastava et al. (2014, JMLR 15, 1929-1958), batch normalization to Ioffe
    and Szegedy (arXiv:1502.03167), Adadelta to Zeiler (arXiv:1212.5701). The output layer starts
    at zero: with more columns than rows, most of a random start would stay.

    Keras trains; predictions are computed by NumPy from the trained weights. So a loaded pickle
    never starts Keras, and one row takes a fraction of a millisecond.

    y may hold one class a row, or be a table of 0 and 1 with a column for each label
    (multi-label). Several columns of classes are not supported: use scikit-learn's
    `MultiOutputClassifier`.

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
        early_stopping: int | None = None,
        class_weight: dict[str, Any] | str | None = None,
        standardize: bool = True,
        random_state: RandomState = None,
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
        self.class_weight = class_weight
        self.standardize = standardize
        self.random_state = random_state
        self.verbose = verbose

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_rows, n_features)
            Numbers. A sparse matrix is trained on as a dense one.

        y : array-like of shape (n_rows,) or (n_rows, n_labels)
            Classes of any type; or a column of 0 and 1 for each label.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows in the loss. Only their ratios matter.

        Returns
        -------
        self : object
            The fitted classifier.
        """
        target = self._fit(
            X, y, sample_weight, task="classification", class_weight=self.class_weight
        )
        self.classes_ = target.classes
        self._is_multilabel = target.kind == "labels"
        return self

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_rows, n_features)
            Numbers.

        Returns
        -------
        probabilities : ndarray of shape (n_rows, n_classes)
            In the order of `classes_`. Those of classes sum to 1 in a row; labels have one each.
        """
        return self._outputs(X)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The most probable class of each row, or all labels above one half.

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
