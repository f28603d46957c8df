"""Comparison of sources, strategies and estimators by repeated cross-validation."""
