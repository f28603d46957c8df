"""Images of what models do."""
