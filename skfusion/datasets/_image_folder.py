"""load_image_folder: a folder of images, with a folder for each class, as a table."""

import os
import re
import warnings
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions

from skfusion._utils.decorators import validate_params
from skfusion._utils.messages import caller_stacklevel, join_names, with_remedies
from skfusion._utils.typing import PathLike
from skfusion._utils.urls import redact, scheme_of
from skfusion.datasets._folder_scan import scan_folder
from skfusion.datasets._url_scan import scan_url

_PARTS_OF_A_SPLIT = {"train", "training", "val", "valid", "validation", "test"}


@validate_params(
    {
        "path": [str, os.PathLike],
        "classes": [StrOptions({"first", "last", "path"}), None],
        "groups": [str, re.Pattern, None],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
        "remote": ["boolean", str, tuple, list, set, frozenset],
    },
    prefer_skip_nested_validation=True,
)
def load_image_folder(
    path: PathLike,
    *,
    classes: str | None = "first",
    groups: str | re.Pattern[str] | None = None,
    return_X_y: bool = False,
    as_frame: bool = True,
    remote: bool | str | Collection[str] = False,
) -> Bunch | tuple[Any, np.ndarray | None]:
    """Load a folder of images, in which each class has a folder, as a table of paths.

    Images stay on disk until a transformer reads them. Rows are sorted by path: their order
    depends neither on the file system nor on the language of the machine.

    Parameters
    ----------
    path : str or PathLike
        The folder, or with `remote` the URL of one in an object store: ``s3://bucket/photos``.

    classes : {"first", "last", "path"} or None, default="first"
        Which folder is the class of an image, where folders are nested: of ``train/ants/3.jpg``,
        "first" is ``train``, "last" is ``ants`` and "path" is ``train/ants``. None is without
        classes, as a flat folder always is.

    groups : str, compiled pattern or None, default=None
        A regular expression that finds the group of each image in its path from the folder on
        (with ``/``); for instance the patient, where there are several images of one. The group
        is what its one pair of parentheses matches, or the whole match without parentheses.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=True
        Whether `data` is a DataFrame; else it is an object array of shape (n_rows, 1).

    remote : bool, str or collection of str, default=False
        The schemes of URLs that may be read, as in :class:`~skfusion.ImageReader`. The reader of
        the transformer needs the same.

    Returns
    -------
    data : Bunch
        ``data``: one column, "image", of paths that begin with `path`. ``frame``: the same, None
        without `as_frame`. ``target``: ndarray of int, None without classes. ``target_names``:
        list of str, sorted. ``groups``: ndarray of str, None unless asked for. ``ids``: ndarray
        of str, each path from the folder on, with ``/``. ``skipped``: dict, how many files were
        left out because they are "hidden", "not an image", or a "link". ``image_columns``: list
        of str.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If there is no such folder, or if it is a file.

    ValueError
        If there are no images, if a URL is not allowed or can't be read, if some are beside the
        folders of the classes, or if `groups` matches nothing in a path.

    Warns
    -----
    UserWarning
        If all classes have names of the parts of a split: train, training, val, valid,
        validation, test. Pass ``classes="last"``, or the path of one of them.

    See Also
    --------
    sklearn.datasets.load_files : The same for texts.
    skfusion.PretrainedGAP : Turn the column of images into numbers.

    Notes
    -----
    A file is an image by the ending of its name, one without a known ending by its first bytes:
    DICOM files often have none. In an object store only the endings count. Of a pair of .hdr and
    .img, only the former is listed. Files and folders whose name begins with a dot are hidden.
    Links to folders are not followed, links to files only where the file is in the same folder
    tree.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skfusion.datasets import load_image_folder
    >>> folder = tempfile.TemporaryDirectory()
    >>> for name in ("rose/ann_1.png", "rose/ann_2.png", "tulip/bob_1.png"):
    ...     file = Path(folder.name, name)
    ...     file.parent.mkdir(exist_ok=True)
    ...     Image.new("RGB", (8, 8)).save(file)
    >>> data = load_image_folder(folder.name, groups=r"/([a-z]+)_")
    >>> data.target_names, data.target
    (['rose', 'tulip'], array([0, 0, 1]))
    >>> data.groups.tolist()
    ['ann', 'ann', 'bob']
    >>> data.frame.shape
    (3, 1)
    >>> folder.cleanup()
    """
    path, names, skipped = _scan(path, remote)
    target_names, target = _find_classes(path, names, classes)
    # As objects, since the name of a file need not be text that pandas' own strings can hold.
    ids = np.array(["/".join(parts) for parts in names], dtype=object)
    join = os.path.join if scheme_of(path) is None else _join_url
    paths = np.array([join(path, *parts) for parts in names], dtype=object)
    frame = pd.DataFrame({"image": pd.Series(paths, dtype=object)}) if as_frame else None
    data = Bunch(data=frame if as_frame else paths[:, np.newaxis], frame=frame)
    if return_X_y:
        return data.data, target
    data.update(target=target, target_names=target_names, ids=ids, skipped=skipped)
    data.groups = None if groups is None else find_groups(ids, groups)
    data.image_columns = ["image"]
    return data


