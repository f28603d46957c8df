"""Embed images with Spark: ``predict_batch_udf`` restores the transformer once per worker process.

    pip install "pyspark[sql]"                      # with Java 17 or 21
    python examples/distributed/spark_udf.py

On a cluster, leave out ``master``. Paths or URLs must be readable on all machines.
"""

import os
import sys
import tempfile

try:
    from pyspark.ml.functions import predict_batch_udf
    from pyspark.sql import SparkSession
    from pyspark.sql.types import ArrayType, FloatType
except ImportError:
    print("This example needs Spark: pip install 'pyspark[sql]'")
    sys.exit()

import numpy as np
import pandas as pd
from PIL import Image

from skfusion import ImageDescriptors
from skfusion.datasets import load_digits_iris


def save_images(folder):
    """Save 150 images of digits and return a table of their paths."""
    frame = load_digits_iris().frame
    paths = [os.path.join(folder, f"{i}.png") for i in range(len(frame))]
    for image, path in zip(frame["digit"], paths, strict=True):
        Image.fromarray(image).save(path)
    return pd.DataFrame({"image": paths})


def embed(table, transformer, out):
    """Return the rows of a table with their features, which were written to Parquet files."""

    def restore():
        return lambda images: transformer.transform(list(images))

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # of the workers on this machine
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.getOrCreate()
    try:
        udf = predict_batch_udf(restore, return_type=ArrayType(FloatType()), batch_size=32)
        rows = session.createDataFrame(table).repartition(4)
        rows.withColumn("features", udf("image")).write.parquet(out)
    finally:
        session.stop()
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
