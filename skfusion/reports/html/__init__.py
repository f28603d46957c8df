"""HTML pages of reports: templates, and the data that they show."""
