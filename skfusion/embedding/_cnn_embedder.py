"""CNNEmbedder: columns from a network that is trained on the images."""

import os
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
)

from skfusion._utils.decorators import fit_context, with_callbacks
from skfusion._utils.plain_data import plain_data
from skfusion._utils.transformer_output import keep_series_index
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
from skfusion.embedding._embedder_options import EmbedderOptions
from skfusion.embedding._fit_config import FitConfig, TrainingRows
from skfusion.embedding._network_extractor import NetworkExtractor, with_built_networks
from skfusion.embedding._network_resizing import least_decoded_size, network_resizing
from skfusion.embedding._run_cache import RunCache
from skfusion.embedding._training_images import TrainingImages, refuse_too_few
from skfusion.embedding.cross_fitting._cross_fit import cross_fit
from skfusion.extraction._feature_extraction import FeatureExtraction
from skfusion.extraction._row_weights import check_row_weights
from skfusion.images._image_reader import ImageReader
from skfusion.images._image_size import check_size_param
from skfusion.images._probe import common_channels, common_size, probe_column
from skfusion.inspection._training_history_display import TrainingHistoryDisplay
from skfusion.networks._cutting import cut_network
from skfusion.networks._image_preprocessing import NO_PREPROCESSING
from skfusion.networks._layer_table import format_layers, layers_frame
from skfusion.networks._pooling import POOLINGS
from skfusion.networks._top import add_top
from skfusion.networks.backbones._network_spec import NetworkSpec
from skfusion.networks.backbones._registry import (
    check_trainable,
    find_preprocessing,
    find_spec,
    holds_weights,
)
from skfusion.store._as_store import as_store
from skfusion.store._feature_store import FeatureStore
from skfusion.training._callbacks import check_callbacks
from skfusion.training._epoch_reporter import EpochReporter
from skfusion.training._folds import make_folds
from skfusion.training._options_mixin import OptionsMixin
from skfusion.training._target_encoding import TargetEncoding, as_targets
from skfusion.training._training_config import TrainingConfig
from skfusion.training._weights import combine_weights


