"""Digests of the images of rows, which are downloaded once."""

import pandas as pd

from skfusion.extraction._image_decoder import ImageDecoder
from skfusion.images._hashing import combine_digests
from skfusion.images._image_digests import ImageDigests
from skfusion.images.remote._held_url import hold


def held_cells(cells):
    """Return a DataFrame of cells whose URLs are downloaded once as long as it exists."""
    # As objects: pandas would make plain text of URLs that hold their content.
    return pd.DataFrame({name: pd.Series(_held(cells[name]), dtype=object) for name in cells})


def digest_rows(transformer, cells):
    """Return the digest of the images of each row; None where one can't be read."""
    where = ImageDecoder(transformer.reader_, None, None).location
    if where["max_pixels"] is None:
        del where["max_pixels"]
    columns = []
    for name in cells.columns:
        distinct = list(dict.fromkeys(cells[name]))
        found = dict(zip(distinct, ImageDigests().of_many(distinct, **where), strict=True))
        columns.append([found[cell] for cell in cells[name]])
    rows = zip(*columns, strict=True)
    return [None if None in row else combine_digests(list(row)).hex() for row in rows]


def _held(cells):
    distinct = list(dict.fromkeys(cells))
    held = dict(zip(distinct, hold(distinct), strict=True))
    return [held[cell] for cell in cells]
