"""Displays: figures of what estimators learned, from their fitted attributes."""
