"""CNNEmbedder: columns from a network that is trained on the pictures at hand."""

import os
from functools import partial
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from skfusion._callbacks import with_callbacks
from skfusion._extractor import Extractor
from skfusion._typing import (
    Backbone,
    CutLayer,
    Features,
    ImageInput,
    PathLike,
    RandomState,
    Shape,
    Size,
)
from skfusion.base import ImageTransformer, check_size_param, indexed
from skfusion.embedding._column_fit import ColumnFit
from skfusion.embedding._cross_fit import make_folds
from skfusion.embedding._epoch_reporter import EpochReporter
from skfusion.embedding._store_link import StoreLink
from skfusion.embedding._target import TargetCoder
from skfusion.embedding._training_pictures import TrainingPictures
from skfusion.images._probe import common_channels, common_size, probe_column
from skfusion.images._reader import ImageReader
from skfusion.networks._building import add_top, cut_network, find_spec
from skfusion.networks._recipe import NetworkRecipe
from skfusion.networks._training import TrainingPlan
from skfusion.store._feature_store import FeatureStore, as_store

_OPTIMIZERS = {"adam", "adamw", "sgd", "rmsprop", "adadelta", "adagrad", "adamax", "nadam"}


class CNNEmbedder(ImageTransformer):
    """Train a convolutional network on the pictures and cut it: activations become columns.

    `fit` trains a network to predict y from each column of pictures; `transform` gives the
    activations of one of its layers. Good where the pictures are unlike photographs (scans,
    digits, silhouettes), so that networks trained on ImageNet have little to say.

    .. note::
        ``fit(X, y).transform(X)`` does not equal ``fit_transform(X, y)`` when `cv` is not None,
        as in scikit-learn's ``TargetEncoder``: `fit_transform` gives each row the columns of a
        network that was not trained on that row. A Pipeline calls `fit_transform` in its `fit`.

    Parameters
    ----------
    backbone : str, PathLike or callable, default="small_cnn"
        "small_cnn" or another name of `list_backbones`; the path of a `.keras` file; or a function
        ``f(input_shape) -> keras.Model`` that gives feature maps or a vector. Networks that end
        in feature maps get the layers gap (global average pooling) and dense (256 units) on top;
        all get the layer output.

    cut_layer : str, int or None, default="flatten"
        The layer whose output becomes columns, by name (see `list_cut_layers`) or position; None
        is the output layer. In a network without a layer of this name, "flatten" is its last
        feature maps, flattened.

    pooling : {"avg", "max"} or None, default=None
        How feature maps become a vector; None flattens them.

    cv : int, splitter, iterable or None, default=5
        How `fit_transform` cross-fits. With k folds, k more networks are trained, each on the
        other folds, and their columns are mapped to the axes of the final network. An int
        means shuffled, for classes stratified, folds. None gives the final network's own columns,
        which a network that memorises makes look better than they are.

    weights : "imagenet", str, PathLike or None, default=None
        Where training starts: random weights (None), ImageNet's, or a weights file.

    backbone_options : dict or None, default=None
        Arguments of the backbone's constructor, such as ``{"dense_units": 64}`` for small_cnn.

    image_size : tuple (height, width) or None, default=None
        The size in pixels to which pictures are resized. None takes the size that a named
        backbone was designed for; for small_cnn and users' own, the size that all pictures have.

    epochs : int, default=30
        The most passes over the training rows.

    batch_size : int, default=32
        Pictures a training step, and per call of the network in `transform`.

    optimizer : str, default="adam"
        "adam", "adamw", "sgd", "rmsprop", "adadelta", "adagrad", "adamax" or "nadam".

    learning_rate : float, default=1e-3
        The optimizer's learning rate. (Adadelta wants 1.0.)

    validation_fraction : float, default=0.1
        The share of rows that is kept out of training to measure the validation loss; 0 keeps
        none.

    early_stopping : int or None, default=10
        Epochs without a lower validation loss (training loss, if there are no validation rows)
        after which training stops; the best weights are restored. None trains all epochs and
        keeps the last weights.

    task : {"auto", "classification", "regression"}, default="auto"
        What y is. "auto" takes floats with a fraction for regression and all else for classes.

    random_state : int, RandomState instance or None, default=None
        Where weights, shuffles, folds and the validation split start. An int makes two fits
        equal.

    color_mode : {"auto", "rgb", "grayscale"}, default="auto"
        For small_cnn and users' own networks, three channels or one; "auto" takes one where no
        fitted picture has colour. Other backbones always get three.

    image_shape : tuple (height, width[, channels]) or None, default=None
        The shape of the pictures where X is a table of flattened pictures; one entry may be -1.

    missing : {"error", "nan", "zero"}, default="error"
        What a row without a picture gets: an error, or a row of NaN or 0. Such rows take no part
        in training.

    corrupt : {"error", "missing"}, default="error"
        Whether pictures that can't be read are an error or count as missing, with one warning.

    reader : ImageReader or None, default=None
        How cells become pixels; None is ``ImageReader()``.

    cache : str, PathLike, FeatureStore or None, default=None
        Where trained networks and features are kept: a folder, or a store. A search over cut
        layers and heads then trains each fold's network once.

    verbose : int, default=0
        1 shows a progress bar of the epochs, and of pictures a second.

    Attributes
    ----------
    networks_ : list of Network
        The trained networks, cut, one a column of pictures.

    history_ : DataFrame
        Losses (and accuracies) of each epoch, with the column of pictures and the fold; fold -1
        is the final network.

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
        If pictures are missing or can't be read, with all rows and reasons.

    ValueError
        If the cut layer is unknown, the pictures differ in size and `image_size` is None, y has
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
    centred, scaled orthogonal Procrustes map (Schönemann 1966, doi:10.1007/BF02289451) that is
    fitted on the rows that both networks were trained on. Cross-fitting follows the idea of
    ``TargetEncoder``.

    Examples
    --------
    >>> from skfusion import CNNEmbedder
    >>> from skfusion.datasets import load_digits_iris
    >>> data = load_digits_iris()
    >>> embedder = CNNEmbedder(cut_layer="dense", cv=None, epochs=2, random_state=0)
    >>> embedder.fit_transform(data.frame["digit"], data.target).shape
    (150, 256)
    >>> embedder.get_feature_names_out()[:2]
    array(['digit_dense_0000', 'digit_dense_0001'], dtype=object)
    """

    _parameter_constraints: dict = {
        **ImageTransformer._parameter_constraints,
        "backbone": [str, os.PathLike, callable],
        "cut_layer": [str, Integral, None],
        "pooling": [StrOptions({"avg", "max"}), None],
        "cv": ["cv_object", None],
        "weights": [str, os.PathLike, None],
        "backbone_options": [dict, None],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "cache": [str, os.PathLike, FeatureStore, None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "optimizer": [StrOptions(_OPTIMIZERS)],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": [Interval(Integral, 1, None, closed="left"), None],
        "task": [StrOptions({"auto", "classification", "regression"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        backbone: Backbone = "small_cnn",
        *,
        cut_layer: CutLayer = "flatten",
        pooling: str | None = None,
        cv: Any = 5,
        weights: PathLike | None = None,
        backbone_options: dict[str, Any] | None = None,
        image_size: Size | None = None,
        epochs: int = 30,
        batch_size: int = 32,
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        validation_fraction: float = 0.1,
        early_stopping: int | None = 10,
        task: str = "auto",
        random_state: RandomState = None,
        color_mode: str = "auto",
        image_shape: Shape | None = None,
        missing: str = "error",
        corrupt: str = "error",
        reader: ImageReader | None = None,
        cache: PathLike | FeatureStore | None = None,
        verbose: int = 0,
    ):
        self.backbone = backbone
        self.cut_layer = cut_layer
        self.pooling = pooling
        self.cv = cv
        self.weights = weights
        self.backbone_options = backbone_options
        self.image_size = image_size
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.task = task
        self.random_state = random_state
        self.color_mode = color_mode
        self.image_shape = image_shape
        self.missing = missing
        self.corrupt = corrupt
        self.reader = reader
        self.cache = cache
        self.verbose = verbose

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ImageInput, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train one network for each column of pictures.

        Parameters
        ----------
        X : Series, DataFrame, list or ndarray
            One or several columns of pictures: paths, bytes, PIL images or arrays; or an array of
            shape (n_rows, height, width[, channels]); or, with `image_shape`, numbers of shape
            (n_rows, n_pixels).

        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Classes, or numbers.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows in the loss.

        Returns
        -------
        self : object
            The fitted embedder.
        """
        self._fit(X, y, sample_weight, cross_fit=False)
        return self

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(
        self, X: ImageInput, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Features:
        """Train, and turn the training rows into columns that are cross-fitted if `cv` says so.

        Parameters
        ----------
        X : Series, DataFrame, list or ndarray
            Pictures, as in `fit`.

        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Classes, or numbers.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows in the loss.

        Returns
        -------
        features : ndarray of shape (n_rows, n_features_out), float32
            Or a DataFrame, as `set_output` says.
        """
        return self._output(X, self._fit(X, y, sample_weight, cross_fit=True))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _fit(self, X, y, sample_weight, cross_fit):
        """Fit all columns; with `cross_fit` their features come back, one matrix a column."""
        columns = self._start_fit(X)
        n_rows = len(columns[0])
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        target = TargetCoder(y, self.task)
        check_consistent_length(columns[0].cells, target.values)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, np.empty((n_rows, 1)))
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        folds = make_folds(self.cv, target, n_rows, seed) if cross_fit else []
        plan = self._plan(target, seed)
        self._shapes = [self._learn_shape(column) for column in columns]
        fits = [
            self._column_fit(position, column, target, sample_weight, plan)
            for position, column in enumerate(columns)
        ]
        reporter = EpochReporter(self, n_runs=len(fits) * (1 + len(folds)))
        with reporter.fit(X, y):
            self.networks_ = [fit.train_final(reporter) for fit in fits]
            features = [
                fit.features(network, folds, reporter, self._fill)
                for fit, network in zip(fits, self.networks_, strict=True)
                if cross_fit
            ]
        self.history_ = pd.DataFrame([line for fit in fits for line in fit.history])
        self.n_outputs_ = target.n_outputs
        if target.is_classifier:
            self.classes_ = target.classes
        self._fitted = True
        if self.cache is not None:
            as_store(self.cache).flush()
        return features

    def _plan(self, target, seed):
        return TrainingPlan(
            target.loss,
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            patience=self.early_stopping,
            seed=seed,
        )

    def _column_fit(self, position, column, target, sample_weight, plan):
        """Gather what the training runs of one column need."""
        recipe = NetworkRecipe(
            self.backbone,
            self._shapes[position],
            weights=self.weights,
            options=self.backbone_options,
            seed=plan.seed,
        )

        def make_blank():
            """Build the network before training, with its output layer."""
            blank = add_top(
                recipe.build(),
                n_outputs=target.n_outputs,
                activation=target.activation,
                seed=plan.seed,
            )
            cut_network(blank, self.cut_layer, self.pooling)  # an unknown layer is told at once
            return blank

        if isinstance(recipe.backbone, str) and find_spec(recipe.backbone) is not None:
            blank = None
        else:
            blank = make_blank()
            self._shapes[position] = blank.input_shape  # a user's file has a shape of its own
        store = as_store(self.cache)
        if store is None and blank is None:
            blank = make_blank()
        digests = self._digests(store, column)
        pictures = TrainingPictures(
            column,
            lambda: self._load(position, column, digests),
            at_once=store is None or self.corrupt == "missing",
        )
        return ColumnFit(
            pictures,
            target=target,
            sample_weight=sample_weight,
            make_blank=make_blank if blank is None else lambda: blank,
            plan=plan,
            validation_fraction=self.validation_fraction,
            cut=partial(cut_network, cut_layer=self.cut_layer, pooling=self.pooling),
            cache=self._store_link(store, digests, position, column, recipe, blank, target),
        )

    def _store_link(self, store, digests, position, column, recipe, blank, target):
        if store is None:
            return None
        network = recipe.fingerprint(store) if recipe.has_fingerprint else blank.fingerprint
        top = (target.n_outputs, target.activation)
        return StoreLink(
            store,
            digests=digests,
            blank_key=self._store_key(position, column, (network, top)),
            row_key=lambda fingerprint: self._store_key(position, column, fingerprint),
            cut_layer=self.cut_layer,
            pooling=self.pooling,
        )

    def _load(self, position, column, digests):
        """The pixels of the distinct pictures, and which rows have none."""
        shape = (len(column.first), *self._shapes[position])
        pixels = np.zeros(shape, dtype=np.uint8)

        def keep(places, batch):
            nonlocal pixels
            pixels = pixels.astype(np.result_type(pixels, batch), copy=False)
            pixels[places] = batch

        def stack(places, pictures):
            return np.stack(pictures)

        gone = self._read_all(position, column, range(len(column.first)), stack, keep, digests)
        return pixels, gone

    def _learn_shape(self, column):
        spec = find_spec(self.backbone)
        self._one_size = spec is None or spec.image_size is None
        shapes = probe_column(self.reader_, column)
        if self.image_size is not None:
            size = check_size_param(self.image_size)
        elif spec is not None and spec.image_size is not None:
            size = spec.image_size
        else:
            size = common_size(column, shapes)
        needs_rgb = spec is not None and spec.module
        return *size, 3 if needs_rgb else common_channels(self.color_mode, shapes)

    def _labels(self, position):
        network = self.networks_[position]
        return indexed(network.cut_name, network.output_shape[0])

    def _prepare_picture(self, position, pixels):
        shape = self._shapes[position]
        if self._one_size:
            self._refuse_other_size(pixels, shape[:2])
        return self._resized(pixels, shape)

    def _extractors(self, position):
        network = self.networks_[position]
        return [
            Extractor(
                network.output_shape[0],
                network.prepare,
                lambda inputs: network.compute(inputs, self.batch_size),
                fingerprint=network.fingerprint if self.cache is not None else None,
            )
        ]
