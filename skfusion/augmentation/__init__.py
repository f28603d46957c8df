"""More rows: changed copies of images, in a pipeline or on disk."""
