"""Pairs of images that show the same, although their files differ."""
