"""Feature names with an index."""


def indexed(prefix, count):
    """Return ``prefix_0000``, ``prefix_0001``, ...: at least four digits, so that names sort."""
    digits = max(4, len(str(count - 1)))
    return [f"{prefix}_{i:0{digits}d}" for i in range(count)]
