"""Columns from images without a network."""
