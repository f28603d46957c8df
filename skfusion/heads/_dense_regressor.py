"""DenseRegressor: a dense network that predicts numbers."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from skfusion._utils.dask_rows import lazy_for_dask
from skfusion._utils.decorators import available_if, fit_context, with_callbacks
from skfusion._utils.plain_data import plain_data
from skfusion._utils.typing import RandomState
from skfusion.heads._base_dense import BaseDense, has_partial_fit
from skfusion.heads._known_target import encode_bins, encode_numbers
from skfusion.training._target_encoding import TargetEncoding
from skfusion.training._training_options import TrainingOptions


@plain_data
class DenseRegressor(RegressorMixin, BaseDense):
    """Predict numbers with dropout and a linear layer, or with a deeper dense network.

    Use it on features that networks compute from images: thousands of columns, a few hundred
    rows. Columns and y are scaled to mean 0 and standard deviation 1 for training. For few columns
    and no hidden layers, scikit-learn's Ridge gives a similar result faster.

    Parameters
    ----------
    hidden : tuple of int or int, default=()
        Number of units of each hidden layer; () adds none.

    dropout : float, default=0.2
        Fraction that is dropped at random in each training step: of the outputs of each hidden
        layer, or of the columns if there is none. Without hidden layers, a dropout of d shrinks
        the coefficients of unrelated columns to 1 - d of their size: pass 0 for few columns.

    activation : {"relu", "elu", "gelu", "selu", "sigmoid", "silu", "tanh"}, default="relu"
        Activation of the hidden layers.

    batch_norm : bool, default=False
        Whether hidden layers are normalized over the batch, before their activation.

    weight_decay : float, default=0.0
        Factor of the sum of squared weights that is added to the training loss (L2, as `alpha` in
        scikit-learn's MLPRegressor). It is part of the training loss in `history_`, not of the
        validation loss.

    optimizer : str, default="adam"
        "adam", "adamw", "sgd", "rmsprop", "adadelta", "adagrad", "adamax" or "nadam".

    learning_rate : float or None, default=None
        None chooses the rate by the optimizer, as in `DenseClassifier`.

    batch_size : int, default=64
        Number of rows in a training step.

    epochs : int, default=100
        Maximum number of passes over the training rows.

    validation_fraction : float, default=0.1
        Fraction of the rows that is held out to measure the validation loss. 0 trains on all rows.

    early_stopping : bool, default=False
        Whether to stop when the validation loss (the training loss, if there are no validation
        rows) has not decreased for `n_iter_no_change` epochs, and to restore the best weights.
        False trains all epochs and keeps the last weights.

    n_iter_no_change : int, default=10
        Number of epochs without a lower loss after which training stops. Used if
        `early_stopping` is True.

    standardize : bool, default=True
        Whether to scale columns to mean 0 and standard deviation 1 first. y always is.

    options : TrainingOptions or None, default=None
        Settings that are rarely changed: the loss, learning rate schedules, Keras callbacks. None
        is ``TrainingOptions()``. A search reaches them by nested names, such as
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
    history_ : DataFrame
        One row per epoch: `loss`, of y with mean 0 and standard deviation 1, and `r2`, of all
        columns of y together; the same with ``val_`` for the held-out rows; and the learning rate.
        Training values are means over the rows of the epoch, by their weights, while the network
        learns. Validation values are those of the network after the epoch.

    network_ : DenseNetwork
        Trained network, as data; ``network_.to_model()`` returns the Keras model, which expects
        standardized columns and returns standardized y.

    scaler_ : StandardScaler or None
        Scaling of the columns; None if `standardize` is False.

    n_outputs_ : int
        Columns of y.

    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Names of the columns in `fit`, if they had names.

    Raises
    ------
    ValueError
        If X or y hold NaN.

    FloatingPointError
        If the loss becomes NaN or infinite.

    BackendNotFoundError
        If Keras has no backend. Predictions need none.

    See Also
    --------
    DenseClassifier : The same for classes, with notes on the method.
    TrainingHistoryDisplay : What `plot_history` draws.

    Notes
    -----
    That dropout on the columns of a linear model is a ridge penalty is shown by Wager, Wang and
    Liang (arXiv:1307.1493). The option ``loss="huber"``
    is due to Huber (1964, doi:10.1214/aoms/1177703732). With the option `target_bins`, the
    prediction is the mean of y over the bins, weighted by their predicted probabilities.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skfusion import DenseRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> head = DenseRegressor(early_stopping=True, random_state=0).fit(X, y)
    >>> head.predict(X[:3]).shape
    (3,)
    >>> head.score(X, y) > 0.4
    True
    """

    def __init__(
        self,
        hidden: tuple[int, ...] | int = (),
        *,
        dropout: float = 0.2,
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

        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Numbers. Several columns are predicted by one network.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, in the scaling of the columns and of y and in the loss. Only their
            ratios matter.

        Returns
        -------
        self : object
            The fitted regressor.
        """
        target = self._fit(X, y, sample_weight)
        return self._keep_scale(target, y)

    @available_if(has_partial_fit)
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train for one epoch, from where the last call ended.

        The first call learns the scaling of the columns and of y; later calls keep it. The
        learning rate is constant: the options `lr_schedule` and `warmup_epochs` have no effect.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_rows, n_features)
            Numbers.

        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Numbers.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows in the loss. Unlike in `fit`, they count as they are: a row of
            weight 2 has twice the gradient.

        Returns
        -------
        self : object
            The fitted regressor.

        Raises
        ------
        ValueError
            If y has another number of columns than in the first call, or `early_stopping` is set.
        """
        target = self._partial_fit(X, y, sample_weight, self._learn_target)
        return self._keep_scale(target, y)

    def _learn_target(self, y, sample_weight):
        options = self._get_options()
        return TargetEncoding(
            y,
            "regression",
            bins=options.target_bins,
            loss=options.loss,
            sample_weight=sample_weight,
        )

    def _recall_target(self, y, *, is_whole):
        if self._bin_means is not None:
            return encode_bins(y, self._edges, self._bin_means)
        loss = "huber" if self._get_options().loss == "huber" else None
        return encode_numbers(y, self._center, self._scale, loss)

    def _keep_scale(self, target, y):
        self._center, self._scale = target.center, target.scale
        self._edges, self._bin_means = target.edges, target.bin_means
        self._is_1d = np.asarray(y).ndim == 1
        return self

    @lazy_for_dask
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
        outputs = self._outputs(X)
        if self._bin_means is not None:  # the expected value of y
            values = (outputs @ self._bin_means)[:, np.newaxis]
        else:
            values = outputs * self._scale + self._center
        return values[:, 0] if self._is_1d else values

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
