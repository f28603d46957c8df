"""Comparisons of rows with those that a model was fitted on."""
