"""ImageDigests: digests that identify images by their content."""

import os
import stat

from skfusion._utils.file_state import FileState
from skfusion._utils.prefetch import map_ahead, split
from skfusion.images._files import check_regular_file, files_of, locate, open_file
from skfusion.images._hashing import combine_digests, content_digest, digest_file
from skfusion.images._read_options import ReadOptions
from skfusion.images._url_digests import UrlDigests
from skfusion.images.formats._open_medical import MEDICAL_FORMATS
from skfusion.images.formats._signature import format_of_stream
from skfusion.images.sources._find_source import find_source

# Digests of files are added to the memo in batches of this many files; killing the process loses
# one batch.
_FILES_PER_BATCH = 1024
_FILES_PER_TASK = 16
# Larger files are not read into memory as a whole.
_MAX_CONTENT_BYTES = 1 << 28


class ImageDigests:
    """Compute digests of images, equal where the content is equal.

    The digest of a file or of bytes depends on the bytes, that of an array on dtype, shape and
    values, and that of a PIL image on all that decoding depends on. The digest of an image in two
    files (.hdr and .img) depends on both.

    Parameters
    ----------
    memo : object or None, default=None
        Remembers the digests of files: the `path_memo` of a `FeatureStore`. A file that was read
        before and has the same size, times and inode is not read again. None reads each file each
        time.

    See Also
    --------
    skfusion.FeatureStore : Its `path_memo` remembers digests on disk.

    Notes
    -----
    The digest is BLAKE2b (RFC 7693) of 16 bytes. It differs between kinds of cells: a file and the
    array that it decodes to have different digests.

    A file on a server is remembered by URL, size and ETag, where the server gives these.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._image_digests import ImageDigests
    >>> digests = ImageDigests()
    >>> image = np.zeros((8, 8), dtype="uint8")
    >>> digests.of(image) == digests.of(image.copy())
    True
    >>> digests.of(image) == digests.of(image.reshape(4, 16))
    False
    """

    def __init__(self, memo=None):
        self._memo = memo
        self._urls = UrlDigests(memo)

    def of(self, cell, root=None, *, max_pixels=None, strict_root=False, remote=None):
        """Compute the digest of one image.

        Parameters
        ----------
        cell : object
            Any cell that `ImageReader` reads.

        root : str, PathLike or None, default=None
            The folder of relative paths; None is the working directory.

        max_pixels : int or None, default=None
            PIL images with more pixels are refused before they are decoded.

        strict_root : bool, default=False
            Whether files outside `root` are refused.

        remote : RemoteAccess or None, default=None
            Which URLs may be read; None is none.

        Returns
        -------
        digest : bytes of length 16
            Equal for images that any reader decodes alike.

        Raises
        ------
        ValueError
            If the cell has no digest: the file can't be read, or the cell is no image.
        """
        source = find_source(cell)
        if source.path is None:
            return source.digest(ReadOptions(max_pixels=max_pixels, remote=remote))
        paths = files_of(_absolute(source.path, root, strict_root))
        for path in paths:
            check_regular_file(path)
        return combine_digests(self._of_files(paths, strict=True))

    def of_many(
        self, cells, root=None, *, max_pixels=None, strict_root=False, remote=None, defer=False
    ):
        """Compute the digests of many images; files are read in threads.

        Parameters
        ----------
        cells : sequence
            Cells of any kind.

        root : str, PathLike or None, default=None
            The folder of relative paths; None is the working directory.

        max_pixels : int or None, default=None
            PIL images with more pixels have no digest; they are not decoded.

        strict_root : bool, default=False
            Whether files outside `root` have no digest.

        remote : RemoteAccess or None, default=None
            Which URLs may be read; the others have no digest.

        defer : bool, default=False
            Whether the digest of a URL is left out where `load` will find it without a second
            download.

        Returns
        -------
        digests : list of (bytes or None)
            None for a cell without a digest; reading it raises an error with the reason.
        """
        digests, options = [None] * len(cells), ReadOptions(max_pixels=max_pixels)
        sources = [find_source(cell) for cell in cells]
        urls = [i for i, source in enumerate(sources) if source.url is not None]
        found = self._urls.of_many([sources[i].url for i in urls], remote, defer)
        for i, digest in zip(urls, found, strict=True):
            digests[i] = digest
        positions = [i for i, source in enumerate(sources) if source.path is not None]
        for batch in split(positions, _FILES_PER_BATCH):
            groups = [_files_of(sources[i].path, root, strict_root) for i in batch]
            found = iter(self._of_files([path for group in groups for path in group]))
            for i, group in zip(batch, groups, strict=True):
                parts = [next(found) for _ in group]
                digests[i] = combine_digests(parts) if parts else None
        for i, source in enumerate(sources):
            if source.path is None and source.url is None:
                try:
                    digests[i] = source.digest(options)
                except ValueError:
                    continue
        return digests

    def identities(self, cells, root=None, *, remote=None):
        """Return what changes with the content of each image; of URLs without a download.

        Parameters
        ----------
        cells : list
            Cells of any kind.

        root : str, PathLike or None, default=None
            The folder of relative paths; None is the working directory.

        remote : RemoteAccess or None, default=None
            Which URLs may be read.

        Returns
        -------
        identities : list of (bytes or None)
            Of a URL whose server gives size and ETag, a digest of these; else the digest.
        """
        urls = {i: url for i, cell in enumerate(cells) if (url := find_source(cell).url)}
        others = [None if i in urls else cell for i, cell in enumerate(cells)]
        found = self.of_many(others, root)
        identities = self._urls.identities(list(urls.values()), remote)
        for i, identity in zip(urls, identities, strict=True):
            found[i] = identity
        return found

    def flush(self):
        """Write the digests of URLs that `load` computed to the memo."""
        self._urls.flush()

    def load(self, cell, root=None, *, max_pixels=None, strict_root=False, remote=None):
        """Read the bytes of an image, and compute their digest.

        A file may change after its digest was computed and before it is decoded. The digest that
        this method returns is that of the bytes that it returns.

        Parameters
        ----------
        cell : object
            Any cell that `ImageReader` reads.

        root : str, PathLike or None, default=None
            The folder of relative paths; None is the working directory.

        max_pixels : int or None, default=None
            PIL images with more pixels are refused before they are decoded.

        strict_root : bool, default=False
            Whether files outside `root` are refused.

        remote : RemoteAccess or None, default=None
            Which URLs may be read; None is none.

        Returns
        -------
        cell : bytes, str, PathLike, PIL image or ndarray
            The content of a file; any other cell unchanged. The path of a medical or very large
            file is returned unchanged too: compute its digest again after it was decoded.

        digest : bytes of length 16
            Its digest.

        Raises
        ------
        ValueError
            As for `of`.
        """
        source = find_source(cell)
        if source.url is not None and remote is not None:
            return self._urls.load(source.url, remote)
        if source.path is None:
            return cell, source.digest(ReadOptions(max_pixels=max_pixels))
        path = _absolute(source.path, root, strict_root)
        try:
            content = _content_of(path)
        except OSError as error:
            raise ValueError(str(error)) from error
        if content is None:
            return cell, self.of(cell, root, strict_root=strict_root)
        return content, content_digest("bytes", content)

    def _of_files(self, paths, strict=False):
        """Return the digests of files; for a file that can't be read, raise if `strict`."""
        digests = self._find(paths)
        missing = [i for i, digest in enumerate(digests) if digest is None]
        hashed = self._hash_files([paths[i] for i in missing], strict)
        for i, digest in zip(missing, hashed, strict=True):
            digests[i] = digest
        return digests

    def _find(self, paths):
        if self._memo is None:
            return [None] * len(paths)
        return self._memo.find(paths, [_state(path) for path in paths])

    def _hash_files(self, paths, strict):
        """Compute the digests of files, and add them to the memo."""
        if not paths:
            return []
        now_ns = None if self._memo is None else self._memo.now_ns()  # before any is read

        def hash_some(paths):
            return [_hash_file(path, strict) for path in paths]

        tasks = split(paths, _FILES_PER_TASK)
        hashed = [pair for pairs in map_ahead(hash_some, tasks) for pair in pairs]
        if self._memo is not None:
            self._memo.add(
                [
                    (path, state, now_ns, digest)
                    for path, (digest, state) in zip(paths, hashed, strict=True)
                    if state is not None
                ]
            )
        return [digest for digest, _ in hashed]


def _files_of(path, root, strict):
    """Return the files of a path; none if it is outside a strict root."""
    try:
        return files_of(_absolute(path, root, strict))
    except ValueError:
        return []


def _absolute(path, root, strict):
    return os.path.abspath(locate(path, root, strict))


def _content_of(path):
    """Return the bytes of a file; None for a medical or very large one."""
    with open_file(path) as file:
        fits = os.fstat(file.fileno()).st_size <= _MAX_CONTENT_BYTES
        return file.read() if fits and format_of_stream(file, path) not in MEDICAL_FORMATS else None


def _state(path):
    """Return the state of a regular file; None for anything else."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return FileState.of(status) if stat.S_ISREG(status.st_mode) else None


def _hash_file(path, strict):
    """Return digest and state of a file.

    Both are None if it can't be read; the state is None if it changed meanwhile.
    """
    try:
        check_regular_file(path)
        digest, before, after = digest_file(path)
    except (OSError, ValueError) as error:
        if strict:
            raise ValueError(str(error)) from error
        return None, None
    state = FileState.of(before)
    return digest, state if state == FileState.of(after) else None
