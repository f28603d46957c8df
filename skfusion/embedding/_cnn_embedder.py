"""CNNEmbedder: columns from a network that is trained on the images at hand."""

import os
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
)

from skfusion._utils.decorators import fit_context, with_callbacks
from skfusion._utils.typing import (
    Backbone,
    CutLayer,
    Features,
    ImageInput,
    PathLike,
    RandomState,
    Shape,
    Size,
)
from skfusion.augmentation._augmentation import make_augmentation
from skfusion.base import ImageTransformer
from skfusion.embedding._column_trainer import ColumnTrainer
from skfusion.embedding._fit_config import FitConfig, TrainingRows
from skfusion.embedding._network_extractor import NetworkExtractor, with_built_networks
from skfusion.embedding._run_cache import RunCache
from skfusion.embedding._training_images import TrainingImages, refuse_too_few
from skfusion.embedding.cross_fitting._cross_fit import cross_fit
from skfusion.extraction._feature_extraction import FeatureExtraction
from skfusion.extraction._resizing import Resizing, resample_of
from skfusion.images._image_reader import ImageReader
from skfusion.images._image_size import check_size_param
from skfusion.images._probe import common_channels, common_size, probe_column
from skfusion.inspection._training_history_display import TrainingHistoryDisplay
from skfusion.networks._layer_table import format_layers, layers_frame
from skfusion.networks.backbones._building import add_top, cut_network, find_spec, is_model_path
from skfusion.networks.backbones._network_spec import NetworkSpec
from skfusion.networks.runtimes._keras import import_keras
from skfusion.store._feature_store import FeatureStore, as_store
from skfusion.training._class_weight import combined_weight
from skfusion.training._epoch_reporter import EpochReporter
from skfusion.training._splits import make_folds
from skfusion.training._target_encoder import TargetEncoding
from skfusion.training._training_config import TrainingConfig

_OPTIMIZERS = {"adam", "adamw", "sgd", "rmsprop", "adadelta", "adagrad", "adamax", "nadam"}


