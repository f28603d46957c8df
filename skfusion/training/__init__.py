"""What trainings share, whatever is trained: targets, weights and folds of rows, reports."""
