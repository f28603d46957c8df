"""ImageDigests: by which content an image is known, whatever it is called."""

import os
import stat

from skfusion._utils.prefetch import map_ahead, split
from skfusion.images.formats._medical_signature import files_of, kind_of_opened
from skfusion.images.sources._files import check_regular_file, locate, open_file
from skfusion.store._hashing import digest_file, digest_several, digest_value
from skfusion.store._path_memo import FileState

# Entries of the memo are written in batches of so many files: what is lost when a process is
# killed.
_FILES_AT_ONCE = 1024
_FILES_PER_TASK = 16
# Larger files are decoded where they lie.
_HELD_BYTES = 1 << 28


class ImageDigests:
    """Digests of images, 16 bytes each, equal where the content is equal.

    Files and bytes are known by their bytes, arrays by type, shape and values, PIL images by all
    that decoding them depends on. A file that was read before and looks the same (size, times,
    inode) isn't read again. An image in two files (.hdr and .img) is known by both.

    Parameters
    ----------
    memo : PathMemo or None, default=None
        Remembers the digests of files; None reads each file each time.

    See Also
    --------
    FeatureStore : Its `digests` have a memo.

    Notes
    -----
    The digest is BLAKE2b (RFC 7693) of 128 bits. Images of different kinds differ: a file and
    the array that it decodes to are two images.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.store._image_digests import ImageDigests
    >>> digests = ImageDigests()
    >>> image = np.zeros((8, 8), dtype="uint8")
    >>> digests.of(image) == digests.of(image.copy())
    True
    >>> digests.of(image) == digests.of(image.reshape(4, 16))
    False
    """

    def __init__(self, memo=None):
        self._memo = memo

    def of(self, cell, root=None, *, max_pixels=None, strict_root=False):
        """The digest of one image.

        Parameters
        ----------
        cell : str, PathLike, bytes, PIL image or ndarray
            A path, an encoded file, or an image.

        root : str, PathLike or None, default=None
            The folder that relative paths start from; None is the working directory.

        max_pixels : int or None, default=None
            PIL images with more pixels are refused before they are decoded.

        strict_root : bool, default=False
            Whether files outside `root` have no digest.

        Returns
        -------
        digest : bytes of length 16
            Equal for images that decode alike by any reader.

        Raises
        ------
        ValueError
            If the cell has no digest: the file can't be read, or it is no image.
        """
        if not _is_path(cell):
            return digest_value(cell, max_pixels)
        paths = files_of(_absolute(cell, root, strict_root))
        for path in paths:
            check_regular_file(path)
        return digest_several(self._of_files(paths, strict=True))

    def of_many(self, cells, root=None, *, max_pixels=None, strict_root=False):
        """The digests of many images; files are read in threads.

        Parameters
        ----------
        cells : sequence
            Paths, bytes, PIL images and arrays.

        root : str, PathLike or None, default=None
            The folder that relative paths start from; None is the working directory.

        max_pixels : int or None, default=None
            PIL images with more pixels are refused before they are decoded.

        strict_root : bool, default=False
            Whether files outside `root` have no digest.

        Returns
        -------
        digests : list of (bytes or None)
            None for a cell that has no digest. Whoever reads it will learn why.
        """
        digests = [None] * len(cells)
        places = [place for place, cell in enumerate(cells) if _is_path(cell)]
        for batch in split(places, _FILES_AT_ONCE):
            groups = [_files_of(cells[place], root, strict_root) for place in batch]
            found = iter(self._of_files([path for group in groups for path in group]))
            for place, group in zip(batch, groups, strict=True):
                several = [next(found) for _ in group]
                digests[place] = digest_several(several) if several else None
        for place, cell in enumerate(cells):
            if not _is_path(cell):
                try:
                    digests[place] = digest_value(cell, max_pixels)
                except ValueError:
                    continue
        return digests

    def load(self, cell, root=None, *, max_pixels=None, strict_root=False):
        """Read an image's bytes, and their digest.

        A file may change between the moment when it is looked up and the one when it is decoded.
        Who decodes what comes back here knows the digest of what was decoded.

        Parameters
        ----------
        cell : str, PathLike, bytes, PIL image or ndarray
            A path, an encoded file, or an image.

        root : str, PathLike or None, default=None
            The folder that relative paths start from; None is the working directory.

        max_pixels : int or None, default=None
            PIL images with more pixels are refused before they are decoded.

        strict_root : bool, default=False
            Whether files outside `root` have no digest.

        Returns
        -------
        cell : bytes, str, PathLike, PIL image or ndarray
            The content of a file; any other cell as it is. The path of a medical file comes back
            too: a volume may be too large to be held. Ask for its digest again once it was read.

        digest : bytes of length 16
            Its digest.

        Raises
        ------
        ValueError
            As `of` does.
        """
        if not _is_path(cell):
            return cell, digest_value(cell, max_pixels)
        path = _absolute(cell, root, strict_root)
        try:
            content = _content_of(path)
        except OSError as error:
            raise ValueError(str(error)) from error
        if content is None:
            return cell, self.of(cell, root, strict_root=strict_root)
        return content, digest_value(content, max_pixels)

    def _of_files(self, paths, strict=False):
        """Digests of files; None for those that can't be read, if not `strict`."""
        digests = self._recall(paths)
        unknown = [place for place, digest in enumerate(digests) if digest is None]
        hashed = self._hash_files([paths[place] for place in unknown], strict)
        for place, digest in zip(unknown, hashed, strict=True):
            digests[place] = digest
        return digests

    def _recall(self, paths):
        if self._memo is None:
            return [None] * len(paths)
        return self._memo.recall(paths, [_state(path) for path in paths])

    def _hash_files(self, paths, strict):
        """Read files and remember their digests."""
        if not paths:
            return []
        now_ns = None if self._memo is None else self._memo.now_ns()  # before any is read

        def hash_some(paths):
            return [_hash_file(path, strict) for path in paths]

        tasks = split(paths, _FILES_PER_TASK)
        hashed = [pair for pairs in map_ahead(hash_some, tasks) for pair in pairs]
        if self._memo is not None:
            self._memo.remember(
                [
                    (path, state, now_ns, digest)
                    for path, (digest, state) in zip(paths, hashed, strict=True)
                    if state is not None
                ]
            )
        return [digest for digest, _ in hashed]


def _is_path(cell):
    return isinstance(cell, (str, os.PathLike))


def _files_of(cell, root, strict):
    """The files of a cell; none where it lies outside a strict root."""
    try:
        return files_of(_absolute(cell, root, strict))
    except ValueError:
        return []


def _absolute(cell, root, strict):
    return os.path.abspath(locate(cell, root, strict))


def _content_of(path):
    """The bytes of a file; None for a medical one, or one that is too large to be held."""
    with open_file(path) as file:
        held = os.fstat(file.fileno()).st_size <= _HELD_BYTES
        return file.read() if held and kind_of_opened(file, path) is None else None


def _state(path):
    """What a regular file looks like; None for everything else."""
    try:
        about = os.stat(path)
    except (OSError, ValueError):
        return None
    return FileState.of(about) if stat.S_ISREG(about.st_mode) else None


def _hash_file(path, strict):
    """Digest and FileState, or None for both; the state of a file that changes is None too."""
    try:
        check_regular_file(path)
        digest, before, after = digest_file(path)
    except (OSError, ValueError) as error:
        if strict:
            raise ValueError(str(error)) from error
        return None, None
    state = FileState.of(before)
    return digest, state if state == FileState.of(after) else None
