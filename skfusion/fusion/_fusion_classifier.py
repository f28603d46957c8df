"""FusionClassifier: classes from a table and its images."""

import warnings

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from skfusion._utils.dask_rows import lazy_for_dask
from skfusion._utils.messages import caller_stacklevel
from skfusion._utils.plain_data import plain_data
from skfusion._utils.typing import ImageInput
from skfusion.fusion._base_fusion import MANY_CLASSES, BaseFusion
from skfusion.training._amounts import look_like_amounts
from skfusion.training._target_encoding import as_targets


@plain_data
class FusionClassifier(ClassifierMixin, BaseFusion):
    """Predict classes from a table and its images, together or from the better of them.

    Pass it a DataFrame. It finds the columns of images, turns them into features, encodes the
    other columns by what they hold, and compares on inner folds what predicts best: the table
    alone, the images alone, or one of three ways to fuse them. Side by side, a thousand columns
    of images often predict worse than the five of the table; this estimator is made so that
    fusing does not cost what one source alone would give.

    Parameters
    ----------
    embedder : transformer, list or dict of transformers, or None, default=None
        Turns images into columns: `PretrainedGAP`, `CNNEmbedder`, `ImageDescriptors`, or a
        Pipeline that begins with one. Several compete: the models of each are weighted by their
        losses on inner folds, and those without weight are not used for new rows. A dict names
        them. None is ``PretrainedGAP(missing="nan")``, which needs the
        ImageNet weights of ResNet50. A `CNNEmbedder` that is not cross-fitted (``cv=None``) is
        cross-fitted with this estimator's `cv`: the models must not learn from features that have
        seen their rows' targets.

    image_columns : str, list of str or None, default=None
        The columns that hold images; None finds those whose cells are images or paths that end
        like those of images. With ``[]`` the table is the only source.

    id_columns : str, list of str or None, default=None
        Columns that identify rows, to leave out. None finds them, with a warning that names them:
        columns with a name such as ``patient_id``, zip codes as numbers, distinct whole numbers
        that count rows, and another word in each row. With ``[]`` none is left out.

    strategy : {"auto", "early", "late", "stacked", "joint"}, default="auto"
        How sources are fused. "early": models of all columns side by side, the images' features
        standardized, reduced and scaled as a block. "late": models of the table and of the
        images, averaged with weights that are not negative, sum to one and are shrunk towards the
        better source. "stacked": a regularized model of the predictions of table, image and
        joint models. "joint": one network of the table and the features of the embedders, for
        what is in their combination alone. "auto": one of these (the network from 2,000 rows on),
        or the better source alone if the other may be noise and fusing is not surely better; see
        the user guide. With one source, there is nothing to fuse. In all of them probabilities
        are sharpened or flattened by one number, fitted on inner folds.

    scoring : str, callable or None, default=None
        The score by which "auto" compares strategies: a name of scikit-learn
        (`sklearn.metrics.get_scorer_names`), or a callable ``scorer(estimator, X, y)`` that calls
        the estimator's `predict` or `predict_proba`; X has the numbers of the rows, of those with
        a weight. None is the log loss, which shows differences in fewer rows than scores of the
        order or the most probable class do. Models and their weights are fitted to the log loss
        in any case.

    estimators : dict or None, default=None
        Models instead of the built-in ones, by what they learn from: "table", "image", "joint"
        (both side by side), "network" (of the strategy "joint"). Each needs `predict_proba`. A
        list of models compete; in it, "built-in" is for the built-in ones. A model of a list that
        fails is left out with a warning. Those not named keep the built-in ones, weighted by
        their losses on inner folds: logistic regressions of two strengths, a forest (up to 20,000
        rows), and gradient boosting of the table and of both (from 300 rows on, with 100 for each
        of at most 10 classes, and at most 300 columns). A `JointFusionClassifier` as "network" is
        trained end to end.

    cv : int, splitter, iterable or None, default=5
        The inner folds; an int means shuffled folds stratified by class, None means 5. Of more
        than 20,000 rows they get a sample. Splitters may leave rows out never (`TimeSeriesSplit`)
        or several times (`RepeatedStratifiedKFold`); such a row counts once in all.

    n_components : int or None, default=30
        How many principal components of the images' features forests, and models in
        `estimators`, get; None means all. The built-in linear models always get all.

    table_transformer : transformer or None, default=None
        Turns the other columns into numbers; None is `TableEncoder`.

    random_state : int, RandomState instance or None, default=None
        The seed of folds, forests and shuffles, and of an embedder that has no seed of its own.

    cache : str, PathLike, FeatureStore or None, default=None
        Where features of images are kept; passed on to an embedder that has none. No image is
        then computed twice, across folds and fits.

    max_time : float or None, default=None
        Seconds that `fit` may take; None does not limit it. The inner folds measure each embedder
        and model; those for which the time is too short are left out, the slowest first.
        The first model of each kind, and the first embedder, are always used. A candidate that is
        running is not stopped. Results then depend on the speed of the machine.

    n_jobs : int or None, default=None
        How many inner folds are fitted at once.

    verbose : int, default=0
        With 1, bars show the progress and the time that is left: of the images, and of the fits
        on inner folds and on all rows. The last line shows the strategy, its loss and accuracy.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.

    image_columns_, table_columns_, id_columns_ : list
        The columns of each source, and those left out.

    strategy_ : {"early", "late", "stacked", "joint", "table", "image"}
        The strategy in use.

    strategy_scores_ : DataFrame
        The comparison of strategies, one row each: its log `loss` (in nats a row) and `accuracy`
        on rows that neither models nor weights were fitted on, its `score` if there is a
        `scoring`, the `difference` of its loss, or score, to the best, that difference's
        `standard_error`, and whether the strategy is `chosen`.

    source_importance_ : DataFrame
        How much predictions depend on the input, in log loss (nats a row) on inner folds. One row
        for each column of the table and of images, and one for all columns of a source that has
        several. `source` is "table" or "image". `left_out`, of a whole source: the rise of the
        loss when the other source is used alone. `permuted`: the rise when the column's rows are
        shuffled, with `permuted_std` over shuffles. Features of an embedder that mixes several
        columns of images have one row.

    embedder_scores_ : DataFrame
        One row an embedder of which a model was fitted in all folds: `loss` and `accuracy` of the
        models of its features alone, out of fold, their `score` if there is a `scoring`, and its
        share of the weights of models that take images as `weight`. There are no scores without
        images.

    fit_report_ : DataFrame
        What became of each candidate: an embedder, the table, or a model. `status` (str): "used";
        "not used" in predictions, only compared; "no time" within `max_time`; "failed", a model
        in `estimators` that raised an error. `reason` (str): why it is not used, "max_time", or
        the error's first line; empty if it is used. `seconds` (float), with `max_time` alone: its
        time in all fits together.

    verdict_ : FusionVerdict
        What each source adds, in words and numbers, with an interval: of the log loss, or of the
        score if there is a `scoring`.

    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Their names, where X had any.

    Raises
    ------
    ImageReadError
        If the embedder does not accept missing or broken images.

    ValueError
        If there is one class only, a column can't be encoded, no row has an image, or `scoring`
        can't score the predictions.

    See Also
    --------
    FusionRegressor : The same for numbers.
    JointFusionClassifier : One network of images and table.
    make_fusion_pipeline : Both sources side by side before one model, as a plain Pipeline.
    SourceImportanceDisplay : Draws `source_importance_`.

    Notes
    -----
    With features that don't depend on the rows fitted (`PretrainedGAP`, `ImageDescriptors`,
    `PixelFlattener`), images are embedded once for all inner folds. Any other embedder is
    fitted in each fold: a cross-fitted `CNNEmbedder` trains ``cv * (cv + 1)`` networks in
    the folds and ``cv + 1`` for new rows.

    Rows without any image (an embedder with ``missing="nan"``) are predicted by the table's
    models, and where there is no table by the share of each class.

    After `fit`, columns are found by their names, in any order, with others beside them. Weights
    of rows (`sample_weight`) reach the table transformer, the embedder, the scaling of the
    images' features, all models, the weights of models and sources, and the comparison of
    strategies. Steps of a user's own transformers that have no `sample_weight` are fitted without.

    Weights of "late" are those of a linear opinion pool (Ranjan and Gneiting, doi
    10.1111/j.1467-9868.2009.00726.x); "stacked" is stacked generalization (Wolpert, doi
    10.1016/S0893-6080(05)80023-1) with a logarithmic pool; the choice by held-out rows among
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

    _method = "predict_proba"

    @lazy_for_dask
    def predict(self, X: ImageInput) -> np.ndarray:
        """Predict the class of each row.

        Parameters
        ----------
        X : DataFrame, Series or ndarray
            Rows with the columns that `fit` used, in any order.

        Returns
        -------
        classes : ndarray of shape (n_rows,)
            The class with the highest probability.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[np.argmax(probabilities, axis=1)]

    @lazy_for_dask
    def predict_proba(self, X: ImageInput) -> np.ndarray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : DataFrame, Series or ndarray
            Rows with the columns that `fit` used, in any order.

        Returns
        -------
        probabilities : ndarray of shape (n_rows, n_classes)
            In the order of `classes_`; each row sums to one.
        """
        return self._predict_rows(X)

    def predict_set(self, X: ImageInput, coverage: float = 0.9) -> np.ndarray:
        """Predict a set that holds the class of a new row with a given probability.

        Parameters
        ----------
        X : DataFrame, Series or ndarray
            Rows with the columns that `fit` used, in any order.

        coverage : float, default=0.9
            The probability, between 0 and 1, over rows like those of `fit`.

        Returns
        -------
        members : ndarray of bool of shape (n_rows, n_classes)
            Whether each class is in the row's set, in the order of `classes_`. A set is empty
            where no class is likely enough, which is common where `coverage` is below the
            accuracy. It has all classes where `fit` had too few rows for the coverage (below 9
            rows, or groups of like errors, for 0.9).

        Notes
        -----
        A set has the classes whose probability reaches a threshold, which that share of the
        classes of out-of-fold predictions reaches (least ambiguous sets: Sadinle, Lei and
        Wasserman, arXiv 1609.00451). Rows with and without an image have thresholds of their
        own. Those of fewer than 50 rows in `fit` are replaced: with an image by that of all rows,
        without by that of the table's predictions for all rows.
        """
        return self._predict_members(X, coverage)[1]

    def predict_or_abstain(self, X: ImageInput, coverage: float = 0.9) -> np.ndarray:
        """Predict the class of each row, or None where several classes are likely.

        Parameters
        ----------
        X : DataFrame, Series or ndarray
            Rows with the columns that `fit` used, in any order.

        coverage : float, default=0.9
            Of all rows, those with and those without an answer, at most a share of
            ``1 - coverage`` gets a wrong class.

        Returns
        -------
        classes : ndarray of object of shape (n_rows,)
            The class with the highest probability, or None if `predict_set` has several classes.
        """
        probabilities, members = self._predict_members(X, coverage)
        classes = self.classes_[probabilities.argmax(axis=1)].astype(object)
        classes[members.sum(axis=1) > 1] = None
        return classes

    def _predict_members(self, X, coverage):
        """Return the probability of each class, and whether it is in the row's set."""
        scores = self._get_conformal(coverage)
        probabilities, has_image = self._predict_with_images(X)
        return probabilities, -probabilities <= scores.find_quantiles(coverage, has_image)[:, None]

    def _score_conformity(self, prediction, y):
        return -prediction[np.arange(len(y)), y]

    def _encode_target(self, y, kept):
        y = column_or_1d(as_targets(y), warn=True)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", MANY_CLASSES, UserWarning)
            check_classification_targets(y)
        encoder = LabelEncoder()
        numbers = encoder.fit_transform(y[kept])
        self.classes_ = encoder.classes_
        if len(self.classes_) < 2:
            raise ValueError(
                f"y holds 1 class only ({self.classes_.tolist()[0]!r}); at least 2 are needed."
            )
        self._n_classes = len(self.classes_)
        if len(self.classes_) > len(numbers) / 2 or look_like_amounts(y):
            warnings.warn(
                f"y holds {len(self.classes_)} classes in {len(numbers)} rows. If they are "
                "amounts, FusionRegressor predicts them.",
                UserWarning,
                stacklevel=caller_stacklevel(),
            )
        return numbers

    def _strata(self, y):
        return y

    def _find_prior(self, rows):
        counts = np.bincount(rows.y, weights=rows.weights, minlength=self._n_classes)
        return counts / rows.weights.sum()

    def _target_transforms(self, rows):
        return (None,)
