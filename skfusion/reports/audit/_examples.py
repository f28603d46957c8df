"""Small copies of some pairs of images, for the page of an audit."""

import numpy as np

from skfusion.reports._thumbnail import data_uri, thumbnail

_SHOWN = 8


def make_examples(images, pairs):
    """Return a few pairs with their images: of each kind, the least alike first.

    Parameters
    ----------
    images : AuditImages
        Their images.

    pairs : DataFrame
        The pairs.

    Returns
    -------
    examples : list of dict
        With `row_a`, `row_b`, `kind`, `similarity`, `crosses`, `image_a` and `image_b`:
        ``data:`` addresses.
    """
    order = pairs.sort_values(["similarity", "row_a"], kind="stable")
    order = order.assign(turn=order.groupby("kind").cumcount())
    found = []
    for line in order.sort_values("turn", kind="stable").head(_SHOWN).itertuples():
        found.append(
            {
                "row_a": int(line.row_a),
                "row_b": int(line.row_b),
                "kind": line.kind,
                "similarity": float(line.similarity),
                "crosses": bool(line.crosses),
                "image_a": _address(images, line.row_a, line.column_a),
                "image_b": _address(images, line.row_b, line.column_b),
            }
        )
    return found


def _address(images, row, column):
    place = int(images.of_column(column)["place"].iloc[row])
    gray = images.thumbnails.gray(np.array([place]))[0]
    return data_uri(thumbnail(gray[..., np.newaxis]))
