"""BaseJoint: what JointFusionClassifier and JointFusionRegressor share."""

import os
from abc import ABCMeta, abstractmethod
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skfusion._utils.decorators import fit_context, with_callbacks
from skfusion._utils.saved_state import SavedStateMixin
from skfusion._utils.sklearn_compat import CallbackSupportMixin
from skfusion._utils.sklearn_config import default_config
from skfusion._utils.typing import Backbone, ImageInput, PathLike, RandomState, Size
from skfusion.augmentation._augmentation import make_augmentation
from skfusion.extraction._reading_parameters import READING_PARAMETERS
from skfusion.fusion._joint_backbone import JointBackbone
from skfusion.fusion._joint_checks import check_images, check_shapes, warn_of_empty
from skfusion.fusion._joint_images import JointImages
from skfusion.fusion._joint_inputs import JointInputs, list_images, make_input_group
from skfusion.fusion._row_checks import check_rows, table_tags
from skfusion.images._image_reader import ImageReader
from skfusion.images._image_size import check_size_param
from skfusion.networks._joint_layers import build_joint
from skfusion.networks._network import Network
from skfusion.networks.backbones._network_spec import NetworkSpec
from skfusion.networks.backbones._registry import check_trainable, find_spec, holds_weights
from skfusion.store._as_store import as_store
from skfusion.store._feature_store import FeatureStore
from skfusion.tabular._check_table import check_table
from skfusion.tabular._column_roles import ColumnRoles
from skfusion.tabular._table_encoder import TableEncoder
from skfusion.training._callbacks import check_callbacks
from skfusion.training._epoch_reporter import FINAL, EpochReporter
from skfusion.training._folds import check_groups, validation_rows
from skfusion.training._loop import train
from skfusion.training._options_mixin import OptionsMixin
from skfusion.training._stage import FINE_TUNE, TOP
from skfusion.training._training_config import TrainingConfig
from skfusion.training._training_data import TrainingData
from skfusion.training._training_options import TrainingOptions
from skfusion.training._weights import combine_weights, normalize_weights

# Rows that are predicted at once, to limit memory.
_ROWS = 256


