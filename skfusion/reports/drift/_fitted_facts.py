"""Find what the encoders and scalers of a fitted model recorded about columns of the table."""

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from skfusion.inspection._image_sources import find_parts
from skfusion.reports.drift._column_facts import ColumnFacts, category_text
from skfusion.tabular._category_encoder import CategoryEncoder
from skfusion.tabular._number_encoder import NumberEncoder
from skfusion.tabular._table_encoder import TableEncoder


def fitted_facts(model):
    """Return what a fitted model recorded about the columns of its table.

    Parameters
    ----------
    model : estimator
        The fitted model.

    Returns
    -------
    facts : dict of str to ColumnFacts
        By column; without those of which nothing was recorded.

    Notes
    -----
    The means and deviations of StandardScaler, the ranges of MinMaxScaler and the categories of
    OneHotEncoder and OrdinalEncoder, inside of a ColumnTransformer or after a SimpleImputer in it,
    and those of TableEncoder.
    """
    facts = {}
    for part in find_parts(model, (ColumnTransformer, TableEncoder)):
        if isinstance(part, TableEncoder):
            found = _of_table_encoder(part)
        else:
            found = _of_column_transformer(part)
        for one in found:
            facts.setdefault(one.name, one)
    return facts


def _of_column_transformer(part):
    if not hasattr(part, "transformers_") or not hasattr(part, "feature_names_in_"):
        return []
    names, found = part.feature_names_in_, []
    indices = part._transformer_to_input_indices
    for name, transformer, _ in part.transformers_:
        columns = [str(names[index]) for index in indices.get(name, [])]
        if isinstance(transformer, TableEncoder):
            found += _of_table_encoder(transformer)
        else:
            found += _of_steps(transformer, columns)
    return found


def _of_steps(transformer, columns):
    """Return the facts of the first scaler or encoder, before which columns keep their places."""
    steps = [step for _, step in transformer.steps] if isinstance(transformer, Pipeline) else None
    for step in [transformer] if steps is None else steps:
        if isinstance(step, SimpleImputer):
            if len(step.statistics_) != len(columns) or _drops_columns(step):
                return []
            continue
        return _of_step(step, columns)
    return []


def _drops_columns(imputer):
    """Return whether columns without any value were dropped, so that others have moved."""
    values = np.asarray(imputer.statistics_, dtype=object)
    return any(value is None or value != value for value in values.tolist())


def _of_step(step, columns):
    if isinstance(step, StandardScaler) and step.mean_ is not None and step.var_ is not None:
        n_rows = np.broadcast_to(step.n_samples_seen_, len(step.mean_))
        values = zip(columns, n_rows, step.mean_, np.sqrt(step.var_), strict=False)
        return [ColumnFacts(name, int(n), float(m), float(d)) for name, n, m, d in values]
    if isinstance(step, MinMaxScaler):
        values = zip(columns, step.data_min_, step.data_max_, strict=False)
        n_rows = int(step.n_samples_seen_)
        return [ColumnFacts(name, n_rows, low=float(a), high=float(b)) for name, a, b in values]
    if isinstance(step, (OneHotEncoder, OrdinalEncoder)):
        lists = zip(columns, step.categories_, strict=False)
        return [ColumnFacts(name, categories=_texts(values)) for name, values in lists]
    return []


def _of_table_encoder(part):
    found = []
    for name, encoder in getattr(part, "encoders_", {}).items():
        if isinstance(encoder, NumberEncoder):
            found += _of_step(encoder._scaler, [name])
        elif isinstance(encoder, CategoryEncoder) and not encoder.has_rare_:
            found.append(ColumnFacts(name, categories=_texts(encoder.values_)))
    return found


def _texts(values):
    return frozenset(
        category_text(value) for value in values if value == value and value is not None
    )
