"""The registry of backbones and how each family is built."""
