"""Embed images with two worker processes of Dask, and train on the shards.

    python examples/distributed/dask_local.py

Another cluster needs another line in place of `LocalCluster`, and paths that all workers can read:

    Kubernetes   KubeCluster(name="embed", image="...", n_workers=8)      # dask_kubernetes.operator
    SLURM        SLURMCluster(cores=1, memory="8GB"); cluster.scale(8)    # dask_jobqueue
    Coiled       coiled.Cluster(n_workers=8)                              # coiled
"""

import os
import tempfile

import numpy as np
import pandas as pd
from distributed import Client, LocalCluster
from PIL import Image
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import StandardScaler

from skfusion import ImageDescriptors, distributed, load_features
from skfusion.datasets import load_digits_iris


def save_images(folder):
    """Save 150 images of digits and return a table of their paths and labels."""
    data = load_digits_iris()
    paths = [os.path.join(folder, f"{i}.png") for i in range(len(data.frame))]
    for image, path in zip(data.frame["digit"], paths, strict=True):
        Image.fromarray(image).save(path)
    species = np.asarray(data.target_names)[data.target]
    return pd.DataFrame({"image": paths, "species": species})


def train_in_batches(folder):
    """Train a linear model on one shard at a time; the second pass sees scaled features."""
    batches = load_features(folder, batch_rows=32)
    scaler, model = StandardScaler(), SGDClassifier(loss="log_loss", random_state=0)
    for X, _ in batches:
        scaler.partial_fit(X)
    for X, y in batches:
        model.partial_fit(scaler.transform(X), y, classes=batches.classes)
    return len(list(batches)), model


def main():
    """Embed the images, compare them with one process, and train."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        Client(cluster) as client,
    ):
        table = save_images(folder)
        descriptors = ImageDescriptors(("intensity", "hog")).fit(table[["image"]])
        out = os.path.join(folder, "features")
        distributed.embed(
            table, descriptors, out=out, target="species", rows_per_shard=32, client=client
        )
        X, _ = load_features(out)
        difference = np.abs(X - descriptors.transform(table[["image"]])).max()
        n_shards, model = train_in_batches(out)
        print(f"{len(X)} rows in {n_shards} shards; difference to one process: {difference}")
        print(f"trained on {len(model.classes_)} classes")


if __name__ == "__main__":
    main()
