"""DenseRegressor: a dense network that predicts numbers."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.utils._param_validation import StrOptions

from skfusion._utils.decorators import fit_context, with_callbacks
from skfusion._utils.typing import RandomState
from skfusion.heads._base_dense import BaseDense


class DenseRegressor(RegressorMixin, BaseDense):
    """Predict numbers from rows of numbers with dropout and a linear layer, or a deeper network.

    The head for amounts on what networks make of images. Inside, columns and y are brought to
    mean 0 and deviation 1. For few columns and no hidden layers, scikit-learn's Ridge says the
    same sooner.

    Parameters
    ----------
    hidden : tuple of int or int, default=()
        Units of each hidden layer; () has none.

    dropout : float, default=0.2
        The share that is dropped at random in each training step: of the output of each hidden
        layer; of the columns, where there is none. Without hidden layers, dropout d shrinks the
        coefficients of unrelated columns to 1 - d of their size: with few columns, pass 0.

    activation : {"relu", "elu", "gelu", "selu", "sigmoid", "silu", "tanh"}, default="relu"
        The activation of hidden layers.

    batch_norm : bool, default=False
        Whether hidden layers are normalized over the batch, before their activation.

    weight_decay : float, default=0.0
        The factor of the sum of squared weights that is added to the training loss (L2, as
        `alpha` in scikit-learn's MLPRegressor). The training loss in `history_` contains it, the
        validation loss doesn't.

    loss : {"squared_error", "huber"}, default="squared_error"
        What is minimized. "huber" turns from squares to absolute errors at one standard deviation
        of y, so that outliers count less.

    optimizer : str, default="adam"
        "adam", "adamw", "sgd", "rmsprop", "adadelta", "adagrad", "adamax" or "nadam".

    learning_rate : float or None, default=None
        None takes a rate that suits the optimizer, as in `DenseClassifier`.

    batch_size : int, default=64
        Rows a training step.

    epochs : int, default=100
        The most passes over the training rows.

    validation_fraction : float, default=0.1
        The share of rows that is kept out of training to measure the validation loss; 0 keeps
        none.

    early_stopping : int or None, default=None
        Epochs without a lower validation loss (training loss, if there are no validation rows)
        after which training stops; the best weights are restored. None trains all epochs and
        keeps the last weights.

    standardize : bool, default=True
        Whether columns are brought to mean 0 and deviation 1 first. y always is.

    random_state : int, RandomState instance or None, default=None
        Where weights, dropout, shuffles and the validation split start. An int makes two fits
        equal. No global state is changed.

    verbose : int, default=0
        1 shows a progress bar of the epochs.

    Attributes
    ----------
    history_ : DataFrame
        Losses (of y with mean 0 and deviation 1) and learning rate of each epoch.

    network_ : DenseNetwork
        The trained network, as data; ``network_.to_model()`` gives the Keras model, which takes
        standardized columns and gives standardized y.

    scaler_ : StandardScaler or None
        What `standardize` learned.

    n_outputs_ : int
        Columns of y.

    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Names of the columns in `fit`, where they had names.

    Raises
    ------
    ValueError
        If X or y hold NaN.

    FloatingPointError
        If the loss becomes NaN or infinite.

    BackendNotFoundError
        If Keras has no backend; only `fit` needs one.

    See Also
    --------
    DenseClassifier : The same for classes, with notes on the method.
    TrainingHistoryDisplay : What `plot_history` draws.

    Notes
    -----
    That dropout on the columns of a linear model is a ridge penalty is shown by Wager, Wang and
    Liang (arXiv:1307.1493). "huber" is due to Huber (1964, doi:10.1214/aoms/1177703732).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skfusion import DenseRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> head = DenseRegressor(early_stopping=10, random_state=0).fit(X, y)
    >>> head.predict(X[:3]).shape
    (3,)
    >>> head.score(X, y) > 0.4
    True
    """

    _parameter_constraints: dict[str, Any] = {
        **BaseDense._parameter_constraints,
        "loss": [StrOptions({"squared_error", "huber"})],
    }

    def __init__(
        self,
        hidden: tuple[int, ...] | int = (),
        *,
        dropout: float = 0.2,
        activation: str = "relu",
        batch_norm: bool = False,
        weight_decay: float = 0.0,
        loss: str = "squared_error",
        optimizer: str = "adam",
        learning_rate: float | None = None,
        batch_size: int = 64,
        epochs: int = 100,
        validation_fraction: float = 0.1,
        early_stopping: int | None = None,
        standardize: bool = True,
        random_state: RandomState = None,
        verbose: int = 0,
    ) -> None:
        self.hidden = hidden
        self.dropout = dropout
        self.activation = activation
        self.batch_norm = batch_norm
        self.weight_decay = weight_decay
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
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

        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Numbers. Several columns are predicted by one network.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows in the loss. Only their ratios matter.

        Returns
        -------
        self : object
            The fitted regressor.
        """
        target = self._fit(X, y, sample_weight, task="regression", loss=self.loss)
        self._center, self._scale = target.center, target.scale
        self._is_1d = np.asarray(y).ndim == 1
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_rows, n_features)
            Numbers.

        Returns
        -------
        values : ndarray of shape (n_rows,) or (n_rows, n_outputs)
            In the form of y.
        """
        values = self._outputs(X) * self._scale + self._center
        return values[:, 0] if self._is_1d else values

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