def _join_url(folder, *parts):
    return "/".join((folder.rstrip("/"), *parts))


def _scan(path, remote):
    """Return the path as text, the images in it and the numbers of files left out."""
    path = os.path.expanduser(os.fsdecode(path))
    if scheme_of(path) is not None:
        return path, *_refuse_none(redact(path), *scan_url(path, remote))
    if not os.path.exists(path):
        raise FileNotFoundError(f"No such folder: {path!r}.")
    if not os.path.isdir(path):
        raise NotADirectoryError(f"{path!r} is a file; give the folder that holds the images.")
    return path, *_refuse_none(path, *scan_folder(path))


def _refuse_none(path, names, skipped):
    """Return the names of images and the skipped files; ValueError if there is no image."""
    if not names:
        raise ValueError(
            f"No image in {path!r} and the folders in it; {_describe_skipped(skipped)}."
        )
    return names, skipped


def find_groups(ids, pattern):
    """Find the group of each path by a regular expression; ValueError names paths without one."""
    try:
        pattern = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"groups={pattern!r} is no regular expression: {error}.") from None
    if pattern.groups > 1:
        raise ValueError(
            f"groups={pattern.pattern!r} has {pattern.groups} pairs of parentheses; keep "
            "the one around the group, and begin the others with (?: instead of (."
        )
    found = [pattern.search(each) for each in ids]
    found = [None if match is None else match.group(pattern.groups) for match in found]
    without = [each for each, group in zip(ids, found, strict=True) if group is None]
    if without:
        raise ValueError(
            f"groups={pattern.pattern!r} matches nothing in {len(without)} of {len(ids)} paths: "
            f"{join_names(without)}."
        )
    return np.array(found, dtype=object)


def _find_classes(path, names, classes):
    """Return sorted class names and the class of each image; [] and None without classes."""
    lengths = {len(parts) > 1 for parts in names}
    if classes is None or lengths == {False}:
        return [], None
    if len(lengths) > 1:
        beside = ["/".join(parts) for parts in names if len(parts) == 1]
        remedy = (
            "Move them into the folder of their class, or pass classes=None if the folders are no "
            "classes."
        )
        raise with_remedies(
            ValueError,
            f"{len(beside)} of {len(names)} images are in {path!r} itself, beside the folders "
            f"of the classes: {join_names(beside)}.",
            {"beside": remedy},
        )
    of_parts = {
        "first": lambda p: p[0],
        "last": lambda p: p[-2],
        "path": lambda p: "/".join(p[:-1]),
    }
    labels = [of_parts[classes](parts) for parts in names]
    target_names = sorted(set(labels))
    deeper = classes == "first" and any(len(parts) > 2 for parts in names)
    _warn_of_a_split(path, target_names, deeper)
    number = {name: i for i, name in enumerate(target_names)}
    return target_names, np.array([number[label] for label in labels])


def _warn_of_a_split(path, target_names, deeper):
    """Warn where the classes are the parts of a split, which most often hold their folders."""
    if not {name.lower() for name in target_names} <= _PARTS_OF_A_SPLIT:
        return
    remedies = {"split": 'Pass classes="last" to take the folders in them, or the path of one.'}
    if not deeper:
        remedies = {"parts": "Pass classes=None if they are none, or the path of one."}
    problem = f"The classes found in {path!r} are {target_names}, like the parts of a split."
    warning = with_remedies(UserWarning, problem, remedies)
    warnings.warn(warning, stacklevel=caller_stacklevel())


def _describe_skipped(skipped):
    if not skipped:
        return "it is empty"
    return "left out: " + ", ".join(f"{count} ({reason})" for reason, count in skipped.items())
