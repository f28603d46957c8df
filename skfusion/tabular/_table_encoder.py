"""TableEncoder: the columns of a table, whatever they hold, as standardized numbers."""

from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from skfusion._utils.decorators import fit_context
from skfusion._utils.plain_data import plain_data
from skfusion._utils.saved_state import SavedStateMixin
from skfusion._utils.sklearn_config import default_config
from skfusion._utils.typing import Features, RandomState
from skfusion.tabular._category_encoder import CategoryEncoder
from skfusion.tabular._check_table import check_table
from skfusion.tabular._column_kinds import convert_cells, find_kind
from skfusion.tabular._column_roles import choose_id_columns
from skfusion.tabular._date_encoder import DateEncoder
from skfusion.tabular._id_columns import MAX_CATEGORIES
from skfusion.tabular._number_encoder import NumberEncoder
from skfusion.tabular._text_encoder import TextEncoder


@plain_data
class TableEncoder(SavedStateMixin, TransformerMixin, BaseEstimator):
    """Turn a table's columns into numbers, each kind of column in its own way.

    Numbers and booleans are standardized. Missing ones get the median, and a second column marks
    them; those further than 20 interquartile ranges from the quartiles are set to that limit. Text
    of few distinct values, and categories, become one column for each value. Text of many distinct
    values becomes a few columns by its groups of letters. Dates, of the years 1 to 9999, become
    years, time of the year and weekday, with a column that marks missing ones. Columns that hold
    one value, or none, and columns that only identify rows are left out. All of this is learned
    from the rows of `fit` alone.

    Parameters
    ----------
    max_categories : int, default=30
        A column of text with more distinct values than this is text, not a category.

    min_frequency : int, default=3
        Values of a category in fewer rows share one column.

    text_components : int, default=15
        How many columns a column of text becomes.

    id_columns : str, list of str or None, default=None
        Columns that identify rows, to leave out. None finds them, with a warning that names them:
        columns with a name such as ``patient_id``, zip codes as numbers, distinct whole numbers
        that count rows, and another word in each row. With ``[]``, all columns are encoded.

    random_state : int, RandomState instance or None, default=0
        The seed of the decomposition of text.

    Attributes
    ----------
    kinds_ : dict
        For each column "number", "category", "text", "date", "constant" or "id". The last two are
        left out.

    encoders_ : dict
        The fitted encoder of each column that is not left out.

    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Names of the columns in `fit`.

    Raises
    ------
    ValueError
        If a column holds things that are neither numbers, text nor dates.

    See Also
    --------
    make_fusion_pipeline : Uses it for the columns that hold no images.

    Notes
    -----
    For a table that needs more (misspelled categories, joins), use skrub's ``TableVectorizer``:
    the fusion estimators accept any transformer of a DataFrame as `table_transformer`.

    After `fit`, columns are found by their names, in any order. Weights of rows
    (`sample_weight`) count in all that is learned: means, medians, deviations, frequencies of
    values and components of text. Whole weights give the same as rows that are repeated as often.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion import TableEncoder
    >>> table = pd.DataFrame({"age": [61, 70, 64], "sex": ["f", "m", "f"]})
    >>> encoder = TableEncoder(min_frequency=1).fit(table)
    >>> encoder.kinds_
    {'age': 'number', 'sex': 'category'}
    >>> encoder.get_feature_names_out().tolist()
    ['age', 'sex_f', 'sex_m']
    """

    _holds_sklearn = True
    # With metadata routing, weights are passed on without a request by the user.
    __metadata_request__fit = {"sample_weight": True}
    _parameter_constraints: dict[str, Any] = {
        "max_categories": [Interval(Integral, 1, None, closed="left")],
        "min_frequency": [Interval(Integral, 1, None, closed="left")],
        "text_components": [Interval(Integral, 1, None, closed="left")],
        "id_columns": [str, "array-like", None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        max_categories: int = MAX_CATEGORIES,
        *,
        min_frequency: int = 3,
        text_components: int = 15,
        id_columns: str | list[str] | None = None,
        random_state: RandomState = 0,
    ) -> None:
        self.max_categories = max_categories
        self.min_frequency = min_frequency
        self.text_components = text_components
        self.id_columns = id_columns
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Find out what each column holds, and learn how to encode it.

        Parameters
        ----------
        X : DataFrame
            The table.

        y : None
            Not used.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, 0 or more.

        Returns
        -------
        self : object
            The fitted encoder.
        """
        self._fit(check_table(self, X, reset=True), sample_weight)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(
        self, X: Any, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Features:
        """Learn from a table and return its rows as numbers.

        Parameters
        ----------
        X : DataFrame
            The table.

        y : None
            Not used.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, 0 or more.

        Returns
        -------
        numbers : ndarray of shape (n_rows, n_features_out), float64
            What `transform` returns.
        """
        table = check_table(self, X, reset=True)
        self._fit(table, sample_weight)
        return self._encode(table)

    def transform(self, X: Any) -> Features:
        """Return the rows of a table as numbers.

        Parameters
        ----------
        X : DataFrame
            A table with the columns of `fit`, in any order. Columns that were left out may be
            missing.

        Returns
        -------
        numbers : ndarray of shape (n_rows, n_features_out), float64
            One row for each row of X.
        """
        check_is_fitted(self, "encoders_")
        return self._encode(check_table(self, X, reset=False, needed=self._required_columns))

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the column's name, with that of a value, component or part of a date.

        Parameters
        ----------
        input_features : None
            Not used.

        Returns
        -------
        names : ndarray of str
            One name for each column that `transform` returns.
        """
        check_is_fitted(self, "encoders_")
        encoders = self.encoders_.values()
        names = [name for encoder in encoders for name in encoder.get_feature_names_out()]
        return np.array(names, dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    @property
    def _required_columns(self):
        """List of str : The columns that `transform` needs."""
        return list(self.encoders_)

    def _fit(self, table, sample_weight):
        if sample_weight is not None:
            sample_weight = _check_sample_weight(
                sample_weight, np.empty((len(table), 1)), ensure_non_negative=True
            )
            # Rows without weight count for nothing: neither do their values, nor their gaps.
            table, sample_weight = table[sample_weight > 0], sample_weight[sample_weight > 0]
        ids = choose_id_columns(table, self.id_columns)
        self.kinds_ = {
            name: "id" if name in ids else find_kind(name, table[name], self.max_categories)
            for name in table.columns
        }
        self.encoders_ = {}
        with default_config():
            for name, kind in self.kinds_.items():
                if kind not in ("constant", "id"):
                    cells = convert_cells(name, table[name], kind)
                    self.encoders_[name] = self._make_encoder(name, kind).fit(cells, sample_weight)

    def _make_encoder(self, name, kind):
        if kind == "number":
            return NumberEncoder(name)
        if kind == "date":
            return DateEncoder(name)
        if kind == "category":
            return CategoryEncoder(name, self.min_frequency)
        return TextEncoder(name, self.text_components, self.random_state)

    def _encode(self, table):
        with default_config():
            blocks = [
                encoder.transform(convert_cells(name, table[name], self.kinds_[name]))
                for name, encoder in self.encoders_.items()
            ]
        return np.hstack(blocks) if blocks else np.empty((len(table), 0))
