"""Columns from networks."""
