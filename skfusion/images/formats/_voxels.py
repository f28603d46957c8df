"""The voxels of a NIfTI file, of which a slice can be read without the rest."""

import gzip
from functools import partial

import numpy as np

# A gzip stream can only be read from its start. So many times `max_pixels` may be inflated before
# the last slice that is needed; this takes time, not memory.
_PASSED_OVER = 16


class Voxels:
    """Voxels that can be reached in any order: mapped from a file, in bytes, in an array.

    Parameters
    ----------
    array : array-like of shape (x, y, z, ...)
        Anything that can be sliced; beyond three axes the first entry counts.

    dtype : dtype
        The type as stored; one with fields is a color.

    scaling : tuple (slope, intercept) or None
        What turns stored values into measured ones.
    """

    def __init__(self, array, dtype, scaling=None):
        self._array, self._scaling = array, scaling
        self._rest = (0,) * (len(array.shape) - 3)
        self.shape = spatial_shape(array.shape)
        self.channels = count_channels(dtype)

    def check(self, axis, indices, max_pixels):
        """Refuse nothing: only the slices are read."""

    def read(self, axis, indices):
        """Yield slices of the other two axes, in order, as floats."""
        for i in indices:
            place = [slice(None)] * min(3, len(self._array.shape)) + list(self._rest)
            if axis < len(place):
                place[axis] = slice(i, i + 1)
            one = np.asarray(self._array[tuple(place)])
            yield as_values(one.reshape(_without(self.shape, axis)), self._scaling)


class ZippedVoxels:
    """Voxels in a gzip stream, inflated from the start as far as is needed.

    Parameters
    ----------
    open_stream : callable
        Opens the compressed stream.

    header : nibabel header
        Shape, type and place of the voxels.

    scaling : tuple (slope, intercept) or None
        What turns stored values into measured ones.
    """

    def __init__(self, open_stream, header, scaling=None):
        self._open, self._scaling = open_stream, scaling
        self._dtype, self._offset = header.get_data_dtype(), int(header.get_data_offset())
        self.shape = spatial_shape(header.get_data_shape())
        self.channels = count_channels(self._dtype)

    def check(self, axis, indices, max_pixels):
        """Refuse to inflate without end, and slabs that are too large."""
        slab = self.shape[0] * self.shape[1]
        passed = slab * (max(indices) + 1 if axis == 2 else self.shape[2]) + self._offset
        if slab > max_pixels or passed > _PASSED_OVER * max_pixels:
            raise ValueError(
                f"{passed} voxels have to be inflated to reach the slice, more than "
                f"{_PASSED_OVER} times max_pixels={max_pixels} of the reader; raise it, or keep "
                "the file without gzip"
            )

    def read(self, axis, indices):
        """Yield slices of the other two axes, in order, as floats.

        One slab at a time for slices along the last axis in rising order; else the slices are
        held, as they are stored, until all slabs have passed.
        """
        chosen = sorted(set(indices))
        values = partial(as_values, scaling=self._scaling)
        with self._open() as raw, gzip.GzipFile(fileobj=raw) as stream:
            if axis == 2 and chosen == list(indices):
                for k in chosen:
                    yield values(self._slab(stream, k))
                return
            if axis == 2:
                found = [self._slab(stream, k) for k in chosen]
            else:
                slabs = range(self.shape[2])
                parts = [self._slab(stream, k).take(chosen, axis=axis) for k in slabs]
                found = np.moveaxis(np.stack(parts, axis=-1), axis, 0)
        for i in indices:
            yield values(found[chosen.index(i)])

    def _slab(self, stream, k):
        """Read all voxels of index k on the last axis."""
        n_bytes = self.shape[0] * self.shape[1] * self._dtype.itemsize
        stream.seek(self._offset + k * n_bytes)
        content = stream.read(n_bytes)
        if len(content) < n_bytes:
            raise ValueError("the file ends before its last slice")
        return np.frombuffer(content, self._dtype).reshape(self.shape[:2], order="F")


def spatial_shape(shape):
    """Return the first three axes, filled up with ones."""
    shape = tuple(int(length) for length in shape)
    if not shape or min(shape) < 1:
        raise ValueError(f"a volume of shape {shape} has no voxels")
    return (*shape[:3], *(1,) * (3 - len(shape)))


def count_channels(dtype):
    """Return 1, or 3 for the types that NIfTI has for colors."""
    names = np.dtype(dtype).names
    if names is None and dtype.kind in "biuf":
        return 1
    if names in (("R", "G", "B"), ("R", "G", "B", "A")):
        return 3
    raise ValueError(f"voxels of dtype {dtype} are no image")


def as_values(stored, scaling=None):
    """Return stored voxels as scaled floats of the machine's byte order, without alpha."""
    if stored.dtype.names:
        return np.stack([stored[name] for name in "RGB"], axis=-1).astype(np.float32)
    wide = np.result_type(stored.dtype.newbyteorder("="), np.float32)
    values = stored.astype(np.float64 if wide.itemsize > 8 else wide)
    if scaling is not None:
        values *= values.dtype.type(scaling[0])
        values += values.dtype.type(scaling[1])
    return values


def _without(shape, axis):
    return tuple(length for i, length in enumerate(shape) if i != axis)