class BaseJoint(
    OptionsMixin, SavedStateMixin, CallbackSupportMixin, BaseEstimator, metaclass=ABCMeta
):
    """Train one network on images and a table; a subclass gives its outputs a meaning."""

    _holds_sklearn = True
    _parameter_constraints: dict[str, Any] = {
        "backbone": [str, os.PathLike, callable],
        "image_columns": [str, "array-like", None],
        "id_columns": [str, "array-like", None],
        "fusion": [StrOptions({"concat", "gated", "film", "cross_attention"})],
        "n_units": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "modality_dropout": [Interval(Real, 0, 1, closed="left")],
        "weights": [str, os.PathLike, None],
        "backbone_options": [dict, None],
        "fine_tune": [Interval(Integral, 0, None, closed="left"), str, None],
        "image_size": READING_PARAMETERS["image_size"],
        "corrupt": READING_PARAMETERS["corrupt"],
        "reader": READING_PARAMETERS["reader"],
        "augmentation": "no_validation",  # make_augmentation checks it
        "table_transformer": [HasMethods(["fit_transform", "transform"]), None],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": ["boolean"],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "options": [TrainingOptions, None],
        "random_state": ["random_state"],
        "cache": [str, os.PathLike, FeatureStore, None],
        "verbose": ["verbose"],
    }

    cache: Any = None  # for estimators that older versions saved
    class_weight: Any = None  # of a regression

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
        options: TrainingOptions | None = None,
        random_state: RandomState = None,
        cache: PathLike | FeatureStore | None = None,
        verbose: int = 0,
    ) -> None:
        self.backbone = backbone
        self.image_columns = image_columns
        self.id_columns = id_columns
        self.fusion = fusion
        self.n_units = n_units
        self.dropout = dropout
        self.modality_dropout = modality_dropout
        self.weights = weights
        self.backbone_options = backbone_options
        self.fine_tune = fine_tune
        self.image_size = image_size
        self.corrupt = corrupt
        self.reader = reader
        self.augmentation = augmentation
        self.table_transformer = table_transformer
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.n_iter_no_change = n_iter_no_change
        self.options = options
        self.random_state = random_state
        self.cache = cache
        self.verbose = verbose

    def __sklearn_is_fitted__(self):
        return hasattr(self, "network_")

    def __sklearn_tags__(self):
        return table_tags(super().__sklearn_tags__())

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=False)  # a transformer of the user is inside
    def fit(
        self,
        X: ImageInput,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : DataFrame, Series or ndarray of shape (n_rows, n_columns)
            The table, some of whose columns hold images or paths to them.

        y : array-like of shape (n_rows,)
            The target.

        groups : array-like of shape (n_rows,), default=None
            Rows of one group are either in training or held out.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows in the loss and in the table's encoder. Only their ratios matter.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        options = self._get_options()
        table, sample_weight = check_rows(self, X, y, groups, sample_weight)
        check_groups(groups)
        target = self._learn_target(y, sample_weight, options)
        weights = combine_weights(target, self.class_weight, sample_weight)
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self.image_columns_, self.table_columns_, self.id_columns_ = self._find_columns(table)
        with default_config():
            inputs = self._make_inputs(seed)
            backbone = self._make_backbone(inputs.find_shapes(table), len(table), seed)
            rows = inputs.fit_transform(
                table, target.values, sample_weight, network=backbone.bottom, **self._reading()
            )
        check_images([rows[f"has_{name}"] for name in list_images(rows)], self.image_columns_)
        held_out = validation_rows(
            self.validation_fraction, len(table), seed, strata=target.strata, groups=groups
        )
        data = (target.values, normalize_weights(weights, held_out), held_out)
        reporter = EpochReporter(self, n_runs=1, n_epochs=2 * self.epochs)
        with reporter.fit(X, y), reporter.run(type(self).__name__, FINAL) as on_epoch:
            run = _Run(self._config(target, seed, options), options.callbacks, on_epoch)
            self.network_, history = self._train(backbone, rows, data, target, run)
        self._backbone, self._inputs = backbone.bottom, inputs
        self.history_, self.n_outputs_ = pd.DataFrame(history), target.n_outputs
        self._keep_target(target)
        return self

    @abstractmethod
    def _learn_target(self, y, sample_weight, options):
        """Learn the form of y, and return it as a TargetEncoding."""

    @abstractmethod
    def _keep_target(self, target):
        """Keep what predictions need of a TargetEncoding."""

    def _find_columns(self, table):
        roles = ColumnRoles.of(table, self.image_columns, self.id_columns)
        return roles.image, roles.table, roles.id

    def _make_inputs(self, seed):
        transformer = TableEncoder(id_columns=[], random_state=seed)
        if self.table_transformer is not None:
            transformer = clone(self.table_transformer)
        size = None if self.image_size is None else check_size_param(self.image_size)
        color_mode = "auto"
        if self.image_columns_:
            check_trainable(self.backbone)
            spec = find_spec(self.backbone)
            if spec is not None:
                size = spec.image_size if size is None else size
                color_mode = "rgb" if spec.channels == 3 else "auto"
        flatteners = [
            JointImages(
                size,
                color_mode,
                missing="nan",
                corrupt=self.corrupt,
                reader=self.reader,
                verbose=self.verbose,
            )
            for _ in self.image_columns_
        ]
        return JointInputs(transformer, flatteners, self.table_columns_, self.image_columns_)

    def _make_backbone(self, shapes, n_rows, seed):
        """Build and split the backbone; without images, there is nothing in it."""
        check_shapes(shapes, self.image_columns_)
        if not shapes:
            return JointBackbone()
        backbone = NetworkSpec(
            self.backbone, shapes[0], weights=self.weights, options=self.backbone_options, seed=seed
        ).build()
        is_trained = self.weights is not None or holds_weights(self.backbone)
        fine_tune = "all" if self.fine_tune == "auto" and not is_trained else self.fine_tune
        return JointBackbone.split(
            backbone,
            fine_tune=fine_tune,
            fusion=self.fusion if self.table_columns_ else "concat",
            n_images=n_rows * len(shapes),
            is_augmented=self.augmentation is not None,
        )

    def _reading(self):
        """Return how frozen outputs are computed."""
        store = as_store(self.cache)
        return {"store": store, "batch_size": self.batch_size, "title": type(self).__name__}

    def _train(self, backbone, rows, data, target, run):
        """Train in one stage, or first without and then with layers of the backbone.

        Returns
        -------
        network : JointNetwork
            The trained network.

        history : list of dict
            The epochs.
        """
        if backbone.bottom is None and backbone.first is None:
            return self._train_stage(backbone.upper, rows, data, target, run)
        features = _compute_images(backbone.upper, rows, self.batch_size)
        shape = features["image"].shape[1:]
        network, history = self._train_stage(shape, features, data, target, run)
        history = [{**line, "stage": TOP} for line in history]
        if backbone.upper is not None:
            network, more = self._train_stage(
                backbone.upper, rows, data, target, run.slower(), backbone.first, network
            )
            history += [{**line, "stage": FINE_TUNE} for line in more]
        return network, history

    def _train_stage(self, tower, rows, data, target, run, first=None, top=None):
        blank = build_joint(
            tower,
            rows["table"].shape[1] if "table" in rows else 0,
            fusion=self.fusion,
            n_units=self.n_units,
            dropout=float(self.dropout),
            n_outputs=target.n_outputs,
            activation=target.activation,
            first=first,
            top=top,
            seed=run.config.seed,
            n_images=len(list_images(rows)),
        )
        augmentation = make_augmentation(self.augmentation)
        inputs = make_input_group(
            rows,
            modality_dropout=self.modality_dropout if "image" in rows and "table" in rows else 0,
            prepare=blank.prepare,
            augmentation=augmentation if isinstance(tower, Network) else None,
        )
        return train(
            blank,
            TrainingData(inputs, *data),
            run.config,
            callbacks=check_callbacks(run.callbacks),
            on_epoch=run.on_epoch,
        )

    def _config(self, target, seed, options):
        return TrainingConfig(
            target.loss,
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=float(self.learning_rate),
            lr_schedule=options.lr_schedule,
            warmup_epochs=options.warmup_epochs,
            early_stopping=bool(self.early_stopping),
            n_iter_no_change=self.n_iter_no_change,
            average_epochs=options.average_epochs,
            seed=seed,
        )

    @property
    def _required_columns(self):
        """List of str : The columns that predictions need."""
        return [*self.table_columns_, *self.image_columns_]

    def _outputs(self, X):
        """Compute the output layer, of shape (n_rows, n_outputs)."""
        check_is_fitted(self)
        table = check_table(self, X, reset=False, needed=self._required_columns)
        outputs, is_empty = [], []
        with default_config():
            for start in range(0, len(table), _ROWS):
                some = table.iloc[start : start + _ROWS]
                rows = self._inputs.transform(some, network=self._backbone, **self._reading())
                flags = [rows[name] for name in rows if name.startswith("has_")]
                is_empty.append(~np.hstack(flags).any(axis=1))
                outputs.append(self.network_.compute(rows, self.batch_size))
        warn_of_empty(np.concatenate(is_empty), table.index)
        return np.concatenate(outputs)


@dataclass(frozen=True)
class _Run:
    """The configuration of a training, and the function to call after each epoch."""

    config: TrainingConfig
    callbacks: Any
    on_epoch: Any

    def slower(self):
        """Return the same with a tenth of the learning rate."""
        rate = self.config.learning_rate / 10
        return replace(self, config=replace(self.config, learning_rate=rate))


def _compute_images(backbone, rows, batch_size):
    """Return rows with the outputs of a backbone in place of the images; None changes nothing."""
    if backbone is None:
        return rows
    computed = {}
    for name in list_images(rows):  # without all preprocessed pixels at once
        starts = range(0, len(rows[name]), batch_size)
        parts = [backbone.embed(rows[name][i : i + batch_size], batch_size) for i in starts]
        computed[name] = np.concatenate(parts)
    return {**rows, **computed}
