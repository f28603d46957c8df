"""Write features to files, one file per backbone, and load them again."""
