"""TextEncoder: a column of text as a few numbers."""

import numpy as np
import pandas as pd
from scipy.sparse import diags
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import StandardScaler, normalize

from skfusion._utils.plain_data import plain_data


@plain_data
class TextEncoder:
    """Encode a column of text as the principal components of its groups of letters.

    A part of `TableEncoder`. Groups of three letters are counted and weighted by how few texts
    hold them (tf-idf). The counts are then reduced to a few columns: latent semantic analysis
    (Deerwester et al., doi 10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9).

    Parameters
    ----------
    name : str
        The name of the column.

    n_components : int
        How many columns, if the texts differ enough.

    random_state : int, RandomState instance or None
        The seed of the decomposition.

    Attributes
    ----------
    idf_ : ndarray of shape (n_groups,)
        The weight of each group of letters.

    n_components_ : int
        How many columns there are.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.tabular._text_encoder import TextEncoder
    >>> titles = pd.Series(["red shirt", "blue shirt", "red shoe", None])
    >>> TextEncoder("title", 2, random_state=0).fit(titles).transform(titles).shape
    (4, 2)
    """

    def __init__(self, name, n_components, random_state):
        self.name = name
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, column, sample_weight=None):
        """Learn the groups of letters, their weights and the components.

        Parameters
        ----------
        column : Series of shape (n_rows,)
            Text; NaN where it is missing.

        sample_weight : ndarray of shape (n_rows,), default=None
            Weights of the rows.
        """
        weights = np.ones(len(column)) if sample_weight is None else sample_weight
        # Each distinct text once, with the weight of its rows: whole weights then learn exactly
        # what repeated rows learn.
        codes, texts = pd.factorize(np.array(_texts(column), dtype=object), sort=True)
        weights = np.bincount(codes, weights=weights)
        counts = self._fit_vectorizer(texts, weights)
        frequencies = (counts > 0).T @ weights
        self.idf_ = np.log((1 + weights.sum()) / (1 + frequencies)) + 1
        features = self._weigh(counts)
        self.n_components_ = max(1, min(self.n_components, min(features.shape) - 1))
        self._svd = TruncatedSVD(self.n_components_, random_state=self.random_state)
        # Where all texts share the same groups, shares of their variance are 0 by 0; none is used.
        with np.errstate(divide="ignore", invalid="ignore"):
            self._svd.fit(diags(np.sqrt(weights)) @ features)
        reduced = self._svd.transform(features)
        self._scaler = StandardScaler().fit(reduced, sample_weight=weights)
        return self

    def transform(self, column):
        """Return numbers of shape (n_rows, n_components_)."""
        features = self._weigh(self._vectorizer.transform(_texts(column)))
        return self._scaler.transform(self._svd.transform(features))

    def get_feature_names_out(self):
        """Return ``["title_text_00", "title_text_01", ...]``."""
        return [f"{self.name}_text_{i:02d}" for i in range(self.n_components_)]

    def _fit_vectorizer(self, texts, weights):
        """Return the counts of the groups of letters that two rows share, else of all groups."""
        letters = {"analyzer": "char_wb", "ngram_range": (3, 3)}
        counter = CountVectorizer(**letters)
        # A made-up text, left out below, so that there is a group even where all texts are empty.
        counts = counter.fit_transform([*texts, "text"])[:-1]
        frequent = (counts > 0).T @ weights >= 2
        if not frequent.any():
            frequent[:] = True
        groups = counter.get_feature_names_out()[frequent]
        self._vectorizer = CountVectorizer(vocabulary=groups.tolist(), **letters)
        return self._vectorizer.fit_transform(texts)

    def _weigh(self, counts):
        return normalize(counts @ diags(self.idf_))


def _texts(column):
    return [cell if isinstance(cell, str) else "" for cell in column]
