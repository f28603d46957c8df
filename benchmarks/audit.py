"""How well and how fast `audit` finds altered copies of images.

    python benchmarks/audit.py copies FOLDER [--pattern '**/*.jpg'] [--copies 80]
    python benchmarks/audit.py [scale] [--sizes 1250 2500 5000 10000 20000]

`copies` alters 80 images of a folder in nine ways, adds those of one way at a time, and prints the
recall and the pairs of different images that are reported. `scale` makes images of which 1 % are
altered copies, and prints the largest memory for each number of images. Each size runs in its own
process. Seconds are of the processor, for the search alone, without reading files.
"""

import argparse
import io
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from skfusion import ImageReader
from skfusion.reports.audit.duplicates._find_copies import find_copies
from skfusion.reports.audit.duplicates._thumbnails import Thumbnails

SHARE_OF_COPIES = 0.01
SIZES = (625, 1250, 2500)


def encode(image, quality):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def crop(image, left, right):
    width, height = image.size
    box = width * left, height * left, width * (1 - right), height * (1 - right)
    return image.crop(tuple(round(side) for side in box))


WAYS = {
    "JPEG quality 20": lambda image: encode(image, 20),
    "half size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "5 % crop": lambda image: crop(image, 0.05, 0.05),
    "brightness +40 %": lambda image: ImageEnhance.Brightness(image).enhance(1.4),
    "5 degrees": lambda image: image.rotate(5, Image.Resampling.BICUBIC),
    "mirror": ImageOps.mirror,
    "gray": lambda image: ImageOps.grayscale(image).convert("RGB"),
    "12 % crop": lambda image: crop(image, 0.12, 0.12),
    "12 % off a corner": lambda image: crop(image, 0.12, 0),
}


def measure_copies(folder, pattern, n_copies):
    paths, reader = sorted(Path(folder).glob(pattern)), ImageReader()
    chosen = np.random.default_rng(0).choice(len(paths), min(n_copies, len(paths)), replace=False)
    pixels = [reader.read(path) for path in paths]
    print(f"{len(paths)} images, {len(paths) * (len(paths) - 1) // 2} pairs")
    print(f"{'altered':<20}{'recall':>8}{'wrong pairs':>14}{'seconds':>10}")
    for name, alter in WAYS.items():
        copies = [np.asarray(alter(Image.open(paths[i]).convert("RGB"))) for i in chosen]
        images = Thumbnails(len(pixels) + len(copies))
        for place, one in enumerate(pixels + copies):
            images.set(place, one)
        originals = np.concatenate([np.arange(len(pixels)), chosen])
        started = time.process_time()
        pairs = [(first, second) for first, second, *_ in find_copies(images)]
        seconds = time.process_time() - started
        right = {pair for pair in pairs if originals[pair[0]] == originals[pair[1]]}
        wrong = [pair for pair in pairs if pair not in right]
        print(f"{name:<20}{len(right) / len(copies):>8.3f}{len(wrong):>14}{seconds:>10.1f}")
        if wrong:
            print("    " + ", ".join(f"{paths[a].name} and {originals[b]}" for a, b in wrong[:3]))


def make_images(n_images, random):
    """Smooth images, of which some are copies of others, moved and brighter."""
    images, truth = Thumbnails(n_images), set()
    n_copies = int(n_images * SHARE_OF_COPIES)
    for place in range(n_images - n_copies):
        noise = random.integers(0, 256, (12, 12, 3), dtype=np.uint8)
        image = Image.fromarray(noise).resize((160, 160), Image.Resampling.BICUBIC)
        images.set(place, np.asarray(image))
        if place < n_copies:
            copy = ImageEnhance.Brightness(crop(image, 0.05, 0.03)).enhance(0.8)
            images.set(n_images - n_copies + place, np.asarray(copy))
            truth.add((place, n_images - n_copies + place))
    return images, truth


def measure_size(n_images):
    images, truth = make_images(n_images, np.random.default_rng(0))
    started = time.process_time()
    found = {(first, second) for first, second, *_ in find_copies(images)}
    seconds = time.process_time() - started
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    recall = len(found & truth) / max(len(truth), 1)
    print(n_images, seconds, megabytes, recall, len(found - truth))


def measure_scale(sizes):
    print(f"{'images':>8}{'seconds':>10}{'ratio':>8}{'MB':>8}{'recall':>8}{'wrong':>8}")
    before = None
    for size in sizes:
        command = [sys.executable, __file__, "size", str(size)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        _, seconds, megabytes, recall, wrong = map(float, done.stdout.split())
        ratio = "" if before is None else f"{seconds / before:.2f}"
        print(
            f"{size:>8}{seconds:>10.1f}{ratio:>8}{megabytes:>8.0f}{recall:>8.3f}{wrong:>8.0f}",
            flush=True,
        )
        before = seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command")
    copies = commands.add_parser("copies")
    copies.add_argument("folder")
    copies.add_argument("--pattern", default="**/*.jpg")
    copies.add_argument("--copies", type=int, default=80)
    scale = commands.add_parser("scale")
    scale.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    commands.add_parser("size").add_argument("n_images", type=int)
    options = parser.parse_args()
    if options.command == "copies":
        measure_copies(options.folder, options.pattern, options.copies)
    elif options.command == "size":
        measure_size(options.n_images)
    else:
        measure_scale(getattr(options, "sizes", SIZES))


if __name__ == "__main__":
    main()
