"""Columns from pictures without a network."""
