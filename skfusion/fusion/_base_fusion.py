"""BaseFusion: what FusionClassifier and FusionRegressor share."""

import os
import warnings
from abc import ABCMeta, abstractmethod
from dataclasses import replace
from functools import partial
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skfusion._utils.decorators import fit_context
from skfusion._utils.progress import progress_bar
from skfusion._utils.saved_state import SavedStateMixin
from skfusion._utils.sklearn_config import default_config
from skfusion._utils.typing import ImageInput, PathLike, RandomState
from skfusion.fusion._base_models import BaseModels
from skfusion.fusion._candidate_log import CandidateLog, make_report, warn_of_failures
from skfusion.fusion._choice_loss import ChoiceLoss
from skfusion.fusion._combination import FEATURE_SETS_OF, NETWORK, STRATEGIES
from skfusion.fusion._conformal_scores import find_conformal_scores
from skfusion.fusion._embedder_scores import (
    describe_embedders,
    explain_unused,
    find_used_embedders,
    find_used_models,
    restrict,
    score_embedders,
)
from skfusion.fusion._frozen_features import embed_frozen
from skfusion.fusion._fusion_checks import check_image_rows, check_models, noting_image_columns
from skfusion.fusion._fusion_rows import FusionRows
from skfusion.fusion._fusion_verdict import FusionVerdict, make_verdict
from skfusion.fusion._inner_folds import make_inner_folds
from skfusion.fusion._make_sources import make_sources
from skfusion.fusion._model_builder import FEATURE_SETS, ModelBuilder
from skfusion.fusion._open_options import make_embedders, open_networks
from skfusion.fusion._out_of_fold import keep_common
from skfusion.fusion._row_checks import check_rows, table_tags
from skfusion.fusion._source_encoder import find_rows_with_all
from skfusion.fusion._source_gains import source_gains
from skfusion.fusion._source_importance import source_importance
from skfusion.fusion._strategy_choice import compare
from skfusion.fusion._strategy_cv import combine, fit_combination
from skfusion.fusion._strategy_trial import try_strategies
from skfusion.fusion._time_budget import TimeBudget
from skfusion.fusion._timed_folds import fit_within
from skfusion.store._feature_store import FeatureStore
from skfusion.tabular._check_table import check_table
from skfusion.tabular._column_roles import ColumnRoles, warn_of_numbers_as_text
from skfusion.training._frozen_outputs import share_frozen_outputs

_FOLDS = 5  # where cv is None, as in scikit-learn
# From so many rows on, "auto" tries a network: with fewer it seldom predicts better.
JOINT_ROWS = 2000
# scikit-learn warns of this once for each model and tree; FusionClassifier warns once.
MANY_CLASSES = "The number of unique classes is greater"


