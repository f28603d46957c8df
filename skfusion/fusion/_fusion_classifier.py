"""FusionClassifier: classes from a table and its images."""

import warnings

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from skfusion._utils.messages import caller_stacklevel
from skfusion._utils.typing import ImageInput
from skfusion.fusion._base_fusion import MANY_CLASSES, BaseFusion
from skfusion.training._target_encoder import as_targets


class FusionClassifier(ClassifierMixin, BaseFusion):
    """Predict classes from a table and its images, together or from the better of them.

    Give it a DataFrame. It finds the columns of images, turns them into features, encodes the
    other columns by what they hold, and tries on inner folds what serves best: the table alone,
    the images alone, or one of three ways to fuse them. Side by side, a thousand columns of
    images often do worse than the five of the table; this estimator is made so that fusing
    does not cost what a source alone would give.

    Parameters
    ----------
    embedder : transformer or None, default=None
        Turns images into columns: `PretrainedGAP`, `CNNEmbedder`, `ImageDescriptors`, or a
        Pipeline that begins with one. None is ``PretrainedGAP(missing="nan")``, which needs the
        ImageNet weights of ResNet50. A `CNNEmbedder` that is not cross-fitted (``cv=None``) is
        cross-fitted with this estimator's `cv`: the heads must not learn from features that have
        seen their rows' targets.

    image_columns : str, list of str or None, default=None
        The columns that hold images; None takes those whose cells are images or paths that
        end like those of images. With ``[]`` the table is the only source.

    strategy : {"auto", "early", "late", "stacked"}, default="auto"
        How sources are fused. "early": models of all columns side by side, the images' features
        standardized, reduced and scaled as a block. "late": models of the table and of the
        images, averaged with weights that are not negative, sum to one and are drawn to the
        better source. "stacked": a regularized model of the predictions of table, image and
        joint models. "auto": of these and of the single sources one within one standard error of
        the best; where there are several, the better source alone if it is surely better than the
        other, else "stacked". With one source, there is nothing to fuse. In all of them
        probabilities are sharpened or flattened by one number, fitted on inner folds.

    estimators : dict or None, default=None
        Models instead of the built-in ones, by what they see: "table", "image", "joint". Each
        needs `predict_proba`. Those not named keep the built-in ones: logistic regressions of two
        strengths and a forest, weighted by how they do on inner folds.

    cv : int, splitter, iterable or None, default=5
        The inner folds; an int means shuffled folds stratified by class, None means 5. Each row
        has to be left out once.

    n_components : int or None, default=30
        How many principal components of the images' features forests, and models in
        `estimators`, get; None means all. The built-in linear models always get all.

    table_transformer : transformer or None, default=None
        Turns the other columns into numbers; None is `TableEncoder`.

    random_state : int, RandomState instance or None, default=None
        Where folds, forests and shuffles start, and an embedder that has no seed of its own.

    cache : str, PathLike, FeatureStore or None, default=None
        Where features of images are kept; handed on to an embedder that has none. No image is
        then computed twice, across folds and fits.

    n_jobs : int or None, default=None
        Inner folds at once.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.

    image_columns_, table_columns_ : list
        The columns of each source.

    strategy_ : {"early", "late", "stacked", "table", "image"}
        The strategy in use.

    strategy_scores_ : DataFrame
        What the choice rests on, one row a strategy: its log `loss` on rows that neither models
        nor weights were fitted on, the `difference` to the lowest, that difference's
        `standard_error`, and whether it is `chosen`.

    source_importance_ : DataFrame
        What each source gives, in log loss on inner folds: `left_out` is the rise when the other
        source is used alone, `permuted` the rise when the source's rows are shuffled, with
        `permuted_std` over shuffles.

    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Their names, where X had any.

    Raises
    ------
    ImageReadError
        If the embedder does not accept missing or broken images.

    ValueError
        If there is one class only, a column can't be encoded, or no row has an image.

    See Also
    --------
    FusionRegressor : The same for numbers.
    make_fusion_pipeline : Both sources side by side before one model, as a plain Pipeline.
    SourceImportanceDisplay : Draws `source_importance_`.

    Notes
    -----
    With features that don't depend on the rows fitted (`PretrainedGAP`, `ImageDescriptors`,
    `PixelFlattener`), images are embedded once for all inner folds. Any other embedder is
    fitted anew in each fold: a cross-fitted `CNNEmbedder` trains ``cv * (cv + 1)`` networks in
    the folds and ``cv + 1`` for new rows.

    Rows without any image (an embedder with ``missing="nan"``) are predicted by the table's
    models, and where there is no table by the share of each class.

    Weights of "late" are those of a linear opinion pool (Ranjan and Gneiting, doi
    10.1111/j.1467-9868.2009.00726.x); "stacked" is stacked generalization (Wolpert, doi
    10.1016/S0893-6080(05)80023-1) with a logarithmic pool; choosing by held-out rows among
    candidates that include the single sources follows the super learner (van der Laan, Polley and
    Hubbard, doi 10.2202/1544-6115.1309).

    Examples
    --------
    >>> from skfusion import FusionClassifier, PixelFlattener
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(60, image_size=(8, 8), random_state=0)
    >>> fusion = FusionClassifier(PixelFlattener(), cv=3, random_state=0)
    >>> fusion.fit(data.frame, data.target).image_columns_
    ['image']
    >>> fusion.predict(data.frame[:3]).shape
    (3,)
    """

    def predict(self, X: ImageInput) -> np.ndarray:
        """Predict the class of each row.

        Parameters
        ----------
        X : DataFrame, Series or ndarray
            Rows with the columns that `fit` saw.

        Returns
        -------
        classes : ndarray of shape (n_rows,)
            The class with the highest probability.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[np.argmax(probabilities, axis=1)]

    def predict_proba(self, X: ImageInput) -> np.ndarray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : DataFrame, Series or ndarray
            Rows with the columns that `fit` saw.

        Returns
        -------
        probabilities : ndarray of shape (n_rows, n_classes)
            In the order of `classes_`; each row sums to one.
        """
        return self._predict_rows(X)

    def _start_target(self, y):
        y = column_or_1d(as_targets(y), warn=True)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", MANY_CLASSES, UserWarning)
            check_classification_targets(y)
        encoder = LabelEncoder()
        numbers = encoder.fit_transform(y)
        self.classes_ = encoder.classes_
        if len(self.classes_) < 2:
            raise ValueError(
                f"y holds 1 class only ({self.classes_.tolist()[0]!r}); there is nothing to tell "
                "apart."
            )
        self._n_classes = len(self.classes_)
        if len(self.classes_) > len(y) / 2:
            warnings.warn(
                f"y holds {len(self.classes_)} classes in {len(y)} rows. If they are amounts, "
                "FusionRegressor predicts them.",
                UserWarning,
                stacklevel=caller_stacklevel(),
            )
        return numbers

    def _refuse_one_class(self, y, columns, remedy):
        if y.min() == y.max():
            raise ValueError(
                f"All rows that have an image in {columns} are of class "
                f"{self.classes_.tolist()[y[0]]!r}: images then tell nothing but that they are "
                f"there. {remedy}"
            )

    def _strata(self, y):
        return y

    def _share(self, y):
        return np.bincount(y, minlength=self._n_classes) / len(y)

    def _refuse_wrong_estimator(self, view, estimator):
        if not hasattr(estimator, "predict_proba"):
            raise ValueError(
                f"estimators[{view!r}], a {type(estimator).__name__}, has no predict_proba. Wrap "
                "it in CalibratedClassifierCV."
            )
