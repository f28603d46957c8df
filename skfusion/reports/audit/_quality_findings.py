"""Findings on the quality of images: unreadable, blank, dark, bright, blurred, odd in size."""

import numpy as np

from skfusion._utils.messages import join_names, with_remedies
from skfusion.exceptions import ImageReadError
from skfusion.reports.audit._finding import GRAVE, MINOR, NOTE, Finding
from skfusion.reports.audit.duplicates._sampling import shrink

_DARK, _BRIGHT = 20, 240  # mean gray levels
_FAR = 5.0  # robust standard deviations
_FACTOR = 2.0
_BLOCK = 512
_MOST_UNREADABLE = 0.5


def check_readable(images):
    """Raise an error if a column has images, and none of them can be read.

    Parameters
    ----------
    images : AuditImages
        The images.

    Raises
    ------
    ImageReadError
        With the rows, sources and reasons as `failures`.
    """
    held = images.entries[~images.entries["missing"]]
    for name, some in held.groupby("column", sort=False):
        if some["reason"].isna().any():
            continue
        failures = list(some[["row", "source", "reason"]].itertuples(index=False, name=None))
        first = join_names(f"row {row} ({source}): {reason}" for row, source, reason in failures)
        raise with_remedies(
            ImageReadError,
            f"None of the {len(some)} images of column {name!r} can be read: {first}.",
            {"root": "Pass reader=ImageReader(root=...) if the paths are relative."},
            failures,
        )


def quality_findings(images):
    """Return the findings on the quality of images.

    Parameters
    ----------
    images : AuditImages
        The images.

    Returns
    -------
    findings : list of Finding
        Images that can't be read, and ones of one color are minor; unreadable ones are grave if
        they are more than half of all. Missing ones, and those that are unlike the others, are a
        note.
    """
    entries = images.entries
    found = []
    broken, n_held = entries[entries["reason"].notna()], (~entries["missing"]).sum()
    if len(broken):
        one = broken.iloc[0]
        found.append(
            _finding(
                "images can't be read",
                GRAVE if len(broken) > _MOST_UNREADABLE * n_held else MINOR,
                broken,
                f"Unreadable images: {len(broken)} of {n_held}, such as row {one['row']} "
                f"({one['source']}): {one['reason']}.",
                'Correct them, or pass corrupt="missing" to transformers.',
            )
        )
    missing = entries[entries["missing"]]
    if len(missing):
        found.append(
            _finding(
                "images are missing",
                NOTE,
                missing,
                f"Cells without an image: {len(missing)} of {len(entries)}.",
                'Pass missing="nan" or "zero" to transformers.',
            )
        )
    for kind, lines, words in _odd(images):
        if lines.any():
            some = entries[lines]
            evidence = f"Images {words}: {len(some)}, such as row {some['row'].iloc[0]}."
            severity = MINOR if kind == "blank" else NOTE
            found.append(
                _finding(f"{kind} images", severity, some, evidence, "Look at these rows.")
            )
    return found


def _finding(kind, severity, entries, evidence, remedy):
    rows = np.unique(entries["row"]).astype(int).tolist()
    return Finding(kind, severity, rows, evidence, remedy, "images")


def _odd(images):
    """Yield a kind, the entries that are of it, and what they are."""
    entries = images.entries
    held = entries["place"].to_numpy(int) >= 0
    places = entries["place"].to_numpy(int)[held]
    yield "blank", (entries["blank"] == True).to_numpy(), "of one color"  # noqa: E712
    if not held.any():
        return
    brightness, sharpness, spread = (some[places] for some in _measure(images.thumbnails))
    blank = spread == 0
    blurred = (_score(np.log(sharpness + 1e-3)) < -_FAR) & ~blank
    yield "dark", _among(held, (brightness < _DARK) & ~blank), f"with a mean below {_DARK} of 255"
    bright = (brightness > _BRIGHT) & ~blank
    yield "bright", _among(held, bright), f"with a mean above {_BRIGHT} of 255"
    yield "blurred", _among(held, blurred), "with far less detail than the others"
    height, width = (entries[name].to_numpy(float)[held] for name in ("height", "width"))
    for kind, values in (("odd aspect", width / height), ("odd size", height * width)):
        logs = np.log(values)
        far = np.abs(logs - np.median(logs)) > np.log(_FACTOR * (1 + (kind == "odd size")))
        words = f"that differ in {kind.split()[1]} from most others"
        yield kind, _among(held, far & (np.abs(_score(logs)) > _FAR)), words


def _measure(thumbnails):
    """Return brightness, the strength of fine detail, and the spread of each image."""
    parts = []
    for first in range(0, len(thumbnails), _BLOCK):
        gray = shrink(thumbnails.gray(np.arange(first, min(first + _BLOCK, len(thumbnails)))), 64)
        parts.append((gray.mean(axis=(1, 2)), _detail(gray), gray.std(axis=(1, 2))))
    return [np.concatenate(some) for some in zip(*parts, strict=True)]


def _detail(gray):
    """Return the strength of fine changes by that of coarse ones, along the sharper axis."""
    ratios = []
    for axis in (1, 2):
        fine = np.abs(np.diff(gray, 2, axis=axis)).mean(axis=(1, 2))
        turned = np.moveaxis(gray, axis, 1)
        coarse = np.abs(turned[:, 8:] - turned[:, :-8]).mean(axis=(1, 2))
        ratios.append(fine / (coarse + 0.1))
    return np.maximum(*ratios)


def _score(values):
    """Return how many robust standard deviations values are from their median."""
    centered = values - np.median(values)
    low, high = np.quantile(values, [0.25, 0.75])
    return centered / max((high - low) / 1.349, 1e-3)


def _among(held, chosen):
    lines = np.zeros(len(held), dtype=bool)
    lines[held] = chosen
    return lines
