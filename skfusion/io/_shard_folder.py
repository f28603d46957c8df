"""ShardFolder: a folder on disk or in an object store whose files are written whole."""

import os
from dataclasses import dataclass

from skfusion._utils.atomic_write import UNFINISHED, write_atomically
from skfusion._utils.urls import redact, scheme_of
from skfusion.images.remote._addresses import WEB
from skfusion.images.remote._remote_access import RemoteAccess
from skfusion.images.remote._store_client import call_store, find_files


@dataclass(frozen=True)
class ShardFolder:
    """Read and write the files of a folder; each is complete or does not exist.

    Parameters
    ----------
    path : str
        The folder, or the URL of one in an object store.
    """

    path: str

    @classmethod
    def of(cls, out):
        """Return the folder that a user named, to write; it is created if it does not exist."""
        folder = cls.existing(os.path.expanduser(os.fsdecode(out)))
        if folder._is_local:
            os.makedirs(folder.path, exist_ok=True)
        return folder

    @classmethod
    def existing(cls, path):
        """Return the folder of a path or URL; ValueError where there are no folders."""
        scheme = scheme_of(path)
        if scheme is None:
            return cls(os.path.abspath(path))
        if scheme in WEB or scheme == "file":
            raise ValueError(f"{redact(path)!r} is neither a path nor a folder in an object store.")
        return cls(path.rstrip("/"))

    @property
    def shown(self):
        """str : The path, or the URL as messages show it."""
        return self.path if self._is_local else redact(self.path)

    @property
    def _access(self):
        # The folder is an argument of a function, not text of a cell: its scheme is allowed.
        scheme = scheme_of(self.path)
        access = RemoteAccess(frozenset({scheme}), max_bytes=1 << 40)
        if scheme is not None:
            access.check(self.path)
        return access

    def full_name(self, name):
        """Return the path or the URL of a file."""
        return os.path.join(self.path, name) if self._is_local else f"{self.path}/{name}"

    @property
    def _is_local(self):
        return scheme_of(self.path) is None

    def names(self):
        """Return the names of the files of this folder that are complete."""
        if self._is_local:
            return {name for name in os.listdir(self.path) if not name.startswith(".")}
        files = find_files(f"{self.path}/", self._access)
        return {file.rpartition("/")[2] for file in files}

    def read(self, name):
        """Return the content of a file; None if there is none."""
        if self._is_local:
            try:
                with open(self.full_name(name), "rb") as file:
                    return file.read()
            except FileNotFoundError:
                return None
        if not call_store(self.full_name(name), self._access, "exists"):
            return None
        return call_store(self.full_name(name), self._access, "cat_file")

    def write(self, name, content):
        """Write a file, which replaces one of this name when it is complete."""
        if not self._is_local:
            call_store(self.full_name(name), self._access, "pipe_file", content)
            return

        def write(path):
            with open(path, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())

        write_atomically(self.full_name(name), write)

    def remove_unfinished(self):
        """Remove what processes that were killed left; an object store has no such files."""
        if self._is_local:
            for name in os.listdir(self.path):
                if name.startswith(UNFINISHED):
                    os.unlink(os.path.join(self.path, name))

    def remove(self, name):
        """Remove a file."""
        if self._is_local:
            os.unlink(self.full_name(name))
        else:
            call_store(self.full_name(name), self._access, "rm_file")
