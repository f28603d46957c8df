"""Encoders of tables, dates and text."""
