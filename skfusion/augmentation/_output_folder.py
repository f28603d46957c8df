"""OutputFolder: a folder that is filled file by file, and can be completed after an interrupt."""

import contextlib
import json
import os
from typing import Any, NamedTuple

from skfusion._utils.atomic_write import write_atomically
from skfusion.store._file_locks import FileLocks

_SETTINGS, _LOCK = ".skfusion_augment.json", ".skfusion_augment.lock"
_IMAGES = "images"


class ImageOutputs(NamedTuple):
    """The files that are made from one image.

    Parameters
    ----------
    digest : str or None
        The digest of the image's content; None if it cannot be read.

    files : list of str
        The relative paths of the files that depend on it.
    """

    digest: str | None
    files: list[Any]


class OutputFolder:
    """The folder of one set of copies.

    Each file appears when it is complete, and none is written twice. A folder belongs to the
    settings and the images of the first run; other ones are an error. An image of which no copy
    was written yet may change.

    Parameters
    ----------
    path : str
        The folder. It is created if it does not exist.

    settings : dict
        All that the files depend on besides the images. It must be serializable as JSON.

    images : dict of str to ImageOutputs
        The files of each image, by its name.

    Raises
    ------
    FileExistsError
        If the folder holds other files, or copies with other settings or of other images.

    BlockingIOError
        If another process is writing to the folder.

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
        # Before the lock creates a file in a folder that may hold other files.
        self._check_contents()
        try:
            lock = FileLocks(os.path.join(self.path, _LOCK)).hold("augment", timeout=0)
            self._stack.enter_context(lock)
        except TimeoutError:
            raise BlockingIOError(
                f"Another process is writing to {self.path!r}. Wait for it, or pass another folder."
            ) from None
        self._write_settings()
        return self

    def __exit__(self, *error):
        self._stack.close()

    def has(self, name):
        """Return whether a file exists.

        Parameters
        ----------
        name : str
            The relative path of the file, with ``/``.
        """
        return os.path.lexists(self._file(name))

    def write(self, name, function):
        """Write a file with ``function(path)``, unless it exists.

        Parameters
        ----------
        name : str
            The relative path of the file, with ``/``.

        function : callable
            Writes to the path that is passed to it. That file is then renamed.
        """
        if not self.has(name):
            self._replace(name, function)

    def _replace(self, name, function):
        target = self._file(name)
        folder, base = os.path.split(target)
        os.makedirs(folder, exist_ok=True)
        # One temporary name for each file, so that the next run replaces what an interrupted run
        # left. It keeps the extension, which may decide the format that `function` writes.
        write_atomically(target, function, unfinished=os.path.join(folder, f".part_{base}"))

    def _file(self, name):
        return os.path.join(self.path, *name.split("/"))

    def _write_settings(self):
        digests = {name: outputs.digest for name, outputs in self._images.items()}

        def write(path):
            with open(path, "w", encoding="utf-8") as file:
                json.dump({**self._settings, _IMAGES: digests}, file, indent=1)

        self._replace(_SETTINGS, write)

    def _check_contents(self):
        """Raise an error if the folder holds other files, or copies of another run."""
        if not self.has(_SETTINGS):
            if set(os.listdir(self.path)) - {_LOCK, f".part_{_SETTINGS}"}:
                raise FileExistsError(
                    f"{self.path!r} holds other files. Pass a new or an empty folder."
                )
            return
        with open(self._file(_SETTINGS), encoding="utf-8") as file:
            before = json.load(file)
        now = json.loads(json.dumps(self._settings))
        differences = [
            f"{name} ({before.get(name)}, now {now[name]})"
            for name in now
            if before.get(name) != now[name]
        ]
        if self._has_copies_of_others(before.get(_IMAGES)):
            differences.append("images (some were added, removed or replaced)")
        if differences:
            raise FileExistsError(
                f"{self.path!r} was begun with other settings: {', '.join(differences)}. Repeat "
                "those, or pass another folder."
            )

    def _has_copies_of_others(self, before):
        """Return whether the folder has copies of images that were changed since."""
        if not isinstance(before, dict):
            return False  # an earlier format, which is reported as a difference
        if set(before) != set(self._images):
            return True
        return any(
            before[name] != outputs.digest and any(map(self.has, outputs.files))
            for name, outputs in self._images.items()
        )
