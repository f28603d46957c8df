"""TableEncoder: the columns of a table, whatever they hold, become numbers of like size."""

from decimal import Decimal
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from skfusion._utils.decorators import fit_context
from skfusion._utils.saved_state import SavedStateMixin
from skfusion._utils.typing import Features, RandomState
from skfusion.tabular._date_column import DateColumn, are_blank, are_dates, to_dates
from skfusion.tabular._tables import MAX_CATEGORIES, as_table
from skfusion.tabular._text_column import TextColumn

_NUMBERS = (int, float, Decimal, np.number, np.bool_)  # bool is an int


class TableEncoder(SavedStateMixin, TransformerMixin, BaseEstimator):
    """Turn a table's columns into numbers, each kind of column in its own way.

    Numbers and booleans are imputed by their median, with a column that tells where, and
    standardized. Text of few distinct values, and categories, become one column a value. Text of
    many distinct values becomes a few columns by its groups of letters. Dates become years, time
    of year and weekday, with a column that tells where they are missing. Columns that hold one
    value, or none, are left out. What is learned comes from the rows of `fit` alone.

    Parameters
    ----------
    max_categories : int, default=30
        A column of text with more distinct values than this is text, not a category.

    min_frequency : int, default=3
        Values of a category that stand in fewer rows share one column.

    text_components : int, default=15
        Columns a column of text becomes.

    random_state : int, default=0
        Where the decomposition of text starts.

    Attributes
    ----------
    kinds_ : dict
        For each column "number", "category", "text", "date" or "constant" (left out).

    columns_ : ColumnTransformer
        The fitted encoders.

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
    Where a table asks for more (dirty categories, joins), skrub's ``TableVectorizer`` can take its
    place: the fusion estimators take any transformer of a DataFrame as `table_transformer`.

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
    _parameter_constraints: dict[str, Any] = {
        "max_categories": [Interval(Integral, 1, None, closed="left")],
        "min_frequency": [Interval(Integral, 1, None, closed="left")],
        "text_components": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        max_categories: int = MAX_CATEGORIES,
        *,
        min_frequency: int = 3,
        text_components: int = 15,
        random_state: RandomState = 0,
    ) -> None:
        self.max_categories = max_categories
        self.min_frequency = min_frequency
        self.text_components = text_components
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:
        """Find out what each column holds, and learn how to encode it.

        Parameters
        ----------
        X : DataFrame
            The table.

        y : None
            Not used.
        """
        self._fit(X)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Any, y: ArrayLike | None = None) -> Features:
        """Numbers of the rows that are learned from, of shape (n_rows, n_features_out)."""
        return self._fit(X)

    def transform(self, X: Any) -> Features:
        """Numbers of shape (n_rows, n_features_out), float64."""
        check_is_fitted(self, "columns_")
        return self.columns_.transform(self._prepared(as_table(self, X, reset=False)))

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """The column's name, and what a value, component or part of a date is called."""
        check_is_fitted(self, "columns_")
        return self.columns_.get_feature_names_out()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _fit(self, X):
        X = as_table(self, X, reset=True)
        self.kinds_ = {name: self._kind(name, X[name]) for name in X.columns}
        table = self._prepared(X)
        encoders = [
            (str(position), self._encoder(kind, table[name]), [name])
            for position, (name, kind) in enumerate(self.kinds_.items())
            if kind != "constant"
        ]
        self.columns_ = ColumnTransformer(
            encoders, sparse_threshold=0, verbose_feature_names_out=False
        )
        return self.columns_.fit_transform(table)

    def _kind(self, name, column):
        held = column.dropna()
        is_category = column.dtype.name == "category"  # whatever its values are
        of_numbers = not is_category and (column.dtype.kind in "biuf" or _are_numbers(held))
        if not is_category and not of_numbers and not are_dates(column):
            _refuse_objects(name, held)
        if held.nunique() + column.isna().any() < 2 or held.empty:
            return "constant"
        if of_numbers:
            return "number"
        if are_dates(column):
            return "date"
        few = held.nunique() <= self.max_categories
        return "category" if is_category or few else "text"

    def _encoder(self, kind, column):
        if kind == "number":
            imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
            return make_pipeline(imputer, StandardScaler())
        if kind == "date":
            return make_pipeline(DateColumn(), SimpleImputer(), StandardScaler())
        if kind == "category":
            frequent = column.value_counts() >= self.min_frequency
            return OneHotEncoder(
                handle_unknown="infrequent_if_exist",
                # With none frequent, all would share one column, which would tell nothing.
                min_frequency=self.min_frequency if frequent.any() else None,
            )
        return TextColumn(self.text_components, self.random_state)

    def _prepared(self, X):
        """Cells of the types that the encoders know: float, str, or dates; NaN where missing."""
        prepared = {}
        for name, kind in self.kinds_.items():
            if kind == "number":
                prepared[name] = _to_numbers(name, X[name])
            elif kind in ("category", "text"):
                texts = _plain(X[name]).map(_text, na_action="ignore")
                prepared[name] = texts.astype(object)  # also where all are missing
            elif kind == "date":
                prepared[name] = _to_dates(name, X[name])
        return pd.DataFrame(prepared, index=X.index)


def _plain(column):
    """A column of NumPy's own types, with NaN for every missing cell."""
    if column.dtype.kind in "iuf":
        return column
    plain = column.astype(object)
    plain = plain.where(plain.notna(), np.nan)
    return plain.map(lambda cell: float(cell) if isinstance(cell, Decimal) else cell)


def _to_numbers(name, column):
    try:
        numbers = pd.to_numeric(_plain(column)).astype(float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Column {name!r} held numbers in fit, and now: {error}") from error
    if np.isinf(numbers).any():
        row = int(np.argmax(np.isinf(numbers)))
        raise ValueError(
            f"Input X contains infinity: column {name!r}, row {row}. Replace it, with NaN if the "
            "value is not known."
        )
    return numbers


def _to_dates(name, column):
    dates = to_dates(column)
    lost = np.asarray(dates.isna() & column.notna()) & ~are_blank(column)
    if lost.any():
        row = int(np.argmax(lost))
        raise ValueError(
            f"Column {name!r} held dates in fit, and now {column.iloc[row]!r} in row {row}. "
            "Dates are read as in 2026-11-22; None stands for one that is not known."
        )
    return dates


def _text(cell):
    """A category's name: whole numbers alike, whether NaN beside them made them floats or not."""
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    return cell if isinstance(cell, str) else str(cell)


def _are_numbers(held):
    """Whether all cells are numbers or booleans, in a column of objects or pandas's own types."""
    return len(held) > 0 and all(isinstance(cell, _NUMBERS) for cell in held)


def _refuse_objects(name, held):
    for row, cell in held.items():
        if not isinstance(cell, (str, *_NUMBERS)):
            raise ValueError(
                f"Column {name!r} holds a {type(cell).__name__} in row {row}: the argument must be "
                "a string or a number, or a date. Leave the column out, or name it in "
                "image_columns if it holds images."
            )
