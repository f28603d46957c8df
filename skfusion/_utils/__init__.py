"""Helpers that all other packages share."""
