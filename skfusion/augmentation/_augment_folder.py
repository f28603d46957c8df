"""augment_folder: changed copies of the images of a folder, on disk."""

import csv
import os
import shutil
from collections import Counter

import numpy as np
from sklearn.utils import Bunch

from skfusion._utils.messages import join_names
from skfusion._utils.prefetch import map_ahead
from skfusion._utils.progress import progress_bar
from skfusion.augmentation._augmentation import make_augmentation
from skfusion.augmentation._copy_names import copy_names, is_copy
from skfusion.augmentation._copy_plan import copies_by_class, number_copies, spread
from skfusion.augmentation._copy_writer import Copy, CopyWriter
from skfusion.augmentation._output_folder import Made, OutputFolder
from skfusion.datasets import load_image_folder
from skfusion.exceptions import ImageReadError
from skfusion.images._image_size import check_size_param
from skfusion.store._image_digests import ImageDigests

# Raised when the same settings would give other bytes: half-filled folders are not gone on with.
_FORMAT = 2
MANIFEST = "manifest.csv"


def augment_folder(
    folder,
    out,
    *,
    factor=None,
    augmentation="recipe",
    classes="first",
    image_size=None,
    file_format="png",
    originals=True,
    skip_unreadable=False,
    random_state=0,
    verbose=0,
):
    """Write changed copies of the images of a folder, to balance its classes or to have more.

    Each file appears when it is whole and none is overwritten, so that a run that was stopped
    goes on where it was, with the same bytes.

    Parameters
    ----------
    folder : str or PathLike
        The images, as `load_image_folder` takes them.

    out : str or PathLike
        Where the copies go, in the same folders; new, empty, or begun by the same call.

    factor : int or None, default=None
        How many images each one becomes, itself included. None makes the classes as large as
        the largest.

    augmentation : {"recipe", "light"}, default="recipe"
        How copies are changed, as in `ImageAugmenter`.

    classes : {"first", "last", "path"} or None, default="first"
        Which folder names the class; None looks for no classes.

    image_size : tuple (height, width) or None, default=None
        The size of the copies in pixels; None keeps each image's own.

    file_format : {"png", "jpg"}, default="png"
        The format of the copies; of 8 bits a channel.

    originals : bool, default=True
        Whether the images themselves are copied too, byte by byte, so that `out` is whole.

    skip_unreadable : bool, default=False
        Whether images that can't be read are left out, instead of an error at the end.

    random_state : int, default=0
        Where random numbers start. A copy depends on it, on the path of its origin from `folder`
        on, and on its number.

    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    report : Bunch
        ``counts``: dict, readable images by class before and after, with "" where there are no
        classes.
        ``n_written`` and ``n_there``: files. ``unreadable`` and ``skipped``: images that were
        left out, and files that are no images.

    Raises
    ------
    ValueError
        If there is nothing to copy, or if the folders lie in one another.

    FileExistsError
        If `out` holds something else, or copies of other settings or of other images.

    ImageReadError
        If images can't be read; all else is written then.
    """
    folder, out = (os.path.expanduser(os.fsdecode(path)) for path in (folder, out))
    image_size = None if image_size is None else check_size_param(image_size, "--size")
    data = load_image_folder(folder, classes=classes)
    _refuse_copies(folder, out, data.ids)
    _refuse_numbers(folder, data, factor, random_state)
    labels = _labels(data)
    origins = _origins(labels, factor, random_state)
    copies = _copies(data.ids, origins, file_format)
    transform = make_augmentation(augmentation)
    settings = {
        "format": _FORMAT,
        "classes": classes,
        "factor": factor,
        "augmentation": transform.key,
        "size": image_size,
        "file format": file_format,
        "originals": originals,
        "seed": random_state,
    }
    writer = CopyWriter(transform, random_state, image_size, file_format)
    with OutputFolder(out, settings, _made(data, copies, originals)) as target:
        report = _fill(target, data, copies, writer, originals, verbose)
        _finish(report, target, data, labels, copies, originals, skip_unreadable)
    return report


def _copies(ids, origins, file_format):
    """The copies of each image."""
    copies = [[] for _ in ids]
    names = copy_names(ids, origins, f".{file_format}")
    for name, origin, number in zip(names, origins, number_copies(origins), strict=True):
        copies[origin].append(Copy(name, int(number)))
    return copies


