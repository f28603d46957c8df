"""explain_row: the explanation that a display of one row draws."""

from sklearn.base import is_classifier

from skfusion.inspection._explain import explain
from skfusion.inspection._explained_output import PREDICTED


def explain_row(model, X, row, target, **options):
    """Return the explanation of one row: of its predicted class where there are several.

    Parameters
    ----------
    model, X, target : object
        As in `explain`.

    row : int
        The position of the row in X.

    **options : dict
        Further arguments of `explain`.

    Returns
    -------
    explanation : Explanation
        It has one row.
    """
    if target is None and is_classifier(model) and len(getattr(model, "classes_", [])) > 2:
        target = PREDICTED
    return explain(model, X, rows=[row], target=target, **options)
