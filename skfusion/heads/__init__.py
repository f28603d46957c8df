"""Models on top of columns: dense networks as classifier and regressor."""