class BaseFusion(SavedStateMixin, BaseEstimator, metaclass=ABCMeta):
    """Base class of estimators that fuse a table with images.

    A subclass defines how y becomes numbers, and how predictions become what users expect.

    See Also
    --------
    FusionClassifier : For classes.
    FusionRegressor : For numbers.

    Examples
    --------
    >>> from skfusion import FusionClassifier
    >>> from skfusion.fusion._base_fusion import BaseFusion
    >>> issubclass(FusionClassifier, BaseFusion)
    True
    """

    _holds_sklearn = True
    # Of objects that an older version saved.
    scoring: Any = None
    _score_name: str | None = None
    # What models need: "predict" or "predict_proba".
    _method: str
    _parameter_constraints: dict[str, Any] = {
        "embedder": [HasMethods(["fit_transform", "transform"]), list, dict, None],
        "image_columns": [str, "array-like", None],
        "id_columns": [str, "array-like", None],
        "strategy": [StrOptions({"early", "late", "stacked", "joint", "auto"})],
        "scoring": [str, callable, None],
        "estimators": [dict, None],
        "cv": ["cv_object"],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "table_transformer": [HasMethods(["fit_transform", "transform"]), None],
        "random_state": ["random_state"],
        "cache": [str, os.PathLike, FeatureStore, None],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    max_time: float | None = None  # for estimators that older versions saved

    def __init__(
        self,
        embedder: Any = None,
        *,
        image_columns: str | list[str] | None = None,
        id_columns: str | list[str] | None = None,
        strategy: str = "auto",
        scoring: Any = None,
        estimators: dict[str, Any] | None = None,
        cv: Any = 5,
        n_components: int | None = 30,
        table_transformer: Any = None,
        random_state: RandomState = None,
        cache: PathLike | FeatureStore | None = None,
        max_time: float | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.embedder = embedder
        self.image_columns = image_columns
        self.id_columns = id_columns
        self.strategy = strategy
        self.scoring = scoring
        self.estimators = estimators
        self.cv = cv
        self.n_components = n_components
        self.table_transformer = table_transformer
        self.random_state = random_state
        self.cache = cache
        self.max_time = max_time
        self.n_jobs = n_jobs
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=False)  # estimators of the user are inside
    def fit(
        self,
        X: ImageInput,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn how table and images are best used together.

        Parameters
        ----------
        X : DataFrame, Series or ndarray of shape (n_rows, n_columns)
            The table, some of whose columns hold images or paths to them.

        y : array-like of shape (n_rows,)
            The target.

        groups : array-like of shape (n_rows,), default=None
            Rows of one group (a patient, a house) stay in one of the inner folds.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, 0 or more. They count in all that is learned from rows. A row of
            weight 2 counts as two rows, and one of weight 0 is left out.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        check_models(self.estimators, self._method, sample_weight)
        rows, kept = self._check_rows(X, y, groups, sample_weight)
        roles = ColumnRoles.of(rows.table, self.image_columns, self.id_columns)
        self.image_columns_, self.table_columns_, self.id_columns_ = roles[:3]
        if self.table_transformer is None:
            warn_of_numbers_as_text(rows.table[self.table_columns_])
        with default_config(), warnings.catch_warnings(), noting_image_columns(roles):
            warnings.filterwarnings("ignore", MANY_CLASSES, UserWarning)
            with share_frozen_outputs():
                self._fit_rows(rows, kept)
        return self

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_models")

    def __sklearn_tags__(self):
        return table_tags(super().__sklearn_tags__())

    # What a subclass defines, beside `_method`.

    @abstractmethod
    def _encode_target(self, y, kept):
        """Check y, set `_n_classes`, and return class numbers or numbers of the kept rows."""

    @abstractmethod
    def _strata(self, y):
        """Return what folds are stratified by, or None."""

    @abstractmethod
    def _find_prior(self, rows):
        """Return the prediction for a row of which nothing is known."""

    @abstractmethod
    def _score_conformity(self, prediction, y):
        """Return how little each row's target conforms to its prediction."""

    @abstractmethod
    def _target_transforms(self, rows):
        """Return the transforms of the target to try."""

    def _check_rows(self, X, y, groups, sample_weight):
        """Return the rows with a weight, and which they are."""
        table, sample_weight = check_rows(self, X, y, groups, sample_weight)
        kept = np.ones(len(table), dtype=bool)
        if sample_weight is not None:
            kept = sample_weight > 0
            if not kept.any():
                raise ValueError("sample_weight is 0 in all rows; there is nothing to learn from.")
            # Forests draw other rows with weights of 1 than without weights.
            sample_weight = None if (sample_weight[kept] == 1).all() else sample_weight[kept]
        y = self._encode_target(y, kept)
        if len(y) < 2:
            raise ValueError(f"{type(self).__name__} learns from folds; 1 sample makes none.")
        groups = None if groups is None else np.asarray(groups)[kept]
        return FusionRows(table[kept], y, groups, sample_weight), kept

    def _fit_rows(self, rows, kept):
        budget = TimeBudget(self.max_time)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        cv = _FOLDS if self.cv is None else self.cv
        self._prior = self._find_prior(rows)
        sources = make_sources(
            make_embedders(self.embedder, self.cache),
            self.table_transformer,
            self.table_columns_,
            self.image_columns_,
            task="regression" if self._n_classes is None else "classification",
            cv=cv if isinstance(cv, Integral) else _FOLDS,
            seed=seed,
        )
        builder = self._make_builder(rows, seed)
        classes = None if self._n_classes is None else self.classes_
        make_loss = partial(ChoiceLoss, self.scoring, classes=classes)
        make_loss(rows.y, rows.weights, rows.groups).check(self._prior)
        log = CandidateLog(deadline=budget.deadline(2))
        rows = embed_frozen(sources, rows, log, self.verbose)
        folds = make_inner_folds(cv, self._strata(rows.y), rows.groups, seed, kept)
        if rows.images:
            used = np.concatenate([test for _, test in folds])
            self._check_images(find_rows_with_all(rows.images)[used], rows.y[used])
        name = type(self).__name__
        with progress_bar(self.verbose, total=len(folds) + 1, description=name, unit="fit") as bar:
            trial, fits = self._try_strategies(
                sources, builder, rows, folds, make_loss, bar, budget
            )
            self._choose(trial)
            final_log = self._fit_final(sources, builder, rows, trial, fits)
            self.source_importance_ = source_importance(
                trial, fits, self.strategy_, self._prior, seed, budget.rest
            )
            self._report([log, *(fit.log for fit in fits), final_log])
            self._conformal = find_conformal_scores(
                trial, self.strategy_, self._prior, self._score_conformity
            )
            chosen = self.strategy_scores_.loc[self.strategy_]
            bar.set_postfix(strategy=self.strategy_, **chosen.iloc[:2].astype(float).round(3))
            bar.update()

    def _make_builder(self, rows, seed):
        estimators = open_networks(self.estimators, self.image_columns_, seed, self.cache)
        return ModelBuilder(
            n_classes=self._n_classes,
            n_rows=len(rows),
            n_components=self.n_components,
            seed=seed,
            estimators=estimators,
        )

    def _report(self, logs):
        """Keep what became of each candidate, and warn of models that failed."""
        used = {*self._models.names, *self._models.sources}
        self.fit_report_ = make_report(logs, used, self.max_time is not None)
        warn_of_failures(self.fit_report_)

    def _check_images(self, has_image, y):
        classes = None if self._n_classes is None else self.classes_
        cv = _FOLDS if self.cv is None else self.cv
        check_image_rows(has_image, y, self.image_columns_, cv, classes)

    def _list_strategies(self, sources, rows):
        if len(sources.names) == 1:
            return sources.names
        is_tried = self.strategy == "auto" and len(rows) >= JOINT_ROWS
        return [*STRATEGIES, *([NETWORK] if is_tried or self.strategy == NETWORK else [])]

    def _try_strategies(self, sources, builder, rows, folds, make_loss, bar, budget):
        """Try each strategy, and each transform of the target, on rows that it has not seen."""
        strategies = self._list_strategies(sources, rows)
        used = {name for strategy in strategies for name in FEATURE_SETS_OF[strategy]}
        feature_sets = [name for name in FEATURE_SETS if name in used]
        models = {
            transform: BaseModels(builder, feature_sets, self._n_classes, transform)
            for transform in self._target_transforms(rows)
        }
        fits = fit_within(budget, sources, models, rows, folds, self.n_jobs, bar.update)
        keep_common(fits)
        trial = try_strategies(fits, rows, strategies, self.strategy, self._prior, make_loss)
        if self.image_columns_ and not rows.images:
            self._check_images(trial.out_of_fold.has_image, trial.out_of_fold.rows.y)
        return trial, fits

    def _choose(self, trial):
        by_user = self.strategy if self.strategy in trial.predictions else None
        self.strategy_scores_ = compare(trial, by_user)
        self.strategy_ = str(self.strategy_scores_.index[self.strategy_scores_["chosen"]][0])
        self._source_gains = source_gains(trial, self.strategy_, self._prior)
        self._score_name = trial.loss.name

    def _fit_final(self, sources, builder, rows, trial, fits):
        """Fit on all rows what predictions need; return the log."""
        out_of_fold = trial.out_of_fold
        everywhere = np.ones(len(out_of_fold.rows), dtype=bool)
        of_fold = fits[0].models[trial.target_transform]
        combination, _ = fit_combination(self.strategy_, out_of_fold, everywhere, self._prior)
        if self.image_columns_:
            self.embedder_scores_ = score_embedders(trial, of_fold, combination, self._prior)
        names = list(FEATURE_SETS_OF[self.strategy_])
        if self.table_columns_ and self.image_columns_ and "table" not in names:
            names.insert(0, "table")
        # Where the table is used alone, images are not read any more.
        self._used_sources = ["table"] if names == ["table"] else sources.names
        kept = find_used_models(of_fold, combination, names)
        sources.keep(find_used_embedders(of_fold, kept) or sources.embedders)
        log = CandidateLog()
        log.note_unused(explain_unused(of_fold, combination, names, kept))
        matrices = sources.fit_transform(rows, self._used_sources, log)
        matrices |= {"rows": rows.table} if builder.takes_rows else {}
        models = BaseModels(builder, names, self._n_classes, trial.target_transform, kept)
        self._models = models.fit(matrices, rows.y, rows.sample_weight, rows.groups, log)
        self._sources = sources
        # A model may fail on all rows that did not on those of the folds.
        out_of_fold = restrict(out_of_fold, of_fold, self._models.names)
        self._combination, self._fallback = fit_combination(
            self.strategy_, out_of_fold, everywhere, self._prior
        )
        return log

    @property
    def verdict_(self) -> FusionVerdict:
        """FusionVerdict : What each source adds, in words and numbers."""
        gains = self._get_kept("_source_gains")
        verdict = make_verdict(self.strategy_, gains, self._score_name)
        lines = describe_embedders(vars(self).get("embedder_scores_", ()), self._score_name)
        return replace(verdict, text="\n".join([verdict.text, *lines]))

    @property
    def _required_columns(self):
        """List of str : The columns that predictions need."""
        if self._used_sources == ["table"]:
            return self.table_columns_
        return [*self.table_columns_, *self.image_columns_]

    def _get_kept(self, name):
        """Return what `fit` kept under a name, which pickles of older versions lack."""
        check_is_fitted(self)
        if name not in vars(self):
            raise AttributeError(
                f"This {type(self).__name__} was fitted by an older version of skfusion, which "
                "did not keep what its verdict, intervals and sets need. Fit it again."
            )
        return vars(self)[name]

    def _get_conformal(self, coverage):
        check_scalar(coverage, "coverage", Real, min_val=0, max_val=1, include_boundaries="neither")
        return self._get_kept("_conformal")

    def _predict_rows(self, X):
        """Return probabilities of shape (n_rows, n_classes), or numbers."""
        return self._predict_with_images(X)[0]

    def _predict_with_images(self, X):
        """Return predictions, and which rows have an image; all where images are not read."""
        check_is_fitted(self)
        table = check_table(self, X, reset=False, needed=self._required_columns)
        with default_config():
            matrices = self._sources.transform(table, names=self._used_sources)
            has_image = find_rows_with_all(matrices)
            if self._models.builder.takes_rows:
                matrices["rows"] = table
            blocks = self._models.rotate(matrices, has_image)
            predictions = self._models.predict(blocks, has_image)
            combined = combine(self._combination, predictions, has_image, self._fallback)
        return combined, has_image