class CNNEmbedder(ImageTransformer):
    """Train a convolutional network on the images and cut it: activations become columns.

    `fit` trains a network to predict y from each column of images; `transform` gives the
    activations of one of its layers. Good where the images are unlike photographs (scans,
    digits, silhouettes), so that networks trained on ImageNet have little to say.

    .. note::
        With `cv`, ``fit(X, y).transform(X)`` does not equal ``fit_transform(X, y)``, as in
        scikit-learn's ``TargetEncoder``: `fit_transform` gives training rows columns of networks
        that were not trained on them. A Pipeline calls `fit_transform` in its `fit`.

    Parameters
    ----------
    backbone : str, PathLike or callable, default="small_cnn"
        "small_cnn", or "deep_cnn" where images have more than 64 pixels, or another name of
        `list_backbones`; the path of a `.keras` file; or a function
        ``f(input_shape) -> keras.Model`` that gives feature maps or a vector. Networks that end
        in feature maps get the layers gap (global average pooling) and dense (256 units) on top;
        all get the layer output.

    cut_layer : str, int or None, default="flatten"
        The layer whose output becomes columns, by name (see `list_cut_layers`) or position; None
        is the output layer. In a network without a layer of this name, "flatten" is its last
        feature maps, flattened. What the output layer of a regression gives is y scaled to mean 0
        and deviation 1.

    pooling : {"avg", "max"} or None, default=None
        How feature maps become a vector; None flattens them.

    cv : int, splitter, iterable or None, default=None
        How training rows are cross-fitted. None gives them the columns of the network that was
        trained on them: one training, but a network that memorizes makes the images look better
        than they are, and the model after it trusts them too much. With k folds, k more networks
        are trained, each on the other folds, and their columns are brought to the axes of the
        final network. An int means shuffled folds, stratified for classes, whole for `groups`.

    cross_fit : {"auto", "average"} or float, default="auto"
        What becomes of the folds' networks; not used without `cv`. "average" gives half of the
        training rows, drawn at random, out-of-fold columns and the others those of the final
        network; new rows get the mean of all k + 1 networks, so that the layers that were trained
        are computed k + 1 times. "auto" does so where a linear model, asked about rows that no
        network was trained on, confirms that it helps, and else ignores the folds; with fewer
        than three folds there is nothing to ask it. A number is
        the share of rows that get out-of-fold columns, while new rows get the final network's:
        1.0 is what `TargetEncoder` does.

    weights : "imagenet", str, PathLike or None, default=None
        Where training starts: random weights (None), ImageNet's, or a weights file.

    backbone_options : dict or None, default=None
        Arguments of the backbone's constructor, such as ``{"dense_units": 64}`` for small_cnn.

    image_size : tuple (height, width) or None, default=None
        The size in pixels to which images are resized. None takes the size that a named
        backbone was designed for; for small_cnn and users' own, the size that all images have.

    epochs : int, default=30
        The most passes over the training rows, in each stage.

    batch_size : int, default=32
        Images a training step, and per call of the network in `transform`.

    optimizer : str, default="adam"
        "adam", "adamw", "sgd", "rmsprop", "adadelta", "adagrad", "adamax" or "nadam".

    learning_rate : float, default=1e-3
        The optimizer's learning rate. (Adadelta wants 1.0.)

    schedule : {"constant", "cosine", "plateau"}, default="constant"
        How the learning rate falls in a stage: not at all, to 0 with the last epoch along a
        cosine, or to 0.3 times its value whenever the watched loss stands still for half of
        `early_stopping`'s epochs.

    warm_up : int, default=0
        Epochs at the start of each stage in which the learning rate rises from 0.

    fine_tune : {"auto", "all"}, int or str, default="auto"
        Which layers of a network that was trained before are trained further. Training then has
        two stages: "top" trains the new layers on what the others give, which is computed once;
        "fine-tune" trains the last layers as well, with batch normalization frozen. An int counts
        layers with weights from the end (0 leaves out the second stage), a str is the name of the
        first such layer or the beginning of its name ("block_13", "conv5"), "all" trains them
        all. "auto" is the last third where `weights` or a `.keras` file says that there is
        something to keep; else all layers are trained in one stage, "train".

    fine_tune_learning_rate : float or None, default=None
        The learning rate of the second stage; None is a tenth of `learning_rate`.

    augmentation : {"light", "recipe"}, dict, callable, keras.Layer or None, default=None
        What happens to training images, at random and anew in each epoch; never in `transform`,
        nor in the stage "top". "light" turns (10 degrees), shifts (0.1) and zooms (0.1); "recipe"
        turns by up to 40 degrees, shifts and shears by 0.2, zooms by 0.2 and flips left and
        right, with the nearest pixels at the edges. A dict holds `rotation` (degrees), `shift`,
        `shear`, `zoom`, `brightness`, `contrast` (shares), `horizontal_flip`, `vertical_flip`
        (bool), `fill` and `fill_value`. A function takes a batch of shape
        (n, height, width, channels) with values in 0..255, and a numpy Generator if it has two
        arguments.

    flips : {"horizontal", "both"} or None, default=None
        Whether columns are averages over the image and its mirror image (2 views), or also over
        those upside down (4 views). Each view costs as much as the image.

    validation_fraction : float, default=0.1
        The share of rows that is kept out of training to measure the validation loss; 0 keeps
        none.

    early_stopping : int or None, default=10
        Epochs without a lower validation loss (training loss, if there are no validation rows)
        after which a stage stops; the best weights are restored. None trains all epochs and keeps
        the last weights.

    class_weight : dict, "balanced" or None, default=None
        Weights of classes in the loss, by class; "balanced" gives all classes the same total.

    task : {"auto", "classification", "regression"}, default="auto"
        What y is. "auto" takes floats with a fraction for regression and all else for classes.
        A table of 0 and 1 holds several labels a row.

    target_bins : int or None, default=None
        For regression: cut y at quantiles into this many bins, and train the network to tell the
        bin. Such columns are reported to serve better than those trained on squared errors.

    loss : {"auto", "squared_error", "huber"}, default="auto"
        The loss of a regression without bins; "auto" is "squared_error". y is scaled to deviation
        1, which is also where "huber" turns linear.

    callbacks : list of keras.callbacks.Callback or None, default=None
        Told of every training, stage by stage, as Keras's `fit` would. Trainings with callbacks,
        or with an `augmentation` that is code, are not kept in `cache`.

    random_state : int, RandomState instance or None, default=None
        Where weights, shuffles, folds and the validation split start. An int makes two fits
        equal.

    color_mode : {"auto", "rgb", "grayscale"}, default="auto"
        For small_cnn and users' own networks, three channels or one; "auto" takes one where no
        fitted image has color. Other backbones always get three.

    image_shape : tuple (height, width[, channels]) or None, default=None
        The shape of the images where X is a table of flattened images; one entry may be -1.

    combine : {"mean", "max"} or None, default=None
        How the images of a row, in lists or in several columns, become one line: by the mean or
        the maximum of each feature. All images of a row count the same. One network is then
        trained on all of them, each with the y of its row and an equal share of its weight. None
        trains a network for each column, and refuses lists of several images.

    missing : {"error", "nan", "zero", "mean"}, default="error"
        What a row without an image gets: an error, or a row of NaN, of 0, or of the mean over
        the rows of `fit` that have one. Such rows take no part in training.

    add_indicator : bool, default=False
        Whether to append, for each column of images (one in all with `combine`), the column
        ``<column>_missing``: 1 where a row has no image, else 0.

    corrupt : {"error", "missing"}, default="error"
        Whether images that can't be read are an error or count as missing, with one warning.

    reader : ImageReader or None, default=None
        How cells become pixels; None is ``ImageReader()``.

    cache : str, PathLike, FeatureStore or None, default=None
        Where trained networks and features are kept: a folder, or a store. A search over cut
        layers and heads then trains each fold's network once.

    drift : {"warn", "ignore"}, default="warn"
        Whether `transform` says, once of each kind, that images are unlike those that `fit` read:
        another bit depth, number of channels or size, or more of them missing.

    verbose : int, default=0
        1 shows a progress bar of the epochs, and of images a second.

    Attributes
    ----------
    networks_ : list of Network
        The trained networks, cut, one a column of images.

    history_ : DataFrame
        Losses, accuracies for classes, and learning rate of each epoch, with the column of
        images, the fold (-1 is the final network) and the stage.

    cross_fit_ : DataFrame
        For each column of images the `form` of cross-fitting that is in use ("in-sample",
        "average" or a share; a share does nothing in `fit` alone, which then says "in-sample")
        and, where it was measured, the losses that a linear model had with in-sample and with
        cross-fitted columns.

    classes_ : ndarray
        The classes, where y holds classes.

    n_outputs_ : int
        Units of the output layer.

    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Names of the columns in `fit`, where they had names.

    n_features_out_ : int
        Number of columns that `transform` gives.

    reader_ : ImageReader
        The reader in use.

    Raises
    ------
    ImageReadError
        If images are missing or can't be read, with all rows and reasons.

    ValueError
        If the cut layer is unknown, the images differ in size and `image_size` is None, y has
        one class, or there are too few rows for `cv`.

    FloatingPointError
        If the loss becomes NaN or infinite.

    BackendNotFoundError
        If Keras has no backend.

    See Also
    --------
    PretrainedGAP : Columns from a network that is used as it is.
    list_cut_layers : The layers of a backbone.

    Notes
    -----
    Each fold's network has its own axes. Its columns are mapped to those of the final network by a
    centered, scaled orthogonal Procrustes map (Schönemann 1966, doi:10.1007/BF02289451) that is
    fitted on the rows that both networks were trained on, and is the identity where these say
    nothing. Where feature maps are flattened, the map acts on their channels. Cross-fitting
    follows the idea of ``TargetEncoder``; averaging the folds' networks for new rows is what
    ``CalibratedClassifierCV(ensemble=True)`` does with its classifiers. The user guide shows what
    each form was measured to do.

    Fine-tuning in two stages with batch normalization frozen is Keras's own advice; the cosine is
    that of Loshchilov and Hutter (arXiv:1608.03983). Bins of a regression target follow Arazi et
    al. (arXiv:2605.10616).

    Examples
    --------
    >>> from skfusion import CNNEmbedder
    >>> from skfusion.datasets import load_digits_iris
    >>> data = load_digits_iris()
    >>> embedder = CNNEmbedder(cut_layer="dense", epochs=2, random_state=0)
    >>> embedder.fit_transform(data.frame["digit"], data.target).shape
    (150, 256)
    >>> embedder.get_feature_names_out()[:2]
    array(['digit_dense_0000', 'digit_dense_0001'], dtype=object)
    """

    _parameter_constraints: dict[str, Any] = {
        **ImageTransformer._parameter_constraints,
        "backbone": [str, os.PathLike, callable],
        "cut_layer": [str, Integral, None],
        "pooling": [StrOptions({"avg", "max"}), None],
        "cv": ["cv_object", None],
        "cross_fit": [StrOptions({"auto", "average"}), Interval(Real, 0, 1, closed="both")],
        "weights": [str, os.PathLike, None],
        "backbone_options": [dict, None],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "cache": [str, os.PathLike, FeatureStore, None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "optimizer": [StrOptions(_OPTIMIZERS)],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "schedule": [StrOptions({"constant", "cosine", "plateau"})],
        "warm_up": [Interval(Integral, 0, None, closed="left")],
        "fine_tune": [Interval(Integral, 0, None, closed="left"), str],
        "fine_tune_learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "augmentation": "no_validation",  # make_augmentation says what it takes
        "flips": [StrOptions({"horizontal", "both"}), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": [Interval(Integral, 1, None, closed="left"), None],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "task": [StrOptions({"auto", "classification", "regression"})],
        "target_bins": [Interval(Integral, 2, None, closed="left"), None],
        "loss": [StrOptions({"auto", "squared_error", "huber"})],
        "callbacks": ["array-like", None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        backbone: Backbone = "small_cnn",
        *,
        cut_layer: CutLayer = "flatten",
        pooling: str | None = None,
        cv: Any = None,
        cross_fit: str | float = "auto",
        weights: PathLike | None = None,
        backbone_options: dict[str, Any] | None = None,
        image_size: Size | None = None,
        epochs: int = 30,
        batch_size: int = 32,
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        schedule: str = "constant",
        warm_up: int = 0,
        fine_tune: int | str = "auto",
        fine_tune_learning_rate: float | None = None,
        augmentation: Any = None,
        flips: str | None = None,
        validation_fraction: float = 0.1,
        early_stopping: int | None = 10,
        class_weight: dict[str, Any] | str | None = None,
        task: str = "auto",
        target_bins: int | None = None,
        loss: str = "auto",
        callbacks: Any = None,
        random_state: RandomState = None,
        color_mode: str = "auto",
        image_shape: Shape | None = None,
        combine: str | None = None,
        missing: str = "error",
        add_indicator: bool = False,
        corrupt: str = "error",
        reader: ImageReader | None = None,
        cache: PathLike | FeatureStore | None = None,
        drift: str = "warn",
        verbose: int = 0,
    ) -> None:
        self.backbone = backbone
        self.cut_layer = cut_layer
        self.pooling = pooling
        self.cv = cv
        self.cross_fit = cross_fit
        self.weights = weights
        self.backbone_options = backbone_options
        self.image_size = image_size
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.warm_up = warm_up
        self.fine_tune = fine_tune
        self.fine_tune_learning_rate = fine_tune_learning_rate
        self.augmentation = augmentation
        self.flips = flips
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.class_weight = class_weight
        self.task = task
        self.target_bins = target_bins
        self.loss = loss
        self.callbacks = callbacks
        self.random_state = random_state
        self.color_mode = color_mode
        self.image_shape = image_shape
        self.combine = combine
        self.missing = missing
        self.add_indicator = add_indicator
        self.corrupt = corrupt
        self.reader = reader
        self.cache = cache
        self.drift = drift
        self.verbose = verbose

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(  # type: ignore[override]  # a network is trained to predict y
        self,
        X: ImageInput,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train one network for each column of images.

        Parameters
        ----------
        X : Series, DataFrame, list or ndarray
            One or several columns of images: paths, bytes, PIL images or arrays, with `combine`
            also lists of them; or an array of shape (n_rows, height, width[, channels]); or, with
            `image_shape`, numbers of shape (n_rows, n_pixels).

        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Classes, or numbers.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows in the loss.

        groups : array-like of shape (n_rows,), default=None
            Rows of one group (the images of one patient, say) stay together: in one fold of
            `cv`, and either in training or in validation.

        Returns
        -------
        self : object
            The fitted embedder.
        """
        self._fit(X, y, sample_weight, groups, for_rows=False)
        return self

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(  # type: ignore[override]  # as in fit
        self,
        X: ImageInput,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Features:
        """Train, and turn the training rows into columns that are cross-fitted if `cv` says so.

        Parameters
        ----------
        X : Series, DataFrame, list or ndarray
            Images, as in `fit`.

        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Classes, or numbers.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows in the loss.

        groups : array-like of shape (n_rows,), default=None
            Rows of one group (the images of one patient, say) stay together: in one fold of
            `cv`, and either in training or in validation.

        Returns
        -------
        features : ndarray of shape (n_rows, n_features_out), float32
            Or a DataFrame, as `set_output` says.
        """
        return self._output(X, self._fit(X, y, sample_weight, groups, for_rows=True))

    def list_cut_layers(self, column: str | None = None) -> pd.DataFrame:
        """The layers at which the fitted network can be cut.

        Parameters
        ----------
        column : str or None, default=None
            The column of images; may be None where there is one.

        Returns
        -------
        layers : DataFrame
            `layer`, `shape` of its output, and `width`: the number of columns of a cut there.
        """
        position = self._position(column)
        return layers_frame(self._layers[position], self._pooling)

    def summary(self, column: str | None = None) -> str:
        """The layers of the fitted network as text, with a mark where it is cut.

        Parameters
        ----------
        column : str or None, default=None
            The column of images; may be None where there is one.

        Returns
        -------
        text : str
            One line a layer.
        """
        position = self._position(column)
        network = self.networks_[position]
        form = self.cross_fit_["form"][position]
        title = f"{network.name}, column {self.cross_fit_['column'][position]!r}, {form}"
        return format_layers(self._layers[position], cut=network.cut_name, title=title)

    def plot_history(
        self, column: str | None = None, *, metric: str = "loss", ax: Any = None
    ) -> TrainingHistoryDisplay:
        """Draw the epochs of the training.

        Parameters
        ----------
        column : str or None, default=None
            The column of images; may be None where there is one.

        metric : {"loss", "accuracy"}, default="loss"
            What is drawn.

        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : TrainingHistoryDisplay
            With what was drawn.
        """
        return TrainingHistoryDisplay.from_estimator(self, column=column, metric=metric, ax=ax)

    def _position(self, column):
        """The place of a column of images, by its name."""
        check_is_fitted(self)
        names = list(self.cross_fit_["column"])
        if column is None and len(names) == 1:
            return 0
        if column not in names:
            asked = "Several" if column is None else f"No column {column!r} among the"
            raise ValueError(f"{asked} columns of images were fitted: pass one of {names}.")
        return names.index(column)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _fit(self, X, y, sample_weight, groups, for_rows):
        """Fit all columns and return the features of the rows."""
        columns = self._start_fit(X)
        return self._fit_columns(columns, y, sample_weight, groups, X=X, for_rows=for_rows)

    def _fit_columns(self, columns, y, sample_weight=None, groups=None, X=None, for_rows=False):
        n_rows = columns[0].n_rows
        target, rows = self._targets(columns[0], y, sample_weight, groups)
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        folds = make_folds(self.cv, target.strata, n_rows, seed, rows.groups)
        if not for_rows and not isinstance(self.cross_fit, str):
            folds = []  # the folds' networks would have nothing to say about new rows
        config = self._fit_config(target, seed)
        self._shapes = [self._learn_shape(column) for column in columns]
        trainers = [
            self._column_trainer(position, column, target, rows, config)
            for position, column in enumerate(columns)
        ]
        extraction = FeatureExtraction([], [], self._rows, self.corrupt)
        gone = extraction.report([(t.images.column, t.images.failures) for t in trainers])
        for trainer in trainers:
            refuse_too_few(trainer.images, target)
        n_stages = 1 if config.fine_tune is None else 2
        reporter = EpochReporter(
            self, n_runs=len(trainers) * (1 + len(folds)), n_epochs=n_stages * self.epochs
        )
        with reporter.fit(X, y):
            results = [cross_fit(trainer, folds, self.cross_fit, reporter) for trainer in trainers]
        self._keep(trainers, results, target)
        missing = [t.images.column.rows_without(c) for t, c in zip(trainers, gone, strict=True)]
        return self._rows.join(self._blocks(trainers, results), missing)

    def _keep(self, trainers, results, target):
        """Set the fitted attributes."""
        self.networks_ = [result.network for result in results]
        self.history_ = pd.DataFrame([line for trainer in trainers for line in trainer.history])
        self.cross_fit_ = pd.DataFrame([result.report for result in results])
        self._layers, self._pooling = [trainer.layers for trainer in trainers], self.pooling
        if self._rows.missing == "mean":  # the mean of what `transform` returns for these rows
            self._means = [
                trainer.images.row_mean(result.as_new, self._rows.combine)
                for trainer, result in zip(trainers, results, strict=True)
            ]
        self.n_outputs_ = target.n_outputs
        if target.is_classifier:
            self.classes_ = target.classes
        elif hasattr(self, "classes_"):
            del self.classes_  # of an earlier fit, on classes
        self._finish_fit()
        if self.cache is not None:
            as_store(self.cache).flush()

    def _blocks(self, trainers, results):
        """Return the features of the rows that were fitted, one array per column."""
        means = self._means or [None] * len(trainers)
        return [
            trainer.images.of_rows(result.columns, self._rows.combine, self._rows.fill_value(mean))
            for trainer, result, mean in zip(trainers, results, means, strict=True)
        ]

    def _targets(self, column, y, sample_weight, groups):
        """The form of y, and what training needs to know of each row."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        target = TargetEncoding(y, self.task, bins=self.target_bins, loss=self.loss)
        n_rows = column.n_rows
        check_consistent_length(np.empty(n_rows), target.values, groups)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, np.empty((n_rows, 1)))
            if (sample_weight < 0).any():
                raise ValueError("sample_weight holds negative numbers; weights must be 0 or more.")
        weights = combined_weight(target, self.class_weight, sample_weight)
        if groups is not None:
            groups = np.unique(np.asarray(groups), return_inverse=True)[1]
        return target, TrainingRows(target.values, target.strata, weights, groups)

    def _fit_config(self, target, seed):
        slower = self.fine_tune_learning_rate
        training = TrainingConfig(
            target.loss,
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            fine_tune_learning_rate=self.learning_rate / 10 if slower is None else slower,
            schedule=self.schedule,
            warm_up=self.warm_up,
            patience=self.early_stopping,
            seed=seed,
        )
        return FitConfig(
            training,
            cut_layer=self.cut_layer,
            pooling=self.pooling,
            flips=self.flips,
            validation_fraction=self.validation_fraction,
            fine_tune=self._fine_tune(),
            augmentation=make_augmentation(self.augmentation),
            callbacks=_checked(self.callbacks),
        )

    def _fine_tune(self):
        """What is fine-tuned; None where training starts from random weights."""
        trained_before = self.weights is not None or is_model_path(self.backbone)
        if self.fine_tune != "auto" or trained_before:
            return self.fine_tune
        return None

    def _column_trainer(self, position, column, target, rows, config):
        """Gather what the training runs of one column need."""
        spec = NetworkSpec(
            self.backbone,
            self._shapes[position],
            weights=self.weights,
            options=self.backbone_options,
            seed=config.training.seed,
        )

        def make_blank():
            """Build the network before training, with its output layer."""
            blank = add_top(
                spec.build(),
                n_outputs=target.n_outputs,
                activation=target.activation,
                seed=spec.seed,
            )
            cut_network(blank, self.cut_layer, self.pooling)  # an unknown layer is an error now
            return blank

        store = as_store(self.cache)
        is_named = isinstance(spec.backbone, str) and find_spec(spec.backbone) is not None
        blank = None
        if not is_named or store is None:
            blank = make_blank()
        if not is_named:
            self._shapes[position] = blank.input_shape  # a user's file has a shape of its own
        conversion = self._resizing(position)
        extraction = self._columns.column_extraction(
            position, column, conversion, **self._extraction_options()
        )
        images = TrainingImages(
            extraction, conversion, at_once=store is None or self.corrupt == "missing"
        )
        cache = None
        if store is not None:
            cache = self._run_cache(extraction, conversion, spec, blank, target)
        return ColumnTrainer(
            images,
            rows,
            make_blank=make_blank if blank is None else lambda: blank,
            config=config,
            cache=cache,
        )

    def _run_cache(self, extraction, conversion, spec, blank, target):
        network = spec.fingerprint(extraction.store) if spec.has_fingerprint else blank.fingerprint
        top = (target.n_outputs, target.activation)
        return RunCache(
            extraction,
            conversion,
            blank_key=extraction.cache_key((network, top), conversion),
            cut=(self.cut_layer, self.pooling, self.flips),
        )

    def _learn_shape(self, column):
        spec = find_spec(self.backbone)
        self._fixed_size = self.image_size is None and (spec is None or spec.image_size is None)
        self._grayscale = self.color_mode == "grayscale"
        shapes = probe_column(self.reader_, column)
        if self.image_size is not None:
            size = check_size_param(self.image_size)
        elif spec is not None and spec.image_size is not None:
            size = spec.image_size
        else:
            size = common_size(column, shapes)
        needs_rgb = spec is not None and spec.module
        return *size, 3 if needs_rgb else common_channels(self.color_mode, shapes)

    def _resizing(self, position):
        shape = self._shapes[position]
        return Resizing(
            shape,
            grayscale=self._grayscale,
            resample=resample_of(self.reader_),
            fixed_size=self._fixed_size,
            decode_size=None if self._fixed_size else shape[:2],
        )

    def _extractors(self, position):
        network = self.networks_[position]
        return [
            NetworkExtractor(
                network,
                network.cut_name,
                self._resizing(position),
                batch_size=self.batch_size,
                cached=self.cache is not None,
            )
        ]

    def __getstate__(self):
        return with_built_networks(super().__getstate__())


def _checked(callbacks):
    """The user's callbacks, each of which Keras knows what to do with."""
    callbacks = () if callbacks is None else tuple(callbacks)
    for callback in callbacks:
        if not isinstance(callback, import_keras().callbacks.Callback):
            raise TypeError(
                f"callbacks holds a {type(callback).__name__}, not a keras.callbacks.Callback."
            )
    return callbacks
