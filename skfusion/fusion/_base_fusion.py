"""BaseFusion: what FusionClassifier and FusionRegressor share."""

import contextlib
import os
import warnings
from abc import abstractmethod
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skfusion._utils.decorators import fit_context
from skfusion._utils.saved_state import SavedStateMixin
from skfusion._utils.typing import ImageInput, PathLike, RandomState
from skfusion.fusion._combination import STRATEGIES, VIEWS_OF
from skfusion.fusion._importance import source_importance
from skfusion.fusion._make_fusion_pipeline import make_embedder
from skfusion.fusion._models import VIEWS, ModelMaker
from skfusion.fusion._out_of_fold import predict_out_of_fold
from skfusion.fusion._sources import Sources, has_image
from skfusion.fusion._strategy_cv import (
    combine,
    compare,
    cross_validate_strategies,
    fit_combination,
)
from skfusion.fusion._view_models import ViewModels
from skfusion.store._feature_store import FeatureStore
from skfusion.tabular._table_encoder import TableEncoder
from skfusion.tabular._tables import as_table, split_columns, warn_of_text
from skfusion.training._splits import make_folds

_FOLDS = 5  # where cv is None, as in scikit-learn
# What scikit-learn warns of, once for each model and tree; we say it once.
MANY_CLASSES = "The number of unique classes is greater"


