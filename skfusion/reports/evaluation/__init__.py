"""Predictions, scores with intervals, and calibration, as tables."""
