"""Cache of features and trained networks on disk."""

from skfusion.store._feature_store import FeatureStore

__all__ = ["FeatureStore"]
