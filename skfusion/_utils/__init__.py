"""Helpers for all other subpackages."""
