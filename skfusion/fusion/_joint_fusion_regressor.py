"""JointFusionRegressor: numbers from one network of images and table."""

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import column_or_1d

from skfusion._utils.dask_rows import lazy_for_dask
from skfusion._utils.plain_data import plain_data
from skfusion._utils.typing import ImageInput
from skfusion.fusion._base_joint import BaseJoint
from skfusion.training._target_encoding import TargetEncoding, as_targets


@plain_data
class JointFusionRegressor(RegressorMixin, BaseJoint):
    """Predict numbers by one network that is trained on images and table together.

    Use it where image and table matter in combination, so that no model of one of them helps. It
    needs thousands of rows; with hundreds, `FusionRegressor` mostly predicts better.

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
        How the vectors of image and table become one, as in `JointFusionClassifier`.

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
        Which layers of the backbone are trained, as in `JointFusionClassifier`.

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

    options : TrainingOptions or None, default=None
        Settings that are rarely changed.

    random_state : int, RandomState instance or None, default=None
        The seed of new weights, held-out rows, batches and dropout.

    cache : str, PathLike, FeatureStore or None, default=None
        Where outputs of layers that are not trained are kept, as in `JointFusionClassifier`.

    verbose : int, default=0
        With 1, bars show the images and the epochs.

    Attributes
    ----------
    image_columns_, table_columns_, id_columns_ : list
        The columns of each source, and those left out.

    network_ : JointNetwork
        The trained network.

    history_ : DataFrame
        One row an epoch: `stage`, `epoch`, losses, R2, and the learning rate.

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
    JointFusionClassifier : The same for classes, with more notes.
    FusionRegressor : Models of table and images, whose predictions are combined.

    Notes
    -----
    The target is scaled for the training, and predictions are scaled back.

    Examples
    --------
    >>> from skfusion import JointFusionRegressor
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(60, image_size=(12, 12), random_state=0)
    >>> joint = JointFusionRegressor(fine_tune=None, epochs=2, random_state=0)
    >>> joint.fit(data.frame, data.frame["number_0"]).predict(data.frame[:3]).shape
    (3,)
    """

    @lazy_for_dask
    def predict(self, X: ImageInput) -> np.ndarray:
        """Predict the number of each row.

        Parameters
        ----------
        X : DataFrame, Series or ndarray
            Rows with the columns that `fit` used, in any order.

        Returns
        -------
        numbers : ndarray of shape (n_rows,)
            One a row.
        """
        outputs = self._outputs(X)
        if self._bin_means is not None:  # the expected value of y
            return outputs @ self._bin_means
        return (outputs * self._scale + self._center)[:, 0]

    def _learn_target(self, y, sample_weight, options):
        return TargetEncoding(
            column_or_1d(as_targets(y), warn=True),
            "regression",
            bins=options.target_bins,
            loss=options.loss,
            sample_weight=sample_weight,
        )

    def _keep_target(self, target):
        self._center, self._scale, self._bin_means = target.center, target.scale, target.bin_means
