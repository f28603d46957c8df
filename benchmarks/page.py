"""A page of `skfusion page` in headless Chromium: its size, and the time to the first answer.

    python benchmarks/page.py                   # MobileNetV2 at 224 pixels, random weights
    python benchmarks/page.py --photo PHOTO.jpg # with this photo

Needs the extras `cpu`, `onnx-export` and `onnx-graph`, npm and Chromium. Times are medians over
new browsers, with an empty cache, from a server on the same machine: the time of a download comes
on top. The prediction of Python is printed beside that of the page.
"""

import argparse
import gzip
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from PIL import Image
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import PretrainedGAP, to_onnx

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.chromium import Chromium
from tests.page_for_tests import PageDriver, serve, write_page

TURNS = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photo", type=Path, help="an image (default: 4000 x 3000 pixels)")
    args = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo = args.photo or write_photo(folder / "photo.jpg", (4000, 3000), seed=99)
        model, X = fit_model(folder)
        onnx.save(to_onnx(model, form="graph", background=X), folder / "model.onnx")
        write_page(folder / "model.onnx", folder / "site")
        print_sizes(folder / "site")
        print_times(folder, photo)
        row = pd.DataFrame({"photo": [str(photo)], "age": [40.0]})
        found = model.predict_proba(row)[0].round(4).tolist()
        print(f"Python: {dict(zip(['ill', 'well'], found, strict=True))}")


def write_photo(path, size, seed):
    """Write a smooth image."""
    colors = np.random.default_rng(seed).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(colors).resize(size, Image.Resampling.BICUBIC).save(path, quality=90)
    return path


def fit_model(folder):
    """Fit a pipeline on a few images and a number."""
    paths = [str(write_photo(folder / f"{seed}.jpg", (320, 240), seed)) for seed in range(24)]
    X = pd.DataFrame({"photo": paths, "age": np.linspace(18.0, 90.0, 24)})
    gap = PretrainedGAP("MobileNetV2", weights=None, drift="ignore")
    columns = ColumnTransformer([("photo", gap, ["photo"]), ("age", StandardScaler(), ["age"])])
    model = make_pipeline(columns, LogisticRegression())
    return model.fit(X, np.repeat(["ill", "well"], 12)), X


def print_sizes(site):
    """Print the bytes of the files, and what a server that compresses would send."""
    for title, pattern in {
        "model": "model.onnx",
        "runtime": "runtime/*",
        "page": "*.[hjcs]*",
    }.items():
        contents = [path.read_bytes() for path in site.glob(pattern)]
        sizes = sum(map(len, contents)), sum(len(gzip.compress(each)) for each in contents)
        print(f"{title:8}{sizes[0] / 1e6:8.2f} MB {sizes[1] / 1e6:8.2f} MB compressed by gzip")


def print_times(folder, photo):
    """Print the times of new browsers."""
    times = {"form and model loaded": [], "first answer": [], "second answer": []}
    for turn in range(TURNS):
        profile = folder / f"browser_{turn}"
        profile.mkdir()
        with serve(folder / "site") as (url, _), Chromium(profile) as browser:
            page, start = PageDriver(browser, url), time.perf_counter()
            page.open()
            times["form and model loaded"].append(time.perf_counter() - start)
            for answer in ("first answer", "second answer"):
                start = time.perf_counter()
                page.fill(photo=photo, age="40")
                found = page.predict()
                times[answer].append(time.perf_counter() - start)
    for title, seconds in times.items():
        print(f"{title:22}{statistics.median(seconds):6.2f} s")
    print(f"page: {found}")


if __name__ == "__main__":
    main()
