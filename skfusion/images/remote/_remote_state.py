"""RemoteState: what shows whether a file on a server has changed."""

import hashlib
import re
from hashlib import blake2b
from typing import NamedTuple

from skfusion._utils.file_state import FileState

_MD5 = re.compile(r"[0-9a-f]{32}")
_63_BITS = (1 << 63) - 1


class RemoteState(NamedTuple):
    """Size and ETag of a file.

    Parameters
    ----------
    size : int
        In bytes.

    tag : str
        The ETag, or what a store has in its place. A file with other content has another.
    """

    size: int
    tag: str

    @classmethod
    def of(cls, size, tag):
        """Return the state; None unless size and a strong tag are given.

        A weak tag (``W/"..."``) may stay the same when bytes change.
        """
        if size is None or not tag or str(tag).startswith("W/"):
            return None
        return cls(int(size), str(tag).strip('"'))

    def is_of(self, content):
        """Return whether the tag is the MD5 of the content, as in most object stores."""
        if len(content) != self.size or not _MD5.fullmatch(self.tag):
            return False
        return hashlib.md5(content, usedforsecurity=False).hexdigest() == self.tag

    def as_file_state(self):
        """Return a state that the memo of file digests can store.

        The tag takes the place of times and inode. The times are negative: the memo ignores files
        that changed a moment ago, since clocks are coarse, but tags are not.
        """
        digest = blake2b(self.tag.encode("utf-8", "replace"), digest_size=24).digest()
        first, second, third = (int.from_bytes(digest[i : i + 8], "little") for i in (0, 8, 16))
        return FileState(self.size, -(first & _63_BITS), -(second & _63_BITS), third)


class Download(NamedTuple):
    """The content of a file.

    Parameters
    ----------
    content : bytes
        The content.

    state : RemoteState or None
        The state of the file with this content; None where it is not certain.
    """

    content: bytes
    state: RemoteState | None
