"""Read and write a FeatureFile as Parquet: columns `id`, `label` and one per feature."""

import json

import numpy as np

from skfusion._utils.feature_names import IndexedNames
from skfusion.io._feature_file import VERSION, FeatureFile

MAGIC = b"PAR1"
_KEY = b"skfusion_features"


def write_parquet(path, content):
    """Write a FeatureFile.

    Parameters
    ----------
    path : str
        The file.

    content : FeatureFile
        The content. Parts that are not columns are JSON in the metadata of the file.
    """
    pyarrow, parquet = import_pyarrow()
    columns = {"id": pyarrow.array(list(content.ids), pyarrow.string())}
    if content.labels is not None:
        columns["label"] = pyarrow.array(content.labels)
    names = IndexedNames(content.prefix, content.features.shape[1])
    for name, values in zip(names, content.features.T, strict=True):
        # Without from_pandas, NaN stays NaN.
        columns[name] = pyarrow.array(np.ascontiguousarray(values), from_pandas=False)
    about = {
        "version": VERSION,
        "name": content.name,
        "fingerprint": content.fingerprint,
        "images": content.images,
        "feature_prefix": content.prefix,
        "class_names": content.class_names,
    }
    table = pyarrow.table(columns).replace_schema_metadata({_KEY: json.dumps(about)})
    parquet.write_table(table, path)


def read_parquet(path):
    """Read a FeatureFile.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    content : FeatureFile
        The checked content.

    Raises
    ------
    ValueError
        If the file is damaged, or skfusion did not write it.
    """
    pyarrow, parquet = import_pyarrow()
    try:
        table = parquet.read_table(path, partitioning=None)
        about = json.loads((table.schema.metadata or {}).get(_KEY, b"{}"))
        if not about:
            raise ValueError("skfusion did not write it")
        if about["version"] > VERSION:
            raise ValueError("a newer version of skfusion wrote it")
        features = [name for name in table.column_names if name not in ("id", "label")]
        values = np.empty((table.num_rows, len(features)), dtype=np.float32)
        for i, name in enumerate(features):
            values[:, i] = table[name].to_numpy()
        content = FeatureFile(
            name=str(about["name"]),
            features=values,
            labels=table["label"].to_numpy() if "label" in table.column_names else None,
            class_names=None if about["class_names"] is None else list(about["class_names"]),
            ids=np.array(table["id"].to_pylist(), dtype=object),
            fingerprint=str(about["fingerprint"]),
            prefix=str(about["feature_prefix"]),
            path=path,
            images=None if about.get("images") is None else str(about["images"]),
        )
    except (pyarrow.ArrowException, OSError, KeyError, ValueError, TypeError) as error:
        raise ValueError(f"{path!r} can't be read: {error}.") from error
    content.check()
    return content


def import_pyarrow():
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ImportError(
            "Parquet needs pyarrow, which is not installed: pip install 'skfusion[parquet]'."
        ) from error
    return pyarrow, parquet
