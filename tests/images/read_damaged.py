"""Reads damaged copies of files in a process of its own, with bounded memory and time.

    python read_damaged.py FOLDER COUNT SEED

Prints one line of JSON: how many copies became arrays, how many had a reason, and what else
happened. A crash, a copy that takes too long or a warning are for the caller to see.
"""

import faulthandler
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

from skfusion import ImageReader

MAX_PIXELS = 200_000
SECONDS_A_COPY = 20
# What a copy may take beyond what the process has: many times what so few pixels need, and the
# 64 MiB that a deflated header may inflate to.
MEMORY = 1 << 29
READERS = [
    ImageReader(max_pixels=MAX_PIXELS, **options)
    for options in ({}, {"icc": "srgb"}, {"frame": -1}, {"volume": "montage"}, {"draft": False})
]
NUMBERS = [0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x10000]


def main():
    folder, count, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    originals = [(path.suffix, path.read_bytes()) for path in sorted(folder.iterdir())]
    rng = np.random.default_rng(seed)
    faulthandler.enable()
    warnings.simplefilter("always")  # an error would be taken for a reason
    for _, content in originals:  # imports what reads them, which takes memory, too
        ask(READERS[0], content)
    bound_memory()
    found = {"array": 0, "reason": 0, "wrong": []}
    with tempfile.TemporaryDirectory() as place:
        for number in range(count):
            suffix, content = originals[number % len(originals)]
            other = originals[rng.integers(len(originals))][1]
            content, kind = damaged(content, other, rng)
            cell = content
            if number % 2:
                cell = Path(place) / f"copy{suffix}"
                cell.write_bytes(content)
            faulthandler.dump_traceback_later(SECONDS_A_COPY, exit=True)
            outcome = ask(READERS[number % len(READERS)], cell)
            faulthandler.cancel_dump_traceback_later()
            if outcome in ("array", "reason"):
                found[outcome] += 1
            else:
                found["wrong"].append(f"{kind} copy {number}: {outcome}")
    sys.stdout.write(json.dumps(found))


def bound_memory():
    try:
        import resource

        status = Path("/proc/self/statm").read_text()
    except (ImportError, OSError):  # not on Linux
        return
    held = int(status.split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))


def damaged(content, other, rng):
    """A copy with flipped bits, large and small numbers, a part cut out, or one of another file."""
    copy, length = bytearray(content), max(len(content), 8)
    # Headers are where most can go wrong.
    reach = int(rng.choice([64, 512, length]))
    kind = str(rng.choice(["flipped", "numbers", "cut", "spliced"]))
    if kind == "flipped":
        for place in rng.integers(0, min(reach, length), size=rng.integers(1, 12)):
            copy[place : place + 1] = bytes([(copy[place] if place < len(copy) else 0) ^ flip(rng)])
    elif kind == "numbers":
        for place in rng.integers(0, min(reach, length), size=rng.integers(1, 4)):
            size = int(rng.choice([1, 2, 4]))
            number = int(rng.choice(NUMBERS)) % 256**size
            copy[place : place + size] = number.to_bytes(size, str(rng.choice(["little", "big"])))
    elif kind == "cut":
        start, end = sorted(rng.integers(0, length + 1, size=2).tolist())
        del copy[start : length if rng.integers(2) else end]
    else:
        start, end = sorted(rng.integers(0, len(other) + 1, size=2).tolist())
        place = int(rng.integers(0, min(reach, length)))
        copy[place : place + (end - start if rng.integers(2) else 0)] = other[start:end]
    return bytes(copy), kind


def flip(rng):
    return 1 << int(rng.integers(8))


def ask(reader, cell):
    """What reading and probing a cell end with; anything but the first two is wrong."""
    try:
        shape = reader.probe(cell)
        if len(shape) != 3 or shape[0] * shape[1] > MAX_PIXELS:
            return f"probe gives {shape}"
    except ValueError as error:
        if not is_one_line(error):
            return repr(error)
    except BaseException as error:
        return f"probe raises {error!r}"
    try:
        pixels = reader.read(cell, size=(8, 8))
    except ValueError as error:
        return "reason" if is_one_line(error) else repr(error)
    except BaseException as error:
        return f"read raises {error!r}"
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
        return f"an array of shape {pixels.shape}"
    if not (np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 255):
        return f"values from {pixels.min()} to {pixels.max()}"
    return "array"


def is_one_line(error):
    return type(error) is ValueError and str(error) and "\n" not in str(error)


if __name__ == "__main__":
    main()
