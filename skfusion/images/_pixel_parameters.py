"""pixel_parameters: the parameters of a reader that decide the pixels."""

# These parameters decide whether and where a file is read, not its pixels.
_LOCATION = (
    *("root", "strict_root", "max_pixels"),
    *("remote", "allow_local", "timeout", "retries", "max_bytes", "filesystem"),
)


def pixel_parameters(reader):
    """Return the parameters of a reader that change the pixels of a cell of known content."""
    parameters = reader.get_params()
    for name in _LOCATION:
        parameters.pop(name, None)
    return parameters
