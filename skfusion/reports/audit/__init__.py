"""The audit: what makes a cross-validated score too good, as data, text and HTML."""
