"""BaseModels: the fitted models of each feature set, and their predictions."""

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from skfusion._utils.plain_data import plain_data
from skfusion.fusion._candidate_log import CandidateLog
from skfusion.fusion._fit_arguments import fit_arguments
from skfusion.fusion._fitted_model import FittedModel, limited_threads, side_by_side
from skfusion.fusion._image_rotation import ImageRotation
from skfusion.fusion._source_encoder import find_rows_with_all, list_image_sources
from skfusion.fusion._target_transform import TargetTransform


@plain_data
class BaseModels:
    """Fit the models of each feature set, and predict from them.

    Models that learn from images learn from the rows that have one.

    Parameters
    ----------
    builder : ModelBuilder
        Builds unfitted models.

    feature_sets : sequence of {"table", "image", "joint", "network"}
        The feature sets to fit models on.

    n_classes : int or None
        How many classes there are in all, of which the rows may lack some; None for numbers.

    target_transform : {"log", "quantile"} or None, default=None
        How numbers are transformed for the models.

    kept : collection of str or None, default=None
        The names of the models to fit; None is all that the builder builds.

    Attributes
    ----------
    rotations_ : dict of str to ImageRotation
        The principal axes of each embedder's features.

    models_ : dict of str to list of FittedModel
        The fitted models of each feature set.

    target_ : TargetTransform or None
        The fitted transform of numbers.
    """

    def __init__(self, builder, feature_sets, n_classes, target_transform=None, kept=None):
        self.builder = builder
        self.feature_sets = tuple(feature_sets)
        self.n_classes = n_classes
        self.target_transform = target_transform
        self.kept = kept

    def copy(self):
        """Return unfitted models, which the process or thread of one fold may fit."""
        return BaseModels(
            self.builder, self.feature_sets, self.n_classes, self.target_transform, self.kept
        )

    def fit(self, matrices, y, sample_weight=None, groups=None, log=None):
        """Fit all models.

        Parameters
        ----------
        matrices : dict of str to ndarray
            By source, as `SourceEncoder` returns them.

        y : ndarray of shape (n_rows,)
            Class numbers, or numbers.

        sample_weight, groups : ndarray of shape (n_rows,), default=None
            Weights and groups of the rows.

        log : CandidateLog, default=None
            Says which models may start, and notes their time.
        """
        log = CandidateLog() if log is None else log
        self.target_ = None
        if self.n_classes is None:
            self.target_ = TargetTransform(self.target_transform).fit(y, sample_weight)
            y = self.target_.transform(y)
        has_image, self.rotations_ = np.ones(len(y), dtype=bool), {}
        if any(name != "table" for name in self.feature_sets):
            has_image = find_rows_with_all(matrices)
            weights = None if sample_weight is None else sample_weight[has_image]
            for name in list_image_sources(matrices):
                with log.timing(name):
                    rotation = ImageRotation().fit(matrices[name][has_image], weights)
                self.rotations_[name] = rotation
        blocks = self.rotate(matrices, has_image)
        arguments = {"sample_weight": sample_weight, "groups": groups}
        self.models_ = {
            name: self._fit_models(name, blocks, y, has_image, arguments, log)
            for name in self.feature_sets
        }
        return self

    def rotate(self, matrices, has_image):
        """Return what the models see of each source.

        Parameters
        ----------
        matrices : dict of str to ndarray
            By source.

        has_image : ndarray of bool of shape (n_rows,)
            Which rows have an image.

        Returns
        -------
        blocks : dict of str to ndarray
            The table as it is, and each embedder's features on their principal axes; NaN without
            an image.
        """
        blocks = {name: matrices[name] for name in ("table", "rows") if name in matrices}
        for name, rotation in self.rotations_.items():
            if name in matrices:
                shape = (len(has_image), len(rotation.axes_))
                blocks[name] = np.full(shape, np.nan, dtype=matrices[name].dtype)
                if has_image.any():
                    blocks[name][has_image] = rotation.transform(matrices[name][has_image])
        return blocks

    def predict(self, blocks, has_image, feature_sets=None):
        """Predict from each feature set's models.

        Parameters
        ----------
        blocks : dict of str to ndarray
            By source, as `rotate` returns them.

        has_image : ndarray of bool of shape (n_rows,)
            Which rows have an image.

        feature_sets : sequence of str, default=None
            Which feature sets to predict from; None is all.

        Returns
        -------
        predictions : dict of str to list of ndarray
            Probabilities of shape (n_rows, n_classes), or numbers of shape (n_rows,). NaN for
            rows without an image where a feature set has images.
        """
        predictions = {}
        for name in self.feature_sets if feature_sets is None else feature_sets:
            rows = _rows_of(name, has_image)
            predictions[name] = [
                self._predict_rows(model, blocks, rows) for model in self.models_[name]
            ]
        return predictions

    def predict_unseen(self, blocks, has_image, log):
        """Predict rows of a fold, as `predict` does; drop models of the user's that fail.

        Parameters
        ----------
        blocks, has_image
            As in `predict`.

        log : CandidateLog
            Notes the time of each model, and those that fail.
        """
        predictions = {}
        for name in self.feature_sets:
            _check_table(blocks, self.models_[name])
            fitted, errors, predictions[name] = [], [], []
            for model in self.models_[name]:
                try:
                    with log.timing(model.name):
                        values = self._predict_rows(model, blocks, _rows_of(name, has_image))
                except Exception as error:  # a model of the user's raises what it likes
                    if not model.is_users:
                        raise
                    errors.append(error)
                    log.note_failure(model.name, error)
                else:
                    fitted.append(model)
                    predictions[name].append(values)
            if not fitted:
                raise _explain(name, errors[0], is_only=len(errors) == 1)
            self.models_[name] = fitted
        return predictions

    @property
    def names(self):
        """list of str : The names of the fitted models."""
        return [model.name for models in self.models_.values() for model in models]

    @property
    def sources(self):
        """set of str : The table and the embedders whose features the models take."""
        models = (model for models in self.models_.values() for model in models)
        return {name for model in models for name in model.blocks}

    def keep(self, names, predictions):
        """Drop all models but those named, and their predictions."""
        for feature_set, models in self.models_.items():
            pairs = zip(models, predictions[feature_set], strict=True)
            kept = [(model, array) for model, array in pairs if model.name in names]
            self.models_[feature_set] = [model for model, _ in kept]
            predictions[feature_set] = [array for _, array in kept]

    def _fit_models(self, name, blocks, y, has_image, arguments, log):
        """Fit the models of a feature set that may start; at least the first one."""
        rows = _rows_of(name, has_image)
        arguments = {key: None if each is None else each[rows] for key, each in arguments.items()}
        candidates = self.builder.build(name, blocks)
        if self.kept is not None:
            candidates = [each for each in candidates if each.name in self.kept]
        _check_table(blocks, candidates)
        fitted, errors = [], []
        for candidate in candidates:
            if not log.may_start(candidate.name, is_needed=not fitted):
                continue
            try:
                with log.timing(candidate.name):
                    fitted.append(self._fit_model(candidate, blocks, y, rows, arguments))
            except Exception as error:  # a model of the user's raises what it likes
                if not candidate.is_users:
                    raise
                errors.append(error)
                log.note_failure(candidate.name, error)
        if not fitted:
            raise _explain(name, errors[0], is_only=len(candidates) == 1)
        return fitted

    def _fit_model(self, candidate, blocks, y, rows, arguments):
        columns = side_by_side(candidate.blocks, blocks, rows)
        model, y, classes = candidate.model, y[rows], None
        if self.n_classes is not None:
            # Some models need classes without a gap, and a fold may lack a class.
            classes, y = np.unique(y, return_inverse=True)
        if len(y) < 2 or (classes is not None and len(classes) == 1):
            # In a fold with images of one class alone, or hardly any, only this can be learned.
            model = DummyRegressor() if classes is None else DummyClassifier()
            columns = np.zeros((len(y), 1))
        with limited_threads(model, columns):
            model.fit(columns, y, **fit_arguments(model, **arguments))
        return FittedModel(candidate.name, candidate.blocks, model, classes, candidate.is_users)

    def _predict_rows(self, model, blocks, rows):
        """Return one model's predictions for some rows, NaN for all others."""
        shape = (len(rows),) if self.n_classes is None else (len(rows), self.n_classes)
        predictions = np.full(shape, np.nan)
        if rows.any():
            columns = side_by_side(model.blocks, blocks, rows)
            predictions[rows] = model.predict(columns, self.n_classes)
            if self.target_ is not None:
                predictions[rows] = self.target_.inverse_transform(predictions[rows])
        return predictions

    def __setstate__(self, state):
        """Restore models; those of older versions had one embedder."""
        state = dict(state)
        if "rotation_" in state:
            rotation = state.pop("rotation_")
            state["rotations_"] = {} if rotation is None else {"image": rotation}
            blocks = {"table": ("table",), "image": ("image",), "joint": ("table", "image")}
            state["models_"] = {
                name: [FittedModel(name, blocks[name], model) for model in models]
                for name, models in state["models_"].items()
            }
        vars(self).update({"kept": None, **state})


def _rows_of(feature_set, has_image):
    """Return which rows a feature set learns from and predicts."""
    return np.ones(len(has_image), dtype=bool) if feature_set == "table" else has_image


def _check_table(blocks, models):
    """Refuse missing values that a user's transformer leaves; built-in models need numbers."""
    if all(model.is_users or "table" not in model.blocks for model in models):
        return
    table = blocks["table"]
    wrong = ~np.isfinite(table).all(axis=1)
    if wrong.any():
        raise ValueError(
            f"table_transformer returns NaN or infinity for {wrong.sum()} of {len(table)} rows. "
            "Impute them, as in make_pipeline(table_transformer, SimpleImputer())."
        )


def _explain(feature_set, error, is_only):
    """Return the error of a user's model with a note on what to change."""
    error.add_note(
        f"{'This is' if is_only else 'All of'} estimators[{feature_set!r}], which failed. Replace "
        'it, or pass a list with another model that takes over, such as ["built-in", model].'
    )
    return error
