"""Candidate: an estimator of a comparison."""

from dataclasses import dataclass, replace
from typing import Any

from sklearn.base import BaseEstimator, clone

from skfusion.base import ImageTransformer
from skfusion.fusion._base_fusion import BaseFusion
from skfusion.store._as_store import as_store
from skfusion.store._feature_store import FeatureStore


@dataclass(frozen=True)
class Candidate:
    """An estimator of a comparison.

    Attributes
    ----------
    name : str
        Its name in the comparison.

    estimator : estimator
        Unfitted.

    columns : list of str or None, default=None
        The columns that it gets, of the table; None passes the rows as the user gave them.

    sources : {"table", "image", "both", "none"} or None, default=None
        What it learns from; None is found out when it is fitted.
    """

    name: str
    estimator: Any
    columns: list[str] | None = None
    sources: str | None = None

    @property
    def title(self):
        """str : The name, and what kind of estimator it is."""
        return f"{self.name!r} ({type(self.estimator).__name__})"

    def with_cache(self, cache):
        """Return a copy whose transformers of images use a cache where they have none.

        The features of an image are then computed once for all splits and candidates.
        """
        if not isinstance(self.estimator, BaseEstimator):
            return self
        estimator = clone(self.estimator)
        caches = _find_caches(estimator)
        for name, held in caches.items():
            owner, is_embedder, _ = name.rpartition("embedder__")
            from_fusion = is_embedder and f"{owner}cache" in caches  # which passes its own on
            if held is None and not from_fusion:
                estimator.set_params(**{name: cache})
        return replace(self, estimator=estimator)

    def list_stores(self):
        """Return the stores that its transformers of images use."""
        if not isinstance(self.estimator, BaseEstimator):
            return set()
        return {as_store(held) for held in _find_caches(self.estimator).values()} - {None}


def _find_caches(estimator):
    """Return the `cache` parameters of transformers of images and of fusions."""
    parameters = {"": estimator, **estimator.get_params()}
    return {
        name: held
        for name, held in parameters.items()
        if name.rpartition("__")[2] == "cache"
        and isinstance(parameters[name.rpartition("__")[0]], (ImageTransformer, BaseFusion))
        and (held is None or isinstance(held, (str, FeatureStore)) or hasattr(held, "__fspath__"))
    }
