"""A static page that computes a model in the browser; `skfusion page` writes it."""
