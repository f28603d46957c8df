"""Embed images with Ray Data: actors that each restore the transformer once.

    pip install "ray[data]"
    python examples/distributed/ray_data.py

On a cluster, call ``ray.init("auto")``, and give each actor a GPU with ``num_gpus=1``. Reading and
writing need processors beside those of the actors, so that on two processors there is one actor.
Paths or URLs must be readable on all machines.
"""

import os
import sys
import tempfile

try:
    import ray
except ImportError:
    print("This example needs Ray: pip install 'ray[data]'")
    sys.exit()

import numpy as np
import pandas as pd
from PIL import Image

from skfusion import ImageDescriptors
from skfusion.datasets import load_digits_iris


class Embedder:
    """An actor."""

    def __init__(self, transformer):
        self.transformer = transformer

    def __call__(self, batch):
        batch["features"] = self.transformer.transform(list(batch["image"]))
        return batch


def save_images(folder):
    """Save 150 images of digits and return a table of their paths."""
    frame = load_digits_iris().frame
    paths = [os.path.join(folder, f"{i}.png") for i in range(len(frame))]
    for image, path in zip(frame["digit"], paths, strict=True):
        Image.fromarray(image).save(path)
    return pd.DataFrame({"image": paths})


def embed(table, transformer, out):
    """Return the rows of a table with their features, which were written to Parquet files."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        rows = ray.data.from_pandas(table).repartition(4)
        options = {"fn_constructor_args": [transformer], "batch_size": 32, "num_cpus": 1}
        rows.map_batches(Embedder, concurrency=1, **options).write_parquet(out)
    finally:
        ray.shutdown()
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
