"""EmbedderOptions: rarely changed settings of a CNNEmbedder."""

from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import Interval, StrOptions

from skfusion._utils.plain_data import plain_data
from skfusion.extraction._reading_parameters import READING_PARAMETERS
from skfusion.training._learning_rates import OPTIMIZERS
from skfusion.training._training_options import TrainingOptions


@plain_data
class EmbedderOptions(TrainingOptions):
    """Settings of a `CNNEmbedder` that are rarely changed.

    Pass it as `options` to `CNNEmbedder`. A search reaches each setting by its nested name, such
    as ``options__optimizer``.

    Parameters
    ----------
    optimizer : {"adadelta", "adagrad", "adam", "adamax", "adamw", "nadam", "rmsprop", "sgd"}, \
            default="adam"
        The Keras optimizer. Adadelta needs ``learning_rate=1.0``.

    class_weight : dict, "balanced" or None, default=None
        Weights of classes in the loss, by class. "balanced" gives all classes the same total.

    cross_fit : {"auto", "average"} or float, default="auto"
        How the networks of the folds are used; no effect if ``cv=None``. "average" gives half of
        the training rows, drawn at random, out-of-fold columns and the others those of the final
        network. New rows get the mean of all k + 1 networks, so that the trained layers are
        computed k + 1 times. "auto" does so if a linear model, evaluated on rows that no network
        was trained on, confirms that it helps, and otherwise ignores the folds. It needs at least
        three folds. A number from 0 to 1 is the share of training rows that get out-of-fold
        columns, while new rows get the columns of the final network: 1.0 does what `TargetEncoder`
        does.

    tta : {"horizontal", "both"} or None, default=None
        Test-time augmentation. "horizontal" averages the columns over the image and its mirror
        image (2 views), "both" also over those upside down (4 views). Each view costs as much as
        the image.

    backbone_options : dict or None, default=None
        Arguments of the backbone's constructor, such as ``{"dense_units": 64}`` for small_cnn.

    fine_tune_learning_rate : float or None, default=None
        The learning rate of the stage "fine-tune". None is a tenth of `learning_rate`.

    lora_rank : int, default=8
        The rank of the adapters of ``fine_tune="lora"``: the higher, the more a layer can change.

    combine : {"mean", "max"} or None, default=None
        How several images of a row become one line of features. One network is trained on all
        images, each with the y of its row and an equal share of its weight. See :term:`combine`.

    add_indicator : bool, default=False
        Whether to append columns that mark missing images. See :term:`add_indicator`.

    drift : {"warn", "ignore"}, default="warn"
        Whether `transform` warns of images unlike those of `fit`. See :term:`drift`.

    lr_schedule : {"constant", "cosine", "plateau"}, default="constant"
        How the learning rate falls in each stage of the training; see `TrainingOptions`.

    warmup_epochs : int, default=0
        Epochs at the start of each stage in which the learning rate rises linearly from 0.

    loss : {"auto", "squared_error", "huber"}, default="auto"
        The loss of a regression without `target_bins`; see `TrainingOptions`.

    target_bins : int or None, default=None
        If set, cut the y of a regression at its quantiles into this many bins, and train the
        network to predict the bin. Such columns are reported to serve better than those of a
        network that minimizes squared errors.

    average_epochs : int, default=1
        The mean of the weights after so many epochs is kept; see `TrainingOptions`.

    callbacks : list of keras.callbacks.Callback or None, default=None
        Keras callbacks. A network that is trained with callbacks is not stored in `cache`.

    See Also
    --------
    CNNEmbedder : Takes these settings as `options`.
    TrainingOptions : The settings that dense heads share.

    Examples
    --------
    >>> from skfusion import CNNEmbedder, EmbedderOptions
    >>> embedder = CNNEmbedder(options=EmbedderOptions(tta="horizontal"))
    >>> embedder.set_params(options__lr_schedule="cosine").options
    EmbedderOptions(lr_schedule='cosine', tta='horizontal')
    """

    _parameter_constraints: dict[str, Any] = {
        **TrainingOptions._parameter_constraints,
        "combine": READING_PARAMETERS["combine"],
        "add_indicator": READING_PARAMETERS["add_indicator"],
        "drift": READING_PARAMETERS["drift"],
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "cross_fit": [StrOptions({"auto", "average"}), Interval(Real, 0, 1, closed="both")],
        "tta": [StrOptions({"horizontal", "both"}), None],
        "backbone_options": [dict, None],
        "fine_tune_learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "lora_rank": [Interval(Integral, 1, None, closed="left")],
    }

    lora_rank: int = 8  # for options that older versions saved

    def __init__(
        self,
        *,
        optimizer: str = "adam",
        class_weight: dict[str, Any] | str | None = None,
        cross_fit: str | float = "auto",
        tta: str | None = None,
        backbone_options: dict[str, Any] | None = None,
        fine_tune_learning_rate: float | None = None,
        lora_rank: int = 8,
        combine: str | None = None,
        add_indicator: bool = False,
        drift: str = "warn",
        lr_schedule: str = "constant",
        warmup_epochs: int = 0,
        loss: str = "auto",
        target_bins: int | None = None,
        average_epochs: int = 1,
        callbacks: Any = None,
    ) -> None:
        super().__init__(
            lr_schedule=lr_schedule,
            warmup_epochs=warmup_epochs,
            loss=loss,
            target_bins=target_bins,
            average_epochs=average_epochs,
            callbacks=callbacks,
        )
        self.optimizer = optimizer
        self.class_weight = class_weight
        self.cross_fit = cross_fit
        self.tta = tta
        self.backbone_options = backbone_options
        self.fine_tune_learning_rate = fine_tune_learning_rate
        self.lora_rank = lora_rank
        self.combine = combine
        self.add_indicator = add_indicator
        self.drift = drift
