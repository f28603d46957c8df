"""as_store: the store of an estimator's `cache` parameter."""

from skfusion.store._feature_store import FeatureStore


def as_store(cache):
    """Return the store of an estimator's `cache` parameter.

    Parameters
    ----------
    cache : None, str, PathLike or FeatureStore
        The parameter.

    Returns
    -------
    store : FeatureStore or None
        None for None.
    """
    if cache is None or isinstance(cache, FeatureStore):
        return cache
    return FeatureStore(cache)
