"""Embed images with Daft: a class whose instances each hold the transformer.

    pip install daft
    python examples/distributed/daft_udf.py

On a cluster of Ray, call ``daft.set_runner_ray()``. A GPU per instance is ``@daft.cls(gpus=1)``.
Paths or URLs must be readable on all machines.
"""

import os
import sys
import tempfile

try:
    import daft
except ImportError:
    print("This example needs Daft: pip install daft")
    sys.exit()

import numpy as np
import pandas as pd
from PIL import Image

from skfusion import ImageDescriptors
from skfusion.datasets import load_digits_iris


@daft.cls(max_concurrency=1)
class Embedder:
    """One instance per worker."""

    def __init__(self, transformer):
        self.transformer = transformer

    @daft.method.batch(return_dtype=daft.DataType.list(daft.DataType.float32()), batch_size=32)
    def embed(self, images):
        return list(self.transformer.transform(images.to_pylist()))


def save_images(folder):
    """Save 150 images of digits and return a table of their paths."""
    frame = load_digits_iris().frame
    paths = [os.path.join(folder, f"{i}.png") for i in range(len(frame))]
    for image, path in zip(frame["digit"], paths, strict=True):
        Image.fromarray(image).save(path)
    return pd.DataFrame({"image": paths})


def embed(table, transformer, out):
    """Return the rows of a table with their features, which were written to Parquet files."""
    rows = daft.from_pandas(table)
    rows.with_column("features", Embedder(transformer).embed(rows["image"])).write_parquet(out)
    return pd.read_parquet(out)


def main():
    """Embed the images, and compare them with one process."""
    with tempfile.TemporaryDirectory() as folder:
        table = save_images(folder)
        descriptors = ImageDescriptors(("intensity", "hog")).fit(table["image"].tolist())
        found = embed(table, descriptors, os.path.join(folder, "features"))
        features = np.stack(found.set_index("image").loc[table["image"], "features"])
        difference = np.abs(features - descriptors.transform(table["image"].tolist())).max()
        print(f"{len(found)} rows; difference to one process: {difference}")


if __name__ == "__main__":
    main()
