"""Features to files and back: one file a backbone."""