class BaseFusion(SavedStateMixin, BaseEstimator):
    """Base class of estimators that fuse a table with images.

    A subclass says how y becomes numbers, and how predictions become what users expect.

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
    _parameter_constraints: dict[str, Any] = {
        "embedder": [HasMethods(["fit_transform", "transform"]), None],
        "image_columns": [str, "array-like", None],
        "strategy": [StrOptions({"early", "late", "stacked", "auto"})],
        "estimators": [dict, None],
        "cv": ["cv_object"],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "table_transformer": [HasMethods(["fit_transform", "transform"]), None],
        "random_state": ["random_state"],
        "cache": [str, os.PathLike, FeatureStore, None],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        embedder: Any = None,
        *,
        image_columns: str | list[str] | None = None,
        strategy: str = "auto",
        estimators: dict[str, Any] | None = None,
        cv: Any = 5,
        n_components: int | None = 30,
        table_transformer: Any = None,
        random_state: RandomState = None,
        cache: PathLike | FeatureStore | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.embedder = embedder
        self.image_columns = image_columns
        self.strategy = strategy
        self.estimators = estimators
        self.cv = cv
        self.n_components = n_components
        self.table_transformer = table_transformer
        self.random_state = random_state
        self.cache = cache
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ImageInput, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Learn how table and images are best used together.

        Parameters
        ----------
        X : DataFrame, Series or ndarray of shape (n_rows, n_columns)
            The table, some of whose columns hold images or paths to them.

        y : array-like of shape (n_rows,)
            The target.

        groups : array-like of shape (n_rows,), default=None
            Rows of one group (a patient, a house) stay in one of the inner folds.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        self._refuse_wrong_estimators()
        table = as_table(self, X, reset=True)
        y = self._start_target(y)
        check_consistent_length(table, y, groups)
        if len(table) < 2:
            raise ValueError(f"{type(self).__name__} learns from folds; 1 sample makes none.")
        groups = None if groups is None else np.asarray(groups)
        self.image_columns_, self.table_columns_ = split_columns(table, self.image_columns)
        if self.table_transformer is None:
            warn_of_text(table[self.table_columns_])
        self._cv = _FOLDS if self.cv is None else self.cv
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self._prior = self._share(y)
        sources = self._make_sources(seed)
        maker = ModelMaker(
            is_classifier=self._n_classes is not None,
            n_components=self.n_components,
            seed=seed,
            estimators=self.estimators,
        )
        with warnings.catch_warnings(), self._telling_what_was_found():
            warnings.filterwarnings("ignore", MANY_CLASSES, UserWarning)
            images = None
            if self.image_columns_ and sources.is_frozen:
                images = sources.fit_images(table, y, groups)
                self._refuse_few_images(has_image(images), y)
            seen = self._look(sources, maker, table, y, groups, images, seed)
            self._fit_whole(sources, maker, table, y, groups, images, seen)
        return self

    @contextlib.contextmanager
    def _telling_what_was_found(self):
        """Where images can't be used, say which columns were taken for images unasked."""
        try:
            yield
        except ValueError as error:
            if self.image_columns is None and self.image_columns_:
                error.add_note(
                    f"Taken for columns of images, by what their cells look like: "
                    f"{self.image_columns_}. Name those that are in image_columns."
                )
            raise

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_models")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.required = True
        return tags

    @abstractmethod
    def _start_target(self, y):
        """Check y, set `_n_classes`, and give class numbers or numbers."""

    @abstractmethod
    def _strata(self, y):
        """What folds are stratified by, or None."""

    @abstractmethod
    def _share(self, y):
        """The prediction for a row of which nothing is known."""

    def _refuse_wrong_estimators(self):
        for view, estimator in (self.estimators or {}).items():
            if view not in VIEWS:
                raise ValueError(f"estimators has no place for {view!r}; it may name {VIEWS}.")
            self._refuse_wrong_estimator(view, estimator)

    def _refuse_few_images(self, imaged, y):
        remedy = "Pass image_columns=[] to learn from the table alone."
        columns = self.image_columns_
        if not imaged.any():
            raise ValueError(f"No row has an image in {columns}. {remedy}")
        least = 2 * (self._cv if isinstance(self._cv, Integral) else 2)
        if imaged.sum() < min(least, len(y)):
            raise ValueError(
                f"Only {imaged.sum()} of {len(y)} rows have an image in {columns}; inner folds "
                f"need {least} at least. {remedy}"
            )
        self._refuse_one_class(y[imaged], columns, remedy)

    def _refuse_one_class(self, y, columns, remedy):
        """Where a subclass predicts classes: images of one class teach nothing."""

    def _make_sources(self, seed):
        if self.table_transformer is None:
            table_transformer = TableEncoder(random_state=seed)
        else:
            table_transformer = clone(self.table_transformer)
        embedder = make_embedder(self.embedder, self.cache)
        embedder.set_params(**self._embedder_options(embedder, seed))
        return Sources(table_transformer, embedder, self.table_columns_, self.image_columns_)

    def _embedder_options(self, embedder, seed):
        """What an embedder is told that its user has left open."""
        options, params = {}, embedder.get_params()
        for name, value in params.items():
            last = name.split("__")[-1]
            if last == "task" and value == "auto":  # whole numbers may be a regression's
                options[name] = "regression" if self._n_classes is None else "classification"
            elif last == "random_state" and value is None:
                options[name] = seed
            elif last == "cv" and value is None and name.replace("cv", "cross_fit") in params:
                options[name] = self._cv if isinstance(self._cv, Integral) else _FOLDS
        return options

    def _strategies(self, sources):
        if len(sources.names) == 1:
            return list(sources.names)
        return list(STRATEGIES)

    def _look(self, sources, maker, table, y, groups, images, seed):
        """Try each strategy on rows not seen."""
        names = self._strategies(sources)
        views = [view for view in VIEWS if any(view in VIEWS_OF[name] for name in names)]
        folds = self._make_folds(y, seed, groups)
        options = {
            "n_classes": self._n_classes,
            "groups": groups,
            "seed": seed,
            "n_jobs": self.n_jobs,
        }
        seen = predict_out_of_fold(sources, maker, views, table, y, folds, images, options)
        if images is None and self.image_columns_:
            self._refuse_few_images(seen.imaged, y)
        judged = {name: cross_validate_strategies(seen, y, name, self._prior)[0] for name in names}
        wanted = None if self.strategy == "auto" or len(names) == 1 else self.strategy
        self.strategy_scores_ = compare(judged, y, wanted)
        self.strategy_ = str(self.strategy_scores_.index[self.strategy_scores_["chosen"]][0])
        self.source_importance_ = source_importance(seen, y, self.strategy_, judged, self._prior)
        return seen

    def _make_folds(self, y, seed, groups):
        with warnings.catch_warnings():
            # A class with fewer rows than folds is no trouble: some folds' models don't know it.
            warnings.filterwarnings("ignore", "The least populated class", UserWarning)
            folds = make_folds(
                self._cv, self._strata(y), len(y), seed, groups, remedy="Pass a smaller cv."
            )
        _refuse_rows_left_out(folds, len(y))
        return folds

    def _fit_whole(self, sources, maker, table, y, groups, images, seen):
        """Fit what predictions need on all rows."""
        everyone = np.ones(len(y), dtype=bool)
        self._combination, self._fallback = fit_combination(
            self.strategy_, seen, y, everyone, self._prior
        )
        views = list(VIEWS_OF[self.strategy_])
        if self.table_columns_ and self.image_columns_ and "table" not in views:
            views.insert(0, "table")
        # Where the table serves best alone, no image is looked at any more.
        self._needed = ["table"] if views == ["table"] else sources.names
        matrices = sources.fit_transform(table, y, groups, images, self._needed)
        self._sources = sources
        self._models = ViewModels(maker, views, self._n_classes).fit(matrices, y)

    def _predict_rows(self, X):
        """Probabilities of shape (n_rows, n_classes), or numbers."""
        check_is_fitted(self)
        table = as_table(self, X, reset=False)
        matrices = self._sources.transform(table, names=self._needed)
        imaged = np.ones(len(table), dtype=bool)
        if "image" in matrices:
            imaged = has_image(matrices["image"])
        predictions = self._models.predict(matrices, imaged)
        return combine(self._combination, predictions, imaged, self._fallback)


def _refuse_rows_left_out(folds, n_rows):
    counts = np.zeros(n_rows, dtype=int)
    for _, test in folds:
        counts[test] += 1
    if (counts != 1).any():
        raise ValueError(
            f"cv has to leave each row out once, as KFold does; row {int(np.argmax(counts != 1))} "
            f"is left out {counts[np.argmax(counts != 1)]} times."
        )
