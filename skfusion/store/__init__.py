"""Features and trained networks on disk: no image is ever computed twice."""

from skfusion.store._feature_store import FeatureStore

__all__ = ["FeatureStore"]
