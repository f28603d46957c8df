"""The engine: a column of images and an extractor become a matrix."""