@plain_data
class CNNEmbedder(OptionsMixin, ImageTransformer):
    """Train a convolutional network on images and use its activations as columns.

    `fit` trains a network to predict y from each column of images. `transform` returns the
    activations of one of its layers. Use it for images that are unlike photographs (scans,
    digits, silhouettes), for which networks trained on ImageNet are of little use.

    .. note::
        With `cv`, ``fit(X, y).transform(X)`` does not equal ``fit_transform(X, y)``, as in
        scikit-learn's ``TargetEncoder``: `fit_transform` gives training rows the columns of
        networks that were not trained on them. A Pipeline calls `fit_transform` in its `fit`.

    Read more in the :ref:`User Guide <cnn_embedder>`.

    Parameters
    ----------
    backbone : str, PathLike or callable, default="small_cnn"
        "small_cnn"; "deep_cnn", for images of more than 64 pixels; another name of
        `list_backbones`; a preset of KerasHub; the path of a `.keras` file; or a function
        ``f(input_shape) -> keras.Model`` that returns a model with feature maps or a vector as
        its output. Networks that end in feature maps get the layers gap (global average pooling)
        and dense (256 units) on top; those that end in tokens, dense on the class token, or on
        gap if they have none. All get the layer output.

    cut_layer : str, int or None, default="flatten"
        The layer whose output becomes columns, by name (see `list_cut_layers`) or position. None
        is the output layer. If the network has no layer named "flatten", "flatten" means its last
        feature maps or tokens, flattened. The output layer of a regression predicts y scaled to
        mean 0 and standard deviation 1.

    pooling : {"avg", "max", "mean", "cls", "cls+mean"} or None, default=None
        How feature maps or tokens become a vector, as in `PretrainedGAP`. None flattens them.

    cv : int, splitter, iterable or None, default=None
        How training rows are cross-fitted. None gives them the columns of the network that was
        trained on them. This takes a single training, but if the network memorizes its training
        rows, the next model overrates the images. With k folds, k more networks are trained, each
        on the other folds, and their columns are mapped to the axes of the final network. An int
        means shuffled folds, stratified for classes, which keep `groups` together. The option
        `cross_fit` decides how the networks are used.

    weights : "imagenet", str, PathLike or None, default=None
        Initial weights: random (None), trained on ImageNet, or the path of a weights file. For a
        preset of KerasHub, "imagenet" loads the preset's own weights.

    image_size : tuple (height, width) or None, default=None
        The size in pixels to which images are resized. None is the size that a named backbone was
        designed for. For small_cnn and custom networks, None is the size of the images, which
        must all be equal then.

    epochs : int, default=30
        Maximum number of passes over the training rows, in each stage.

    batch_size : int, default=32
        Number of images in a training step, and in one call of the network in `transform`.

    learning_rate : float, default=1e-3
        The learning rate of the optimizer.

    augmentation : {"light", "recipe"}, dict, callable, keras.Layer or None, default=None
        Random changes of training images, drawn again in each epoch. They are not applied in
        `transform`, nor in the stage "top". "light" rotates (up to 10 degrees), shifts (0.1) and
        zooms (0.1). "recipe" rotates by up to 40 degrees, shifts and shears by 0.2, zooms by 0.2
        and flips left and right, and repeats the pixels at the edges. A dict has the keys
        `rotation` (degrees), `shift`, `shear`, `zoom`, `brightness`, `contrast` (fractions),
        `horizontal_flip`, `vertical_flip` (bool), `fill` and `fill_value`. A function takes a
        batch of shape (n, height, width, channels) with values in 0..255, and a numpy Generator
        if it has two arguments.

    fine_tune : {"auto", "all", "lora"}, int or str, default="auto"
        Which layers of a network with trained weights are trained further. The training then has
        two stages: "top" trains the new layers on the output of the others, which is computed
        once; "fine-tune" trains the last layers as well, with batch normalization frozen. An int
        counts layers with weights from the end (0 skips the second stage). A str is the name of
        the first such layer or a prefix of it ("block_13", "conv5"). "all" trains all layers.
        "lora" trains low-rank adapters of all dense layers, for transformers; their rank is the
        option `lora_rank`.
        "auto" is the last third if there are `weights` or the backbone is a `.keras` file.
        Otherwise all layers are trained in one stage, "train".

    validation_fraction : float, default=0.1
        The fraction of rows that is held out to measure the validation loss. 0 holds out none.

    early_stopping : bool, default=True
        Whether to stop a stage when the validation loss (the training loss, if no rows are held
        out) has not fallen for `n_iter_no_change` epochs, and restore the best weights. If False,
        train all epochs and keep the last weights.

    n_iter_no_change : int, default=10
        Number of epochs without a lower loss after which `early_stopping` ends a stage.

    task : {"auto", "classification", "regression"}, default="auto"
        The kind of y. "auto" is "regression" for floats with a fraction, and otherwise
        "classification". A table of 0 and 1 has several labels in a row.

    options : EmbedderOptions or None, default=None
        Settings that are rarely changed: the optimizer, class weights, the use of folds, learning
        rate schedules, several images in a row, and more. None is ``EmbedderOptions()``. A search
        reaches them by nested names, such as ``options__optimizer``.

    random_state : int, RandomState instance or None, default=None
        Controls the initial weights, shuffling, folds and the validation split. Pass an int for
        reproducible output across multiple calls.

    cache : str, PathLike, FeatureStore or None, default=None
        A folder or a store that keeps trained networks and features. A search over cut layers and
        heads then trains the network of each fold once. Networks that were trained with callbacks,
        or with an `augmentation` that is code, are not kept.

    reader : ImageReader or None, default=None
        How cells become pixels; None is ``ImageReader()``. See :term:`reader`.

    color_mode : {"auto", "rgb", "grayscale"}, default="auto"
        The number of channels of the images, for small_cnn and custom networks. Other backbones
        always get three. See :term:`color_mode`.

    image_shape : tuple (height, width[, channels]) or None, default=None
        The shape of the images if X is a table of flattened images. See :term:`image_shape`.

    missing : {"error", "nan", "zero", "mean"}, default="error"
        The features of rows without an image, which take no part in training. See :term:`missing`.

    corrupt : {"error", "missing"}, default="error"
        Whether unreadable images are an error or count as missing. See :term:`corrupt`.

    verbose : int, default=0
        1 shows a progress bar over the epochs, and over the images.

    Attributes
    ----------
    networks_ : list of Network
        The trained networks, cut, one for each column of images.

    history_ : DataFrame
        Losses, accuracies for classes or R2 for numbers, and learning rate of each epoch, with
        the column of images, the fold (-1 is the final network) and the stage. Values of training
        are means over the rows of the epoch, weighted by their weights.

    cross_fit_ : DataFrame
        For each column of images the `form` of cross-fitting that is used ("in-sample",
        "average" or a fraction; a fraction has no effect in `fit` alone, so that the form is
        "in-sample" there) and, if it was measured, the losses of a linear model with in-sample
        and with cross-fitted columns.

    classes_ : ndarray
        The classes, if y holds classes.

    n_outputs_ : int
        Number of units of the output layer.

    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Names of the columns in `fit`, if they had names.

    n_features_out_ : int
        Number of columns of the output of `transform`.

    reader_ : ImageReader
        The reader in use.

    value_ranges_ : list of (tuple (low, high) or None)
        What is black and white in each image column, for floats and signed integers; None where
        `fit` saw none of these. See :ref:`pixel_values`.

    Raises
    ------
    ImageReadError
        If images are missing or cannot be read, with all rows and reasons.

    ValueError
        If an option is invalid, the cut layer is unknown, the images differ in size and
        `image_size` is None, y has one class, or there are too few rows for `cv`.

    FloatingPointError
        If the loss becomes NaN or infinite.

    BackendNotFoundError
        If Keras has no backend.

    See Also
    --------
    EmbedderOptions : The settings that `options` takes.
    PretrainedGAP : Columns from a network that is used without training.
    list_cut_layers : The layers of a backbone.

    Notes
    -----
    The network of each fold has its own axes. Its columns are mapped to those of the final network
    by a centered, scaled orthogonal Procrustes map (Schönemann 1966, doi:10.1007/BF02289451). The
    map is fitted on the rows that both networks were trained on, and is the identity in directions
    in which these rows do not vary. If feature maps are flattened, the map acts on their channels.
    Cross-fitting follows the idea of ``TargetEncoder``. Averaging the networks for new rows is what
    ``CalibratedClassifierCV(ensemble=True)`` does with its classifiers. The user guide reports a
    benchmark of each form.

    Fine-tuning in two stages with batch normalization frozen follows the Keras guide on transfer
    learning. "lora" is low-rank adaptation (Hu et al., arXiv 2106.09685); after the training,
    adapters are added to the weights, so that the network is as fast as before.

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

    _options_class = EmbedderOptions
    _preprocessing = NO_PREPROCESSING  # of version 0.1, which only stretched images
    # Weights change the training: with metadata routing, the user requests them.
    __metadata_request__fit = {"sample_weight": None}

    _fit_only_parameters = ("backbone", "augmentation")
    _parameter_constraints: dict[str, Any] = {
        **{
            name: constraint
            for name, constraint in ImageTransformer._parameter_constraints.items()
            if name not in EmbedderOptions._parameter_constraints
        },
        "backbone": [str, os.PathLike, callable],
        "cut_layer": [str, Integral, None],
        "pooling": [StrOptions(set(POOLINGS)), None],
        "cv": ["cv_object", None],
        "weights": [str, os.PathLike, None],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "augmentation": "no_validation",  # make_augmentation checks it
        "fine_tune": [Interval(Integral, 0, None, closed="left"), str],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": ["boolean"],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "task": [StrOptions({"auto", "classification", "regression"})],
        "options": [EmbedderOptions, None],
        "random_state": ["random_state"],
        "cache": [str, os.PathLike, FeatureStore, None],
    }

    def __init__(
        self,
        backbone: Backbone = "small_cnn",
        *,
        cut_layer: CutLayer = "flatten",
        pooling: str | None = None,
        cv: Any = None,
        weights: PathLike | None = None,
        image_size: Size | None = None,
        epochs: int = 30,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        augmentation: Any = None,
        fine_tune: int | str = "auto",
        validation_fraction: float = 0.1,
        early_stopping: bool = True,
        n_iter_no_change: int = 10,
        task: str = "auto",
        options: EmbedderOptions | None = None,
        random_state: RandomState = None,
        cache: PathLike | FeatureStore | None = None,
        reader: ImageReader | None = None,
        color_mode: str = "auto",
        image_shape: Shape | None = None,
        missing: str = "error",
        corrupt: str = "error",
        verbose: int = 0,
    ) -> None:
        self.backbone = backbone
        self.cut_layer = cut_layer
        self.pooling = pooling
        self.cv = cv
        self.weights = weights
        self.image_size = image_size
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.augmentation = augmentation
        self.fine_tune = fine_tune
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.n_iter_no_change = n_iter_no_change
        self.task = task
        self.options = options
        self.random_state = random_state
        self.cache = cache
        self.reader = reader
        self.color_mode = color_mode
        self.image_shape = image_shape
        self.missing = missing
        self.corrupt = corrupt
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
            Weights of the rows: in the loss and, for a regression, in the scaling of y. Only their
            ratios matter.

        groups : array-like of shape (n_rows,), default=None
            Rows of one group (such as the images of one patient) stay together: in one fold of
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
        """Train, and transform the training rows into columns, cross-fitted with `cv`.

        Parameters
        ----------
        X : Series, DataFrame, list or ndarray
            Images, as in `fit`.

        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Classes, or numbers.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows: in the loss and, for a regression, in the scaling of y. Only their
            ratios matter.

        groups : array-like of shape (n_rows,), default=None
            Rows of one group (such as the images of one patient) stay together: in one fold of
            `cv`, and either in training or in validation.

        Returns
        -------
        features : ndarray of shape (n_rows, n_features_out), float32
            Or a DataFrame, depending on `set_output`.
        """
        return keep_series_index(self, X, self._fit(X, y, sample_weight, groups, for_rows=True))

    def list_cut_layers(self, column: str | None = None) -> pd.DataFrame:
        """List the layers at which the fitted network can be cut.

        Parameters
        ----------
        column : str or None, default=None
            The column of images. It may be None if there is only one.

        Returns
        -------
        layers : DataFrame
            `layer`, `shape` of its output, and `width`: the number of columns of a cut there.
        """
        position = self._position(column)
        return layers_frame(self._layers[position], self._pooling)

    def summary(self, column: str | None = None) -> str:
        """Return the layers of the fitted network as text, with a mark where it is cut.

        Parameters
        ----------
        column : str or None, default=None
            The column of images. It may be None if there is only one.

        Returns
        -------
        text : str
            One line for each layer.
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
            The column of images. It may be None if there is only one.

        metric : {"loss", "accuracy", "r2"}, default="loss"
            The metric: the loss, or "accuracy" for classes, or "r2" for numbers.

        ax : matplotlib Axes or None, default=None
            The axes to draw on. None creates a figure.

        Returns
        -------
        display : TrainingHistoryDisplay
            The display, with the curves.
        """
        return TrainingHistoryDisplay.from_estimator(self, column=column, metric=metric, ax=ax)

    def _position(self, column):
        """Return the position of an image column, by its name."""
        check_is_fitted(self)
        names = list(self.cross_fit_["column"])
        if column is None and len(names) == 1:
            return 0
        if column not in names:
            asked = "Several" if column is None else f"No column {column!r} among the"
            raise ValueError(f"{asked} columns of images were fitted. Pass one of {names}.")
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
        options = self._get_options()
        n_rows = columns[0].n_rows
        sample_weight = check_row_weights(sample_weight, n_rows)
        target, rows = self._targets(columns[0], y, sample_weight, groups, options)
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        folds = make_folds(self.cv, target.strata, n_rows, seed, rows.groups)
        if not for_rows and not isinstance(options.cross_fit, str):
            folds = []  # new rows get the columns of the final network alone
        config = self._fit_config(target, seed, options)
        check_trainable(self.backbone)
        self._preprocessing = find_preprocessing(self.backbone)
        self._shapes = [self._learn_shape(column) for column in columns]
        trainers = [
            self._column_trainer(position, column, target, rows, config, options)
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
            results = [
                cross_fit(trainer, folds, options.cross_fit, reporter) for trainer in trainers
            ]
        self._keep(trainers, results, target, sample_weight)
        missing = [t.images.column.rows_without(c) for t, c in zip(trainers, gone, strict=True)]
        return self._rows.join(self._blocks(trainers, results), missing)

    def _keep(self, trainers, results, target, sample_weight):
        """Set the fitted attributes."""
        self.networks_ = [result.network for result in results]
        self.history_ = pd.DataFrame([line for trainer in trainers for line in trainer.history])
        self.cross_fit_ = pd.DataFrame([result.report for result in results])
        self._layers, self._pooling = [trainer.layers for trainer in trainers], self.pooling
        if self._rows.missing == "mean":  # the mean of what `transform` returns for these rows
            self._means = [
                trainer.images.row_mean(result.as_new, self._rows.combine, sample_weight)
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

    def _row_options(self):
        options = self._get_options()
        return options.combine, options.add_indicator, options.drift

    def _targets(self, column, y, sample_weight, groups, options):
        """Return the encoded target, and what training uses of each row."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        n_rows = column.n_rows
        check_consistent_length(np.empty(n_rows), as_targets(y), groups)
        target = TargetEncoding(
            y,
            self.task,
            bins=options.target_bins,
            loss=options.loss,
            sample_weight=sample_weight,
        )
        weights = combine_weights(target, options.class_weight, sample_weight)
        if groups is not None:
            groups = np.unique(np.asarray(groups), return_inverse=True)[1]
        return target, TrainingRows(target.values, target.strata, weights, groups)

    def _fit_config(self, target, seed, options):
        slower = options.fine_tune_learning_rate
        training = TrainingConfig(
            target.loss,
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimizer=options.optimizer,
            learning_rate=self.learning_rate,
            fine_tune_learning_rate=self.learning_rate / 10 if slower is None else slower,
            lr_schedule=options.lr_schedule,
            warmup_epochs=options.warmup_epochs,
            early_stopping=bool(self.early_stopping),
            n_iter_no_change=self.n_iter_no_change,
            average_epochs=options.average_epochs,
            lora_rank=options.lora_rank if self.fine_tune == "lora" else None,
            seed=seed,
        )
        return FitConfig(
            training,
            cut_layer=self.cut_layer,
            pooling=self.pooling,
            flips=options.tta,
            validation_fraction=self.validation_fraction,
            fine_tune=self._fine_tune(),
            augmentation=make_augmentation(self.augmentation),
            callbacks=check_callbacks(options.callbacks),
        )

    def _fine_tune(self):
        """Return the layers to fine-tune, None if training starts from random weights."""
        trained_before = self.weights is not None or holds_weights(self.backbone)
        if self.fine_tune != "auto" or trained_before:
            return self.fine_tune
        return None

    def _column_trainer(self, position, column, target, rows, config, options):
        """Gather what the training runs of one column need."""
        spec = NetworkSpec(
            self.backbone,
            self._shapes[position],
            weights=self.weights,
            options=options.backbone_options,
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
            cut = (self.cut_layer, self.pooling, options.tta)
            cache = self._run_cache(extraction, conversion, spec, blank, target, cut)
        return ColumnTrainer(
            images,
            rows,
            make_blank=make_blank if blank is None else lambda: blank,
            config=config,
            cache=cache,
        )

    def _run_cache(self, extraction, conversion, spec, blank, target, cut):
        network = spec.fingerprint(extraction.store) if spec.has_fingerprint else blank.fingerprint
        top = (target.n_outputs, target.activation)
        return RunCache(
            extraction,
            conversion,
            blank_key=extraction.cache_key((network, top), conversion),
            cut=cut,
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
        needs_rgb = spec is not None and spec.channels == 3
        return *size, 3 if needs_rgb else common_channels(self.color_mode, shapes)

    def _resizing(self, position):
        shape = self._shapes[position]
        preprocessing = self._preprocessing
        return network_resizing(
            shape,
            preprocessing,
            self.reader_,
            grayscale=self._grayscale,
            fixed_size=self._fixed_size,
            decode_size=(
                None if self._fixed_size else least_decoded_size(shape[:2], preprocessing)
            ),
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
