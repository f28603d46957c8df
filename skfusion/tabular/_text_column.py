"""A column of text becomes a few numbers."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


class TextColumn(TransformerMixin, BaseEstimator):
    """A part of `TableEncoder`, for one column of text.

    Texts are counted by their groups of three letters (tf-idf), which are then decomposed into a
    few columns: latent semantic analysis (Deerwester and others, doi
    10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9).

    Parameters
    ----------
    n_components : int
        How many columns, as far as the texts differ enough.

    random_state : int, RandomState instance or None
        Where the decomposition starts.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.tabular._text_column import TextColumn
    >>> titles = pd.DataFrame({"title": ["red shirt", "blue shirt", "red shoe", None]})
    >>> TextColumn(2, random_state=0).fit_transform(titles).shape
    (4, 2)
    """

    def __init__(self, n_components, random_state):
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn the groups of letters."""
        self.vectorizer_ = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), min_df=2)
        cells = self._cells(X)
        try:
            counts = self.vectorizer_.fit_transform(cells)
        except ValueError:  # no group of letters stands in two rows
            self.vectorizer_.set_params(min_df=1)
            counts = self.vectorizer_.fit_transform([*cells, "text"])[:-1]
        n_components = max(1, min(self.n_components, min(counts.shape) - 1))
        self.reduction_ = make_pipeline(
            TruncatedSVD(n_components, random_state=self.random_state), StandardScaler()
        )
        # Where all texts share the same groups, shares of their variance are 0 by 0; none is used.
        with np.errstate(divide="ignore", invalid="ignore"):
            self.reduction_.fit(counts)
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        return self

    def transform(self, X):
        """Numbers of shape (n_rows, n_components)."""
        return self.reduction_.transform(self.vectorizer_.transform(self._cells(X)))

    def get_feature_names_out(self, input_features=None):
        """``title_text_00``, ..."""
        count = self.reduction_[0].n_components
        return np.array(
            [f"{self.feature_names_in_[0]}_text_{i:02d}" for i in range(count)], dtype=object
        )

    def _cells(self, X):
        return [cell if isinstance(cell, str) else "" for cell in X.iloc[:, 0]]
