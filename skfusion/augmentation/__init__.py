"""More rows: changed copies of pictures, in a pipeline or on disk."""
