"""The commands of `skfusion`: one module each, thin over the library."""
