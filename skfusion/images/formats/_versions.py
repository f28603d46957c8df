"""The versions of all packages that turn files into pixels."""

from importlib.metadata import PackageNotFoundError, version

# Those of the extra `medical`, whose versions may change pixels.
_PACKAGES = ("pydicom", "nibabel", "imagecodecs", "pylibjpeg-openjpeg", "pyjpegls")


def decoder_versions():
    """Return the versions of packages that decode medical files; None for one that is missing."""
    return tuple(map(_version, _PACKAGES))


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None
