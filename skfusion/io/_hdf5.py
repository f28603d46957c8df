"""FeatureFile as HDF5, with the names of datasets that a well-known recipe uses."""

import os

import numpy as np

from skfusion.io._feature_file import VERSION, FeatureFile

MAGIC = b"\x89HDF\r\n\x1a\n"


def write_hdf5(path, content):
    """Write a FeatureFile.

    Parameters
    ----------
    path : str
        The file; it must not be there.

    content : FeatureFile
        What to write: datasets `train` (features) and `label`, and attributes `row_ids`,
        `class_names`, `name`, `fingerprint`, `images`, `feature_prefix` and
        `skfusion_features`, the version of this layout.
    """
    import h5py

    text = h5py.string_dtype()
    # In HDF5's first format attributes end at 64 kB, which is 4,000 row ids.
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
    """Read a FeatureFile, or a file of another program with `train` and maybe `label`.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    content : FeatureFile
        Checked. `ids` and `fingerprint` are None in files of other programs.

    Raises
    ------
    ValueError
        If it is damaged, or if something is missing or of a wrong kind.
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
            ours = version is not None
            content = FeatureFile(
                name=str(file.attrs["name"]) if ours else stem,
                features=_numbers(file, "train"),
                labels=_numbers(file, "label", flat=True),
                class_names=_texts(file, "class_names") if ours else None,
                ids=np.array(_texts(file, "row_ids") or (), dtype=object) if ours else None,
                fingerprint=str(file.attrs["fingerprint"]) if ours else None,
                prefix=str(file.attrs["feature_prefix"]) if ours else stem,
                path=path,
                images=_text(file, "images") if ours else None,
            )
    except (OSError, KeyError, ValueError, TypeError, UnicodeError) as error:
        raise ValueError(f"{path!r} can't be read: {error}.") from error
    content.check()
    return content


def _numbers(file, name, flat=False):
    """A dataset of numbers; None if there is none."""
    dataset = _dataset(file, name)
    if dataset is None:
        return None
    if dataset.dtype.kind not in "fiu":
        raise ValueError(f"its dataset {name!r} has dtype {dataset.dtype}, no numbers")
    values = dataset[()]
    # Some programs write labels as a column.
    return values[:, 0] if flat and values.ndim == 2 and values.shape[1] == 1 else values


def _texts(file, name):
    """An attribute that lists texts; None if there is none."""
    values = file.attrs.get(name)
    if values is None:
        return None
    if np.ndim(values) != 1:
        raise ValueError(f"its attribute {name!r} is no list of texts")
    return values.tolist()  # `FeatureFile.check` looks at what is listed


def _text(file, name):
    """An attribute that is one text; None if there is none."""
    value = file.attrs.get(name)
    return None if value is None else str(value)


def _dataset(file, name):
    """A dataset whose content lies in this very file."""
    import h5py

    if name not in file:
        return None
    found = file[name] if isinstance(file.get(name, getlink=True), h5py.HardLink) else None
    if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
        raise ValueError(f"its {name!r} is no dataset of its own")
    return found
