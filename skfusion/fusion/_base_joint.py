"""BaseJoint: what JointFusionClassifier and JointFusionRegressor share."""

import math
import os
import warnings
from abc import ABCMeta, abstractmethod
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skfusion._utils.messages import caller_stacklevel
from skfusion._utils.saved_state import SavedStateMixin
from skfusion._utils.sklearn_compat import CallbackSupportMixin
from skfusion._utils.sklearn_config import default_config
from skfusion._utils.typing import Backbone, PathLike, RandomState, Size
from skfusion.augmentation._augmentation import make_augmentation
from skfusion.extraction._reading_parameters import READING_PARAMETERS
from skfusion.features._pixel_flattener import PixelFlattener
from skfusion.fusion._joint_inputs import JointInputs, list_images, make_input_group
from skfusion.fusion._row_checks import check_rows, table_tags
from skfusion.images._image_reader import ImageReader
from skfusion.images._image_size import check_size_param
from skfusion.networks._joint_layers import build_joint
from skfusion.networks._network import Network
from skfusion.networks._split import find_first, split_below
from skfusion.networks._top import add_top
from skfusion.networks.backbones._network_spec import NetworkSpec
from skfusion.networks.backbones._registry import check_trainable, find_spec, holds_weights
from skfusion.tabular._check_table import check_table
from skfusion.tabular._column_roles import ColumnRoles
from skfusion.tabular._table_encoder import TableEncoder
from skfusion.training._callbacks import check_callbacks
from skfusion.training._epoch_reporter import FINAL, EpochReporter
from skfusion.training._folds import validation_rows
from skfusion.training._loop import train
from skfusion.training._options_mixin import OptionsMixin
from skfusion.training._stage import FINE_TUNE, TOP
from skfusion.training._training_config import TrainingConfig
from skfusion.training._training_data import TrainingData
from skfusion.training._training_options import TrainingOptions
from skfusion.training._weights import combine_weights, normalize_weights