def _made(data, copies, originals):
    """What is made from each image, by its name."""
    digests = ImageDigests().of_many(data.data["image"].tolist())
    made = {}
    for name, digest, some in zip(data.ids, digests, copies, strict=True):
        files = [MANIFEST, *([name] if originals else []), *(copy.name for copy in some)]
        made[name] = Made(None if digest is None else digest.hex(), files)
    return made


def _fill(target, data, copies, writer, originals, verbose):
    """Write what lacks; a report of it."""
    wanted = [[copy for copy in some if not target.has(copy.name)] for some in copies]
    n_all = sum(map(len, copies)) + originals * len(data.ids)
    n_there = n_all - sum(map(len, wanted))
    new = [originals and not target.has(name) for name in data.ids]
    n_there -= sum(new)
    # What goes there as it is has to be read too: it may be damaged.
    rows = [row for row, some in enumerate(wanted) if some or new[row]]

    def write(row):
        return writer.write(target, data.data["image"][row], data.ids[row], wanted[row])

    report = Bunch(n_written=n_all - n_there, n_there=n_there, unreadable={}, skipped=data.skipped)
    bar = progress_bar(verbose if rows else 0, total=len(rows), description="Images", unit="image")
    with bar as shown:
        for row, reason in zip(rows, map_ahead(write, rows), strict=True):
            if reason is not None:
                report.unreadable[data.ids[row]] = reason
                report.n_written -= len(wanted[row]) + originals
            shown.update()
    if originals:
        for source, name in zip(data.data["image"], data.ids, strict=True):
            if name not in report.unreadable:
                target.write(name, lambda path, source=source: shutil.copyfile(source, path))
    return report


def _finish(report, target, data, labels, copies, originals, skip_unreadable):
    """Count, write the manifest, and refuse what could not be read."""
    before, after = Counter(), Counter()
    lines = [("file", "class", "origin", "copy")]
    for name, label, some in zip(data.ids, labels, copies, strict=True):
        if name in report.unreadable:
            continue
        files = [(name, 0)] if originals else []
        files += [(copy.name, copy.number + 1) for copy in some]
        lines += [(file, label, name, number) for file, number in files]
        before[label] += 1
        after[label] += len(files)
    report.counts = {label: (before[label], after[label]) for label in sorted(set(labels))}
    if report.unreadable and not skip_unreadable:
        named = join_names(f"{name}: {reason}" for name, reason in report.unreadable.items())
        raise ImageReadError(
            f"{len(report.unreadable)} of {len(data.ids)} images could not be read: {named}. "
            "All else is written. Mend them and run this again, or leave them out "
            "(--skip-unreadable).",
            [
                (row, name, report.unreadable[name])
                for row, name in enumerate(data.ids)
                if name in report.unreadable
            ],
        )
    target.write(MANIFEST, lambda path: _write_csv(path, lines))


def _write_csv(path, lines):
    # Names of files need not be text.
    with open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)


def _refuse_copies(folder, out, ids):
    """Copies of copies would stand on both sides of a split whatever the groups."""
    inner, outer = (os.path.join(os.path.realpath(path), "") for path in (folder, out))
    if inner.startswith(outer) or outer.startswith(inner):
        raise ValueError(
            f"{folder!r} and {out!r} lie in one another, so that copies would be taken for "
            "images; give a folder beside it."
        )
    copies = [name for name in ids if is_copy(name)]
    if copies:
        raise ValueError(
            f"{len(copies)} of {len(ids)} images of {folder!r} are copies by their names: "
            f"{join_names(copies)}. Copy the originals."
        )


def _refuse_numbers(folder, data, factor, random_state):
    if factor is not None and factor < 1:
        raise ValueError(f"--factor must be at least 1, got {factor}.")
    if random_state < 0:
        raise ValueError(f"--seed must be at least 0, got {random_state}.")
    if factor is None and data.target is None:
        raise ValueError(
            f"{folder!r} has no folders of classes to balance; give a factor (--factor), or the "
            "folder above it."
        )


def _labels(data):
    """The class of each image by name; "" where there are no classes."""
    if data.target is None:
        return np.full(len(data.ids), "", dtype=object)
    return np.array(data.target_names, dtype=object)[data.target]


def _origins(labels, factor, seed):
    if factor is not None:
        return np.repeat(np.arange(len(labels)), factor - 1)
    rng = np.random.default_rng(seed)
    return np.sort(spread(labels, copies_by_class("auto", labels), rng), kind="stable")
