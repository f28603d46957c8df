"""FusionRegressor: numbers from a table and its images."""

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import check_array
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import column_or_1d

from skfusion._utils.dask_rows import lazy_for_dask
from skfusion._utils.plain_data import plain_data
from skfusion._utils.typing import ImageInput, PathLike, RandomState
from skfusion.fusion._base_fusion import BaseFusion
from skfusion.fusion._target_transform import find_candidates
from skfusion.store._feature_store import FeatureStore
from skfusion.training._target_encoding import as_targets, refuse_dates


@plain_data
class FusionRegressor(RegressorMixin, BaseFusion):
    """Predict a number from a table and its images, together or from the better of them.

    Pass it a DataFrame. It finds the columns of images, turns them into features, encodes the
    other columns by what they hold, and compares on inner folds what predicts best: the table
    alone, the images alone, or one of three ways to fuse them. A prediction is never below the
    lowest target of `fit`, nor above the highest.

    Parameters
    ----------
    embedder : transformer, list or dict of transformers, or None, default=None
        Turns images into columns; several compete. None is ``PretrainedGAP(missing="nan")``. See
        `FusionClassifier`. A `CNNEmbedder` gets ``task="regression"``, and is cross-fitted.

    image_columns : str, list of str or None, default=None
        The columns that hold images; None finds them, ``[]`` means that there are none.

    id_columns : str, list of str or None, default=None
        Columns that identify rows, to leave out; None finds them, with a warning that names them,
        ``[]`` leaves none out. See `FusionClassifier`.

    strategy : {"auto", "early", "late", "stacked", "joint"}, default="auto"
        How sources are fused, as in `FusionClassifier`.

    scoring : str, callable or None, default=None
        The score by which "auto" compares strategies, as in `FusionClassifier`. None is the
        squared error.

    estimators : dict or None, default=None
        Models instead of the built-in ones, or lists of them, by what they learn from: "table",
        "image", "joint", "network". Those not named keep the built-in ones: ridge regressions, a
        forest and gradient boosting, weighted by their losses on inner folds. See
        `FusionClassifier`.

    target_transform : {"auto", "log", "quantile"} or None, default="auto"
        How the target is transformed for the models, whose predictions are transformed back.
        "log" is the logarithm of a target that is 0 or more; "quantile" maps its quantiles to
        those of a normal distribution; None leaves it as it is. "auto" compares these on inner
        folds where the target has a long tail (a skewness above 1, or below -1), and takes the
        one with the lowest squared error, before the transform, or with the best `scoring`.

    cv : int, splitter, iterable or None, default=5
        The inner folds; an int means shuffled folds, None means 5. Rows in the order of time need
        `TimeSeriesSplit`. See `FusionClassifier`.

    n_components : int or None, default=30
        How many principal components of the images' features forests, and models in
        `estimators`, get; None means all. The built-in linear models always get all.

    table_transformer : transformer or None, default=None
        Turns the other columns into numbers; None is `TableEncoder`.

    random_state : int, RandomState instance or None, default=None
        The seed of folds, forests and shuffles, and of an embedder that has no seed of its own.

    cache : str, PathLike, FeatureStore or None, default=None
        Where features of images are kept; passed on to an embedder that has none.

    max_time : float or None, default=None
        Seconds that `fit` may take, as in `FusionClassifier`.

    n_jobs : int or None, default=None
        How many inner folds are fitted at once.

    verbose : int, default=0
        With 1, bars show the progress and the time that is left, as in `FusionClassifier`. The
        last line shows the strategy, its loss and R2.

    Attributes
    ----------
    image_columns_, table_columns_, id_columns_ : list
        The columns of each source, and those left out.

    strategy_ : {"early", "late", "stacked", "joint", "table", "image"}
        The strategy in use.

    strategy_scores_ : DataFrame
        The comparison of strategies, one row each: its `loss` (squared error, in squared units of
        the target) and `r2` on rows that neither models nor weights were fitted on, its `score`
        if there is a `scoring`, the `difference` of its loss, or score, to the best, that
        difference's `standard_error`, and whether the strategy is `chosen`.

    source_importance_ : DataFrame
        How much predictions depend on the input, in squared error on inner folds, as in
        `FusionClassifier`.

    embedder_scores_ : DataFrame
        One row an embedder: `loss`, `r2`, `score` and `weight`, as in `FusionClassifier`.

    fit_report_ : DataFrame
        What became of each candidate: its `status` (str; "used", "not used", "no time" or
        "failed") and the `reason` (str; empty if it is used); with `max_time` its `seconds`
        (float) in all fits together. See `FusionClassifier`.

    verdict_ : FusionVerdict
        What each source adds, in words and numbers, with an interval: of the squared error, or of
        the score if there is a `scoring`.

    target_transform_ : {"log", "quantile"} or None
        The transform in use.

    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Their names, where X had any.

    Raises
    ------
    ImageReadError
        If the embedder does not accept missing or broken images.

    ValueError
        If y is not numeric, a column can't be encoded, no row has an image, or `scoring` can't
        score the predictions.

    See Also
    --------
    FusionClassifier : The same for classes, with more notes.
    make_fusion_pipeline : Both sources side by side before one model, as a plain Pipeline.

    Notes
    -----
    Averages and stacking are after Breiman, "Stacked regressions" (doi 10.1007/BF00117832), with
    weights on the simplex for "late" and shrunk towards equal shares for "stacked". Rows without
    any image are predicted by the table's models, and where there is no table by the mean of y.

    Examples
    --------
    >>> from skfusion import FusionRegressor, PixelFlattener
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(60, image_size=(8, 8), random_state=0)
    >>> target = data.target + data.frame.iloc[:, -1]
    >>> fusion = FusionRegressor(PixelFlattener(), cv=3, random_state=0).fit(data.frame, target)
    >>> fusion.predict(data.frame[:3]).shape
    (3,)
    """

    _method = "predict"
    _parameter_constraints: dict[str, Any] = {
        **BaseFusion._parameter_constraints,
        "target_transform": [StrOptions({"auto", "log", "quantile"}), None],
    }

    def __init__(
        self,
        embedder: Any = None,
        *,
        image_columns: str | list[str] | None = None,
        id_columns: str | list[str] | None = None,
        strategy: str = "auto",
        scoring: Any = None,
        estimators: dict[str, Any] | None = None,
        target_transform: str | None = "auto",
        cv: Any = 5,
        n_components: int | None = 30,
        table_transformer: Any = None,
        random_state: RandomState = None,
        cache: PathLike | FeatureStore | None = None,
        max_time: float | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            embedder,
            image_columns=image_columns,
            id_columns=id_columns,
            strategy=strategy,
            scoring=scoring,
            estimators=estimators,
            cv=cv,
            n_components=n_components,
            table_transformer=table_transformer,
            random_state=random_state,
            cache=cache,
            max_time=max_time,
            n_jobs=n_jobs,
            verbose=verbose,
        )
        self.target_transform = target_transform

    @property
    def target_transform_(self) -> str | None:
        """{"log", "quantile"} or None : The transform in use."""
        return self._models.target_transform

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
        numbers = self._predict_rows(X)
        # An average of numbers in this range may leave it by a rounding error.
        return np.clip(numbers, self._models.target_.low_, self._models.target_.high_)

    def predict_interval(self, X: ImageInput, coverage: float = 0.9) -> np.ndarray:
        """Predict an interval that holds the number of a new row with a given probability.

        Parameters
        ----------
        X : DataFrame, Series or ndarray
            Rows with the columns that `fit` used, in any order.

        coverage : float, default=0.9
            The probability, between 0 and 1, over rows like those of `fit`.

        Returns
        -------
        bounds : ndarray of shape (n_rows, 2)
            The lower and the upper bound of each row; infinite where `fit` had too few rows for
            the coverage (below 19 rows, or groups of like errors, for 0.9).

        Notes
        -----
        The prediction plus quantiles of the errors of out-of-fold predictions: the K-fold form of
        the jackknife (Barber, Candes, Ramdas and Tibshirani, arXiv 1905.02928). Errors are those
        of the target as it was transformed; with "log", intervals widen with the prediction, and
        with "quantile" they stay in the range of the targets of `fit`. Rows with and without an
        image have quantiles of their own. Those of fewer than 50 rows in `fit` are replaced: with
        an image by those of all rows, without by those of the table's predictions for all rows.
        """
        scores, target = self._get_conformal(coverage), self._models.target_
        prediction, has_image = self._predict_with_images(X)
        level = (1 + coverage) / 2
        offsets = np.column_stack(
            [
                scores.find_lower_quantiles(level, has_image),
                scores.find_quantiles(level, has_image),
            ]
        )
        center = target.transform(prediction)[:, None]
        bounds = target.inverse_transform(center + offsets, clip=False)
        return np.where(np.isinf(offsets), offsets, bounds)

    def _score_conformity(self, prediction, y):
        transform = self._models.target_.transform
        return transform(y) - transform(prediction)

    def _encode_target(self, y, kept):
        y = column_or_1d(as_targets(y), warn=True)
        if y.dtype.kind in "OU":
            raise ValueError(
                "y holds strings, but a regression needs numbers. For classes, use "
                "FusionClassifier."
            )
        refuse_dates(y)
        self._n_classes = None
        y = check_array(y, ensure_2d=False, dtype="numeric", input_name="y", estimator=self)
        return y.astype(np.float64)[kept]

    def _strata(self, y):
        return None

    def _find_prior(self, rows):
        return np.average(rows.y, weights=rows.weights)

    def _target_transforms(self, rows):
        if self.target_transform == "auto":
            return find_candidates(rows.y, rows.weights)
        if self.target_transform == "log" and rows.y.min() < 0:
            raise ValueError(
                f"target_transform='log' needs targets of 0 or more; the lowest is {rows.y.min()}. "
                "Pass 'quantile' or None."
            )
        return (self.target_transform,)
