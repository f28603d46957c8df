"""TrainingOptions: rarely changed settings of a training, as one searchable object."""

from numbers import Integral
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions

from skfusion._utils.doc_link import DocLinkMixin
from skfusion._utils.main_objects import MainObjectsMixin
from skfusion._utils.plain_data import plain_data


@plain_data
class TrainingOptions(DocLinkMixin, MainObjectsMixin, BaseEstimator):
    """Settings of how a network is trained that are rarely changed.

    Pass it as `options` to `DenseClassifier` or `DenseRegressor`. A search reaches each setting by
    its nested name, such as ``options__lr_schedule``. `CNNEmbedder` takes `EmbedderOptions`, which
    has more settings.

    Parameters
    ----------
    lr_schedule : {"constant", "cosine", "plateau"}, default="constant"
        How the learning rate falls in each stage of the training. "constant" keeps it. "cosine"
        lowers it along half a cosine, to 0 with the last epoch. "plateau" multiplies it by 0.3
        whenever the watched loss has not fallen for half of `n_iter_no_change` epochs.

    warmup_epochs : int, default=0
        Epochs at the start of each stage in which the learning rate rises linearly from 0.

    loss : {"auto", "squared_error", "huber"}, default="auto"
        The loss of a regression. "auto" is "squared_error". y is scaled to a standard deviation
        of 1, and "huber" turns from squared to absolute errors there, so that outliers count
        less. Classifications always minimize the cross-entropy.

    target_bins : int or None, default=None
        If set, cut the y of a regression at its quantiles into this many bins, and train the
        network to predict the bin. At least 2.

    average_epochs : int, default=1
        The network gets the mean of its weights after so many epochs: the last ones, or with
        early stopping those up to the best one. More than 1 often predicts a little better.

    callbacks : list of keras.callbacks.Callback or None, default=None
        Keras callbacks. Their methods are called in each stage as in Keras's own `fit`. Their
        `model` is the part that is trained; for classes and labels, its outputs are logits.

    See Also
    --------
    EmbedderOptions : The settings of a CNNEmbedder.

    Notes
    -----
    The cosine schedule follows Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm
    Restarts" (arXiv:1608.03983), without restarts. Bins of a regression target follow Arazi et al.
    (arXiv:2605.10616).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skfusion import DenseClassifier, TrainingOptions
    >>> X, y = load_iris(return_X_y=True)
    >>> head = DenseClassifier(epochs=20, options=TrainingOptions(warmup_epochs=2), random_state=0)
    >>> search = GridSearchCV(head, {"options__lr_schedule": ["constant", "cosine"]}, cv=3)
    >>> search.fit(X, y).best_estimator_.options.warmup_epochs
    2
    """

    _fit_only_parameters = ("callbacks",)
    _parameter_constraints: dict[str, Any] = {
        "lr_schedule": [StrOptions({"constant", "cosine", "plateau"})],
        "warmup_epochs": [Interval(Integral, 0, None, closed="left")],
        "loss": [StrOptions({"auto", "squared_error", "huber"})],
        "target_bins": [Interval(Integral, 2, None, closed="left"), None],
        "average_epochs": [Interval(Integral, 1, None, closed="left")],
        "callbacks": ["array-like", None],
    }

    average_epochs: int = 1  # for options that older versions saved

    def __init__(
        self,
        *,
        lr_schedule: str = "constant",
        warmup_epochs: int = 0,
        loss: str = "auto",
        target_bins: int | None = None,
        average_epochs: int = 1,
        callbacks: Any = None,
    ) -> None:
        self.lr_schedule = lr_schedule
        self.warmup_epochs = warmup_epochs
        self.loss = loss
        self.target_bins = target_bins
        self.average_epochs = average_epochs
        self.callbacks = callbacks
