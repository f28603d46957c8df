"""The file formats: how each is decoded."""
