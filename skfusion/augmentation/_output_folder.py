"""OutputFolder: a folder that is filled file by file, and can be gone on with after a stop."""

import contextlib
import json
import os
from typing import Any, NamedTuple

from skfusion._utils.atomic_write import write_atomically
from skfusion.store._file_locks import FileLocks

_SETTINGS, _LOCK = ".skfusion_augment.json", ".skfusion_augment.lock"
_IMAGES = "images"


class Made(NamedTuple):
    """What is made from one image.

    Parameters
    ----------
    digest : str or None
        Of what the image holds; None if it has no digest.

    files : list of str
        The files that depend on it.
    """

    digest: str | None
    files: list[Any]


class OutputFolder:
    """Where one set of copies goes.

    Each file appears when it is whole, and none is written twice. A folder belongs to the
    settings and the images that it was begun with; others are refused. An image of which
    nothing was made yet may change.

    Parameters
    ----------
    path : str
        The folder; made if it is missing.

    settings : dict
        All that the files depend on beside the images, as JSON has it.

    images : dict of str to Made
        What is made from each image, by its name.

    Raises
    ------
    FileExistsError
        If the folder holds something else, or copies of other settings or images.

    BlockingIOError
        If another process is filling it.

    Examples
    --------
    >>> import os, tempfile
    >>> from skfusion.augmentation._output_folder import OutputFolder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with OutputFolder(os.path.join(folder, "out"), {"seed": 0}, {}) as out:
    ...         out.write("a/1.txt", lambda path: open(path, "w").close())
    ...         out.has("a/1.txt")
    True
    """

    def __init__(self, path, settings, images):
        self.path = path
        self._settings = settings
        self._images = images
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        os.makedirs(self.path, exist_ok=True)
        # Before the lock makes a file in what may be somebody's own folder.
        self._refuse_others()
        try:
            lock = FileLocks(os.path.join(self.path, _LOCK)).hold("augment", seconds=0)
            self._stack.enter_context(lock)
        except TimeoutError:
            raise BlockingIOError(
                f"Another process is writing to {self.path!r}; wait for it, or choose another "
                "folder."
            ) from None
        self._write_settings()
        return self

    def __exit__(self, *error):
        self._stack.close()

    def has(self, name):
        """Whether there is a file of this name, with ``/``, already."""
        return os.path.lexists(self._file(name))

    def write(self, name, function):
        """Write a file with ``function(path)``, unless it is there.

        Parameters
        ----------
        name : str
            The file's path from the folder on, with ``/``.

        function : callable
            Writes to the path that it is given, which becomes the file.
        """
        if not self.has(name):
            self._replace(name, function)

    def _replace(self, name, function):
        target = self._file(name)
        folder, base = os.path.split(target)
        os.makedirs(folder, exist_ok=True)
        # One name for each file, so that a run that was killed leaves nothing that stays. It
        # keeps the ending, which may tell `function` the format.
        write_atomically(target, function, unfinished=os.path.join(folder, f".part_{base}"))

    def _file(self, name):
        return os.path.join(self.path, *name.split("/"))

    def _write_settings(self):
        digests = {name: made.digest for name, made in self._images.items()}

        def write(path):
            with open(path, "w", encoding="utf-8") as file:
                json.dump({**self._settings, _IMAGES: digests}, file, indent=1)

        self._replace(_SETTINGS, write)

    def _refuse_others(self):
        ours = {_LOCK, f".part_{_SETTINGS}"}
        if not self.has(_SETTINGS):
            if set(os.listdir(self.path)) - ours:
                raise FileExistsError(
                    f"{self.path!r} holds other files; give a new or an empty folder."
                )
            return
        with open(self._file(_SETTINGS), encoding="utf-8") as file:
            begun = json.load(file)
        now = json.loads(json.dumps(self._settings))
        differ = [
            f"{name} ({begun.get(name)}, now {now[name]})"
            for name in now
            if begun.get(name) != now[name]
        ]
        if self._has_of_others(begun.get(_IMAGES)):
            differ.append("images (some were added, removed or replaced)")
        if differ:
            raise FileExistsError(
                f"{self.path!r} was begun with other settings: {', '.join(differ)}. Repeat those, "
                "or give another folder."
            )

    def _has_of_others(self, begun):
        """Whether files were made from other images than there are now."""
        if not isinstance(begun, dict):
            return False  # of an earlier format, which is told
        if set(begun) != set(self._images):
            return True
        return any(
            begun[name] != made.digest and any(map(self.has, made.files))
            for name, made in self._images.items()
        )
