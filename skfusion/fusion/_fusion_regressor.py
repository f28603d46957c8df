"""FusionRegressor: numbers from a table and its images."""

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import check_array
from sklearn.utils.validation import column_or_1d

from skfusion._utils.typing import ImageInput
from skfusion.fusion._base_fusion import BaseFusion
from skfusion.training._target_encoder import as_targets


class FusionRegressor(RegressorMixin, BaseFusion):
    """Predict a number from a table and its images, together or from the better of them.

    Give it a DataFrame. It finds the columns of images, turns them into features, encodes the
    other columns by what they hold, and tries on inner folds what serves best: the table alone,
    the images alone, or one of three ways to fuse them.

    Parameters
    ----------
    embedder : transformer or None, default=None
        Turns images into columns; None is ``PretrainedGAP(missing="nan")``. See
        `FusionClassifier`. A `CNNEmbedder` is told that this is a regression, and cross-fitted.

    image_columns : str, list of str or None, default=None
        The columns that hold images; None finds them, ``[]`` means that there are none.

    strategy : {"auto", "early", "late", "stacked"}, default="auto"
        How sources are fused, as in `FusionClassifier`.

    estimators : dict or None, default=None
        Models instead of the built-in ones, by what they see: "table", "image", "joint". Those
        not named keep the built-in ones: ridge regressions and a forest, weighted by how they do
        on inner folds.

    cv : int, splitter, iterable or None, default=5
        The inner folds; an int means shuffled folds, None means 5. Each row has to be left out
        once.

    n_components : int or None, default=30
        How many principal components of the images' features forests, and models in
        `estimators`, get; None means all. The built-in linear models always get all.

    table_transformer : transformer or None, default=None
        Turns the other columns into numbers; None is `TableEncoder`.

    random_state : int, RandomState instance or None, default=None
        Where folds, forests and shuffles start, and an embedder that has no seed of its own.

    cache : str, PathLike, FeatureStore or None, default=None
        Where features of images are kept; handed on to an embedder that has none.

    n_jobs : int or None, default=None
        Inner folds at once.

    Attributes
    ----------
    image_columns_, table_columns_ : list
        The columns of each source.

    strategy_ : {"early", "late", "stacked", "table", "image"}
        The strategy in use.

    strategy_scores_ : DataFrame
        What the choice rests on, one row a strategy: its `loss` (squared error) on rows that
        neither models nor weights were fitted on, the `difference` to the lowest, that
        difference's `standard_error`, and whether it is `chosen`.

    source_importance_ : DataFrame
        What each source gives, in squared error on inner folds, as in `FusionClassifier`.

    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Their names, where X had any.

    Raises
    ------
    ImageReadError
        If the embedder does not accept missing or broken images.

    ValueError
        If y is not numeric, a column can't be encoded, or no row has an image.

    See Also
    --------
    FusionClassifier : The same for classes, with more notes.
    make_fusion_pipeline : Both sources side by side before one model, as a plain Pipeline.

    Notes
    -----
    Averages and stacking are after Breiman, "Stacked regressions" (doi 10.1007/BF00117832), with
    weights on the simplex for "late" and drawn to equal shares for "stacked". Rows without any
    image are predicted by the table's models, and where there is no table by the mean of y.

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

    def predict(self, X: ImageInput) -> np.ndarray:
        """Predict the number of each row.

        Parameters
        ----------
        X : DataFrame, Series or ndarray
            Rows with the columns that `fit` saw.

        Returns
        -------
        numbers : ndarray of shape (n_rows,)
            One a row.
        """
        return self._predict_rows(X)

    def _start_target(self, y):
        y = column_or_1d(as_targets(y), warn=True)
        self._n_classes = None
        y = check_array(y, ensure_2d=False, dtype="numeric", input_name="y", estimator=self)
        return y.astype(np.float64)

    def _strata(self, y):
        return None

    def _share(self, y):
        return y.mean()

    def _refuse_wrong_estimator(self, view, estimator):
        if not hasattr(estimator, "predict"):
            raise ValueError(f"estimators[{view!r}], a {type(estimator).__name__}, has no predict.")
