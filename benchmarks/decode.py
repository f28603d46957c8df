"""Large JPEG files to 224 x 224 pixels: how much faster than open, convert and resize.

    python benchmarks/decode.py                # made-up photographs
    python benchmarks/decode.py --data FOLDER  # photographs from a folder, enlarged
    python benchmarks/decode.py --quick        # fewer images and turns

Images of 12 megapixels (4000 x 3000) with the grain of a camera, in three qualities. All ways
take turns, in random order; rates are medians over the turns, and a ratio is the median of the
ratios of one turn. The difference is that of the reader's pixels, resized, from those of the same
reader with ``draft=False``, in gray levels of 0 to 255: the mean over all pixels of an image,
averaged over the images, and that of the worst image.
"""

import argparse
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from skfusion import ImageReader, PixelFlattener
from skfusion.images._pixels import resize_pixels

SIZE = (224, 224)
WIDTH, HEIGHT = 4000, 3000
GRAIN = 4  # standard deviation, in gray levels
QUALITIES = (80, 90, 95)
THREADS = 4


def main():
    args = parse_args()
    count, turns = (6, 3) if args.quick else (12, 7)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start")
    print(f"{count} JPEG files of {WIDTH} x {HEIGHT} pixels to {SIZE[1]} x {SIZE[0]}\n")
    with tempfile.TemporaryDirectory() as folder:
        for quality in QUALITIES:
            paths = make_files(Path(folder), args.data, count, quality)
            report(paths, quality, turns)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="a folder of JPEG files")
    parser.add_argument("--quick", action="store_true", help="fewer images and turns")
    return parser.parse_args()


# Images.


def make_files(folder, data, count, quality):
    rng = np.random.default_rng(0)
    paths = []
    for i, image in enumerate(originals(data, count, rng)):
        grain = rng.normal(scale=GRAIN, size=(HEIGHT, WIDTH, 1)).astype(np.float32)
        pixels = np.asarray(image.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)) + grain
        paths.append(folder / f"{quality}_{i:02d}.jpg")
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(paths[-1], quality=quality)
    return paths


def originals(data, count, rng):
    if data is not None:
        files = sorted(Path(data).rglob("*.jpg"))
        for path in files[:: max(1, len(files) // count)][:count]:
            with Image.open(path) as image:
                yield image.convert("RGB")
        return
    for _ in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8))
        values = np.array(coarse.resize((800, 600), Image.Resampling.BICUBIC))
        for _ in range(60):  # with sharp edges
            x, y, side = rng.integers(800), rng.integers(600), rng.integers(20, 200)
            values[y : y + side, x : x + side] = rng.integers(0, 256, 3)
        yield Image.fromarray(values)


# Ways to decode.


def open_convert_resize(path):
    with Image.open(path) as image:
        small = image.convert("RGB").resize(SIZE[::-1], Image.Resampling.BILINEAR)
        return np.asarray(small)


def through(reader, path):
    return resize_pixels(reader.read(path, size=SIZE), SIZE)


def report(paths, quality, turns):
    fast, whole = ImageReader(), ImageReader(draft=False)
    table = pd.DataFrame({"photo": [str(path) for path in paths]})
    flattener = PixelFlattener(SIZE).fit(table[:1])
    ways = {
        "open, convert, resize": lambda: [open_convert_resize(path) for path in paths],
        "reader, draft=False": lambda: [through(whole, path) for path in paths],
        "reader": lambda: [through(fast, path) for path in paths],
        "open, convert, resize in threads": lambda: in_threads(paths),
        "PixelFlattener.transform": lambda: flattener.transform(table),
    }
    seconds = take_turns(ways, turns)
    n_bytes = np.mean([path.stat().st_size for path in paths])
    print(f"quality {quality}, {n_bytes / 1e6:.1f} MB a file{'':12}images/s   ratio to the first")
    plain = seconds["open, convert, resize"]
    for name, values in seconds.items():
        rate, ratio = len(paths) / np.median(values), np.median(plain / values)
        print(f"  {name:<38}{rate:>9.1f}{ratio:>12.2f}")
    threaded = seconds["open, convert, resize in threads"] / seconds["PixelFlattener.transform"]
    print(f"  of the last two: {np.median(threaded):.2f}")
    differences = [np.abs(np.subtract(*pair, dtype=float)).mean() for pair in pairs(paths)]
    print(f"  mean absolute difference {np.mean(differences):.2f}, worst {max(differences):.2f}\n")


def in_threads(paths):
    with ThreadPoolExecutor(min(THREADS, os.cpu_count())) as pool:
        return list(pool.map(open_convert_resize, paths))


def pairs(paths):
    fast, whole = ImageReader(), ImageReader(draft=False)
    return ((through(fast, path), through(whole, path)) for path in paths)


def take_turns(ways, turns):
    """Seconds of each way, after one turn that isn't counted."""
    rng = np.random.default_rng(0)
    seconds = {name: [] for name in ways}
    for _ in range(turns + 1):
        for name in rng.permutation(list(ways)):
            start = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - start)
    return {name: np.array(values[1:]) for name, values in seconds.items()}


if __name__ == "__main__":
    main()
