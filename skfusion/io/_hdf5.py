"""Read and write a FeatureFile as HDF5, with the dataset names of a well-known recipe."""

import os

import numpy as np

from skfusion.io._feature_file import VERSION, FeatureFile

MAGIC = b"\x89HDF\r\n\x1a\n"


def write_hdf5(path, content):
    """Write a FeatureFile.

    Parameters
    ----------
    path : str
        The file; it must not exist.

    content : FeatureFile
        The content: datasets `train` (features) and `label`, and attributes `row_ids`,
        `class_names`, `name`, `fingerprint`, `images`, `feature_prefix` and
        `skfusion_features`, the version of this layout.
    """
    import h5py

    text = h5py.string_dtype()
    # The first format of HDF5 limits attributes to 64 kB, which is about 4,000 row ids.
    with h5py.File(path, "x", libver=("v108", "latest")) as file:
        file["train"] = content.features
        if content.labels is not None:
            file["label"] = content.labels
        file.attrs.create("row_ids", list(content.ids), (content.n_rows,), text)
        if content.class_names is not None:
            file.attrs.create("class_names", content.class_names, dtype=text)
        file.attrs["skfusion_features"] = VERSION
        file.attrs["name"] = content.name
        file.attrs["fingerprint"] = content.fingerprint
        if content.images is not None:
            file.attrs["images"] = content.images
        file.attrs["feature_prefix"] = content.prefix


def read_hdf5(path):
    """Read a FeatureFile, or a file of another program with `train` and optionally `label`.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    content : FeatureFile
        The checked content. `ids` and `fingerprint` are None in files of other programs.

    Raises
    ------
    ValueError
        If the file is damaged, or a part is missing or has the wrong type.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if "train" not in file:
                raise ValueError("it has no dataset 'train'")
            version = file.attrs.get("skfusion_features")
            if version is not None and version > VERSION:
                raise ValueError("a newer version of skfusion wrote it")
            stem = os.path.splitext(os.path.basename(path))[0]
            own = version is not None
            content = FeatureFile(
                name=str(file.attrs["name"]) if own else stem,
                features=_numbers(file, "train"),
                labels=_numbers(file, "label", flat=True),
                class_names=_texts(file, "class_names") if own else None,
                ids=np.array(_texts(file, "row_ids") or (), dtype=object) if own else None,
                fingerprint=str(file.attrs["fingerprint"]) if own else None,
                prefix=str(file.attrs["feature_prefix"]) if own else stem,
                path=path,
                images=_text(file, "images") if own else None,
            )
    except (OSError, KeyError, ValueError, TypeError, UnicodeError) as error:
        raise ValueError(f"{path!r} can't be read: {error}.") from error
    content.check()
    return content


def _numbers(file, name, flat=False):
    """Return a numeric dataset, or None if it does not exist."""
    dataset = _dataset(file, name)
    if dataset is None:
        return None
    if dataset.dtype.kind not in "fiu":
        raise ValueError(f"its dataset {name!r} has dtype {dataset.dtype}, which is not numeric")
    values = dataset[()]
    # Some programs write labels as a column.
    return values[:, 0] if flat and values.ndim == 2 and values.shape[1] == 1 else values


def _texts(file, name):
    """Return an attribute that is a list of strings, or None if it does not exist."""
    values = file.attrs.get(name)
    if values is None:
        return None
    if np.ndim(values) != 1:
        raise ValueError(f"its attribute {name!r} is not a list of strings")
    return values.tolist()  # `FeatureFile.check` checks the items


def _text(file, name):
    """Return an attribute as a string, or None if it does not exist."""
    value = file.attrs.get(name)
    return None if value is None else str(value)


def _dataset(file, name):
    """Return a dataset that is stored in the file itself, not linked from another file."""
    import h5py

    if name not in file:
        return None
    found = file[name] if isinstance(file.get(name, getlink=True), h5py.HardLink) else None
    if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
        raise ValueError(f"its {name!r} is not a dataset stored in the file itself")
    return found
