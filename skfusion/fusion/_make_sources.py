"""make_sources: the unfitted encoder of a fusion's table and images."""

from sklearn.base import clone

from skfusion.fusion._open_options import set_open_options
from skfusion.fusion._source_encoder import SourceEncoder
from skfusion.tabular._table_encoder import TableEncoder


def make_sources(embedders, table_transformer, table_columns, image_columns, *, task, cv, seed):
    """Return the unfitted encoder of table and images.

    Parameters
    ----------
    embedders : dict of str to transformer
        The embedders, by name. Their options that are open are set.

    table_transformer : transformer or None
        The encoder of the table; None is `TableEncoder`.

    table_columns, image_columns : list of str
        The columns of each.

    task : {"classification", "regression"}
        What embedders that learn are trained for.

    cv : int
        In how many folds they are cross-fitted.

    seed : int
        The random state.

    Returns
    -------
    sources : SourceEncoder
        The encoder.
    """
    if table_transformer is None:
        # Which columns identify rows is decided once, from all rows.
        table_transformer = TableEncoder(id_columns=[], random_state=seed)
    else:
        table_transformer = clone(table_transformer)
    for embedder in embedders.values():
        set_open_options(embedder, task=task, cv=cv, seed=seed)
    return SourceEncoder(table_transformer, embedders, table_columns, image_columns)
