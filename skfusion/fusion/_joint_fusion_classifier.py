"""JointFusionClassifier: classes from one network of images and table."""

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from skfusion._utils.dask_rows import lazy_for_dask
from skfusion._utils.plain_data import plain_data
from skfusion._utils.typing import Backbone, ImageInput, PathLike, RandomState, Size
from skfusion.fusion._base_joint import BaseJoint
from skfusion.images._image_reader import ImageReader
from skfusion.store._feature_store import FeatureStore
from skfusion.training._target_encoding import TargetEncoding, as_targets
from skfusion.training._training_options import TrainingOptions


@plain_data
class JointFusionClassifier(ClassifierMixin, BaseJoint):
    """Predict classes by one network that is trained on images and table together.

    Use it where image and table matter in combination, so that no model of one of them helps: such
    as a shade that is normal at one age and not at another. It needs more rows than
    `FusionClassifier`. Compare both by cross-validation.

    Parameters
    ----------
    backbone : str, PathLike or callable, default="small_cnn"
        The network of the images: a name in `list_backbones`, a Keras file, or a function of the
        input shape that returns a Keras model.

    image_columns : str, list of str or None, default=None
        The columns that hold images; None finds them, ``[]`` means that there are none. One
        backbone takes the images of all columns.

    id_columns : str, list of str or None, default=None
        Columns that identify rows, to leave out; None finds them, as in `FusionClassifier`.

    fusion : {"concat", "gated", "film", "cross_attention"}, default="concat"
        How the vectors of image and table become one. "concat" puts them side by side. "gated"
        averages them with weights that depend on both. With "film", the table scales and shifts
        the channels of the image. With "cross_attention", the parts of the image (the places of
        feature maps, or tokens) are averaged with weights that depend on the table.

    n_units : int, default=64
        The width of the layers of image, table and both.

    dropout : float, default=0.2
        The share of units that are dropped in training, below the output.

    modality_dropout : float, default=0.1
        The share of training rows, in each batch, that lose their image, and of those that lose
        their table. A network that has seen such rows predicts rows that lack one of them.

    weights : str or None, default=None
        Weights of the backbone, as in `CNNEmbedder`: "imagenet", or a file.

    backbone_options : dict or None, default=None
        Arguments of the backbone's constructor.

    fine_tune : "auto", "all", int, str or None, default="auto"
        Which layers of the backbone are trained. None trains none of them: their outputs are
        computed once. "all" trains all from the start. A number of layers, or the name of the
        first of them, trains these in a second stage, with a tenth of the learning rate. "auto"
        is "all" for a backbone without trained weights, else the last third.

    image_size : tuple (height, width) or None, default=None
        The size of the images; None is that of the backbone, or of the images.

    corrupt : {"error", "missing"}, default="error"
        Whether unreadable images are an error or count as missing. See :term:`corrupt`.

    reader : ImageReader or None, default=None
        How cells become pixels; None is ``ImageReader()``. See :term:`reader`.

    augmentation : {"light", "recipe"}, dict, callable, keras.Layer or None, default=None
        Random changes of training images, as in `CNNEmbedder`; not where the backbone is left as
        it is, as in the stage "top".

    table_transformer : transformer or None, default=None
        Turns the other columns into numbers; None is `TableEncoder`.

    epochs : int, default=50
        The most passes over the training rows, in each stage.

    batch_size : int, default=32
        The number of rows in a training step.

    learning_rate : float, default=1e-3
        The learning rate of Adam.

    validation_fraction : float, default=0.1
        The share of rows that are held out of training, to watch the loss.

    early_stopping : bool, default=True
        Whether to stop when that loss no longer falls, and to keep the best weights.

    n_iter_no_change : int, default=10
        The number of epochs without a lower loss after which to stop.

    class_weight : dict, "balanced" or None, default=None
        Weights of classes in the loss, by class. "balanced" gives all classes the same total.

    options : TrainingOptions or None, default=None
        Settings that are rarely changed.

    random_state : int, RandomState instance or None, default=None
        The seed of new weights, held-out rows, batches and dropout.

    cache : str, PathLike, FeatureStore or None, default=None
        Where outputs of layers that are not trained are kept, by image. See Notes.

    verbose : int, default=0
        With 1, bars show the images and the epochs.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.

    image_columns_, table_columns_, id_columns_ : list
        The columns of each source, and those left out.

    network_ : JointNetwork
        The trained network.

    history_ : DataFrame
        One row an epoch: `stage`, `epoch`, losses, accuracies, and the learning rate.

    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Their names, where X had any.

    n_outputs_ : int
        Number of units of the output layer.

    Raises
    ------
    ValueError
        If a column has no image, those of several differ in shape, or y can't be learned.

    See Also
    --------
    JointFusionRegressor : The same for numbers.
    FusionClassifier : Models of table and images, whose predictions are combined.

    Notes
    -----
    Layers of the backbone below those that are trained compute each image once, unless there is an
    `augmentation`. Their outputs, as float32, are kept in a `cache`: an averaged vector of an image
    with ``fine_tune=None`` and `fusion` "concat" or "gated", else maps or tokens, which are larger
    (MobileNetV2: 5 kB and 251 kB). Where all layers are trained, images are read at once and kept
    in memory, and a `cache` is not used.

    Rows without an image, and those whose cells of the table are all missing, are predicted from
    what they have. `fit` learns from all rows, as `FusionClassifier` does; a warning of `predict`
    names those that have neither.

    "gated" is the gated multimodal unit (Arevalo et al., arXiv 1702.01992), "film" is a dynamic
    affine transform (DAFT; Wolf et al., arXiv 2107.05990, after Perez et al., arXiv 1709.07871),
    "cross_attention" is that of Vaswani et al. (arXiv 1706.03762). Modality dropout is after
    Neverova et al. (ModDrop, arXiv 1501.00102).

    Examples
    --------
    >>> from skfusion import JointFusionClassifier
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(60, image_size=(12, 12), random_state=0)
    >>> joint = JointFusionClassifier(fine_tune=None, epochs=2, random_state=0)
    >>> joint.fit(data.frame, data.target).predict_proba(data.frame[:3]).shape
    (3, 2)
    """

    _parameter_constraints: dict[str, Any] = {
        **BaseJoint._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        backbone: Backbone = "small_cnn",
        *,
        image_columns: str | list[str] | None = None,
        id_columns: str | list[str] | None = None,
        fusion: str = "concat",
        n_units: int = 64,
        dropout: float = 0.2,
        modality_dropout: float = 0.1,
        weights: PathLike | None = None,
        backbone_options: dict[str, Any] | None = None,
        fine_tune: int | str | None = "auto",
        image_size: Size | None = None,
        corrupt: str = "error",
        reader: ImageReader | None = None,
        augmentation: Any = None,
        table_transformer: Any = None,
        epochs: int = 50,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        validation_fraction: float = 0.1,
        early_stopping: bool = True,
        n_iter_no_change: int = 10,
        class_weight: dict[Any, float] | str | None = None,
        options: TrainingOptions | None = None,
        random_state: RandomState = None,
        cache: PathLike | FeatureStore | None = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            backbone,
            image_columns=image_columns,
            id_columns=id_columns,
            fusion=fusion,
            n_units=n_units,
            dropout=dropout,
            modality_dropout=modality_dropout,
            weights=weights,
            backbone_options=backbone_options,
            fine_tune=fine_tune,
            image_size=image_size,
            corrupt=corrupt,
            reader=reader,
            augmentation=augmentation,
            table_transformer=table_transformer,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            validation_fraction=validation_fraction,
            early_stopping=early_stopping,
            n_iter_no_change=n_iter_no_change,
            options=options,
            random_state=random_state,
            cache=cache,
            verbose=verbose,
        )
        self.class_weight = class_weight

    @lazy_for_dask
    def predict_proba(self, X: ImageInput) -> np.ndarray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : DataFrame, Series or ndarray
            Rows with the columns that `fit` used, in any order.

        Returns
        -------
        probabilities : ndarray of shape (n_rows, n_classes)
            In the order of `classes_`; each row sums to one.
        """
        return self._outputs(X)

    @lazy_for_dask
    def predict(self, X: ImageInput) -> np.ndarray:
        """Predict the class of each row.

        Parameters
        ----------
        X : DataFrame, Series or ndarray
            Rows with the columns that `fit` used, in any order.

        Returns
        -------
        classes : ndarray of shape (n_rows,)
            The class with the highest probability.
        """
        places = self._outputs(X).argmax(axis=1)
        return self.classes_[places]

    def _learn_target(self, y, sample_weight, options):
        if options.loss != "auto" or options.target_bins is not None:
            raise ValueError(
                "The options loss and target_bins are for JointFusionRegressor. Leave them out."
            )
        y = column_or_1d(as_targets(y), warn=True)
        check_classification_targets(y)
        return TargetEncoding(y, "classification")

    def _keep_target(self, target):
        self.classes_ = target.classes
