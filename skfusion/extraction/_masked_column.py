"""MaskedColumn: images together with the column that holds their masks."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from skfusion.extraction._verified_digests import VerifiedDigests
from skfusion.images._image_column import ImageColumn


class MaskedColumn(ImageColumn):
    """A column of images with masks; an image under another mask is a distinct image.

    A row is missing where its image or its mask is.

    Parameters
    ----------
    images : ImageColumn
        The images.

    masks : ImageColumn
        Their masks, row by row.
    """

    def __init__(self, images, masks):
        # One image a row: `combine`, which allows several, goes without columns of masks.
        gone = images.missing | masks.missing
        super().__init__(images.name, images.cells, gone, title=images.title)
        self.position = images.position
        self.masks = masks
        self.first, self.group = _distinct(images, masks, ~gone)


class PairedDigests(VerifiedDigests):
    """The digests of pairs of an image and its mask; None for a pair where either has none.

    Parameters
    ----------
    store : FeatureStore
        Remembers the digests of files.

    images, masks : list
        The cells of each pair.

    where : dict
        As in `VerifiedDigests`.

    Attributes
    ----------
    masks : VerifiedDigests
        The digests of the masks alone.
    """

    def __init__(self, store, images, masks, where):
        super().__init__(store, images, where)
        self.masks = VerifiedDigests(store, masks, where)

    def flush(self):
        """Write what was learned of files on servers to the store."""
        super().flush()
        self.masks.flush()

    @property
    def keys(self):
        """The digests of the pairs, as those of images and masks are now."""
        return _Pairs(self.values, self.masks.values)


class _Pairs(Sequence[Any]):
    """Joins two digests when it is asked for a pair: both may change while files are read."""

    def __init__(self, images, masks):
        self.images = images
        self.masks = masks

    def __len__(self):
        return len(self.images)

    def __getitem__(self, place):
        pair = self.images[place], self.masks[place]
        return None if None in pair else blake2b(b"".join(pair), digest_size=len(pair[0])).digest()


def find_mask_columns(mask, columns):
    """Find which columns hold images, and which hold their masks.

    Parameters
    ----------
    mask : list or tuple of (str or int)
        The columns of masks: one for all images, or one for each column of images in order.

    columns : list of ImageColumn
        All columns of X.

    Returns
    -------
    pairs : dict of int to int
        From the position of each column of images to that of its masks.
    """
    names = [column.name for column in columns]
    masks = [_position(entry, names) for entry in mask]
    images = [i for i in range(len(names)) if i not in masks]
    if len(set(masks)) < len(masks) or len(masks) not in {1, len(images)} or not images:
        raise ValueError(
            f"mask={mask!r} must name one column of masks for all columns of images, or one for "
            f"each of them; X has the columns {names}, {len(images)} of them of images."
        )
    return dict(zip(images, masks * len(images), strict=False))


def _position(entry, names):
    if isinstance(entry, (int, np.integer)) and -len(names) <= entry < len(names):
        return int(entry) % len(names)
    if isinstance(entry, str) and names.count(entry) == 1:
        return names.index(entry)
    raise ValueError(
        f"mask names the column {entry!r}, which is not one of the {len(names)} columns of X: "
        f"{names}. Pass the columns of masks to the transformer together with the images, as in "
        "ColumnTransformer([('name', descriptors, ['image', 'mask'])])."
    )


def _distinct(images, masks, present):
    """Find the distinct pairs; return `first` and `group` as in ImageColumn."""
    rows = np.flatnonzero(present)
    codes = images.group[rows] * max(1, len(masks.first)) + masks.group[rows]
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first)
    group = np.full(len(present), -1, dtype=np.intp)
    group[rows] = np.argsort(order)[inverse]
    return rows[first[order]], group
