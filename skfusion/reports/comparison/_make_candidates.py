"""The candidates of a comparison, from what a user passes."""

from collections.abc import Mapping

from sklearn.base import is_classifier, is_regressor
from sklearn.pipeline import _name_estimators
from sklearn.utils.multiclass import type_of_target

from skfusion.fusion._base_fusion import BaseFusion
from skfusion.fusion._fit_arguments import accepts_weights
from skfusion.fusion._fusion_classifier import FusionClassifier
from skfusion.fusion._fusion_regressor import FusionRegressor
from skfusion.reports.comparison._candidate import Candidate
from skfusion.reports.comparison._named_models import DEFAULT_NAMES, NamedModels
from skfusion.tabular._check_table import check_table
from skfusion.training._amounts import look_like_amounts


def make_candidates(estimators, fusion, X, y, seed):
    """Return the candidates, and the table that those made by name get their columns from.

    Parameters
    ----------
    estimators, fusion : object
        As in `compare`.

    X : DataFrame, Series or ndarray
        The rows.

    y : ndarray of shape (n_rows,)
        The target.

    seed : int
        The random state of estimators that are made by name.

    Returns
    -------
    candidates : list of Candidate
        In the order of the user.

    table : DataFrame or None
        None where no candidate is made by name.

    roles : ColumnRoles or None
        The roles of its columns.
    """
    if isinstance(estimators, BaseFusion):
        fusion, estimators = estimators, list(DEFAULT_NAMES)
    pairs = _as_pairs(estimators)
    table = models = None
    if any(isinstance(held, str) for _, held in pairs):
        fusion = _choose_fusion(fusion, pairs, y)
        _refuse_unknown_names(pairs, fusion)
        table = check_table(type(fusion)(), X, reset=True)
        models = NamedModels(fusion, table, seed)
    candidates = [
        models.make(name, held) if isinstance(held, str) else Candidate(name, held)
        for name, held in pairs
    ]
    return candidates, table, None if models is None else models.roles


def check_candidates(candidates, sample_weight):
    """Return whether all candidates are classifiers; refuse those that can't be compared."""
    kinds = {}
    for candidate in candidates:
        estimator = candidate.estimator
        if not hasattr(estimator, "fit") or not (
            is_classifier(estimator) or is_regressor(estimator)
        ):
            raise TypeError(f"{candidate.title} is no classifier or regressor.")
        if sample_weight is not None and not accepts_weights(estimator):
            raise ValueError(
                f"{candidate.title} has no sample_weight in fit. Leave it out, or compare without "
                "sample_weight."
            )
        kinds.setdefault(is_classifier(estimator), candidate)
    if len(kinds) == 2:
        raise ValueError(
            f"Classifiers and regressors can't be compared: {kinds[True].title} and "
            f"{kinds[False].title}."
        )
    return True in kinds


def _as_pairs(estimators):
    """Return pairs of a name and an estimator, or the name of a source or strategy."""
    if isinstance(estimators, Mapping):
        pairs = [(str(name), held) for name, held in estimators.items()]
    elif isinstance(estimators, (list, tuple)):
        pairs = _name_all(estimators)
    else:
        raise TypeError(
            "estimators must be a dict, a list, a FusionClassifier or a FusionRegressor, got a "
            f"{type(estimators).__name__}. Pass a list of estimators or of names, such as "
            "['table', 'image', 'stacked']."
        )
    names = [name for name, _ in pairs]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"Each estimator needs a name of its own; repeated: {repeated}.")
    if len(pairs) < 2:
        raise ValueError(f"A comparison needs at least 2 estimators, got {len(pairs)}.")
    return pairs


def _name_all(estimators):
    """Name estimators without a name by their class, as `make_pipeline` does."""
    unnamed = [held for held in estimators if not isinstance(held, (str, tuple))]
    named = iter(_name_estimators(unnamed))
    pairs = []
    for held in estimators:
        if isinstance(held, str):
            pairs.append((held, held))
        elif isinstance(held, tuple):
            if len(held) != 2:
                raise ValueError(f"A tuple in estimators must be (name, estimator), got {held!r}.")
            pairs.append((str(held[0]), held[1]))
        else:
            pairs.append(next(named))
    return pairs


def _choose_fusion(fusion, pairs, y):
    """Return the fusion that names stand for: the user's, or one for the kind of target."""
    if isinstance(fusion, BaseFusion):
        return fusion
    if fusion is not None:
        raise TypeError(
            "fusion must be a FusionClassifier or a FusionRegressor, got a "
            f"{type(fusion).__name__}."
        )
    models = [held for _, held in pairs if not isinstance(held, str)]
    if models:
        is_numbers = is_regressor(models[0])
    else:
        is_numbers = type_of_target(y).startswith("continuous") or look_like_amounts(y)
    return FusionRegressor() if is_numbers else FusionClassifier()


def _refuse_unknown_names(pairs, fusion):
    names = NamedModels.list_names(fusion)
    for _, held in pairs:
        if isinstance(held, str) and held not in names:
            known = ", ".join(map(repr, dict.fromkeys(names)))
            raise ValueError(f"{held!r} is no source or strategy; known names are {known}.")
