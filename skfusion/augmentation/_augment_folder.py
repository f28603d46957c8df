"""augment_folder: changed copies of the images of a folder, on disk."""

import csv
import os
import shutil
from collections import Counter

import numpy as np
from sklearn.utils import Bunch

from skfusion._utils.messages import join_names, with_remedies
from skfusion._utils.prefetch import map_ahead
from skfusion._utils.progress import progress_bar
from skfusion.augmentation._augmentation import make_augmentation
from skfusion.augmentation._copy_names import copy_names, is_copy
from skfusion.augmentation._copy_plan import choose_origins, copies_by_class, number_copies
from skfusion.augmentation._copy_writer import Copy, CopyWriter
from skfusion.augmentation._output_folder import ImageOutputs, OutputFolder
from skfusion.datasets import load_image_folder
from skfusion.exceptions import ImageReadError
from skfusion.images._image_digests import ImageDigests
from skfusion.images._image_size import check_size_param

# Increased when the same settings would give other bytes: a folder of another format is not
# completed.
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

    Each file appears when it is complete, and none is overwritten. If a run is interrupted, the
    same call completes the folder, with the same bytes.

    Parameters
    ----------
    folder : str or PathLike
        The images, as for `load_image_folder`.

    out : str or PathLike
        The folder of the copies, which has the same subfolders. It must be new, empty, or from an
        interrupted run of the same call.

    factor : int or None, default=None
        Number of images that each image becomes, itself included. None makes all classes as large
        as the largest.

    augmentation : {"recipe", "light"}, default="recipe"
        How copies are changed, as in `ImageAugmenter`.

    classes : {"first", "last", "path"} or None, default="first"
        Which part of the path is the class. None ignores classes.

    image_size : tuple (height, width) or None, default=None
        The size of the copies in pixels. None keeps the size of each image.

    file_format : {"png", "jpg"}, default="png"
        The format of the copies, which have 8 bits in a channel.

    originals : bool, default=True
        Whether to copy the images themselves too, byte by byte, so that `out` is complete.

    skip_unreadable : bool, default=False
        Whether to skip unreadable images, instead of an error at the end.

    random_state : int, default=0
        Seed of the random numbers. A copy depends on it, on the relative path of the image, and
        on the number of the copy.

    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    report : Bunch
        ``counts``: dict, number of readable images by class before and after, with the key ""
        if there are no classes.
        ``n_written`` and ``n_existing``: number of files. ``unreadable`` and ``skipped``: images
        that were skipped, and files that are not images.

    Raises
    ------
    ValueError
        If there is nothing to copy, or one of the folders is inside the other.

    FileExistsError
        If `out` holds other files, or copies with other settings or of other images.

    ImageReadError
        If images cannot be read. All other files are written then.
    """
    folder, out = (os.path.expanduser(os.fsdecode(path)) for path in (folder, out))
    image_size = None if image_size is None else check_size_param(image_size)
    data = load_image_folder(folder, classes=classes)
    _check_folders(folder, out, data.ids)
    _check_numbers(folder, data, factor, random_state)
    labels = _labels(data)
    origins = _origins(labels, factor, random_state)
    copies = _copies(data.ids, origins, file_format)
    augmentation = make_augmentation(augmentation)
    settings = {
        "format": _FORMAT,
        "classes": classes,
        "factor": factor,
        "augmentation": augmentation.key,
        "size": image_size,
        "file format": file_format,
        "originals": originals,
        "seed": random_state,
    }
    writer = CopyWriter(augmentation, random_state, image_size, file_format)
    with OutputFolder(out, settings, _outputs(data, copies, originals)) as output:
        report = _fill(output, data, copies, writer, originals, verbose)
        _finish(report, output, data, labels, copies, originals, skip_unreadable)
    return report


def _copies(ids, origins, file_format):
    """Return the copies of each image."""
    copies = [[] for _ in ids]
    names = copy_names(ids, origins, f".{file_format}")
    for name, origin, number in zip(names, origins, number_copies(origins), strict=True):
        copies[origin].append(Copy(name, int(number)))
    return copies


def _outputs(data, copies, originals):
    """Return the files of each image, by its name."""
    digests = ImageDigests().of_many(data.data["image"].tolist())
    outputs = {}
    for name, digest, some in zip(data.ids, digests, copies, strict=True):
        files = [MANIFEST, *([name] if originals else []), *(copy.name for copy in some)]
        outputs[name] = ImageOutputs(None if digest is None else digest.hex(), files)
    return outputs


def _fill(output, data, copies, writer, originals, verbose):
    """Write the files that do not exist yet; return a report."""
    missing = [[copy for copy in some if not output.has(copy.name)] for some in copies]
    is_new = [originals and not output.has(name) for name in data.ids]
    n_files = sum(map(len, copies)) + originals * len(data.ids)
    n_existing = n_files - sum(map(len, missing)) - sum(is_new)
    # An image that is copied as it is must be read too, since it may be damaged.
    rows = [row for row, some in enumerate(missing) if some or is_new[row]]
    report = Bunch(
        n_written=n_files - n_existing, n_existing=n_existing, unreadable={}, skipped=data.skipped
    )

    def write(row):
        return writer.write(output, data.data["image"][row], data.ids[row], missing[row])

    bar = progress_bar(verbose if rows else 0, total=len(rows), description="Images", unit="image")
    with bar as shown_bar:
        for row, reason in zip(rows, map_ahead(write, rows), strict=True):
            if reason is not None:
                report.unreadable[data.ids[row]] = reason
                report.n_written -= len(missing[row]) + originals
            shown_bar.update()
    if originals:
        _copy_originals(output, data, report.unreadable)
    return report


def _copy_originals(output, data, unreadable):
    for source, name in zip(data.data["image"], data.ids, strict=True):
        if name not in unreadable:
            output.write(name, lambda path, source=source: shutil.copyfile(source, path))


def _finish(report, output, data, labels, copies, originals, skip_unreadable):
    """Count images, raise an error if some are unreadable, and write the manifest."""
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
        _raise_unreadable(report.unreadable, data.ids)
    output.write(MANIFEST, lambda path: _write_csv(path, lines))


def _raise_unreadable(unreadable, ids):
    listed = join_names(f"{name}: {reason}" for name, reason in unreadable.items())
    failures = [(row, name, unreadable[name]) for row, name in enumerate(ids) if name in unreadable]
    raise with_remedies(
        ImageReadError,
        f"{len(unreadable)} of {len(ids)} images could not be read: {listed}. All other files are "
        "written.",
        {"skip": "Repair the images and run this again, or pass skip_unreadable=True."},
        failures,
    )


def _write_csv(path, lines):
    # File names may hold bytes that are not text.
    with open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)


def _check_folders(folder, out, ids):
    """Raise an error if copies of copies would be made, which could leak across a split."""
    inner, outer = (os.path.join(os.path.realpath(path), "") for path in (folder, out))
    if inner.startswith(outer) or outer.startswith(inner):
        raise ValueError(
            f"One of the folders {folder!r} and {out!r} is inside the other, so that copies would "
            "be read as images. Pass a folder beside it."
        )
    copies = [name for name in ids if is_copy(name)]
    if copies:
        raise ValueError(
            f"{len(copies)} of {len(ids)} images of {folder!r} are copies by their names: "
            f"{join_names(copies)}. Pass a folder of original images."
        )


def _check_numbers(folder, data, factor, random_state):
    if factor is not None and factor < 1:
        raise ValueError(f"factor must be at least 1, got {factor}.")
    if random_state < 0:
        raise ValueError(f"random_state must be at least 0, got {random_state}.")
    if factor is None and data.target is None:
        raise with_remedies(
            ValueError,
            f"{folder!r} has no folders of classes to balance.",
            {"factor": "Pass a factor, or the parent folder."},
        )


def _labels(data):
    """Return the name of each image's class, "" if there are no classes."""
    if data.target is None:
        return np.full(len(data.ids), "", dtype=object)
    return np.array(data.target_names, dtype=object)[data.target]


def _origins(labels, factor, seed):
    """Return the image that each copy is made from."""
    if factor is not None:
        return np.repeat(np.arange(len(labels)), factor - 1)
    rng = np.random.default_rng(seed)
    return np.sort(choose_origins(labels, copies_by_class("auto", labels), rng), kind="stable")
