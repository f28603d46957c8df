"""The kinds of cells: how each is opened, identified and described."""
