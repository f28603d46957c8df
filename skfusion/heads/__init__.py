"""Networks on columns of numbers, as classifiers and regressors."""
