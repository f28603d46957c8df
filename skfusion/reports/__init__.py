"""Reports on data and models, as data first."""