# Rows that are predicted at once, to limit memory.
_ROWS = 256
# Outputs of the frozen part of a backbone are kept up to this size.
_MOST_BYTES = 2**30


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
        "verbose": ["verbose"],
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
        options: TrainingOptions | None = None,
        random_state: RandomState = None,
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
        self.verbose = verbose

    def __sklearn_is_fitted__(self):
        return hasattr(self, "network_")

    def __sklearn_tags__(self):
        return table_tags(super().__sklearn_tags__())

    @abstractmethod
    def _learn_target(self, y, sample_weight, options):
        """Learn the form of y, and return it as a TargetEncoding."""

    def _fit(self, X, y, groups, sample_weight, class_weight=None):
        """Train the network and return the target."""
        options = self._get_options()
        table, sample_weight = check_rows(self, X, y, groups, sample_weight)
        target = self._learn_target(y, sample_weight, options)
        weights = combine_weights(target, class_weight, sample_weight)
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self.image_columns_, self.table_columns_, self.id_columns_ = self._find_columns(table)
        with default_config():
            inputs = self._make_inputs(seed)
            rows = inputs.fit_transform(table, target.values, sample_weight)
            _check_images(rows, self.image_columns_)
        held_out = validation_rows(
            self.validation_fraction, len(table), seed, strata=target.strata, groups=groups
        )
        data = (target.values, normalize_weights(weights, held_out), held_out)
        reporter = EpochReporter(self, n_runs=1, n_epochs=2 * self.epochs)
        with reporter.fit(X, y), reporter.run(type(self).__name__, FINAL) as on_epoch:
            run = _Run(self._config(target, seed, options), options.callbacks, on_epoch)
            backbone, network, history = self._train(rows, data, target, run)
        self._backbone, self.network_, self._inputs = backbone, network, inputs
        self.history_, self.n_outputs_ = pd.DataFrame(history), target.n_outputs
        return target

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
            PixelFlattener(
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

    def _train(self, rows, data, target, run):
        """Train in one stage, or first without and then with layers of the backbone.

        Returns
        -------
        backbone : Network or None
            What computes the input of the network from pixels, where it was not trained.

        network : JointNetwork
            The trained network.

        history : list of dict
            The epochs.
        """
        if "image" not in rows:
            return None, *self._train_stage(None, rows, data, target, run)
        backbone = NetworkSpec(
            self.backbone,
            rows["image"].shape[1:],
            weights=self.weights,
            options=self.backbone_options,
            seed=run.config.seed,
        ).build()
        is_trained = self.weights is not None or holds_weights(self.backbone)
        if self.fine_tune == "all" or (self.fine_tune == "auto" and not is_trained):
            return None, *self._train_stage(backbone, rows, data, target, run)
        first = self._find_first(backbone)
        bottom, upper = self._split(backbone, first, rows)
        rows = _compute_images(bottom, rows, self.batch_size)
        features = _compute_images(upper, rows, self.batch_size)
        top, history = self._train_stage(backbone.output_shape, features, data, target, run)
        history = [{**line, "stage": TOP} for line in history]
        if upper is None:
            return bottom, top, history
        network, more = self._train_stage(upper, rows, data, target, run.slower(), first, top)
        return bottom, network, history + [{**line, "stage": FINE_TUNE} for line in more]

    def _split(self, backbone, first, rows):
        """Split a backbone into the part that each image passes once, and the rest, or None."""
        if first is None:
            return backbone, None
        if self.augmentation is not None:  # images differ from epoch to epoch
            return None, backbone
        bottom, upper = split_below(backbone.to_model(), first)
        n_images = len(list_images(rows)) * len(rows["image"])
        if bottom is None or 4 * n_images * math.prod(bottom.outputs[0].shape[1:]) > _MOST_BYTES:
            return None, backbone
        return (
            Network.from_model(backbone.name, bottom, backbone.preprocessing),
            Network.from_model(f"{backbone.name}_upper", upper),
        )

    def _find_first(self, backbone):
        """Return the first layer of the backbone that is trained, or None."""
        if self.fine_tune is None:
            return None
        if self.fine_tune == "lora":
            raise ValueError(
                "fine_tune='lora' is for CNNEmbedder. Pass a number of layers, 'auto' or 'all'."
            )
        topped = add_top(backbone, n_outputs=1, activation="linear")
        return find_first(topped.to_model(), self.fine_tune, topped.top, backbone.name)

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
        outputs = []
        with default_config():
            for start in range(0, len(table), _ROWS):
                rows = self._inputs.transform(table.iloc[start : start + _ROWS])
                _warn_of_empty(rows, start)
                rows = _compute_images(self._backbone, rows, self.batch_size)
                outputs.append(self.network_.compute(rows, self.batch_size))
        return np.concatenate(outputs)


@dataclass(frozen=True)
class _Run:
    """How to train, and what to call after each epoch."""

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


def _check_images(rows, columns):
    """Refuse columns of images of different shapes, and of which a column has no image."""
    names = list_images(rows)
    lacking = [
        column for name, column in zip(names, columns, strict=True) if not rows[f"has_{name}"].any()
    ]
    if lacking:
        raise ValueError(
            f"No row has an image in {lacking}. Pass image_columns without them; "
            "image_columns=[] learns from the table alone."
        )
    shapes = [rows[name].shape[1:] for name in names]
    if len(set(shapes)) > 1:
        raise ValueError(
            f"The images of {columns} have the shapes {shapes}, and one network takes them. Pass "
            "image_size; for gray and color images also a named backbone, which gets color."
        )


def _warn_of_empty(rows, start):
    """Warn of rows that have neither an image nor an entry in the table."""
    flags = [values for name, values in rows.items() if name.startswith("has_")]
    empty = start + np.flatnonzero(~np.hstack(flags).any(axis=1))
    if len(empty):
        shown = ", ".join(map(str, empty[:5].tolist())) + (", ..." if len(empty) > 5 else "")
        warnings.warn(
            f"{len(empty)} rows have neither an image nor an entry in the table, so that their "
            f"prediction holds nothing of them: row {shown}. Leave them out.",
            UserWarning,
            stacklevel=caller_stacklevel(),
        )
